"""Tonic and mode: 'in F sharp minor', 'D dorian', 'minor key', 'E-flat', 'harmonic minor scale on A'."""

from dataclasses import dataclass, replace
from typing import Any

from ripieno.agents.brains.embedded.found import Reading, hypothetical, negated
from ripieno.agents.brains.embedded.lexicon import Hit, PhraseTable, lexicon, phrases, word_set
from ripieno.agents.brains.embedded.note_names import german_key, lone_tonic, short_minor, tonic_at
from ripieno.agents.brains.embedded.words import Words
from ripieno.score.brief import Attribute, Origin
from ripieno.score.keys import MODE_NAMES

_SCALE_NOUNS = frozenset(("key", "keys", "scale", "scales", "mode", "modes", "tonality", "tonal"))
_CLIPPED = {"min": "minor", "maj": "major", "mixo": "mixolydian", "phryg": "phrygian"}
_KEYED = ("in", "key", "of", "tonic", "is", "to", "centre", "center", "on", "around")
_SURE = 0.7  # weight from which a mode counts as stated


@dataclass(frozen=True, slots=True)
class _Found:
    """A tonic, a mode or both, in the words `first` to `last` (exclusive); `weight` tells how plainly it is said."""

    tonic: str | None
    mode: str | None
    first: int
    last: int
    weight: float


class KeyReader:
    """Finds tonic and mode."""

    def __init__(self) -> None:
        scales = lexicon("scales")
        alone = frozenset(phrases(scales["alone"]))
        # phrase -> (mode, whether it suffices without 'scale' or a tonic beside it)
        self._modes: PhraseTable[tuple[str, bool]] = PhraseTable((n, (mode, n in alone)) for n, mode in MODE_NAMES.items())
        for phrase, mode in scales["extra"].items():
            self._modes.add(phrase, (mode, True))

    def tables(self) -> tuple[PhraseTable[Any], ...]:
        """The tables of phrases that it knows."""
        return (self._modes,)

    def read(self, words: Words) -> Reading:
        """Tonic and mode with their origins; notices where several keys are named."""
        reading = Reading()
        found: list[_Found] = []
        i = 0
        while i < len(words):
            hit = None if words.masked[i] else self._key_at(words, i)
            if hit is None:
                i += 1
                continue
            reading.use(hit.first, hit.last)
            if hypothetical(words, hit.first):
                hit = replace(hit, weight=hit.weight * 0.2)
            if not negated(words, hit.first, 4):
                found.append(hit)
            i = max(hit.last, i + 1)
        if found:
            _decide(words, found, reading)
        return reading

    def _key_at(self, words: Words, i: int) -> _Found | None:
        german = german_key(words, i)
        if german is not None:
            return _Found(german[0], german[1], i, german[2], 1.0)
        tonic = tonic_at(words, i)
        if tonic is None:
            short = short_minor(words, i)
            return _Found(short[0], "minor", i, short[1], 0.85) if short is not None else self._mode_at(words, i)
        name, after = tonic
        mode = self._mode_after(words, after)
        if mode is not None:
            return self._with_mode(words, i, name, mode)
        if words.raw[i].islower() and len(words.raw[i]) == 1 and after == i + 1:
            return None  # 'a', or a stray letter
        before = words.at(i - 1)
        follows = _closes(words, after) or words.at(after) in word_set("key", "follow")
        if _key_of(words, i) or (before == "in" and (follows or words.at(after) == "blues")):
            return _Found(name, None, i, after, 0.8)
        return _Found(name, None, i, after, 0.75) if lone_tonic(words, i, after) else None

    def _with_mode(self, words: Words, i: int, name: str, mode: Hit[tuple[str, bool]]) -> _Found | None:
        """'A minor', which may be an article and an adjective."""
        after = words.at(mode.last)
        if words.raw[i] == "a":
            ends = _closes(words, mode.last) or after in word_set("key", "follow")
            keyed = words.at(i - 1) in ("in", "key") or (words.at(i - 1) == "of" and words.at(i - 2) == "key")
            if not keyed or after in _SCALE_NOUNS or not ends:
                return None
        opens = i == 0 or words.sentence[i - 1] != words.sentence[i]
        keyed = words.at(i - 1) in _KEYED or (i > 0 and ":" in words.gap[i])
        if words.raw[i] == "A" and opens and not keyed and not _closes(words, mode.last):
            return _Found(None, mode.value[0], i + 1, mode.last + 1, 1.0) if after in _SCALE_NOUNS else None
        return _Found(name, mode.value[0], i, mode.last + (after in _SCALE_NOUNS), 1.0)

    def _mode_after(self, words: Words, i: int) -> Hit[tuple[str, bool]] | None:
        """The mode that follows a tonic directly."""
        if i >= len(words) or not words.joined(i):
            return None
        hit = self._modes.match(words, i)
        if hit is None:
            clipped = _CLIPPED.get(words.low[i])
            return Hit((clipped, True), i, i + 1) if clipped else None
        mode, alone = hit.value
        after = words.at(hit.last)
        vague = mode not in ("major", "minor", "blues") and not alone and after not in _SCALE_NOUNS
        return None if vague or after in word_set("key", "no_mode_before") else hit

    def _mode_at(self, words: Words, i: int) -> _Found | None:
        """A mode without a tonic: 'minor key', 'dorian', 'minor chords'."""
        hit = self._modes.match(words, i)
        if hit is None:
            return None
        mode, alone = hit.value
        after = words.at(hit.last)
        if after in word_set("key", "no_mode_before"):
            return None
        if after in _SCALE_NOUNS and words.joined(hit.last):
            return _Found(None, mode, i, hit.last + 1, 1.0)
        if alone:
            return _Found(None, mode, i, hit.last, 0.95)
        if words.low[i] not in ("major", "minor"):
            return None
        before = words.at(i - 1)
        ends = _closes(words, hit.last) or after in word_set("key", "follow") or after in _SCALE_NOUNS
        if before in word_set("key", "before_mode") and ends:
            return _Found(None, mode, i, hit.last, 0.9 if before in ("in", "key", "mode", "scale") else 0.6)
        return _Found(None, mode, i, hit.last, 0.6) if after in word_set("key", "after_mode") else None


