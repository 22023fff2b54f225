"""Clauses that ask for something new: tracks, sections, fills, harmony, other chords, another style, other notes."""

import re
from typing import Any

from ripieno.agents.brains.embedded.edits.clause import Clause, Data, section_starts
from ripieno.agents.brains.embedded.edits.limits import no_such_track
from ripieno.agents.brains.embedded.edits.times import number
from ripieno.score.chords import Chord
from ripieno.score.errors import BadRequest
from ripieno.score.instruments import Role, instruments
from ripieno.tools.base import MAX_TRACKS

_SECTION = re.compile(
    r"\b(intro(?:duction)?|outro|coda|ending|instrumental break|bridge|middle eight|breakdown|interlude|solo|pre-?chorus|build-?up|drop|verse|chorus|tag)\b"
)
_SECTION_NAMES = {"introduction": "intro", "coda": "outro", "ending": "outro", "tag": "outro", "instrumental break": "interlude", "middle eight": "bridge", "pre-chorus": "prechorus",
                  "build-up": "buildup"}  # fmt: skip
_ROLE_WORDS: tuple[tuple[str, str, str], ...] = (
    (r"\bdrums?\b|\bbeat\b|\bpercussion\b|\bgroove\b|\brhythm\b(?! guitar)", "drums", "drums"),
    (r"\bbass ?line\b|\bbass\b", "bass", "electric_bass"),
    (r"\bpads?\b", "pad", "warm_pad"),
    (r"\barp(?:eggio)?s?\b", "arpeggio", ""),
    (r"\bcounter-?(?:melody|line)\b", "countermelody", ""),
    (r"\bmelody\b|\blead\b|\btune\b|\bsolo\b", "lead", ""),
    (r"\briff\b|\bostinato\b", "riff", ""),
    (r"\bdrone\b", "drone", ""),
    (r"\bchords\b|\bcomping\b|\bharmony\b|\baccompaniment\b|\bstrumming\b", "chords", ""),
    (r"\bstrings\b", "pad", "string_ensemble"),
    (r"\bsomething (?:\w+ and )?(?:low|deep|ominous|dark|menacing)\b", "drone", ""),
    (r"\bsomething (?:\w+ and )?(?:high|sparkly|twinkl\w+|shimmer\w+|glitter\w+)\b", "arpeggio", ""),
    (r"\bsomething (?:\w+ and )?(?:rhythmic|percussive)\b", "percussion", "shaker"),
    (r"\bsomething (?:to fill|warm|soft|lush|underneath|in the background)\b", "pad", ""),
)
_PLAYS: tuple[tuple[str, Role], ...] = (
    (r"\b(?:counter-?(?:melody|line)|second (?:line|voice))\b", Role.COUNTERMELODY), (r"\b(?:answer|respond|reply)", Role.ANSWER),
    (r"\b(?:pads?|sustain|long notes|hold|in the background|swell)", Role.PAD), (r"\b(?:arp(?:eggio|eggiat)|broken)", Role.ARPEGGIO),
    (r"\b(?:riff|ostinato)\b", Role.RIFF), (r"\bdrone\b", Role.DRONE), (r"\b(?:chords|comp(?:s|ing)?|strum|rhythm|accompan)", Role.CHORDS),
    (r"\b(?:melody|tune|lead|solo|theme)\b", Role.LEAD), (r"\bbass ?line\b", Role.BASS),
)  # fmt: skip
_SIZES = {"short": 2, "quick": 2, "brief": 2, "little": 2, "long": 8, "longer": 8, "big": 8}


def _part(clause: Clause, id_: str, asked: str) -> dict[str, Any]:
    part: dict[str, Any] = {"instrument": id_, "asked": asked}
    row = instruments()[id_]
    if not row.is_drum:
        role = next((r for pattern, r in _PLAYS if clause.has(pattern)), None)
        if role is not None:
            part["role"] = str(role)
    register = next(
        (r for w, r in (("high", "high"), ("low", "low"), ("deep", "low"), ("middle", "middle")) if clause.has(rf"\b{w}\b")),
        None,
    )
    if register:
        part["register_name"] = register
    if clause.time.get("sections"):
        part["section"] = ", ".join(clause.time["sections"])
    return part


