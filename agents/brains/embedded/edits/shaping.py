"""Clauses that change whole tracks, loudness and the mix."""

import re

from ripieno.agents.brains.embedded.edits import amounts
from ripieno.agents.brains.embedded.edits.clause import Clause, Data, first_section_bar, section_starts, sections_meant
from ripieno.agents.brains.embedded.edits.timing import straighten
from ripieno.score.errors import BadRequest

_VOLUME, _VELOCITY, _PAN, _SEND = 14, 0.18, 40, 24  # the usual amounts


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
    if clause.has(r"unsolo|stop soloing") or not clause.tracks:
        return [{"kind": "solo", "on": False}]
    return [{"kind": "set_mix", "muted": False, "scope": clause.scope(time=False)}]


def solo(clause: Clause) -> list[Data] | None:
    """Only these are heard."""
    return [{"kind": "solo", "scope": {"tracks": clause.tracks}}] if clause.tracks else None


def only(clause: Clause) -> list[Data] | None:
    """Everyone else out: in a part of the piece their notes, else they are muted."""
    if not clause.tracks or clause.has(r"\d"):
        return None
    if clause.time:
        return [{"kind": "silence", "scope": {"but_tracks": clause.tracks, **clause.time}}]
    return [{"kind": "solo", "scope": {"tracks": clause.tracks}}]


def remove(clause: Clause) -> list[Data] | None:
    """Tracks out; in a part of the piece their notes there; bars out where no track is named."""
    if clause.has(r"\bswing\b"):
        return straighten(clause)
    if clause.has(r"\breverb\b"):
        return [{"kind": "set_mix", "reverb": 0, "scope": clause.scope(time=False)}]
    if clause.has(r"\b(?:stop|pause|rest)\b") and not (clause.tracks and clause.time):
        return None
    if clause.tracks and (clause.time or clause.found.drums):
        return [{"kind": "silence", "scope": clause.scope()}]
    if clause.tracks and clause.has(r"<all>|\beveryone\b"):
        return None
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
        return [{"kind": "rename_section", "name": name, "scope": clause.scope(tracks=())}]
    return [{"kind": "rename_track", "name": name, "scope": {"tracks": clause.tracks[:1]}}] if clause.tracks else None


def title(clause: Clause) -> list[Data] | None:
    """Another title of the piece."""
    quoted = re.search(r"[\"']([^\"']+)[\"']\s*$", clause.text)
    said = quoted or re.search(r"\b(?:title (?:it |this )?|to|as|call (?:it|this)|name (?:it|this)|entitle (?:it|this))\s+([^\"']+)$", clause.text)
    if said is None or clause.found.tracks or clause.time:
        return None
    return [{"kind": "rename_piece", "title": said[1].strip()}]


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
    one = clause.tracks[:1]
    if not clause.time:
        return [{"kind": "change_instrument", "instrument": clause.found.instruments[-1], "scope": {"tracks": one}}]
    others = elsewhere(clause)
    if others is None:
        raise BadRequest("Another instrument takes over a whole track, sections or a run of bars", value=clause.text,
                         cure="name sections or bars, or leave the place out")  # fmt: skip
    name = f"{clause.found.instrument_words[-1]} for {clause.rows()[0].name}"
    copy = {"kind": "duplicate_track", "instrument": clause.found.instruments[-1], "name": name, "scope": {"tracks": one}}
    rests = [{"kind": "silence", "scope": {"tracks": (name,), "bars": span}} for span in others]
    return [copy, {"kind": "silence", "scope": {"tracks": one, **clause.time}}, *rests]