def _decide(words: Words, found: list[_Found], reading: Reading) -> None:
    """The tonic said most plainly and first; its own mode, or the mode said most plainly and first."""
    tonics = [f for f in found if f.tonic is not None]
    modes = [f for f in found if f.mode is not None]
    tonic = max(tonics, key=lambda f: (f.weight, -f.first)) if tonics else None
    mode = max(modes, key=lambda f: (f.weight, -f.first)) if modes else None
    if tonic is not None and tonic.mode is not None and (mode is None or tonic.weight >= mode.weight):
        mode = tonic
        refined = [f for f in modes if f.tonic is None and f.mode not in ("major", "minor") and f.weight > 0.9]
        if refined and tonic.mode in ("major", "minor"):  # 'in A minor, harmonic minor scale'
            mode = refined[0]
    if tonic is not None and tonic.tonic is not None:
        reading.values["tonic"] = Attribute[str](
            value=tonic.tonic,
            words=words.written(tonic.first, tonic.last),
            origin=Origin.STATED if tonic.weight >= _SURE else Origin.INFERRED,
            confidence=1.0 if tonic.weight >= _SURE else round(tonic.weight, 2),
        )
        others = {f"{f.tonic} {f.mode or ''}".strip() for f in tonics if f.tonic != tonic.tonic and f.weight >= 0.75}
        if others:
            named = ", ".join(sorted(others))
            reading.notice(
                "key", f"Several keys are named; {tonic.tonic} was taken for the whole piece, {named} was not followed."
            )
    if mode is not None and mode.mode is not None:
        reading.values["mode"] = Attribute[str](
            value=mode.mode,
            words=words.written(mode.first, mode.last),
            origin=Origin.STATED if mode.weight >= _SURE else Origin.INFERRED,
            confidence=round(min(1.0, mode.weight), 2),
        )
        plain = {f.mode for f in modes if f.weight >= 0.9 and f.tonic is None and f.mode in ("major", "minor")}
        if mode.mode in ("major", "minor") and plain - {mode.mode}:
            other = "minor" if mode.mode == "major" else "major"
            reading.notice("mode", f"Both {mode.mode} and {other} are named; {mode.mode} was taken.")


def _key_of(words: Words, i: int) -> bool:
    """Whether 'key of', 'key:', 'key is' or 'tonic' stands before word `i`."""
    if words.at(i - 1) in ("key", "tonic"):
        return True
    links = ("of", "is", "to", "in", "centre", "center", "note")
    return words.at(i - 2) in ("key", "keys", "tonic", "tonality") and words.at(i - 1) in links


def _closes(words: Words, i: int) -> bool:
    """Whether nothing more of the clause follows at word `i`."""
    return i >= len(words) or words.clause[i] != words.clause[i - 1]
