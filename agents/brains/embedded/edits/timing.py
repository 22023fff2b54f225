"""Clauses about time: tempo, metre, rhythm and articulation, the order and length of bars."""

import re

from ripieno.agents.brains.embedded.edits import amounts
from ripieno.agents.brains.embedded.edits.clause import Clause, Data, first_section_bar, sections_meant
from ripieno.agents.brains.embedded.edits.times import number
from ripieno.score.errors import BadRequest
from ripieno.score.time import MAX_TEMPO, MIN_TEMPO

_TEMPO = 0.1  # the usual amount


def tempo(clause: Clause) -> list[Data] | None:
    """A tempo, faster or slower."""
    scope = clause.scope(tracks=())
    value = amounts.bpm(clause.rest)
    text = clause.rest
    slower = re.search(r"\b(?:slow\w*|drags?|too fast|decrease|reduce|drop|down|relax|lower)\b", text) is not None
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
    elif scope.get("last_bars", 2) != 2 and slower and not re.search(r"\bbars?\b", clause.text):
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


def _named(clause: Clause) -> Data:
    """The scope that the clause itself names: 'make it swing' means the piece, whatever was spoken of before."""
    return clause.scope() if clause.tracks or clause.time or clause.found.but else {}


def quantise(clause: Clause) -> list[Data] | None:
    """On the grid."""
    grids = (("32", 0.125), ("16|sixteenth", 0.25), ("8|eighth", 0.5), ("quarter|1/4", 1.0), ("triplet", 1 / 3))
    grid = next((g for p, g in grids if clause.has(rf"\b(?:1/)?(?:{p})(?:th|nd)?s?\b")), 0.25)
    share = amounts.factor(clause.rest) if amounts.is_percent(clause.rest) else None
    strength = share if share else (0.5 if clause.degree < 1 else 1.0)
    return [{"kind": "quantise", "grid": grid, "strength": min(1.0, strength), "scope": _named(clause)}]


def humanise(clause: Clause) -> list[Data] | None:
    """A human touch."""
    return [{"kind": "humanise", "amount": round(min(1.0, 0.4 * clause.degree), 2), "scope": _named(clause)}]


def swing(clause: Clause) -> list[Data] | None:
    """Swung."""
    if clause.has(r"\bless\b"):
        return straighten(clause)
    unit = "sixteenth" if clause.has(r"\b(?:16|sixteenth)") else "eighth"
    return [{"kind": "swing", "ratio": round(min(0.72, 0.5 + 0.13 * clause.degree), 3), "unit": unit, "scope": _named(clause)}]


def straighten(clause: Clause) -> list[Data] | None:
    """Even again: from the swing that the piece was made with."""
    wanted = clause.table.intent.swing
    was = wanted.value if wanted and wanted.value > 0.5 else 0.62
    return [{"kind": "swing", "ratio": 0.5, "was": round(min(0.8, was), 3), "scope": _named(clause)}]


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


def hold(clause: Clause) -> list[Data] | None:
    """The last chord or note held longer."""
    scope = clause.scope()
    return [{"kind": "articulate", "factor": round(1 + clause.degree, 2), "scope": {**scope, "last_bars": 1}}]


def arpeggiate(clause: Clause) -> list[Data] | None:
    """Chords broken."""
    pattern = "down" if clause.has(r"\bdown") else "up-down" if clause.has(r"\bup and down|up-down") else "up"
    grid = 0.25 if clause.has(r"\b(?:16|sixteenth)") else 0.5
    scope = clause.scope()
    if re.search(r"\b(?:instead of|rather than)\b", clause.text) and clause.found.groups:
        scope["tracks"] = clause.found.groups[0]  # 'the piano arpeggios instead of chords'
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


def repeat(clause: Clause) -> list[Data] | None:
    """Bars once more; a number of times; until a length."""
    if re.search(r"\b\d+ ?(?:s|secs?|seconds?|mins?|minutes?)\b", clause.text):
        return duration(clause)
    if not clause.has(r"\b(?:loop|repeat|play|double up|once more|one more time)\b") and not clause.time:
        return None  # 'take it off again'
    scope = clause.scope(tracks=())
    if clause.time.get("sections") and re.search(r"\bat the (?:very )?end\b", clause.text):
        place = {k: v for k, v in clause.time.items() if k in ("sections", "nth")}
        return [{"kind": "copy_bars", "to": clause.table.bars, "scope": place}]
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
        if not clause.has(r"\bmore\b|\brepeat\b|\bagain\b") and count > 1:
            count -= 1  # what is played twice is repeated once
    return [{"kind": "repeat_section", "times": count, "scope": scope}]


