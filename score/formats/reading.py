"""What every reader gives beside the piece: words on what could not be read or was mended."""

from dataclasses import dataclass

from ripieno.score.piece import Piece


@dataclass(frozen=True)
class Reading:
    """A piece read from a file, and what could not be read or was mended, as sentences.

    `unsaid` names what the file says nothing of, so that the piece has only a stand-in: 'key', 'mode' (a signature without
    it), 'metre', 'roles'.
    """

    piece: Piece
    remarks: tuple[str, ...] = ()
    unsaid: frozenset[str] = frozenset()
