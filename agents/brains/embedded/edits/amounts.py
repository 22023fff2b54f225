"""How much: degrees ('a bit', 'much'), percentages, factors ('twice', 'half'), intervals, tempos."""

import re
from dataclasses import dataclass
from functools import lru_cache

from ripieno.agents.brains.embedded.edits.times import number
from ripieno.agents.brains.embedded.lexicon import lexicon

_STEPS = {"second": 1, "third": 2, "thirds": 2, "fourth": 3, "fifth": 4, "sixth": 5, "sixths": 5, "seventh": 6, "tenth": 9}
_UP = r"(?:up|higher|raise[ds]?|above|upwards?|increase|lift|sharper)"
_DOWN = r"(?:down|lower(?:ed)?|drop|below|beneath|under|downwards?|decrease|flatter|deeper)"


@lru_cache(maxsize=1)
def _degrees() -> tuple[tuple[re.Pattern[str], float], ...]:
    rows = lexicon("edits")["degree"].values()
    return tuple((re.compile(rf"\b{row['words']}\b"), float(row["factor"])) for row in rows)


def degree(clause: str) -> tuple[float, str]:
    """How much of the usual amount is meant (1 where nothing is said), and the clause without those words."""
    factor = 1.0
    for pattern, value in _degrees():
        match = pattern.search(clause)
        if match:
            clause = " ".join((clause[: match.start()] + " " + clause[match.end() :]).split())
            factor *= value
    return factor, clause


def factor(clause: str) -> float | None:
    """A stated factor: 'twice as fast' 2, 'half' 0.5, '10 percent' 0.1 (to be added or taken away), 'by 20%' 0.2."""
    percent = re.search(r"(\d+(?:\.\d+)?)\s*(?:%|percent|per cent)", clause)
    if percent:
        return float(percent[1]) / 100
    if re.search(r"\b(?:twice|double|two times|2x|200%)\b", clause):
        return 2.0
    if re.search(r"\b(?:three times|triple|3x)\b", clause):
        return 3.0
    if re.search(r"\b(?:half|halve|0\.5x|by half|in half|50%)\b", clause):
        return 0.5
    return None


def is_percent(clause: str) -> bool:
    """Whether a percentage is stated."""
    return re.search(r"\d\s*(?:%|percent|per cent)", clause) is not None


@dataclass(frozen=True)
class Interval:
    """How far up (positive) or down: one of the three."""

    semitones: int | None = None
    steps: int | None = None
    octaves: int | None = None

    def fields(self) -> dict[str, int]:
        """As fields of `transpose`."""
        given = {"semitones": self.semitones, "steps": self.steps, "octaves": self.octaves}
        return {k: v for k, v in given.items() if v is not None}


def interval(clause: str) -> Interval | None:
    """An interval with its direction; None where none is named. Up where no direction is said."""
    sign = -1 if re.search(rf"\b{_DOWN}\b|(?:^|\s)-\d", clause) and not re.search(r"\bup\b", clause) else 1
    n = r"(?P<n>\d+|an?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|half an?|a couple of)"
    octaves = re.search(rf"{n}\s*oct(?:ave)?s?\b|\boct(?:ave)?s?\b", clause)
    if octaves:
        return Interval(octaves=sign * _count(octaves.groupdict().get("n")))
    half = re.search(rf"(?:{n}\s*)?(?:semi-?tones?|half[- ]?(?:steps?|tones?)|st\b)", clause)
    if half:
        return Interval(semitones=sign * _count(half["n"]))
    whole = re.search(rf"(?:{n}\s*)?(?:whole[- ]?(?:steps?|tones?)|full (?:steps?|tones?)|tones?\b)", clause)
    if whole:
        return Interval(semitones=2 * sign * _count(whole["n"]))
    named = re.search(
        r"\b(?P<q>minor|major|perfect|diatonic)?\s*(?P<i>second|thirds?|fourth|fifth|sixths?|seventh|tenth)\b(?! (?:bar|beat|note|chorus|verse|half))",
        clause,
    )
    if named and re.search(r"\b(?:up|down|higher|lower|above|below|raise|transpose|by|move|shift|bring)\b", clause):
        exact = {("minor", "second"): 1, ("major", "second"): 2, ("minor", "third"): 3, ("major", "third"): 4, ("perfect", "fourth"): 5,
                 ("perfect", "fifth"): 7, ("minor", "sixth"): 8, ("major", "sixth"): 9}.get((named["q"] or "", named["i"]))  # fmt: skip
        return Interval(semitones=sign * exact) if exact else Interval(steps=sign * _STEPS[named["i"]])
    steps = re.search(rf"(?:{n}\s*)?(?:scale |diatonic )?(?:steps?|degrees?|scale notes?)\b", clause)
    if steps:
        return Interval(steps=sign * _count(steps["n"]))
    signed = re.search(r"(?:by |^|\s)(?P<n>[+-]\d+)\b(?!\s*(?:%|percent|bpm|bars?|db))", clause)
    if signed:
        return Interval(semitones=int(signed["n"]))
    return None


def _count(word: str | None) -> int:
    if not word or word in ("a", "an", "one"):
        return 1
    return number(word) or 1


def bpm(clause: str) -> float | None:
    """A tempo in beats a minute, as said: '120 bpm', 'tempo to 96', 'at 90'."""
    found = None
    for pattern in (
        r"(-?\d+(?:\.\d+)?)\s*(?:bpm|beats per minute|beats a minute)",
        r"\b(?:tempo|speed|bpm|velocity)\b(?:[^\d-]|-(?!\d)){0,20}(-?\d+(?:\.\d+)?)(?![\d.]|\s*(?:%|percent|per cent))",
        r"\b(?:take|play|do) (?:it|this|that) at (?:about |around )?(\d{2,3})\b",
        r"\bto (-?\d{2,3}(?:\.\d+)?)\b(?!\s*(?:%|percent|bars?|seconds|sec))",
        r"\b(?:faster|slower|quicker)\b[\s,:-]+(?:at |about |around )?(\d{2,3})$",
    ):
        found = found or re.search(pattern, clause)
    return float(found[1]) if found else None
