"""Tracks as people name them, taken out of a clause: names, instruments, roles, families, pieces of the kit, misspelt ones too."""

import re
from dataclasses import dataclass, field
from functools import lru_cache

from ripieno.agents.brains.embedded.instrument_names import find_mentions
from ripieno.agents.brains.embedded.instrument_spelling import corrected
from ripieno.agents.brains.embedded.lexicon import lexicon, singular
from ripieno.agents.brains.embedded.nearness import distance
from ripieno.agents.brains.embedded.words import Words
from ripieno.memory.table import AttributeTable, TrackRow
from ripieno.score.instruments import instruments

_EVERYTHING = re.compile(
    r"\b(?:everything|everyone|everybody|all (?:of )?(?:the )?(?:tracks|parts|instruments|others?)|all tracks|the (?:whole )?(?:band|ensemble|mix|rest)|(?:all )?the others?|others)\b"
)
_BUT = re.compile(
    r"\b(?:everything|everyone|everybody|all(?: (?:of )?(?:the )?(?:tracks|parts|instruments))?)\s*,?\s*(?:but|except(?: for)?|apart from|besides|other than)\s+(?:the\s+)?"
)
_BUT_TAIL = re.compile(r",?\s*\b(?:except(?: for)?|apart from|but not|other than|excluding|save for)\s+(?P<who>.+)$")
_REST = re.compile(r"\b(?:the rest|the others?|others|everything else|everyone else)\b")
_COMMON = frozenset(
    [
        "the",
        "and",
        "for",
        "with",
        "from",
        "that",
        "this",
        "them",
        "they",
        "more",
        "less",
        "make",
        "louder",
        "softer",
        "quieter",
        "higher",
        "lower",
        "faster",
        "slower",
        "bars",
        "bar",
        "beat",
        "beats",
        "note",
        "notes",
        "track",
        "tracks",
        "part",
        "parts",
        "line",
        "bring",
        "take",
        "drop",
        "mute",
        "solo",
        "change",
        "instrument",
        "instead",
        "little",
        "much",
        "into",
        "over",
        "under",
        "back",
        "down",
        "chorus",
        "verse",
        "bridge",
        "intro",
        "outro",
        "section",
        "piece",
        "song",
        "music",
        "tempo",
        "speed",
        "third",
        "thirds",
        "sixth",
        "fifth",
        "octave",
        "octaves",
        "play",
        "plays",
        "playing",
        "voice",
        "sound",
        "sounds",
        "some",
        "same",
        "like",
        "keep",
        "last",
        "first",
        "second",
        "half",
        "long",
        "short",
        "remove",
        "delete",
        "every",
        "each",
        "other",
        "another",
    ]
)


