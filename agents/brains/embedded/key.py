"""Tonic and mode: 'in F sharp minor', 'D dorian', 'minor key', 'E-flat', 'harmonic minor scale on A'."""

import re
from typing import Any

from ripieno.agents.brains.embedded.found import Reading, hypothetical, negated
from ripieno.agents.brains.embedded.lexicon import Hit, PhraseTable, lexicon, word_set
from ripieno.agents.brains.embedded.words import Words
from ripieno.score.brief import Attribute, Origin
from ripieno.score.keys import MODE_NAMES

_SCALE_NOUNS = frozenset(["key", "keys", "scale", "scales", "mode", "modes", "tonality", "tonal"])
_SHORT = re.compile(r"^([A-G][#♯b♭]?)m(?:in)?$")
_SIGNS = {"sharp": "#", "flat": "b", "sharps": "#", "flats": "b"}


def _mode_table() -> PhraseTable[tuple[str, bool]]:
    """Mode phrases -> (mode, whether the phrase alone suffices, without 'scale' or a tonic beside it)."""
    table: PhraseTable[tuple[str, bool]] = PhraseTable()
    alone = {
        "dorian", "phrygian", "lydian", "mixolydian", "locrian", "aeolian", "ionian", "harmonic minor", "melodic minor",
        "natural minor", "phrygian dominant", "lydian dominant", "hungarian minor", "double harmonic", "pentatonic",
        "minor pentatonic", "major pentatonic", "pentatonic minor", "pentatonic major", "hirajoshi", "whole tone", "whole-tone",
        "octatonic", "blues scale", "freygish", "hijaz", "spanish phrygian", "super locrian", "major blues", "insen", "in sen",
        "jazz minor", "byzantine",
    }  # fmt: skip
    for name, mode in MODE_NAMES.items():
        table.add(name, (mode, name in alone))
    for phrase, mode in lexicon("scales")["extra"].items():
        table.add(phrase, (mode, True))
    return table