def enter(clause: Clause) -> list[Data] | None:
    """A track that begins only later: its notes before are taken out; 'only in the choruses': those of all other places."""
    if not clause.tracks or not clause.time:
        return None
    begins = r"\b(?:enters?|comes? in|joins?|starts?|begins?|bring|only|from|until|till|later|not before|hold back|waits?)\b"
    if not clause.has(begins) and not re.search(r"\b(?:from|until|till)\b", clause.text):
        return None  # 'play the tune in the chorus on the piano' says nothing of a beginning
    if clause.has(r"\boctaves?\b") and not clause.has(r"\b(?:only|later|until|till|wait|hold back|not before)\b"):
        return None  # 'come in an octave higher in the second chorus' says how it is played there, not that it waits
    only = clause.has(r"\bonly\b|\bjust\b") and not clause.has(r"\b(?:come|comes|enters?|joins?|starts?|bring)\b")
    if only and clause.time.get("sections"):
        return [{"kind": "silence", "scope": {"tracks": clause.tracks, "bars": span}} for span in elsewhere(clause) or ()] or None
    if "part" in clause.time and clause.time["part"][0] > 0:
        before = {k: v for k, v in clause.time.items() if k != "part"} | {"part": (0.0, clause.time["part"][0])}
        return [{"kind": "silence", "scope": {"tracks": clause.tracks, **before}}]
    if "bars" in clause.time and clause.time["bars"][0] > 0:
        return [{"kind": "silence", "scope": {"tracks": clause.tracks, "bars": (0, clause.time["bars"][0])}}]
    if "sections" in clause.time:
        first = first_section_bar(clause.time, clause.table)
        if first:
            return [{"kind": "silence", "scope": {"tracks": clause.tracks, "bars": (0, first)}}]
    return None


def elsewhere(clause: Clause) -> list[tuple[int, int]] | None:
    """The stretches of bars outside the sections or the run of bars that a clause names; None where it names others."""
    if set(clause.time) == {"bars"}:
        found = [clause.time["bars"]]
    elif set(clause.time) <= {"sections", "nth"}:
        found = [(row.first_bar - 1, row.last_bar) for row in sections_meant(clause.time, clause.table)]
    else:
        return None
    spans, at = [], 0
    for first, end in [*found, (clause.table.bars, clause.table.bars)]:
        if at < first:
            spans.append((at, first))
        at = end
    return spans


def loudness(clause: Clause) -> list[Data] | None:
    """Louder or softer: the mix of whole tracks, velocities in a part of the piece or of everything."""
    absolute = re.search(r"\b(?:volume|level)\b.* (?:to|at) (\d{1,3})$", clause.rest) or re.search(
        r"\b(?:volume|level)\b[^\d]{0,12}(\d{1,3})\b(?!\s*%)", clause.rest
    )
    if absolute:
        return [{"kind": "set_mix", "volume": min(127, int(absolute[1])), "scope": clause.scope(time=False)}]
    sign = _direction(clause)
    share = re.search(r"\b(?:at|to) (\d{1,3}) ?(?:%|percent|per cent)", clause.rest)
    if share and clause.tracks and not clause.time:
        mean = sum(t.volume for t in clause.rows()) / max(1, len(clause.rows()))
        by = round(mean * (int(share[1]) / 100 - 1))
        return [{"kind": "set_mix", "volume_by": max(-127, min(127, by)), "scope": clause.scope(time=False)}]
    if sign == 0:
        return None
    percent = amounts.factor(clause.rest)
    if not clause.tracks and not clause.found.but and clause.found.everything is False and not (clause.time or clause.carried_time):
        return [{"kind": "scale_velocities", "factor": _scaled(sign, clause.degree, percent, clause)}]
    if clause.time or clause.carried_time or clause.found.drums:
        return [{"kind": "scale_velocities", "factor": _scaled(sign, clause.degree, percent, clause), "scope": clause.scope()}]
    if re.search(r"<t>.*\b(?:behind|underneath|in front of) <t>", clause.rest):  # of two the first is moved
        step = sign * round(_VOLUME * clause.degree)
        return [{"kind": "set_mix", "volume_by": step, "scope": {"tracks": clause.found.groups[0]}}]
    by = round(_VOLUME * clause.degree)
    if percent is not None:
        mean = sum(t.volume for t in clause.rows()) / max(1, len(clause.rows()))
        by = round(mean * percent) if amounts.is_percent(clause.rest) else round(mean * abs(percent - 1))
    return [{"kind": "set_mix", "volume_by": sign * max(2, min(127, by)), "scope": clause.scope(time=False)}]


