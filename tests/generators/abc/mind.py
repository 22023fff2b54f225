"""A mind for the test server that composes: plain tunes over plain chords, from what the prompt says and nothing else."""

import json
import re
from typing import Any

from ripieno.generators.abc.writers import abc_pitch
from ripieno.score.pitch import midi_number, name_at_fifths

_SCALE = (0, 2, 4, 5, 7, 9, 11)


def composes(request: dict[str, Any]) -> str:
    """The answer to a call of any writer, the reviewer or the juror."""
    system, user = request["messages"][0]["content"], request["messages"][1]["content"]
    if "You are a juror" in system:
        return json.dumps({"better": "first", "why": "it breathes"})
    if "You are the reviewer" in system:
        return json.dumps({"corrections": []})
    bars = int(re.findall(r"(\d+) bars", user)[0])
    if "You are the leader" in system:
        return json.dumps(sketch(user, bars))
    parts = re.findall(r"^(\w+): ", user.partition("Parts:\n")[2], re.MULTILINE)
    if "You are the arranger" in system:
        return json.dumps({"parts": [{"part": p, "what": "Play on."} for p in parts]})
    if "You write the whole piece alone" in system:
        lines = user.partition("Parts:\n")[2].splitlines()
        return json.dumps(
            {
                "sketch": sketch(user, bars),
                "parts": [{"part": p, "bars": voice(user, line, bars)} for p, line in zip(parts, lines, strict=True)],
            }
        )
    return json.dumps({"bars": voice(user, re.findall(r"Your part is (.*)", user)[0], bars)})


def sketch(user: str, bars: int) -> dict[str, Any]:
    """Two sections, and tonic and dominant by turns."""
    tonic = re.findall(r"signature of (\S+) major", user)[0]
    fifth = name_at_fifths(next(f for f in range(-8, 9) if name_at_fifths(f) == tonic) + 1)
    half = bars // 2
    sections = [{"name": "A", "label": "A", "bars": half}, {"name": "B", "label": "B", "bars": bars - half, "energy": 0.7}]
    chords = [tonic if n % 2 == 0 or n == bars - 1 else fifth for n in range(bars)]
    return {"sections": [s for s in sections if s["bars"]], "chords": chords, "motif": "three steps up", "direction": "plain"}


def voice(user: str, line: str, bars: int) -> list[str]:
    """Steps up and down within the part's range; a kick and a snare for kits."""
    numerator, denominator = map(int, re.findall(r"(\d+)/(\d+), [\d.]+ quarter", user)[0])
    units = numerator * 8 // denominator
    span = re.findall(r"([A-G][#b]?-?\d) to ([A-G][#b]?-?\d)", line)
    if not span:
        return ["C,," + ("D,," * (units - 1))] * bars
    low, high = (midi_number(name) for name in span[0])
    white = [p for p in range(low, high + 1) if p % 12 in _SCALE]
    start = next(i for i, p in enumerate(white) if i >= len(white) // 3)
    letters = [re.sub(r"[\^_]", "", abc_pitch(p)) for p in white[start : start + 4]]
    step = 2 if units % 2 == 0 else 1
    length = "2" if step == 2 else ""
    return ["".join(letters[(i + n) % len(letters)] + length for i in range(units // step)) for n in range(bars)]
