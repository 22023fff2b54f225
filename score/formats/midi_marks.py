"""The texts that Ripieno writes into a MIDI file beside what MIDI itself can say, and their reading.

Two kinds of text event (meta type 1), UTF-8:

`chord: Am7`
    a chord symbol at the tick where the chord starts; `chord: N.C.` where it ends and none follows.
`ripieno: {...}`
    a JSON object that refines the event beside it, written where the plain event says less than the piece:
    `bars` (length, first track), `bpm` (exact, beside a tempo), `groups` (beside a metre), `key` (mode,
    beside a key signature), `section` (bars, energy, label, beside a marker), `track` (id, role,
    instrument, own program, mix).

The plain event always wins: a refinement that contradicts it (somebody changed the file in a sequencer) is
ignored.
"""

import json
from unicodedata import category

CHORD_PREFIX = "chord: "
NO_CHORD = "N.C."
MARK_PREFIX = "ripieno: "
_LONGEST_MARK = 4096  # bytes


def mark(**values: object) -> bytes:
    """The data of a text event that carries `values`."""
    return (MARK_PREFIX + json.dumps(values, ensure_ascii=False, sort_keys=True)).encode()


def read_mark(text: str) -> dict[str, object]:
    """The values of a mark; empty where the text is none, or a damaged one."""
    if not text.startswith(MARK_PREFIX) or len(text) > _LONGEST_MARK:
        return {}
    try:
        values = json.loads(text[len(MARK_PREFIX) :])
    except (ValueError, RecursionError):
        return {}
    return values if isinstance(values, dict) else {}


def microseconds(bpm: float) -> int:
    """Microseconds a quarter note, as MIDI stores a tempo."""
    return round(60_000_000 / bpm)


def plain_bpm(us: int) -> float:
    """The tempo with the fewest decimals that MIDI stores as `us`: 500000 is 120, 618557 is 97."""
    exact = 60_000_000 / us
    for digits in range(6):
        bpm = round(exact, digits)
        if bpm > 0 and microseconds(bpm) == us:
            return bpm
    return exact


def decode(data: bytes) -> str:
    """Text of a meta event: UTF-8, or Latin-1 where it is not; without control characters."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return "".join(c for c in text if category(c) != "Cc")