def _direction(clause: Clause) -> int:
    text = clause.text
    if re.search(
        r"\btoo (?:loud|hot|prominent|much|strong|forward|high in the mix)|overpower|drown(?:s|ing)? (?:out )?(?:every|the|it|them|me|us|my)|\bhurts?\b|sticks? out",
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
    stated = re.search(
        r"^(?:(?:the|that|those|these) )*<t> (?:is|are|sounds?|seems?|feels?) (?:(?:rather|quite|pretty|still|kind of) )*(loud|quiet|soft)$",
        clause.rest,
    )
    if stated:  # 'the hats are a touch loud' is a complaint
        return -1 if stated[1] == "loud" else 1
    if re.search(r"\bhits? harder|hitting harder|\bharder\b", text):
        return 1
    place = re.search(r"<t>.*\b(behind|underneath|in front of) <t>", clause.rest)
    if place:
        return 1 if place[1] == "in front of" else -1
    down = re.search(
        r"\b(?:softer|quieter|down|lower|gentl\w+|soften|background|back|decrease|reduce|less|tame|subtler|quiet|soft|softly|quietly|pianissimo|under)\b",
        text,
    )
    up = re.search(
        r"\b(?:louder|up|raise|boost|increase|more|prominent|stand out|loud|loudly|forte|fortissimo|push|hotter|forward|front|present|higher)\b", text
    )
    return 1 if up and not (down and down.start() < up.start()) else -1 if down else 0


def _scaled(sign: int, degree: float, percent: float | None, clause: Clause) -> float:
    if percent is not None:
        if amounts.is_percent(clause.rest):
            return round(1 + sign * percent, 3)
        return percent if (percent > 1) == (sign > 0) else round(1 / percent, 3)
    return round(1 + sign * min(0.6, _VELOCITY * degree), 3)


def more_of(clause: Clause) -> list[Data] | None:
    """'More cowbell', 'less guitar': louder or softer, whatever is meant."""
    if not clause.tracks:
        return None
    sign = -1 if clause.has(r"\bless\b") else 1
    if clause.found.drums or clause.time:
        factor = round(1 + sign * min(0.6, _VELOCITY * clause.degree), 3)
        return [{"kind": "scale_velocities", "factor": factor, "scope": clause.scope()}]
    return [{"kind": "set_mix", "volume_by": sign * round(_VOLUME * clause.degree), "scope": clause.scope(time=False)}]


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
        starts = section_starts(scope, clause.table)
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
    if len(clause.tracks) == 2 and clause.has(r"\bleft\b") and clause.has(r"\bright\b"):  # 'the two guitars left and right'
        first = clause.rest.index("left") < clause.rest.index("right")
        width = 63.5 if clause.has(r"\bhard\b") else _PAN
        sides = zip(clause.tracks, (-1, 1) if first else (1, -1), strict=True)
        return [{"kind": "set_mix", "pan": max(0, round(64 + s * width) - (s > 0)), "scope": {"tracks": (t,)}} for t, s in sides]
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
    if clause.found.drums:
        raise BadRequest("Effects are set for whole tracks", value=", ".join(clause.found.drums), cause="the kit is one track",
                         cure=f"split it first: 'split the {clause.found.drums[0]} from the drums'")  # fmt: skip
    less = re.search(r"\btoo much\b", clause.text) is not None or clause.has(
        r"\b(?:less|dry|drier|dryer|reduce|lower|too much|too wet|decrease|down)\b"
    )
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
    groups = [g for g in clause.found.groups if not (clause.found.drums and set(g) <= set(kits))]
    by = kits[0] if kits and (clause.found.drums or len(groups) < 2) else groups[-1][0] if groups else ""
    ducked = groups[0] if groups and groups[0] != (by,) else ()
    if not by:
        return None
    data: Data = {"kind": "duck", "by": by, "amount": round(min(0.9, 0.5 * clause.degree), 2)}
    data["scope"] = {"tracks": ducked} if ducked else {"but_tracks": (by,)}
    data["scope"] |= clause.time
    if by in kits:
        data["drum"] = "kick"
    return [data]
