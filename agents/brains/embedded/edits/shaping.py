"""Clauses that change what is there: loudness, mix, pitch, time, key, structure, tracks."""

import re

from ripieno.agents.brains.embedded.edits import amounts
from ripieno.agents.brains.embedded.edits.clause import Clause, Data
from ripieno.agents.brains.embedded.edits.times import number
from ripieno.agents.understanding import Ask, Option, Question
from ripieno.memory.table import AttributeTable
from ripieno.score.errors import BadRequest
from ripieno.score.keys import MODE_NAMES
from ripieno.score.time import MAX_TEMPO, MIN_TEMPO
from ripieno.tools.registry import parse_instruction

_VOLUME, _VELOCITY, _TEMPO, _PAN, _SEND = 14, 0.18, 0.1, 40, 24  # the usual amounts


class Doubt(Exception):
    """Two readings of a clause that differ much."""

    def __init__(self, question: Question) -> None:
        super().__init__(question.text)
        self.question = question


def option(label: str, *data: Data) -> Option:
    """A way to understand a clause."""
    return Option(label=label, asks=tuple(Ask(instruction=parse_instruction(d), words=label) for d in data))


# --- tracks -------------------------------------------------------------------------------------------------------------------


def mute(clause: Clause) -> list[Data] | None:
    """Muted tracks; in a part of the piece their notes are taken out there."""
    if clause.has(r"<rest>") or (clause.found.everything and not clause.found.but and clause.found.tracks):
        return [{"kind": "solo", "scope": {"tracks": clause.found.tracks}}]
    if clause.time and clause.tracks:
        return [{"kind": "silence", "scope": clause.scope()}]
    if not clause.tracks:
        return None
    return [{"kind": "set_mix", "muted": True, "scope": clause.scope(time=False)}]


def unmute(clause: Clause) -> list[Data] | None:
    """Heard again."""
    if clause.has(r"unsolo|stop soloing") or (not clause.tracks):
        return [{"kind": "solo", "on": False}]
    return [{"kind": "set_mix", "muted": False, "scope": clause.scope(time=False)}]


def solo(clause: Clause) -> list[Data] | None:
    """Only these are heard."""
    return [{"kind": "solo", "scope": {"tracks": clause.tracks}}] if clause.tracks else None


def remove(clause: Clause) -> list[Data] | None:
    """Tracks out; in a part of the piece their notes there; bars out where no track is named."""
    if clause.has(r"\bswing\b"):
        return straighten(clause)
    if clause.has(r"\breverb\b"):
        return [{"kind": "set_mix", "reverb": 0, "scope": clause.scope(time=False)}]
    if clause.tracks and (clause.time or clause.found.drums):
        return [{"kind": "silence", "scope": clause.scope()}]
    if clause.tracks:
        return [{"kind": "remove_track", "scope": clause.scope(time=False)}]
    if clause.time:
        return [{"kind": "cut", "scope": clause.scope(tracks=())}]
    return None


def rename(clause: Clause) -> list[Data] | None:
    """Another name for a track or a section."""
    match = re.search(r"\b(?:to|as|it|into|<t>|the \w+)\s+[\"']?([^\"']+?)[\"']?$", clause.text)
    quoted = re.search(r"[\"']([^\"']+)[\"']", clause.text)
    name = quoted[1] if quoted else (match[1] if match else "")
    name = re.sub(r"^(?:to|as|it|the) ", "", name).strip()
    if not name:
        return None
    if clause.time.get("sections") and not clause.found.tracks:
        return [{"kind": "rename_section", "name": name.title(), "scope": clause.scope(tracks=())}]
    return [{"kind": "rename_track", "name": name.title(), "scope": {"tracks": clause.tracks[:1]}}] if clause.tracks else None


def merge(clause: Clause) -> list[Data] | None:
    """Two tracks in one."""
    return [{"kind": "merge_tracks", "scope": {"tracks": clause.tracks}}] if len(clause.tracks) > 1 else None


