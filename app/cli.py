"""The command `ripieno`. This page loads nothing heavy: each command imports what it needs when it is called."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from ripieno.app.cli_memory import NoMemory, memory_app
from ripieno.app.cli_projects import add_commands
from ripieno.score.errors import RipienoError

app = typer.Typer(
    name="ripieno",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="An ensemble of agents that composes multi-track music with you.",
    epilog='Example: ripieno compose "a wistful waltz in B minor, piano and cello, 32 bars"',
)
CANCELLED = 130  # the exit status that typer gives to Ctrl-C
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of words.")]


@app.command(epilog='Example: ripieno compose "slow blues in A, two choruses, guitar trio" --out pieces --seed 7')
def compose(
    text: Annotated[str, typer.Argument(help="What you want, in your own words; '-' reads it from standard input.")],
    out: Annotated[Path, typer.Option(help="Folder in which the piece's folder is made.")] = Path(),
    seed: Annotated[int, typer.Option(help="Same request, same seed, same music.")] = 0,
    candidates: Annotated[int, typer.Option(help="How many candidates the ensemble votes on (1 to 26).")] = 4,
    title: Annotated[str | None, typer.Option(help="Title, instead of what the text says.")] = None,
    style: Annotated[str | None, typer.Option(help="Style; see `ripieno styles`.")] = None,
    key: Annotated[str | None, typer.Option(help="Key, such as 'B minor', 'Eb' or 'F# dorian'.")] = None,
    tempo: Annotated[float | None, typer.Option(help="Quarter notes a minute.")] = None,
    metre: Annotated[str | None, typer.Option(help="Time signature, such as 6/8.")] = None,
    bars: Annotated[int | None, typer.Option(help="Length in bars.")] = None,
    seconds: Annotated[float | None, typer.Option(help="Length in seconds.")] = None,
    instruments: Annotated[str | None, typer.Option(help="Exactly these, separated by commas.")] = None,
    formats: Annotated[
        str | None,
        typer.Option(help="Only these files: midi, musicxml, abc, pianoroll, score, table, report, audio."),
    ] = None,
    audio: Annotated[str, typer.Option(help="Kinds of audio file: wav, flac, ogg, opus, mp3.")] = "wav,flac",
    stems: Annotated[bool, typer.Option(help="Also write each track as audio of its own.")] = False,
    soundfont: Annotated[Path | None, typer.Option(help="SoundFont (SF2, SF3) to play with.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
    no_memory: NoMemory = False,
    json_: Json = False,
) -> None:
    """Compose a piece from a sentence and write it in all the files that musicians use."""
    from ripieno.app.commands.compose import run

    run(
        sys.stdin.read() if text == "-" else text,
        out=out, seed=seed, candidates=candidates, title=title, style=style, key=key, tempo=tempo, metre=metre,
        bars=bars, seconds=seconds, instruments=instruments, formats=formats, audio=audio, stems=stems,
        soundfont=soundfont, quiet=quiet, memory=False if no_memory else None, as_json=json_,
    )  # fmt: skip


@app.command(epilog="Example: ripieno render song.mid --audio flac,mp3 --stems --soundfont grand.sf2")
def render(
    file: Annotated[Path, typer.Argument(help="A MIDI file.")],
    out: Annotated[Path | None, typer.Option(help="Path and name of the sound, without its ending.")] = None,
    audio: Annotated[str, typer.Option(help="Kinds: wav, wav24, wav32f, flac, ogg, opus, mp3.")] = "wav",
    stems: Annotated[bool, typer.Option(help="Also write each track as audio of its own.")] = False,
    soundfont: Annotated[Path | None, typer.Option(help="SoundFont (SF2, SF3) to play with.")] = None,
    rate: Annotated[int, typer.Option(help="Sample rate, 22050 to 96000 Hz.")] = 44_100,
    mono: Annotated[bool, typer.Option(help="One channel.")] = False,
    loudness: Annotated[float, typer.Option(help="Loudness of the mix in LUFS.")] = -16.0,
    preset: Annotated[str, typer.Option(help="Mixer preset, or a style; see docs/sound.md.")] = "default",
    engine: Annotated[str, typer.Option(help="embedded, or fluidsynth where it is installed.")] = "embedded",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
    json_: Json = False,
) -> None:
    """Render any MIDI file to sound, with the engine that the pieces use."""
    from ripieno.app.commands.render import run

    run(
        file, out=out, audio=tuple(a.strip() for a in audio.split(",") if a.strip()), stems=stems, soundfont=soundfont,
        rate=rate, mono=mono, loudness=loudness, preset=preset, engine=engine, quiet=quiet, as_json=json_,
    )  # fmt: skip


@app.command(epilog="Example: ripieno graph")
def graph(json_: Json = False) -> None:
    """Print the graph of agents that every turn runs through."""
    from ripieno.app.commands.show import print_graph

    print_graph(as_json=json_)


@app.command(epilog="Example: ripieno trace wistful-waltz-in-b-minor")
def trace(
    project: Annotated[Path, typer.Argument(help="Folder of a piece.")],
    turn: Annotated[str | None, typer.Option(help="Id of the turn; the last one by default.")] = None,
    json_: Json = False,
) -> None:
    """Show how a turn went: brief, plan, candidates, findings, ballots, timings."""
    from ripieno.app.commands.show import print_trace

    print_trace(project, turn, as_json=json_)


@app.command(epilog="Example: ripieno styles")
def styles(json_: Json = False) -> None:
    """List the styles that can be composed."""
    from ripieno.app.commands.show import print_styles

    print_styles(as_json=json_)


@app.command(epilog="Example: ripieno instruments guitar")
def instruments(
    word: Annotated[str, typer.Argument(help="Only those whose names hold this word.")] = "",
    json_: Json = False,
) -> None:
    """List the instruments, their ranges and the names they go by."""
    from ripieno.app.commands.show import print_instruments

    print_instruments(word, as_json=json_)


@app.command(epilog="Example: ripieno --llm-url http://127.0.0.1:8000/v1 --llm-model Qwen/Qwen3-8B doctor")
def doctor(json_: Json = False) -> None:
    """Say which optional parts are there, what the language model can do, and what is used instead. Exit status 1: unusable."""
    from ripieno.app.commands.doctor import run

    raise typer.Exit(run(as_json=json_))


add_commands(app)
app.add_typer(memory_app(), name="memory")


def _version(wanted: bool) -> None:
    if wanted:
        from ripieno import __version__

        typer.echo(f"ripieno {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and stop.")
    ] = False,
    llm_url: Annotated[str | None, typer.Option(help="Address of a language model's server, for this call.")] = None,
    llm_model: Annotated[str | None, typer.Option(help="The language model's name there.")] = None,
    ensemble: Annotated[str | None, typer.Option(help="Agents played by the language model: full or single.")] = None,
) -> None:
    """An ensemble of agents that composes multi-track music with you."""
    given = {"RIPIENO_LLM_BASE_URL": llm_url, "RIPIENO_LLM_MODEL": llm_model, "RIPIENO_ENSEMBLE": ensemble}
    os.environ.update({name: value for name, value in given.items() if value is not None})


def main() -> None:
    """Runs the command; a person's mistake is explained without a traceback (exit status 2), Ctrl-C is clean (130)."""
    try:
        app()
    except RipienoError as error:
        from ripieno.app.terminal import print_error

        print_error(error, as_json="--json" in sys.argv)
        sys.exit(2)
    except SystemExit as stop:
        if stop.code == CANCELLED:
            sys.stderr.write("Cancelled. Nothing was left behind.\n")
        raise
