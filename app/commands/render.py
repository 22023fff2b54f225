"""`ripieno render`: any MIDI file to sound, with the renderer that the pieces use."""

import json
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from ripieno.generators.audio.files import check_rate, format_of, suffix, write_audio
from ripieno.generators.audio.fluid import render_with_fluidsynth
from ripieno.generators.audio.renderer import RenderSettings, render_midi
from ripieno.score.errors import BadFile, BadRequest

MAX_MIDI_BYTES = 20 << 20


def run(
    file: Path,
    *,
    out: Path | None,
    audio: tuple[str, ...],
    stems: bool,
    soundfont: Path | None,
    rate: int,
    mono: bool,
    loudness: float | None,
    preset: str,
    engine: str,
    quiet: bool,
    as_json: bool,
) -> None:
    """Renders and prints; see `ripieno.app.cli.render` for the options."""
    kinds = tuple(format_of(Path("x"), kind) for kind in audio)
    for kind in kinds:
        check_rate(kind, rate)
    if engine not in ("embedded", "fluidsynth"):
        raise BadRequest("The engine is 'embedded' or 'fluidsynth'", value=engine, cure="leave --engine out")
    if engine == "fluidsynth" and stems:
        raise BadRequest("Stems come from the embedded engine", value="--engine fluidsynth --stems",
                         cure="leave one of the two out")  # fmt: skip
    data = _read(file)
    settings = RenderSettings(rate=rate, channels=1 if mono else 2, soundfont=soundfont, loudness=loudness, preset=preset)
    base = (out or file.with_suffix("")).with_suffix("")
    with Progress(
        TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:.0f}%"),
        console=Console(stderr=True), disable=quiet or as_json, transient=True,
    ) as bar:  # fmt: skip
        task = bar.add_task(file.name, total=1.0)
        if engine == "fluidsynth":
            rendering = render_with_fluidsynth(data, settings)
        else:
            rendering = render_midi(
                data, settings, stems=stems, progress=lambda share, what: bar.update(task, completed=share, description=what)
            )
    written = []
    for kind in kinds:
        path = base.with_name(f"{base.name}.{suffix(kind)}")
        write_audio(path, rendering.mix, rendering.rate, kind)
        written.append(path)
    if rendering.stems is not None:
        folder = base.with_name(f"{base.name}-stems")
        for number, (id_, samples) in enumerate(rendering.stems.items(), 1):
            path = folder / f"{number:02d}-{_plain(rendering.names.get(id_, id_))}.{suffix(kinds[0])}"
            write_audio(path, samples, rendering.rate, kinds[0])
            written.append(path)
    if as_json:
        print(json.dumps({
            "files": [str(p) for p in written], "seconds": round(rendering.seconds, 3), "rate": rendering.rate,
            "loudness_lufs": round(rendering.loudness, 2), "true_peak_dbtp": round(rendering.true_peak, 2),
        }))  # fmt: skip
        return
    minutes, seconds = divmod(round(rendering.seconds), 60)
    print(f"{minutes}:{seconds:02d}, {rendering.loudness:.1f} LUFS, true peak {rendering.true_peak:.1f} dBTP")
    for path in written:
        print(f"  {path}")


def _read(file: Path) -> bytes:
    try:
        if file.stat().st_size > MAX_MIDI_BYTES:
            raise BadFile(f"A MIDI file has at most {MAX_MIDI_BYTES >> 20} MB", value=file, cure="split it")
        return file.read_bytes()
    except OSError as error:
        raise BadFile("The MIDI file can be read", value=file, cause=error.strerror or str(error),
                      cure="check the path") from error  # fmt: skip


def _plain(name: str) -> str:
    return "-".join("".join(c if c.isalnum() else " " for c in name).lower().split()) or "track"