def split(clause: Clause) -> list[Data] | None:
    """A track split at a pitch or by pieces of the kit; a section split at a bar."""
    at = re.search(r"\bat ([a-g][#b]?\d)\b", clause.text)
    if clause.tracks and clause.found.drums:
        kit = clause.found.groups[0] if clause.found.groups else clause.tracks
        return [{"kind": "split_track", "scope": {"tracks": kit[:1], "drums": clause.found.drums}}]
    if clause.tracks:
        return [{"kind": "split_track", "at": at[1].upper() if at else "C4", "scope": {"tracks": clause.tracks[:1]}}]
    if "bars" in clause.time:
        return [{"kind": "split_section", "at": clause.time["bars"][0]}]
    return None


def instrument(clause: Clause) -> list[Data] | None:
    """Another instrument for a track; 'give the melody to the oboe'."""
    if not clause.found.instruments or not clause.tracks:
        return None
    if clause.has(r"\b(?:answer|respond|reply)|\badd\b|\bdoubl"):
        return None
    return [{"kind": "change_instrument", "instrument": clause.found.instruments[-1], "scope": {"tracks": clause.tracks[:1]}}]


def enter(clause: Clause) -> list[Data] | None:
    """A track that begins only later: its notes before are taken out."""
    if not clause.tracks or not clause.time:
        return None
    if "bars" in clause.time and clause.time["bars"][0] > 0:
        return [{"kind": "silence", "scope": {"tracks": clause.tracks, "bars": (0, clause.time["bars"][0])}}]
    if "sections" in clause.time:
        first = _first_bar(clause.time, clause.table)
        if first:
            return [{"kind": "silence", "scope": {"tracks": clause.tracks, "bars": (0, first)}}]
    return None


def _starts(time: Data, table: AttributeTable) -> list[int]:
    """Where the sections of a scope begin, but for one that opens the piece."""
    names = {n.lower() for n in time["sections"]}
    rows = [s for s in table.sections if s.name.lower() in names or s.name.lower().rstrip(" 0123456789") in names]
    if "nth" in time:
        rows = rows[time["nth"] - 1 : time["nth"]] if time["nth"] > 0 else rows[time["nth"] :][:1]
    return [s.first_bar - 1 for s in rows if s.first_bar > 1]


def _first_bar(time: Data, table: AttributeTable) -> int:
    names = {n.lower() for n in time["sections"]}
    rows = [s for s in table.sections if s.name.lower() in names or s.name.lower().rstrip(" 0123456789") in names]
    nth = time.get("nth", 1)
    return rows[nth - 1 if nth > 0 else nth].first_bar - 1 if rows and abs(nth) <= len(rows) else 0


# --- loudness and mix ---------------------------------------------------------------------------------------------------------


def loudness(clause: Clause) -> list[Data] | None:
    """Louder or softer: the mix of whole tracks, velocities in a part of the piece or of everything."""
    sign = _direction(clause)
    if sign == 0:
        return None
    percent = amounts.factor(clause.rest)
    if not clause.tracks and not clause.found.but and clause.found.everything is False and not clause.time:
        return [{"kind": "scale_velocities", "factor": _scaled(sign, clause.degree, percent, clause)}]
    if clause.time or clause.carried_time or clause.found.drums:
        return [{"kind": "scale_velocities", "factor": _scaled(sign, clause.degree, percent, clause), "scope": clause.scope()}]
    absolute = re.search(r"\b(?:volume|level)\b[^\d]{0,12}(\d{1,3})\b(?!\s*%)", clause.rest)
    if absolute:
        return [{"kind": "set_mix", "volume": min(127, int(absolute[1])), "scope": clause.scope(time=False)}]
    by = round(_VOLUME * clause.degree)
    if percent is not None:
        mean = sum(t.volume for t in clause.rows()) / max(1, len(clause.rows()))
        by = round(mean * percent) if amounts.is_percent(clause.rest) else round(mean * abs(percent - 1))
    return [{"kind": "set_mix", "volume_by": sign * max(2, min(127, by)), "scope": clause.scope(time=False)}]


