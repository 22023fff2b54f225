"""Our instruments in the words of MuseCoco's 28 instrument labels, so that readings can be compared with its labels.

MuseCoco groups General MIDI programs; a few instruments that it files elsewhere than their family are listed one by one.
"""

from collections.abc import Iterable

from ripieno.score.instruments import instruments

_BY_FAMILY = {
    "strings": "strings", "guitar": "guitar", "bass": "bass", "keys": "keyboard", "mallets": "percussion",
    "organ": "organ", "reeds": "pipe", "brass": "brass", "winds": "pipe", "choir": "voice", "synth lead": "synthesizer",
    "synth pad": "synthesizer", "plucked": "ethnic instruments", "ethnic": "ethnic instruments",
    "percussion": "percussion", "drum kit": "drum", "effects": "sound effects",
}  # fmt: skip
_BY_ID = {
    **dict.fromkeys(("piano", "bright_piano", "electric_grand", "honky_tonk_piano", "upright_piano", "prepared_piano",
                     "fortepiano"), "piano"),
    **dict.fromkeys(("violin", "fiddle"), "violin"), "viola": "viola", "cello": "cello", "contrabass": "bass",
    "harp": "harp", "trumpet": "trumpet", "muted_trumpet": "trumpet", "trombone": "trombone", "tuba": "tuba",
    "french_horn": "horn", "oboe": "oboe", "bassoon": "bassoon", "clarinet": "clarinet", "piccolo": "piccolo",
    "flute": "flute", "alto_flute": "flute", "bass_clarinet": "clarinet", "contrabassoon": "bassoon",
    "bass_trombone": "trombone", "cornet": "trumpet",
    **dict.fromkeys(("soprano_sax", "alto_sax", "tenor_sax", "baritone_sax", "sax_section"), "sax"),
    **dict.fromkeys(("synth_strings", "synth_strings_2", "synth_brass", "synth_brass_2"), "synthesizer"),
    **dict.fromkeys(("kick", "snare", "hi_hat", "toms", "cymbal", "ride_cymbal"), "drum"),
}  # fmt: skip
LABELS = frozenset((*_BY_FAMILY.values(), *_BY_ID.values()))


def label(instrument_id: str) -> str:
    """The label of one instrument of our table."""
    row = instruments()[instrument_id]
    return _BY_ID.get(instrument_id, _BY_FAMILY[row.family])


def labels_of_parts(instrument_ids: Iterable[str]) -> set[str]:
    """The labels that a set of requested instruments has."""
    return {label(i) for i in instrument_ids}


def labels_of_exclusion(excluded: Iterable[str]) -> set[str]:
    """The labels that are ruled out: those whose plainest instrument is excluded, and those of excluded families.

    An excluded family rules out its members too (no strings: no violin), but MuseCoco's label is only the family's.
    """
    out = set(excluded)
    return {_BY_FAMILY[x] for x in out if x in _BY_FAMILY} | {name for name, plain in _PLAINEST.items() if plain in out}


_PLAINEST = {
    "piano": "piano", "keyboard": "keyboard", "percussion": "percussion", "organ": "church_organ", "guitar": "steel_guitar",
    "bass": "electric_bass", "violin": "violin", "viola": "viola", "cello": "cello", "harp": "harp",
    "strings": "strings", "voice": "voice", "trumpet": "trumpet", "trombone": "trombone", "tuba": "tuba",
    "horn": "french_horn", "brass": "brass", "sax": "alto_sax", "oboe": "oboe", "bassoon": "bassoon",
    "clarinet": "clarinet", "piccolo": "piccolo", "flute": "flute", "pipe": "pan_flute", "synthesizer": "synth",
    "ethnic instruments": "world_ensemble", "sound effects": "sound_effects", "drum": "drums",
}  # fmt: skip