class KeyReader:
    """Finds tonic and mode."""

    def __init__(self) -> None:
        self._modes = _mode_table()

    def tables(self) -> tuple[PhraseTable[Any], ...]:
        """The tables of phrases that it knows."""
        return (self._modes,)

    def read(self, words: Words) -> Reading:
        """Tonic and mode with their origins; notices where several keys are named."""
        reading = Reading()
        found: list[tuple[str | None, str | None, int, int, float]] = []  # tonic, mode, first, last, weight
        i = 0
        while i < len(words):
            hit = None if words.masked[i] else self._key_at(words, i)
            if hit is None:
                i += 1
                continue
            tonic, mode, first, last, weight = hit
            if negated(words, first, 4):
                reading.use(first, last)
            else:
                found.append((tonic, mode, first, last, weight * (0.2 if hypothetical(words, first) else 1.0)))
            i = max(last, i + 1)
        if not found:
            return reading
        self._decide(words, found, reading)
        return reading

    def _key_at(self, words: Words, i: int) -> tuple[str | None, str | None, int, int, float] | None:
        tonic = _tonic_at(words, i)
        if tonic is not None:
            name, after = tonic
            mode = self._mode_after(words, after)
            before = words.at(i - 1)
            keyed = before in ("in", "key", "of", "tonic", "is", "to", "centre", "center", "on", "around") or (
                i > 0 and ":" in words.gap[i]
            )
            if mode is not None:
                if words.raw[i] == "a" and not self._lower_a_is_note(words, i, mode.last):
                    return self._mode_at(words, i)
                if words.raw[i] == "A" and _opens_sentence(words, i) and not keyed and not _closes(words, mode.last):
                    return None if words.at(mode.last) not in _SCALE_NOUNS else (None, mode.value[0], i + 1, mode.last + 1, 1.0)
                end = mode.last + (words.at(mode.last) in _SCALE_NOUNS)
                return name, mode.value[0], i, end, 1.0
            if words.raw[i][0].islower() and len(words.raw[i]) == 1 and after == i + 1:
                return None
            if _key_of(words, i) or (
                before == "in" and (_closes(words, after) or words.at(after) in word_set("key", "follow"))
            ):
                if words.raw[i] in ("a", "i"):
                    return None
                return name, None, i, after, 0.8
            if (
                words.at(after) == "blues"
                and before in ("in", "an", "a")
                and words.raw[i][0].isupper()
                and len(words.raw[i]) > 0
            ):
                return (name, None, i, after, 0.7) if before == "in" else None
            return None
        short = _short_key(words, i)
        return short if short is not None else self._mode_at(words, i)

    def _mode_after(self, words: Words, i: int) -> Hit[tuple[str, bool]] | None:
        if i >= len(words) or not (words.joined(i) or words.gap[i] in ("",)):
            return None
        hit = self._modes.match(words, i)
        if hit is None:
            short = {"min": "minor", "maj": "major", "mixo": "mixolydian", "phryg": "phrygian", "pent": "pentatonic"}.get(
                words.low[i]
            )
            return Hit((short, True), i, i + 1) if short in MODE_NAMES and short else None
        if (
            hit.value[0] in ("chromatic", "double harmonic", "lydian dominant")
            and not hit.value[1]
            and words.at(hit.last) not in _SCALE_NOUNS
        ):
            return None
        return None if words.at(hit.last) in word_set("key", "no_mode_before") else hit

    def _lower_a_is_note(self, words: Words, i: int, after: int) -> bool:
        return (
            words.at(i - 1) in ("in", "key", "of")
            and words.at(after) not in _SCALE_NOUNS
            and (_closes(words, after) or words.at(after) in word_set("key", "follow"))
        )

    def _mode_at(self, words: Words, i: int) -> tuple[str | None, str | None, int, int, float] | None:
        hit = self._modes.match(words, i)
        if hit is None:
            return None
        mode, alone = hit.value
        after = words.at(hit.last)
        scale = after in _SCALE_NOUNS and words.joined(hit.last)
        if after in word_set("key", "no_mode_before"):
            return None
        if scale:
            return None, mode, i, hit.last + 1, 1.0
        if alone:
            return None, mode, i, hit.last, 0.95
        if mode in ("major", "minor"):
            before = words.at(i - 1)
            if words.low[i] not in ("major", "minor"):
                return (None, mode, i, hit.last, 0.9) if words.low[i] in ("dur", "moll") else None
            if before in ("in", "key", "mode", "scale", "tonality", "minor", "major", "is", "to", "a", "of", "it", "make") and (
                _closes(words, hit.last) or after in word_set("key", "follow") or after in _SCALE_NOUNS
            ):
                return None, mode, i, hit.last, 0.9 if before in ("in", "key", "mode", "scale") else 0.6
            if after in (
                "chord",
                "chords",
                "melody",
                "melodies",
                "harmony",
                "harmonies",
                "progression",
                "feel",
                "tune",
                "song",
                "piece",
                "waltz",
                "blues",
                "mood",
                "sound",
                "tones",
                "tone",
                "arpeggio",
                "arpeggios",
                "tonality",
            ):
                return None, mode, i, hit.last, 0.6
        return None

    def _decide(self, words: Words, found: list[tuple[str | None, str | None, int, int, float]], reading: Reading) -> None:
        for _, _, first, last, _ in found:
            reading.use(first, last)
        tonics = [f for f in found if f[0] is not None]
        best_tonic = max(tonics, key=lambda f: (f[4], -f[2])) if tonics else None
        modes = [f for f in found if f[1] is not None]
        best_mode = max(modes, key=lambda f: (f[4] + (0.05 if f is best_tonic else 0), -f[2])) if modes else None
        if best_tonic is not None and best_tonic[1] is not None:
            best_mode = best_tonic
            refined = [f for f in modes if f[0] is None and f[1] not in ("major", "minor") and f[4] > 0.9]
            if refined and best_tonic[1] in ("major", "minor"):  # 'in A minor, harmonic minor scale'
                best_mode = refined[0]
        if best_tonic is not None:
            first, last = best_tonic[2], best_tonic[3]
            reading.values["tonic"] = Attribute[str](value=best_tonic[0] or "C", words=words.written(first, last))
            others = {(f[0], f[1] or "") for f in tonics if f[0] != best_tonic[0] and f[4] >= 0.8}
            if others:
                said = ", ".join(f"{t} {m}".strip() for t, m in sorted((t or "", m) for t, m in others))
                reading.notice(
                    "key",
                    f"The request names more than one key; the piece is in {best_tonic[0]}, and {said} "
                    "is not used as the main key.",
                )
        if best_mode is not None:
            weak = best_mode[4] < 0.7
            reading.values["mode"] = Attribute[str](
                value=best_mode[1] or "major",
                words=words.written(best_mode[2], best_mode[3]),
                origin=Origin.INFERRED if weak else Origin.STATED,
                confidence=round(min(1.0, best_mode[4]), 2),
            )
            rivals = {f[1] for f in modes if f[4] >= 0.9 and f[0] is None and f[1] in ("major", "minor")} - {best_mode[1]}
            if rivals and best_mode[1] in ("major", "minor"):
                reading.notice(
                    "mode",
                    f"The request names both {best_mode[1]} and {', '.join(sorted(str(r) for r in rivals))}; "
                    f"{best_mode[1]} was taken.",
                )


