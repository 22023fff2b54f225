"""Fills the wanted cells of a window: the model proposes, grammar and players forbid, chance chooses.

Candidates are rows of one batch. What is not to be chosen (the head, given cells, the names of tracks) is fed as it is; where
a cell may end, all tokens that would end it count together.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache

import numpy as np
import numpy.typing as npt

from ripieno.generators.lm.decoder import Decoder
from ripieno.generators.lm.grammar import Grammar
from ripieno.generators.lm.playing import Ability, Player
from ripieno.generators.lm.sampling import Sampling, choose
from ripieno.generators.lm.vocabulary import CONTEXT, EOS, FILL, METRES, PAD, PITCH, QUALITIES, SLOTS, TRACK
from ripieno.generators.lm.window import (
    NO_ROWS,
    Block,
    Cell,
    Window,
    block_opening,
    cell_tokens,
    decode,
    encode,
    layout,
    opening,
)
from ripieno.score.chords import QUALITIES as ALL_QUALITIES
from ripieno.score.errors import BadRequest

_LEAST_IN_CELL = 8  # tokens kept free for a cell that is still to come
_MOST_IN_CELL = 240  # tokens: more than any bar of the collections that fits a window


@dataclass(frozen=True, slots=True)
class Filled:
    """A window with its wanted cells filled, how likely the model thinks them (nats), and how many tokens were chosen."""

    window: Window
    nats: float
    chosen: int


@dataclass(eq=False)
class _Row:
    """One candidate on its way."""

    grammar: Grammar
    players: list[Player]
    rng: np.random.Generator
    blocks: list[Block]
    tokens: list[int]
    waiting: list[int]  # tokens to be fed before anything is chosen
    reserved: int  # tokens that what is still to come takes at least
    todo: list[int] = field(default_factory=list)  # tracks of the block that are still to be filled
    cells: dict[Cell, list[int]] = field(default_factory=dict)
    cell: Cell | None = None
    nats: float = 0.0
    chosen: int = 0
    done: bool = False


def fill(
    model: Decoder, window: Window, abilities: Sequence[Ability], seeds: Sequence[int], sampling: Sampling
) -> list[Filled]:
    """One filled window for each seed; the same seed gives the same notes.

    Args:
        abilities: what each track may play.

    Raises:
        BadRequest: nothing is wanted, or the window does not fit the model's context.
    """
    if not window.wanted:
        raise BadRequest("A window has cells to fill", cure="name bars and tracks")
    starts = bar_starts(window)
    blocks = layout(window)
    given = next(i for i, b in enumerate(blocks) if b.fill)
    prompt = opening(window)
    for block in blocks[:given]:
        prompt += block_tokens(window, block)
    reserved = sum(map(_least, blocks[given:], [window] * len(blocks)))
    if len(prompt) + reserved > model.config.context:
        raise BadRequest(f"A window has at most {model.config.context} tokens", value=len(prompt) + reserved,
                         cure="take fewer bars or tracks")  # fmt: skip
    grammar = Grammar()
    for token in prompt:
        grammar.push(token)
    players = _players(window, abilities, starts)
    cache = model.cache()
    model.feed(cache, np.array([prompt[:-1]]))
    cache = cache.repeated(len(seeds))
    rows = [_Row(grammar.copy(), [p.copy() for p in players], np.random.default_rng([seed, 77]), blocks[given:],
                 list(prompt), [prompt[-1]], reserved) for seed in seeds]  # fmt: skip
    while not all(row.done for row in rows):
        step = np.full((len(rows), 1), PAD.first, dtype=np.int64)
        for i, row in enumerate(rows):
            if len(row.waiting) > 1 and not row.done:
                model.feed(cache, np.array([row.waiting[:-1]]), row=i)
                row.waiting = row.waiting[-1:]
            if row.done:
                cache.lengths[i] -= 1  # what a finished row is fed is overwritten, so that the others go on beside it
            else:
                step[i, 0] = row.waiting.pop()
        scores = model.feed(cache, step)
        for i, row in enumerate(rows):
            if not row.done:
                _advance(row, scores[i], window, starts, sampling, model.config.context - int(cache.lengths[i]))
    return [Filled(replace(decode(row.tokens), wanted=window.wanted), row.nats, row.chosen) for row in rows]


def bar_starts(window: Window) -> list[int]:
    """First slot of each bar of a window, and the slot of its end."""
    out = [0]
    for bar in window.plan:
        top, bottom = METRES[bar.metre]
        out.append(out[-1] + top * SLOTS * 4 // bottom)
    return out


def block_tokens(window: Window, block: Block) -> list[int]:
    """A whole block as it stands."""
    out = block_opening(window, block)
    for track in block.tracks:
        out += [TRACK.first + track, *cell_tokens(window.cells.get((block.bar, track), NO_ROWS), window.heads[track])]
    return out


def _least(block: Block, window: Window) -> int:
    """Tokens that a block takes at least: a given one all of its own, a wanted cell a few."""
    return 3 + _LEAST_IN_CELL * len(block.tracks) if block.fill else len(block_tokens(window, block))


def _players(window: Window, abilities: Sequence[Ability], starts: list[int]) -> list[Player]:
    out = []
    for track, (head, ability) in enumerate(zip(window.heads, abilities, strict=True)):
        cells = [(starts[b], rows) for (b, t), rows in window.cells.items() if t == track and (b, t) not in window.wanted]
        given = sorted((at + place, pitch, at + place + duration) for at, rows in cells
                       for _, place, pitch, duration, _ in rows.tolist())  # fmt: skip
        limit = min(ability.voices, head.polyphony) if 0 < head.polyphony < 6 else ability.voices
        out.append(Player(replace(ability, voices=limit), head.drum, starts[-1], given))
    return out


def _advance(row: _Row, scores: np.ndarray, window: Window, starts: list[int], sampling: Sampling, room: int) -> None:
    """What a row does with the scores after its last token: chooses the next, or goes on to the next cell."""
    if row.cell is None:
        _go_on(row, window, starts)
        return
    bar, track = row.cell
    mask = row.grammar.allowed().copy()
    player, cell = row.players[track], row.cells[row.cell]
    ends = np.zeros_like(mask)
    for kind in (TRACK, CONTEXT, FILL, EOS):
        ends[kind.first : kind.end] = mask[kind.first : kind.end]
    can_end = bool(ends.any())
    mask &= ~ends
    player.narrow(mask, starts[bar])
    full = can_end and (len(cell) >= _MOST_IN_CELL or room < row.reserved + _LEAST_IN_CELL)
    may_end = full or (can_end and player.may_end(starts[bar], starts[bar + 1]))
    biased = scores.astype(np.float64)
    biased -= biased.max()
    if may_end:  # all ways to end the cell are one
        total = float(np.log(np.exp(biased[ends]).sum() + 1e-30))
        mask[EOS.first] = True
        biased[EOS.first] = total
    if sampling.chord_pull and mask[PITCH.first : PITCH.end].any():
        chord = window.plan[bar].chords[int(2 * (player.now - starts[bar]) >= starts[bar + 1] - starts[bar])]
        on_beat = (player.now - starts[bar]) % SLOTS == 0
        biased[PITCH.first : PITCH.end] -= (sampling.chord_pull if on_beat else sampling.chord_pull / 2) * outside(chord)
    if sampling.same_bars:
        _shun(row, biased, sampling)
    token = EOS.first if full else choose(biased.astype(np.float32), mask, sampling, row.rng)
    allowed = biased[mask]
    row.nats -= float(biased[token] - allowed.max() - np.log(np.exp(allowed - allowed.max()).sum()))
    row.chosen += 1
    if token == EOS.first:
        row.cell = None
        _go_on(row, window, starts)
        return
    _say(row, token)
    player.push(token, starts[bar])
    cell.append(token)


@cache
def outside(chord: int) -> npt.NDArray[np.float64]:
    """1 for each pitch that does not belong to a value of CHORD, else 0; shape (128,); all 0 for 'any'."""
    out = np.zeros(PITCH.size)
    if chord:
        root, quality = divmod(chord - 1, len(QUALITIES))
        members = {(root + i) % 12 for i in ALL_QUALITIES[QUALITIES[quality]]}
        out[[p for p in range(PITCH.size) if p % 12 not in members]] = 1.0
    return out


def _shun(row: _Row, scores: np.ndarray, sampling: Sampling) -> None:
    """Makes it unlikely that a cell becomes the next of too many alike."""
    assert row.cell is not None
    bar, track = row.cell
    before = [row.cells[b, track] for b in range(bar - 1, -1, -1) if (b, track) in row.cells][: sampling.same_bars]
    if len(before) < sampling.same_bars or not before[0] or any(c != before[0] for c in before):
        return
    now = row.cells[row.cell]
    if before[0][: len(now)] == now:
        scores[before[0][len(now)] if len(now) < len(before[0]) else EOS.first] -= sampling.dislike


def _say(row: _Row, token: int) -> None:
    row.grammar.push(token)
    row.tokens.append(token)
    row.waiting.append(token)


def _go_on(row: _Row, window: Window, starts: list[int]) -> None:
    """Says what comes before the next wanted cell, and begins it; or ends."""
    while not row.todo:
        if not row.blocks:
            row.grammar.push(EOS.first)
            row.tokens.append(EOS.first)
            row.done = True
            return
        block = row.blocks.pop(0)
        for token in block_opening(window, block) if block.fill else block_tokens(window, block):
            _say(row, token)
        row.reserved -= _least(block, window)
        if block.fill:
            row.todo = list(block.tracks)
            row.reserved += _LEAST_IN_CELL * len(row.todo)
    track = row.todo.pop(0)
    _say(row, TRACK.first + track)
    row.reserved -= _LEAST_IN_CELL
    bar = row.grammar.bar
    row.cell = (bar, track)
    row.cells[row.cell] = []
    row.players[track].enter(starts[bar], starts[bar + 1] - starts[bar])


def likelihood(model: Decoder, window: Window) -> tuple[float, int]:
    """(nats, notes): how unlikely the model thinks the wanted cells of a whole window, and how many notes they hold.

    Raises:
        BadRequest: the window does not fit the model's context.
    """
    tokens = encode(window)
    scores = model.feed(model.cache(), np.array([tokens[:-1]]), every=True)[0].astype(np.float64)
    scores -= scores.max(axis=1, keepdims=True)
    nats = np.log(np.exp(scores).sum(axis=1)) - scores[np.arange(len(scores)), tokens[1:]]
    wanted = fill_places(tokens)[1:]
    return float(nats[wanted].sum()), sum(len(window.cells.get(c, NO_ROWS)) for c in window.wanted)


def fill_places(tokens: Sequence[int]) -> np.ndarray:
    """Which tokens belong to FILL blocks (their names included), shape (tokens,)."""
    ids = np.array(tokens)
    begins = np.flatnonzero(((ids >= CONTEXT.first) & (ids < FILL.end)) | (ids == EOS.first))
    inside = np.zeros(len(ids), dtype=np.bool_)
    for a, b in zip(begins[:-1].tolist(), begins[1:].tolist(), strict=True):
        inside[a:b] = ids[a] >= FILL.first
    return inside
