"""Clauses about keys, pitches and single notes."""

import re

from ripieno.agents.brains.embedded.edits import amounts
from ripieno.agents.brains.embedded.edits.clause import Clause, Data
from ripieno.agents.brains.embedded.edits.times import ORDINALS
from ripieno.agents.understanding import Ask, Option, Question
from ripieno.score.keys import MODE_NAMES
from ripieno.tools.registry import parse_instruction

_VOLUME = 14  # of a track that is turned up or down


class Doubt(Exception):
    """Two readings of a clause that differ much."""

    def __init__(self, question: Question) -> None:
        super().__init__(question.text)
        self.question = question


def option(label: str, *data: Data) -> Option:
    """A way to understand a clause."""
    return Option(label=label, asks=tuple(Ask(instruction=parse_instruction(d), words=label) for d in data))


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
    section = found and found[1] in {n.lower() for n in clause.time.get("sections", ())} and not (found[2] or found[3])
    if found and not section and not (found[1] == "a" and not found[3] and not re.search(r"\b(?:to|in|of) a$", text)):
        name = found[1].upper() + {"#": "#", "sharp": "#", "b": "b", "flat": "b"}.get(found[2] or "", "")
        mode = {"maj": "major", "min": "minor"}.get(found[3] or "", found[3] or "")
        return [{"kind": "change_key", "key": f"{name} {mode}".strip(), "scope": scope}]
    modes = [m for m in re.findall(rf"\b({_MODES})\b", text) if m not in ("blues", "in scale", "chromatic")]
    to = re.search(rf"\b(?:to|into|in) ({_MODES})\b", text)
    if to:
        return [{"kind": "change_mode", "mode": to[1], "scope": scope}]
    return [{"kind": "change_mode", "mode": modes[-1], "scope": scope}] if modes else None


def pitch(clause: Clause) -> list[Data] | None:
    """Up or down by an interval; without one by an octave for single parts. 'Lower it' alone may mean loudness: asked."""
    if clause.has(r"\b(?:up|down) there\b") and amounts.interval(clause.rest) is None:
        return None
    found = amounts.interval(clause.rest)
    scope = clause.scope()
    if found is not None:
        return [{"kind": "transpose", **found.fields(), "scope": scope}]
    up, down = clause.has(r"\b(?:higher|up|raise)\b"), clause.has(r"\b(?:lower|down)\b")
    if not up and not down:
        return None
    drums = bool(clause.tracks) and all(t.percussion for t in clause.rows())
    if clause.tracks and (clause.degree < 1 or drums or _was_volume(clause)):
        by = max(2, round(_VOLUME * clause.degree))  # 'the bass up a touch': nobody moves pitches by a touch
        return [{"kind": "set_mix", "volume_by": by if up else -by, "scope": clause.scope(time=False)}]
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


def _was_volume(clause: Clause) -> bool:
    """Whether the talk is of volumes."""
    asks = clause.context.dialogue[-1].asks if clause.context.dialogue else ()
    return bool(asks) and getattr(asks[-1].instruction, "volume_by", None) is not None


def note(clause: Clause) -> list[Data] | None:
    """A single note by its number, beat or pitch."""
    text = clause.text.replace(" sharp", "#").replace(" flat", "b")
    nth = re.search(r"\b(first|second|third|fourth|fifth|sixth|seventh|eighth|last|\d+(?:st|nd|rd|th))\s+(?:\w+ )?note\b", text)
    pitches = re.findall(r"(?<![\w'])([a-g](?:#|b)?\d?)(?![\w'#])", re.sub(r"\b(?:a|an) (?=note|bit|[a-g]\b)", "", text))
    if "bars" not in clause.time or not (nth or pitches):
        return None
    tracks = clause.tracks or tuple(t.id for t in clause.table.tracks if t.role == "lead")[:1]
    data: Data = {"bar": clause.time["bars"][0], "scope": {"tracks": tracks[:1]}}
    if re.search(r"\b(?:instead of|rather than|not) (?:an? )?[a-g]\b", text):
        pitches = pitches[::-1]  # 'an F sharp instead of F'
    goal = pitches[-1][:1].upper() + pitches[-1][1:] if pitches else None
    if nth:
        data["nth"] = ORDINALS[nth[1]]
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
