"""ABC in and out: `write_abc`; `read_abc` (strict, faults by voice and bar) and `load_abc` (as far as it can be read)."""

from ripieno.score.formats.abc_read import BadNotation, load_abc, read_abc
from ripieno.score.formats.abc_voice import Fault
from ripieno.score.formats.abc_write import write_abc

__all__ = ["BadNotation", "Fault", "load_abc", "read_abc", "write_abc"]