@dataclass
class TracksFound:
    """The clause with `<t>` where tracks of the piece stood and `<i>` where other instruments did.

    Attributes:
        groups: ids of the tracks for each `<t>`, in order of appearance.
        words: how each was called.
        drums: pieces of the kit that were named.
        instruments: ids of instruments that the piece does not have, for each `<i>`.
        but: ids after 'everything but'.
        everything: whether 'everything' or 'the rest' was said.
        doubtful: a word that names several tracks though one is meant, with their ids.
    """

    rest: str
    groups: list[tuple[str, ...]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    drums: tuple[str, ...] = ()
    instruments: list[str] = field(default_factory=list)
    instrument_words: list[str] = field(default_factory=list)
    but: tuple[str, ...] = ()
    everything: bool = False
    doubtful: tuple[str, tuple[str, ...]] | None = None

    @property
    def tracks(self) -> tuple[str, ...]:
        """Ids of all tracks named, each once."""
        return tuple(dict.fromkeys(i for group in self.groups for i in group))


def find_tracks(clause: str, table: AttributeTable) -> TracksFound:
    """Takes the tracks out of a clause."""
    found = TracksFound(clause)
    but = _BUT.search(found.rest)
    if but:
        inner = find_tracks(found.rest[but.end() :], table)
        if inner.tracks:
            found.but, found.everything = inner.tracks, True
            tail = re.sub(r"^(?:\s*(?:,|and|the|&)?\s*<t>)+", "", inner.rest)
            found.rest = " ".join((found.rest[: but.start()] + " <t> " + tail).split())
            found.groups.append(tuple(t.id for t in table.tracks if t.id not in inner.tracks))
            found.words.append("everything but " + ", ".join(inner.words))
            return found
    spared = _BUT_TAIL.search(found.rest)
    if spared:
        inner, front = find_tracks(spared["who"], table), find_tracks(found.rest[: spared.start()], table)
        if inner.tracks and re.sub(r"<t>|,|and|the|[\s.!?]", "", inner.rest) == "":
            left = tuple(t for t in front.tracks if t not in inner.tracks)
            if left:  # 'the strings except the cello'
                front.groups, front.words = [left], [front.words[0]]
                return front
            found.but, found.everything, found.rest = inner.tracks, True, front.rest
            found.groups.append(tuple(t.id for t in table.tracks if t.id not in inner.tracks))
            found.words.append("everything but " + ", ".join(inner.words))
            return found
    if not re.match(r"(?:add|introduce|bring in|layer|throw in|put in|some|insert)\b", clause):
        _kit(found, table)
    vocabulary = _vocabulary(table)
    found.rest = _spelled(found.rest, vocabulary)
    pattern = re.compile(r"\b(?:the |my |that |this |those |these |his |her |its |our |your )?(?P<other>other |second |first |2nd |1st )?(?P<w>" + "|".join(
        re.escape(w) for w in sorted(vocabulary, key=len, reverse=True)) + r")(?P<pl>s)?(?:'s)?(?: (?:track|part|parts|line|lines|channel|section))?\b(?! (?:section|part) [a-d]\b)")  # fmt: skip

    def take(match: re.Match[str]) -> str:
        word, plural = match["w"], bool(match["pl"])
        ids = vocabulary[word]
        which = (match["other"] or "").strip()
        if plural or which:  # 'the violins', 'the second violin': all that play it, whoever is called simply Violin
            played = {t.instrument for t in table.tracks if t.id in ids}
            ids = tuple(t.id for t in table.tracks if t.id in ids or (len(played) == 1 and t.instrument in played))
        if len(ids) > 1 and which in ("second", "2nd") and len(ids) >= 2:
            ids = ids[1:2]
        elif len(ids) > 1 and which in ("first", "1st"):
            ids = ids[:1]
        elif len(ids) > 1 and not plural and _single(word, ids, table):
            found.doubtful = found.doubtful or (word, ids)
        found.groups.append(ids)
        found.words.append(("other " if which == "other" else "") + word)
        return "<t>"

    found.rest = pattern.sub(take, found.rest)
    if not found.groups and not found.but:
        rest = _REST.search(found.rest)
        everything = rest or _EVERYTHING.search(found.rest)
        if everything:
            found.everything = True
            found.rest = " ".join((found.rest[: everything.start()] + " <all> " + found.rest[everything.end() :]).split())
    elif _REST.search(found.rest):
        found.rest = _REST.sub("<rest>", found.rest)
    _others(found)
    return found


def _kit(found: TracksFound, table: AttributeTable) -> None:
    kits = tuple(t.id for t in table.tracks if t.percussion)
    if not kits:
        return
    pieces: list[str] = []
    for name, pattern in lexicon("edits")["kit"].items():
        if any(t.name.lower() == name for t in table.tracks):
            continue
        match = re.search(rf"\b(?:the )?(?:{pattern})\b", found.rest)
        if match:
            pieces.append(name)
            found.rest = found.rest[: match.start()] + "<t>" + found.rest[match.end() :]
            found.groups.append(kits[:1])
            found.words.append(match[0])
    found.drums = tuple(pieces)


def _vocabulary(table: AttributeTable) -> dict[str, tuple[str, ...]]:
    """Every word for tracks of this piece, with the ids: the nearest sense wins."""
    senses: list[dict[str, list[str]]] = [{}, {}, {}, {}]

    def add(level: int, word: str, row: TrackRow) -> None:
        plain = " ".join(word.lower().split())
        if plain and len(plain) > 1 and not plain.isdecimal():
            ids = senses[level].setdefault(plain, [])
            if row.id not in ids:
                ids.append(row.id)

    table_of = instruments()
    by_name = {i.name: i for i in table_of.values()}
    roles = {role: words.split("|") for role, words in _expanded("roles").items()}
    groups = {group: words.split("|") for group, words in _expanded("groups").items()}
    numbers: dict[str, int] = {}
    places = {0: "first track", 1: "second track", 2: "third track", len(table.tracks) - 1: "last track"}
    for number, row in enumerate(table.tracks, 1):
        if number - 1 in places:
            add(0, places[number - 1], row)
        add(0, row.name, row)
        add(0, row.name.split("(")[0].strip(), row)
        add(0, row.id.replace("_", " "), row)
        add(0, f"track {number}", row)
        instrument = by_name.get(row.instrument)
        if instrument is not None:
            numbers[row.instrument] = numbers.get(row.instrument, 0) + 1
            add(1, instrument.name.split("(")[0].strip(), row)
            for name in instrument.names:
                add(1, name, row)
            add(1, _last_word(instrument.name.split("(")[0].strip()), row)
            for word, name in lexicon("edits")["also"].items():
                if name in instrument.name.lower():
                    add(2, word, row)
            for word in groups.get(instrument.family, ()):
                add(3, word, row)
            add(3, instrument.family, row)
            if instrument.family == "winds" or instrument.family == "reeds":
                for word in groups.get("woodwinds", ()):
                    add(3, word, row)
            if "sax" in instrument.name.lower():
                add(3, "horns", row)
                add(3, "horn section", row)
            if instrument.family == "bass" and row.role == "bass":
                add(1, "bass", row)
        for word in roles.get(row.role, ()):
            add(2, word, row)
        if row.percussion:
            for word in roles["drums"]:
                add(2, word, row)
        if row.role in ("drums", "percussion", "bass", "chords"):
            for word in groups["rhythm section"]:
                add(3, word, row)
    merged: dict[str, tuple[str, ...]] = {}
    for level in senses:
        for word, ids in level.items():
            merged.setdefault(word, tuple(ids))
    return merged


@lru_cache(maxsize=4)
def _expanded(table: str) -> dict[str, str]:
    """Word patterns of the lexicon written out: optional letters both ways."""
    rows: dict[str, str] = {}
    for name, pattern in lexicon("edits")[table].items():
        words: list[str] = []
        for part in pattern.split("|"):
            part = part.replace("-?", "-")
            variants = [part]
            match = re.search(r"\((?:\?:)?([^)]*)\)\?", part)
            if match:
                variants = [part.replace(match[0], ""), part.replace(match[0], match[1])]
            for v in variants:
                optional = re.search(r" \?|(\w)\?", v)
                if optional and optional[0] == " ?":
                    words += [v.replace(" ?", " "), v.replace(" ?", "")]
                elif optional:
                    words += [v.replace(optional[0], optional[1]), v.replace(optional[0], "")]
                else:
                    words.append(v)
        rows[name] = "|".join(words)
    return rows


def _last_word(name: str) -> str:
    word = singular(name.lower().split()[-1]) if name.split() else ""
    return word if word in {"guitar", "piano", "bass", "organ", "sax", "saxophone", "drum", "violin", "flute", "synth", "pad", "lead", "kit",
                            "trumpet", "horn", "clarinet", "harp", "choir", "voice", "strings", "recorder"} else ""  # fmt: skip


def _single(word: str, ids: tuple[str, ...], table: AttributeTable) -> bool:
    """Whether a word that names several tracks means one of them: a singular instrument, not a role or a family."""
    roles = {t.role for t in table.tracks if t.id in ids}
    every = {w for words in _expanded("groups").values() for w in words.split("|")}
    collective = every | {
        "drums",
        "percussion",
        "beat",
        "vocals",
        "chords",
        "accompaniment",
        "brass",
        "strings",
        "groove",
        "comping",
    }
    return (
        word not in collective
        and not word.endswith("s")
        and (len(roles) > 1 or word in ("guitar", "synth", "violin", "piano", "pad", "lead"))
    )


def _spelled(clause: str, vocabulary: dict[str, tuple[str, ...]]) -> str:
    """Misspelt words of the vocabulary put right: one edit in words of four or five letters, two in longer ones."""
    singles = [w for w in vocabulary if " " not in w and len(w) >= 4]
    known = set(singles) | _COMMON | {w for phrase in vocabulary for w in phrase.split()}
    words = []
    for word in clause.split(" "):
        bare = word.strip(".,!?")
        if len(bare) >= 4 and bare.isalpha() and bare not in known and singular(bare) not in known and not _ordinary(bare):
            limit = 1 if len(bare) <= 5 else 2
            near = min(((distance(bare, w, limit), w) for w in singles if abs(len(w) - len(bare)) <= limit), default=(9, ""))
            if near[0] <= limit and near[1][:1] == bare[:1]:
                word = word.replace(bare, near[1])
        elif len(bare) == 3 and bare.isalpha() and bare not in known and not _ordinary(bare):
            longer = [w for w in singles if len(w) == 4 and w.startswith(bare)]
            word = word.replace(bare, longer[0]) if longer else word
        words.append(word)
    return " ".join(words)


def sections_spelled(clause: str, table: AttributeTable) -> str:
    """The clause with misspelt names of the piece's sections put right: 'in vers 2', 'the corus'."""
    names = {w for s in table.sections if (w := s.name.lower().rstrip(" 0123456789")).isalpha() and len(w) > 4}
    words = []
    for word in clause.split(" "):
        bare = word.strip(".,!?:;")
        plain = bare.removesuffix("s")
        if len(bare) >= 4 and bare.isalpha() and not {bare, plain, bare.removesuffix("es")} & names and not _ordinary(bare):
            near = min(((distance(w, n, 1), n) for n in names for w in (bare, plain) if n[0] == bare[0]), default=(9, ""))
            word = word.replace(bare, near[1]) if near[0] <= 1 else word
        words.append(word)
    return " ".join(words)


@lru_cache(maxsize=1)
def _real_words() -> frozenset[str]:
    from ripieno.agents.brains.embedded.instrument_spelling import _real_words as listed

    return frozenset(listed())


def _ordinary(word: str) -> bool:
    return word in _real_words() or singular(word) in _real_words() or word in _wishes()


@lru_cache(maxsize=1)
def _wishes() -> frozenset[str]:
    """Words with which wishes are said: they are no misspelt names."""
    said = " ".join(str(row["words"]) for row in lexicon("edits")["moods"].values())
    said += " ".join(str(row["says"]) for row in lexicon("edit_actions")["action"])
    return frozenset(w for w in re.findall(r"[a-z]{3,}", said))


def _others(found: TracksFound) -> None:
    """Instruments that the piece does not have."""
    words, _ = corrected(Words(found.rest.replace("<t>", "§").replace("<all>", "§")))
    spans: list[tuple[int, int, str]] = []
    for mention in find_mentions(words):
        if mention.instrument:
            spans.append((words.start[mention.first], words.end[mention.last - 1], mention.instrument))
    text = found.rest.replace("<t>", "§").replace("<all>", "¤")
    for start, end, id_ in reversed(spans):
        found.instruments.insert(0, id_)
        found.instrument_words.insert(0, text[start:end])
        text = text[:start] + "<i>" + text[end:]
    found.rest = " ".join(text.replace("§", "<t>").replace("¤", "<all>").split())
