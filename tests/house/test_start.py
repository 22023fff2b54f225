"""The command starts light: nothing heavy is imported before it is needed."""

import subprocess
import sys

HEAVY = (
    "numpy",
    "langgraph",
    "music21",
    "matplotlib",
    "verovio",
    "sqlalchemy",
    "scipy",
    "mido",
    "pydantic",
    "soundfile",
)


def loaded_by(code: str) -> set[str]:
    script = f"{code}\nimport sys; print('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-P", "-c", script], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in done.stdout.split()}


def test_help_loads_nothing_heavy() -> None:
    modules = loaded_by("import ripieno.app.cli as cli\ntry:\n    cli.app(['--help'])\nexcept SystemExit:\n    pass")
    assert not modules & set(HEAVY)


def test_the_face_is_lazy() -> None:
    assert not loaded_by("import ripieno") & set(HEAVY)


def test_composing_midi_loads_no_drawing_and_no_sound() -> None:
    modules = loaded_by("import ripieno.app.studio, ripieno.app.commands.compose, ripieno.score.formats.midi")
    assert not modules & {"music21", "matplotlib", "verovio", "scipy", "soundfile"}
