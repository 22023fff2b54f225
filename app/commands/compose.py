"""`ripieno compose`: options to a turn, the turn to files, the files to a summary."""

from pathlib import Path

from ripieno.agents.state import Overrides, unwatched
from ripieno.app.exports import ExportOrder, summary_json
from ripieno.app.studio import Studio
from ripieno.app.terminal import LiveProgress, print_summary


def run(
    text: str,
    *,
    out: Path,
    seed: int,
    candidates: int,
    title: str | None,
    style: str | None,
    key: str | None,
    tempo: float | None,
    metre: str | None,
    bars: int | None,
    seconds: float | None,
    instruments: str | None,
    formats: str | None,
    audio: str,
    stems: bool,
    soundfont: Path | None,
    quiet: bool,
    memory: bool | None,
    as_json: bool,
) -> None:
    """Composes and prints; see `ripieno.app.cli.compose` for the options."""
    overrides = Overrides(
        title=title, style=style, key=key, tempo=tempo, metre=metre, bars=bars, duration=seconds,
        instruments=_names(instruments),
    )  # fmt: skip
    order = ExportOrder(audio=_names(audio), stems=stems, soundfont=soundfont)
    if formats is not None:
        order = ExportOrder(_names(formats), order.audio, stems, soundfont=soundfont)
    studio = Studio(memory)
    if quiet or as_json:
        made = studio.compose(
            text, out=out, seed=seed, candidates=candidates, overrides=overrides, order=order, watch=unwatched
        )
    else:
        with LiveProgress() as progress:
            made = studio.compose(
                text, out=out, seed=seed, candidates=candidates, overrides=overrides, order=order, watch=progress
            )
    if as_json:
        print(summary_json(made.folder, made.files, made.report, made.version, made.turn))
    else:
        print_summary(made)


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())