def _direction(clause: Clause) -> int:
    text = clause.text
    if re.search(
        r"\btoo (?:loud|hot|prominent|much|strong|forward|high in the mix)|overpower|drown(?:s|ing)? (?:out )?(?:everything|the|it)|hurts?\b",
        text,
    ):
        return -1
    if re.search(
        r"\btoo (?:soft|quiet|low|weak)|can'?t hear|cannot hear|barely hear|inaudible|buried|lost in|not loud enough|drowned",
        text,
    ):
        return 1
    if re.search(r"\bless (?:loud|prominent|volume|present|forward)|\bnot so loud\b|\bnot as loud\b", text):
        return -1
    down = re.search(
        r"\b(?:softer|quieter|down|lower|gentl\w+|soften|background|back|decrease|reduce|less|tame|subtler|quiet|soft|under)\b",
        text,
    )
    up = re.search(
        r"\b(?:louder|up|raise|boost|increase|more|prominent|stand out|loud|push|hotter|forward|front|present|higher)\b", text
    )
    return 1 if up and not (down and down.start() < up.start()) else -1 if down else 0


def _scaled(sign: int, degree: float, percent: float | None, clause: Clause) -> float:
    if percent is not None:
        if amounts.is_percent(clause.rest):
            return round(1 + sign * percent, 3)
        return percent if (percent > 1) == (sign > 0) else round(1 / percent, 3)
    return round(1 + sign * min(0.6, _VELOCITY * degree), 3)