def duration(clause: Clause) -> list[Data] | None:
    """A length in seconds or minutes. A time of the clock that says where ('louder at 0:45') is no length."""
    if "seconds" in clause.time:
        return None
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


def swap(clause: Clause) -> list[Data] | None:
    """Two sections in each other's place."""
    rows = [s for s in clause.table.sections if re.search(rf"\b{re.escape(_plain(s.name))}\b", clause.text)]
    names = list(dict.fromkeys(_plain(s.name) for s in rows))
    if len(names) != 2:
        return None
    picked = []
    for name in names:
        same = [s for s in rows if _plain(s.name) == name]
        nth = re.search(rf"\b(first|second|third|last|final)\s+{re.escape(name)}", clause.text)
        index = {"first": 0, "second": 1, "third": 2}.get(nth[1], -1) if nth else 0
        picked.append(same[min(index, len(same) - 1)])
    one, two = sorted(picked, key=lambda s: s.first_bar)
    length = two.last_bar - two.first_bar + 1
    moved = (one.first_bar - 1 + length, one.last_bar + length)
    return [
        {"kind": "move_section", "to": one.first_bar - 1, "scope": {"bars": (two.first_bar - 1, two.last_bar)}},
        {"kind": "move_section", "to": two.last_bar, "scope": {"bars": moved}},
    ]


def _plain(name: str) -> str:
    return name.lower().rstrip(" 0123456789")


def shorten(clause: Clause) -> list[Data] | None:
    """A section of fewer bars: those at its end go."""
    goal = re.search(r"\b(?:to )?(\w+)[- ](?:bars?|measures?)(?: long)?\b", clause.rest)
    bars = number(goal[1]) if goal else None
    rows = sections_meant(clause.time, clause.table)
    if not bars or not rows or any(s.last_bar - s.first_bar + 1 <= bars for s in rows):
        return None
    spans = [(s.first_bar - 1 + bars, s.last_bar) for s in rows]
    return [{"kind": "cut", "scope": {"bars": span}} for span in reversed(spans)]


def insert(clause: Clause) -> list[Data] | None:
    """Empty bars."""
    count = re.search(r"\b(\w+)(?: empty| silent| blank| more| extra)* (?:bars?|measures?)\b", clause.text)
    before = re.search(r"\bbefore bar (\d+)", clause.text)
    if before:
        return [{"kind": "insert_bars", "at": int(before[1]) - 1, "bars": (number(count[1]) if count else None) or 1}]
    bars = (number(count[1]) if count else None) or 1
    at = clause.time.get("bars", (clause.table.bars, 0))
    place = at[0] if re.search(r"\bbefore\b|\bat\b", clause.text) else at[1] if "bars" in clause.time else clause.table.bars
    if clause.time.get("sections"):
        first = first_section_bar(clause.time, clause.table)
        place = first if re.search(r"\bbefore\b", clause.text) else place
    return [{"kind": "insert_bars", "at": place, "bars": bars}]


def copy(clause: Clause) -> list[Data] | None:
    """Bars copied to another place."""
    to = re.search(r"\bto (?:the end|bar (\d+))\b", clause.text)
    like = re.search(
        r"\b(?:bars?|measures?) (\d+)(?:\s*(?:-|–|to)\s*(\d+))? (?:(?:exactly )?(?:the same as|like|identical to)|with) (?:bars?|measures?) "
        r"(\d+)(?:\s*(?:-|–|to)\s*(\d+))?",
        clause.text,
    )
    if like:  # the others are copied behind, and what was there is cut
        first, last = int(like[1]) - 1, int(like[2] or like[1])
        source = (int(like[3]) - 1, int(like[4] or like[3]))
        return [
            {"kind": "copy_bars", "to": last, "scope": {"bars": source}},
            {"kind": "cut", "scope": {"bars": (first, last)}},
        ]
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