def add(clause: Clause) -> list[Data] | None:
    """New tracks: instruments that are named, or what a role usually takes."""
    if clause.has(r"\b(?:reverb|swing|more bars|bars|accents?|delay|echo|crescendo|velocity)\b"):
        return None
    scope = clause.scope(tracks=())
    found = []
    for id_, words in zip(clause.found.instruments, clause.found.instrument_words, strict=True):
        for n in range(1, min(MAX_TRACKS + 1, _how_many(clause.text, words)) + 1):
            asked = words if n == 1 else f"{words} {n}"
            found.append({"kind": "add_track", "part": _part(clause, id_, asked), "scope": scope})
    if len(found) + len(clause.table.tracks) > MAX_TRACKS:
        raise BadRequest(f"A piece has at most {MAX_TRACKS} tracks", value=clause.text, cause=f"it has {len(clause.table.tracks)}",
                         cure="add fewer players; one track of a choir or of strings is many voices")  # fmt: skip
    if found:
        return found
    have = {t.role for t in clause.table.tracks}
    text = clause.text
    for pattern, role, instrument in _ROLE_WORDS:
        if re.search(pattern, text) and not clause.has(r"\bmore\b"):
            if (
                role in have
                and not clause.has(r"\b(?:another|second|extra|new|more)\b")
                and clause.found.tracks
                and role in ("drums", "bass", "lead")
            ):
                continue
            id_ = instrument or _usual(clause, role)
            return [{"kind": "add_track", "part": {**_part(clause, id_, role), "role": role}, "scope": scope}]
    if clause.found.tracks and clause.has(r"\b(?:another|second|extra|one more)\b"):
        row = clause.rows()[0]
        id_ = next((i.id for i in instruments().values() if i.name == row.instrument), "")
        return [{"kind": "add_track", "part": _part(clause, id_, row.name), "scope": scope}] if id_ else None
    return None


def _how_many(text: str, words: str) -> int:
    """How many players of a kind are asked for: 'two violins'."""
    said = re.search(rf"\b([a-z]+|\d{{1,6}}) (?:more |extra |other )?{re.escape(words)}", text)
    return max(1, (number(said[1]) or 1) if said and said[1] not in ("few", "couple") else 1)


def _usual(clause: Clause, role: str) -> str:
    """An instrument for a role that the piece does not have yet."""
    have = {t.instrument for t in clause.table.tracks}
    wishes = {"lead": ("flute", "violin", "synth_lead"), "chords": ("piano", "acoustic_guitar"), "arpeggio": ("harp", "piano"),
              "countermelody": ("cello", "clarinet"), "riff": ("electric_guitar", "piano"), "drone": ("cello", "synth_pad"),
              "pad": ("string_ensemble",)}.get(role, ("piano",))  # fmt: skip
    table = instruments()
    known = [w for w in wishes if w in table]
    return next((w for w in known if table[w].name not in have), known[0] if known else "piano")


def answer(clause: Clause) -> list[Data] | None:
    """A part that replies in the rests of another."""
    if not clause.found.instruments:
        return None
    id_, words = clause.found.instruments[0], clause.found.instrument_words[0]
    part = _part(clause, id_, words) | {"role": "answer"}
    if clause.found.tracks:
        row = next(t for t in clause.table.tracks if t.id == clause.found.tracks[0])
        part["of"] = next((i.id for i in instruments().values() if i.name == row.instrument), None)
    return [{"kind": "add_track", "part": part, "scope": clause.scope(tracks=())}]


def duplicate(clause: Clause) -> list[Data] | None:
    """A copy of a track, with another instrument or an octave away; 'double the violin an octave up'."""
    if clause.has(r"\b(?:doubl(?:e|es|ing)|in unison with)\b") and len(clause.found.instruments) > 1 and not clause.found.tracks:
        raise no_such_track(clause, clause.found.instrument_words[-1:])
    if clause.has(r"\bdoubl(?:e|ing)\b") and not clause.found.instruments and not clause.has(r"\bcopy|duplicate|clone\b"):
        if clause.has(r"\boct"):
            return [
                {
                    "kind": "double_octave",
                    "octaves": -1 if clause.has(r"\b(?:down|below|lower|under)\b") else 1,
                    "scope": clause.scope(),
                }
            ]
        return None
    if not clause.tracks or clause.has(r"\bbars?\b|\bsection\b") or clause.time:
        return None
    data: Data = {"kind": "duplicate_track", "scope": {"tracks": clause.tracks[:1]}}
    if clause.found.instruments:
        data["instrument"] = clause.found.instruments[0]
    return [data]


