"""MIDI in and out: `write_midi` and `read_midi` (or `load_midi`, which also says what was mended)."""

from ripieno.score.formats.midi_read import load_midi, read_midi
from ripieno.score.formats.midi_write import write_midi
from ripieno.score.formats.reading import Reading

__all__ = ["Reading", "load_midi", "read_midi", "write_midi"]