def shape(clause: Clause) -> list[Data] | None:
    """Loudness over time."""
    text = clause.rest
    if re.search(r"\bfad(?:e|es|ed|ing)? in\b", text):
        name = "crescendo"
    elif re.search(r"\bfad", text):
        name = "fade"
    elif re.search(r"\bswell", text):
        name = "swell"
    elif re.search(r"\bbuild", text):
        name = "build"
    elif re.search(r"\b(?:dim|decresc|softer|quieter|die)", text):
        name = "diminuendo"
    else:
        name = "crescendo"
    scope = clause.scope()
    if name == "fade" and set(scope) <= {"tracks"}:
        scope["last_bars"] = max(2, min(8, clause.table.bars // 4))
    if "sections" in scope and re.search(r"\b(?:build\w*|crescendo|swell|grow)(?: up)? (?:in)?to\b", clause.text):
        tracks = {k: v for k, v in scope.items() if k == "tracks"}
        starts = _starts(scope, clause.table)
        if starts:
            return [
                {"kind": "shape_dynamics", "shape": name, "scope": tracks | {"bars": (max(0, at - 4), at)}} for at in starts
            ]
    return [{"kind": "shape_dynamics", "shape": name, "scope": scope}]


def compress(clause: Clause) -> list[Data] | None:
    """More even, or more uneven, loudness."""
    wider = clause.has(r"\bmore dynamics?\b|\bwiden\b|\bdynamic range up\b")
    amount = -0.6 * clause.degree if wider else min(1.0, 0.5 * clause.degree)
    return [{"kind": "compress_velocities", "amount": round(max(-2.0, amount), 2), "scope": clause.scope()}]


def pan(clause: Clause) -> list[Data] | None:
    """Left, right, middle; a percentage of the way; hard is all of it."""
    if not clause.tracks:
        return None
    scope = clause.scope(time=False)
    if clause.has(r"\bcent|\bmiddle\b"):
        return [{"kind": "set_mix", "pan": 64, "scope": scope}]
    side = -1 if clause.has(r"\bleft\b") else 1 if clause.has(r"\bright\b") else 0
    if side == 0:
        return None
    share = (
        amounts.factor(clause.rest)
        if amounts.is_percent(clause.rest)
        else 1.0
        if clause.has(r"\bhard\b|\ball the way\b|\bfar\b")
        else None
    )
    if share is not None:
        return [{"kind": "set_mix", "pan": max(0, min(127, round(64 + side * 63.5 * share))), "scope": scope}]
    if clause.degree != 1 or clause.has(r"\bmore\b"):
        return [{"kind": "set_mix", "pan_by": side * round(_PAN * min(1.0, clause.degree)), "scope": scope}]
    return [{"kind": "set_mix", "pan": 64 + side * _PAN, "scope": scope}]


def sends(clause: Clause) -> list[Data] | None:
    """Reverb and chorus."""
    name = "chorus" if clause.has(r"\bchorus\b") else "reverb"
    scope = clause.scope(time=False)
    value = re.search(r"\b(?:to|at)\s+(\d{1,3})\b(?!\s*%)", clause.rest)
    if value:
        return [{"kind": "set_mix", name: min(127, int(value[1])), "scope": scope}]
    if clause.has(r"\b(?:no|without|remove|kill|completely dry|bone dry)\b"):
        return [{"kind": "set_mix", name: 0, "scope": scope}]
    less = clause.has(r"\b(?:less|dry|drier|dryer|reduce|lower|too much|too wet|decrease|down)\b")
    return [
        {"kind": "set_mix", f"{name}_by": (-1 if less else 1) * max(4, min(100, round(_SEND * clause.degree))), "scope": scope}
    ]


def accent(clause: Clause) -> list[Data] | None:
    """Accents."""
    less = clause.has(r"\b(?:less|fewer|remove|no|soften)\b")
    return [{"kind": "accent", "by": round((-1 if less else 1) * 16 * clause.degree), "scope": clause.scope()}]


def duck(clause: Clause) -> list[Data] | None:
    """A side-chain under the kick, or under the track named last."""
    kits = tuple(t.id for t in clause.table.tracks if t.percussion)
    by = clause.found.groups[-1][0] if len(clause.found.groups) > 1 else (kits[0] if kits else "")
    ducked = clause.found.groups[0] if clause.found.groups and clause.found.groups[0] != (by,) else ()
    if not by:
        return None
    data: Data = {"kind": "duck", "by": by, "amount": round(min(0.9, 0.5 * clause.degree), 2)}
    data["scope"] = {"tracks": ducked} if ducked else {"but_tracks": (by,)}
    data["scope"] |= clause.time
    if by in kits:
        data["drum"] = "kick"
    return [data]


# --- tempo, metre, key --------------------------------------------------------------------------------------------------------


def tempo(clause: Clause) -> list[Data] | None:
    """A tempo, faster or slower."""
    scope = clause.scope(tracks=())
    value = amounts.bpm(clause.rest)
    text = clause.rest
    slower = re.search(r"\b(?:slow\w*|drags?|too fast|decrease|reduce|down|relax|lower)\b", text) is not None
    faster = re.search(r"\b(?:fast\w*|quick\w*|speed|too slow|increase|up|rush|raise)\b", text) is not None and not re.search(
        r"\btoo fast\b", text
    )
    by = re.search(r"\bby (\d+(?:\.\d+)?)\s*(?:bpm)?\b(?!\s*(?:%|percent))", text)
    now = clause.table.tempos[0].bpm
    if by and (slower or faster):
        value = now + (-1 if slower and not re.search(r"\btoo slow\b", text) else 1) * float(by[1])
    if value is not None:
        if not MIN_TEMPO <= value <= MAX_TEMPO:
            raise BadRequest(f"A tempo lies between {MIN_TEMPO:g} and {MAX_TEMPO:g} quarter notes a minute", value=f"{value:g}",
                             cause="a slip, or another unit", cure="say a tempo in that range, such as 96 bpm")  # fmt: skip
        return [{"kind": "change_tempo", "bpm": value, "scope": scope}]
    stated = amounts.factor(text)
    if not slower and not faster:
        if stated is None or amounts.is_percent(text):
            return None
        return [{"kind": "change_tempo", "factor": stated, "scope": scope}]
    down = slower and not re.search(r"\btoo slow\b", text)
    if stated is not None:
        step = stated if amounts.is_percent(text) else None
        ratio = (
            (1 - step if down else 1 + step)
            if step is not None
            else ((1 / stated if stated > 1 else stated) if down else max(stated, 1 / stated))
        )
    else:
        ratio = 1 - min(0.5, _TEMPO * clause.degree) if down else 1 + _TEMPO * clause.degree
    return [{"kind": "change_tempo", "factor": round(ratio, 4), "scope": scope}]


def gradual_tempo(clause: Clause) -> list[Data] | None:
    """A ritardando or accelerando at its place, by default at the end."""
    slower = not clause.has(r"\b(?:accel|speed|faster)")
    ratio = 1 - min(0.6, 0.28 * clause.degree) if slower else 1 + 0.25 * clause.degree
    scope = clause.scope(tracks=())
    if not scope:
        scope = {"last_bars": 2} if slower else {}
    elif scope.get("last_bars", 0) > 2 and slower and not clause.has(r"\bbars\b"):
        scope["last_bars"] = 2
    return [{"kind": "change_tempo", "factor": round(ratio, 3), "gradual": True, "scope": scope}]


def feel(clause: Clause) -> list[Data] | None:
    """Half or double time: the pulse of the drums, with the tempo where the whole piece is meant."""
    half = clause.has(r"\bhalf")
    if clause.tracks or clause.time:
        kits = clause.tracks or tuple(t.id for t in clause.table.tracks if t.percussion)
        amount = {"kind": "thin_out", "share": 0.5} if half else {"kind": "make_busier", "amount": 0.8}
        return [amount | {"scope": clause.scope(tracks=kits)}]
    return [{"kind": "change_tempo", "factor": 0.5 if half else 2.0}]


def metre(clause: Clause) -> list[Data] | None:
    """Another metre."""
    found = re.search(r"\b(\d{1,2}/\d{1,2})\b", clause.text)
    named = {"waltz": "3/4", "three": "3/4", "common": "4/4", "cut": "2/2", "six": "6/8"}
    text = found[1] if found else next((v for k, v in named.items() if re.search(rf"\b{k}", clause.text)), None)
    return [{"kind": "change_metre", "metre": text, "scope": clause.scope(tracks=())}] if text else None


_MODES = "|".join(sorted(MODE_NAMES, key=len, reverse=True))


def key(clause: Clause) -> list[Data] | None:
    """Another key or mode; the tune stays."""
    text = clause.text.replace("♯", "#").replace("♭", "b")
    scope = clause.scope(tracks=())
    tonic = re.search(
        rf"\b(?:to|in|into|key(?: of| to)?|be|is)\s+(?:the key of )?([a-g])(?: ?(#|b|sharp|flat))?(?:\s+({_MODES}|maj|min))?(?=$|[\s,.!])(?! (?:bit|little|lot|touch|note|track|section))",
        text,
    )
    bare = re.search(rf"\b([a-g])(?: ?(#|b|sharp|flat))?\s+({_MODES})\b", text)
    found = bare or tonic
    if found and not (found[1] == "a" and not found[3]):
        name = found[1].upper() + {"#": "#", "sharp": "#", "b": "b", "flat": "b"}.get(found[2] or "", "")
        mode = {"maj": "major", "min": "minor"}.get(found[3] or "", found[3] or "")
        return [{"kind": "change_key", "key": f"{name} {mode}".strip(), "scope": scope}]
    modes = [m for m in re.findall(rf"\b({_MODES})\b", text) if m not in ("blues", "in scale", "chromatic")]
    to = re.search(rf"\b(?:to|into|in) ({_MODES})\b", text)
    if to:
        return [{"kind": "change_mode", "mode": to[1], "scope": scope}]
    return [{"kind": "change_mode", "mode": modes[-1], "scope": scope}] if modes else None


# --- pitch and notes ----------------------------------------------------------------------------------------------------------


def pitch(clause: Clause) -> list[Data] | None:
    """Up or down by an interval; without one by an octave for single parts. 'Lower it' alone may mean loudness: asked."""
    found = amounts.interval(clause.rest)
    scope = clause.scope()
    if found is not None:
        return [{"kind": "transpose", **found.fields(), "scope": scope}]
    up, down = clause.has(r"\b(?:higher|up|raise)\b"), clause.has(r"\b(?:lower|down)\b")
    if not up and not down:
        return None
    if clause.has(r"^(?:lower|raise)\b") or clause.has(r"\b(?:bring|turn|take|move|push|pull) .*\b(?:up|down)\b|^(?:up|down)$"):
        sign, word = (1, "up") if up and not down else (-1, "down")
        raise Doubt(
            Question(
                text=f"Shall I move the pitch {word}, or the volume?",
                about=clause.text,
                options=(
                    option(
                        f"the volume {word}",
                        {"kind": "set_mix", "volume_by": sign * _VOLUME, "scope": clause.scope(time=False)},
                    ),
                    option(f"an octave {word}", {"kind": "transpose", "octaves": sign, "scope": scope}),
                ),
            )
        )
    sign = 1 if up else -1
    if not clause.tracks:
        return [{"kind": "transpose", "semitones": 2 * sign, "scope": scope}]
    return [{"kind": "transpose", "octaves": sign, "scope": scope}]


def note(clause: Clause) -> list[Data] | None:
    """A single note by its number, beat or pitch."""
    text = clause.text.replace(" sharp", "#").replace(" flat", "b")
    nth = re.search(r"\b(first|second|third|fourth|fifth|sixth|seventh|eighth|last|\d+(?:st|nd|rd|th))\s+(?:\w+ )?note\b", text)
    pitches = re.findall(r"(?<![\w'])([a-g](?:#|b)?\d?)(?![\w'#])", re.sub(r"\b(?:a|an) (?=note|bit|[a-g]\b)", "", text))
    if "bars" not in clause.time or not (nth or pitches):
        return None
    from ripieno.agents.brains.embedded.edits.times import _ORDINALS

    tracks = clause.tracks or tuple(t.id for t in clause.table.tracks if t.role == "lead")[:1]
    data: Data = {"bar": clause.time["bars"][0], "scope": {"tracks": tracks[:1]}}
    goal = pitches[-1][:1].upper() + pitches[-1][1:] if pitches else None
    if nth:
        data["nth"] = _ORDINALS[nth[1]]
    elif len(pitches) > 1:
        data["was"] = pitches[0][:1].upper() + pitches[0][1:]
    else:
        beat = clause.time.get("beats")
        if not beat:
            return None
        data["beat"] = float(beat[0])
    if clause.has(r"\b(?:delete|remove|drop|take out)\b"):
        return [{"kind": "delete_note", **data}]
    if clause.has(r"\b(?:add|insert)\b") and goal:
        return [
            {"kind": "insert_note", "bar": data["bar"], "beat": data.get("beat", 1.0), "pitch": goal, "scope": data["scope"]}
        ]
    step = amounts.interval(clause.rest)
    if goal is None and step is None:
        return None
    return [{"kind": "set_note", **data, "pitch": goal}] if goal else None


def invert(clause: Clause) -> list[Data] | None:
    """Upside down."""
    return [{"kind": "invert", "scope": clause.scope()}]


def retrograde(clause: Clause) -> list[Data] | None:
    """Backwards."""
    return [{"kind": "retrograde", "scope": clause.scope()}]


def augment(clause: Clause) -> list[Data] | None:
    """Twice as long in time."""
    if clause.tracks:
        return [{"kind": "articulate", "factor": 2.0, "scope": clause.scope()}]
    return [{"kind": "augment", "factor": 2.0, "scope": clause.scope(tracks=())}]


def diminish(clause: Clause) -> list[Data] | None:
    """Half as long in time."""
    return [{"kind": "augment", "factor": 0.5, "scope": clause.scope(tracks=())}]


# --- rhythm -------------------------------------------------------------------------------------------------------------------


def quantise(clause: Clause) -> list[Data] | None:
    """On the grid."""
    grids = (("32", 0.125), ("16|sixteenth", 0.25), ("8|eighth", 0.5), ("quarter|1/4", 1.0), ("triplet", 1 / 3))
    grid = next((g for p, g in grids if clause.has(rf"\b(?:1/)?(?:{p})(?:th|nd)?s?\b")), 0.25)
    share = amounts.factor(clause.rest) if amounts.is_percent(clause.rest) else None
    strength = share if share else (0.5 if clause.degree < 1 else 1.0)
    return [{"kind": "quantise", "grid": grid, "strength": min(1.0, strength), "scope": clause.scope()}]


def humanise(clause: Clause) -> list[Data] | None:
    """A human touch."""
    return [{"kind": "humanise", "amount": round(min(1.0, 0.4 * clause.degree), 2), "scope": clause.scope()}]


def swing(clause: Clause) -> list[Data] | None:
    """Swung."""
    if clause.has(r"\bless\b"):
        return straighten(clause)
    unit = "sixteenth" if clause.has(r"\b(?:16|sixteenth)") else "eighth"
    return [{"kind": "swing", "ratio": round(min(0.72, 0.5 + 0.13 * clause.degree), 3), "unit": unit, "scope": clause.scope()}]


def straighten(clause: Clause) -> list[Data] | None:
    """Even again: from the swing that the piece was made with."""
    wanted = clause.table.intent.swing
    was = wanted.value if wanted and wanted.value > 0.5 else 0.62
    return [{"kind": "swing", "ratio": 0.5, "was": round(min(0.8, was), 3), "scope": clause.scope()}]


def articulate(clause: Clause) -> list[Data] | None:
    """Legato, staccato, note lengths."""
    scope = clause.scope()
    for word in ("staccatissimo", "staccato", "tenuto", "portato", "legato"):
        if clause.has(rf"\b{word}"):
            return [{"kind": "articulate", "style": word, "scope": scope}]
    stated = amounts.factor(clause.rest)
    if clause.has(r"\b(?:lengths?|durations?|notes)\b") and stated is not None:
        shorter = clause.has(r"\b(?:half|halve|shorter|reduce|cut|short)")
        return [{"kind": "articulate", "factor": 1 / stated if stated > 1 and shorter else stated, "scope": scope}]
    if clause.has(r"\b(?:smooth|connect|slur|sustain|ring|longer|hold)"):
        return [{"kind": "articulate", "style": "legato", "scope": scope}]
    return [{"kind": "articulate", "style": "staccato", "scope": scope}]


def arpeggiate(clause: Clause) -> list[Data] | None:
    """Chords broken."""
    pattern = "down" if clause.has(r"\bdown") else "up-down" if clause.has(r"\bup and down|up-down") else "up"
    grid = 0.25 if clause.has(r"\b(?:16|sixteenth)") else 0.5
    scope = clause.scope()
    if "tracks" not in scope:
        scope["tracks"] = tuple(t.id for t in clause.table.tracks if t.role in ("chords", "pad"))
    return [{"kind": "arpeggiate", "pattern": pattern, "grid": grid, "scope": scope}] if scope["tracks"] else None


def strum(clause: Clause) -> list[Data] | None:
    """Chords strummed."""
    ms = re.search(r"\b(\d+)\s*(?:ms|milliseconds)", clause.text)
    return [{"kind": "strum", "milliseconds": float(ms[1]) if ms else 40.0, "scope": clause.scope()}]


def busier(clause: Clause) -> list[Data] | None:
    """More notes."""
    if clause.has(r"\b(?:less|too|not so) busy\b"):
        return simpler(clause)
    return [{"kind": "make_busier", "amount": round(min(1.0, 0.5 * clause.degree), 2), "scope": clause.scope()}]


def simpler(clause: Clause) -> list[Data] | None:
    """Simpler."""
    return [{"kind": "simplify", "amount": round(min(1.0, 0.5 * clause.degree), 2), "scope": clause.scope()}]


def thinner(clause: Clause) -> list[Data] | None:
    """Fewer notes."""
    share = 0.5 if clause.has(r"\bhalf\b") else min(0.8, 0.3 * clause.degree)
    return [{"kind": "thin_out", "share": round(share, 2), "scope": clause.scope()}]


# --- structure ----------------------------------------------------------------------------------------------------------------


def repeat(clause: Clause) -> list[Data] | None:
    """Bars once more; a number of times; until a length."""
    scope = clause.scope(tracks=())
    goal = re.search(r"\b(?:to|until|for|up to)\s+(\w+)\s+bars\b", clause.text)
    if goal and number(goal[1]):
        return [{"kind": "loop_to", "bars": number(goal[1]), "scope": scope}]
    if not scope and not clause.has(r"\b(?:loop|repeat|whole|everything|it|song|piece)\b"):
        return None
    times = re.search(r"\b(\w+) (?:more )?times\b|\b(twice|thrice)\b", clause.text)
    count = 1
    if times:
        word = times[1] or times[2]
        count = {"twice": 2, "thrice": 3}.get(word) or number(word) or 1
        if not clause.has(r"\bmore\b") and count > 1:
            count -= 1
    return [{"kind": "repeat_section", "times": count, "scope": scope}]


def duration(clause: Clause) -> list[Data] | None:
    """A length in seconds or minutes."""
    clock = re.search(r"\b(\d+):(\d\d)\b", clause.text)
    plain = re.search(r"\b(\d+(?:\.\d+)?)[ -]?(s|secs?|seconds?|mins?|minutes?)\b", clause.text)
    if clock:
        seconds = 60.0 * int(clock[1]) + int(clock[2])
    elif plain:
        seconds = float(plain[1]) * (60 if plain[2].startswith("m") else 1)
    else:
        return None
    ratio = seconds / max(1.0, clause.table.seconds)
    if 0.75 <= ratio <= 1.34:
        return [{"kind": "fit_duration", "seconds": seconds}]
    return [{"kind": "loop_to", "seconds": seconds}, {"kind": "fit_duration", "seconds": seconds}]


def move(clause: Clause) -> list[Data] | None:
    """A section to another place."""
    rows = clause.table.sections
    named = [s for s in rows if re.search(rf"\b{re.escape(s.name.lower().rstrip(' 0123456789'))}", clause.text)]
    if not named:
        return None
    order = sorted(named, key=lambda s: clause.text.find(s.name.lower().rstrip(" 0123456789")))
    what = order[0]
    scope = {"bars": (what.first_bar - 1, what.last_bar)}
    if clause.has(r"\bto the (?:end|back)\b") or re.search(r"\bto the end\b", clause.text):
        return [{"kind": "move_section", "to": clause.table.bars, "scope": scope}]
    if re.search(r"\bto the (?:start|beginning|front)\b", clause.text):
        return [{"kind": "move_section", "to": 0, "scope": scope}]
    others = [s for s in order if s.name != what.name]
    if not others:
        return None
    goal = others[0]
    to = goal.first_bar - 1 if re.search(r"\b(?:before|in front of)\b", clause.text) else goal.last_bar
    return [{"kind": "move_section", "to": to, "scope": scope}]


def insert(clause: Clause) -> list[Data] | None:
    """Empty bars."""
    count = re.search(r"\b(\w+)(?: empty| silent| more| extra)? (?:bars?|measures?)\b", clause.text)
    bars = (number(count[1]) if count else None) or 1
    at = clause.time.get("bars", (clause.table.bars, 0))
    place = at[0] if re.search(r"\bbefore\b|\bat\b", clause.text) else at[1] if "bars" in clause.time else clause.table.bars
    if clause.time.get("sections"):
        first = _first_bar(clause.time, clause.table)
        place = first if re.search(r"\bbefore\b", clause.text) else place
    return [{"kind": "insert_bars", "at": place, "bars": bars}]


def copy(clause: Clause) -> list[Data] | None:
    """Bars copied to another place."""
    to = re.search(r"\bto (?:the end|bar (\d+))\b", clause.text)
    spans = re.findall(r"\bbars? (\d+)(?:\s*(?:-|–|to)\s*(\d+))?", clause.text)
    scope = dict(clause.time)
    goal = clause.table.bars
    if to and to[1]:
        goal = int(to[1]) - 1
        if len(spans) > 1:
            scope = {"bars": (int(spans[0][0]) - 1, int(spans[0][1] or spans[0][0]))}
    if not scope:
        return None
    return [{"kind": "copy_bars", "to": goal, "scope": scope}]