def harmonise(clause: Clause) -> list[Data] | None:
    """Thirds, sixths or octaves beside a line, or four-part harmony under it."""
    interval = next((w for w in ("sixths", "octaves", "chorale") if clause.has(rf"\b{w[:-1]}")), "thirds")
    if clause.has(r"\bfour[- ](?:part|voice)|\bsatb\b"):
        interval = "chorale"
    data: Data = {
        "kind": "harmonise",
        "interval": interval,
        "direction": "above" if clause.has(r"\babove\b|\bhigher\b|\bon top\b") else "below",
        "scope": _line(clause),
    }
    if clause.found.instruments:
        data["instrument"] = clause.found.instruments[0]
    return [data]


def _line(clause: Clause) -> Data:
    """The scope of a line: the tracks named, else the tune."""
    scope = clause.scope()
    if "tracks" not in scope:
        leads = (
            tuple(t.id for t in clause.table.tracks if t.role == "lead")
            or tuple(t.id for t in clause.table.tracks if not t.percussion)[:1]
        )
        scope["tracks"] = leads[:1]
    return scope


def countermelody(clause: Clause) -> list[Data] | None:
    """A second line against the tune."""
    data: Data = {"kind": "countermelody", "scope": clause.scope(tracks=())}
    if clause.found.tracks and clause.has(r"\b(?:for|on|by|with) (?:an?other )?<t>"):  # another of a kind that is there
        row = next(t for t in clause.table.tracks if t.id == clause.found.tracks[0])
        data["instrument"] = next((i.id for i in instruments().values() if i.name == row.instrument), None)
    elif clause.found.tracks:
        data["of"] = clause.found.tracks[0]
    if clause.found.instruments:
        data["instrument"] = clause.found.instruments[0]
    return [data]


def reharmonise(clause: Clause) -> list[Data] | None:
    """Other chords: those that are named, or invented ones."""
    chords = chords_in(clause.text)
    data: Data = {"kind": "reharmonise", "scope": clause.scope(tracks=())}
    if chords:
        data["chords"] = chords
    return [data]


def chords_in(text: str) -> tuple[str, ...]:
    """Chord symbols in a text in lower case; () where fewer than two stand in a row."""
    found: list[str] = []
    for word in re.split(r"[\s,|–-]+", text):
        symbol = word[:1].upper() + word[1:]
        if re.match(r"^[A-G](?:#|b)?(?:m|maj|min|dim|aug|sus|add|\d|/|\(|\)|#|b|[a-g])*$", symbol) and word not in (
            "a",
            "add",
            "be",
            "bad",
            "dad",
            "bed",
        ):
            try:
                found.append(Chord.parse(symbol).symbol)
            except BadRequest:
                continue
    return tuple(found) if len(found) > 1 else ()


def restyle(clause: Clause) -> list[Data] | None:
    """The same tune in another style; the caller looks the words up among the styles."""
    match = re.search(
        r"\b(?:as|into|like|style of|to|it|this|that|everything|thing|song|piece) an? ([a-z0-9 &'-]+?)(?: (?:version|style|arrangement|tune|piece|song|feel|track|vibe|touch|flavou?r))?$",
        clause.text,
    ) or re.search(r"\b(?:in|into|to) (?:the )?([a-z0-9 &'-]+?) style$", clause.text)
    return [{"kind": "restyle", "style": match[1].strip()}] if match else None


def fill(clause: Clause) -> list[Data] | None:
    """A fill, by the drums where nobody else is named."""
    if not re.search(r"\b(?:add|put|drum|a|some|more|with|give|little|big|nice|play)\b.*\bfills?\b|^fills?\b", clause.text):
        return None
    drums = tuple(t.id for t in clause.table.tracks if t.percussion)
    scope = clause.scope()
    if "tracks" not in scope and drums:
        scope["tracks"] = drums[:1]
    if "sections" in scope and re.search(r"\b(?:before|into|leading|to introduce|ahead of|up to)\b", clause.text):
        players = {"tracks": scope["tracks"]} if "tracks" in scope else {}
        starts = section_starts(scope, clause.table)
        return [{"kind": "add_fill", "scope": players | {"bars": (at - 1, at)}} for at in starts] or None
    return [{"kind": "add_fill", "scope": scope}]