def _short_key(words: Words, i: int) -> tuple[str | None, str | None, int, int, float] | None:
    """'Gm', 'F#m', 'Bbmin' as a key: after 'in' or 'key', alone in its clause, or before 'at 120 bpm'."""
    match = _SHORT.match(words.raw[i])
    if match is None:
        return None
    before, after = words.at(i - 1), words.at(i + 1)
    first, last = words.clause_bounds(i)
    if not (before in ("in", "key", "of") or last - first == 1 or (i == first and after in ("at", "key", "scale"))):
        return None
    return match[1].replace("♯", "#").replace("♭", "b"), "minor", i, i + 1 + (after == "key"), 0.85


def _key_of(words: Words, i: int) -> bool:
    """Whether 'key of', 'key:', 'key is' or 'tonic' stands before word `i`."""
    if words.at(i - 1) in ("key", "tonic") and i > 0:
        return True
    return words.at(i - 2) in ("key", "keys", "tonic", "tonality") and words.at(i - 1) in (
        "of",
        "is",
        "to",
        "in",
        "centre",
        "center",
        "note",
    )


def _opens_sentence(words: Words, i: int) -> bool:
    return i == 0 or words.sentence[i - 1] != words.sentence[i]


def _closes(words: Words, i: int) -> bool:
    """Whether nothing more of the clause follows at word `i`."""
    return i >= len(words) or words.clause[i] != words.clause[i - 1]


def _tonic_at(words: Words, i: int) -> tuple[str, int] | None:
    """A note name at word `i` ('F#', 'Bb', 'E-flat', 'F sharp') and the word after it."""
    raw = words.raw[i]
    letter = raw[0]
    if letter not in "ABCDEFGabcdefg":
        return None
    if len(raw) == 1:
        sign = _SIGNS.get(words.at(i + 1))
        if sign and words.joined(i + 1):
            return letter.upper() + sign, i + 2
        return letter.upper(), i + 1
    rest = raw[1:]
    if rest in ("#", "♯", "##"):
        return letter.upper() + "#" * len(rest), i + 1
    if rest in ("b", "♭") and raw not in ("ab", "eb", "Ab.", "db"):
        return letter.upper() + "b", i + 1
    if raw in ("ab", "eb", "db"):
        return letter.upper() + "b", i + 1
    low = raw.lower()
    if low[1:] in ("sharp", "flat"):
        return letter.upper() + _SIGNS[low[1:]], i + 1
    return None