def section(clause: Clause) -> list[Data] | None:
    """A new section at its usual place, or where it is said."""
    match = _SECTION.search(clause.rest)
    if not match or clause.found.instruments or clause.has(r"\b(?:empty|blank|silent)\b"):
        return None
    if re.match(r"^(?:make|have|lose|give|need|want)\b", clause.text) and not re.search(
        r"\b(?:make|have|need|want|give (?:it|me|us|this)) (?:me |us )?(?:a|an|another|some)\b", clause.text
    ):
        return None
    name = _SECTION_NAMES.get(match[1], match[1])
    if clause.has(r"\b(?:crescendo|fills?|drums?|tempo|faster|slower|louder|busier|bigger)\b"):
        return None
    bars = re.search(r"\b(\w+)[- ]bars?\b", clause.text)
    size = (number(bars[1]) if bars else None) or next(
        (n for w, n in _SIZES.items() if re.search(rf"\b{w}\b", clause.text)), None
    )
    data: Data = {"kind": "add_section", "section": name}
    if size:
        data["bars"] = size
    place = re.search(r"\b(before|after)\s+(?:the\s+)?(?:(first|second|third|last|final)\s+)?(\w[\w -]*?)$", clause.text)
    if place:
        word = place[3].strip()
        nth = {None: 0, "first": 1, "second": 2, "third": 3}.get(place[2], _count(word, clause))
        data["at"] = f"{place[1]} {word}" + (f" {nth}" if nth else "")
    elif re.search(r"\bat the end\b", clause.text):
        data["at"] = "end"
    elif re.search(r"\bat the (?:start|beginning)\b", clause.text):
        data["at"] = "start"
    else:
        data["at"] = _usual_place(name, clause)
    return [data]


def _usual_place(name: str, clause: Clause) -> str:
    """Where a section of its kind stands if nobody says."""
    rows = clause.table.sections
    if name == "intro":
        return "start"
    main = [s for s in rows if not s.name.lower().startswith(("outro", "coda", "ending"))]
    if name == "outro" or not main:
        return "end"
    if name in ("verse", "chorus", "drop"):
        return f"after {main[-1].name} {_count(main[-1].name, clause)}"
    if name == "prechorus" and any(s.name.lower().startswith("chorus") for s in rows):
        return "before Chorus 1"
    return f"before {main[-1].name} {_count(main[-1].name, clause)}"


def _count(name: str, clause: Clause) -> int:
    """How many sections of a name there are: the number of the last."""
    plain = name.lower().rstrip(" 0123456789")
    return sum(s.name.lower().rstrip(" 0123456789") == plain for s in clause.table.sections)


def regenerate(clause: Clause) -> list[Data] | None:
    """Notes written anew over the same chords."""
    scope = clause.scope()
    if "tracks" not in scope and clause.carried:
        scope["tracks"] = clause.carried
    if clause.has(r"\b(?:after all|any ?more)\b") and clause.found.tracks:
        return [{"kind": "remove_track", "scope": clause.scope(time=False)}]
    data: Data = {"kind": "regenerate", "scope": scope}
    if clause.has(r"\b(?:same|keep the) rhythm\b"):
        data["keep_rhythm"] = True
    return [data]


def infill(clause: Clause) -> list[Data] | None:
    """Empty bars filled."""
    return [{"kind": "infill", "scope": clause.scope()}]


def vary(clause: Clause) -> list[Data] | None:
    """The same ideas, varied."""
    strength = min(0.9, max(0.15, 0.45 * clause.degree))
    return [{"kind": "vary", "strength": round(strength, 2), "scope": clause.scope()}]


def extend(clause: Clause) -> list[Data] | None:
    """More bars at the end."""
    if clause.has(r"\bnotes?\b|\bhold\b"):
        return None
    bars = re.search(r"\b(?:by |another |for |with )?(\w+)(?: more)? bars?\b", clause.text)
    seconds = re.search(r"\bto (\d+) ?(?:s|sec|seconds)\b", clause.text)
    goal = re.search(r"\bto (\w+) bars?\b", clause.text)
    if seconds:
        return [{"kind": "loop_to", "seconds": float(seconds[1])}]
    if goal and number(goal[1]):
        return [{"kind": "loop_to", "bars": number(goal[1])}]
    return [{"kind": "extend", "bars": (number(bars[1]) if bars else None) or 8}]
