"""Rendering with the system's fluidsynth, for those who have it and ask for it. The embedded renderer needs nothing."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from ripieno.generators.audio.mixer import master
from ripieno.generators.audio.renderer import Rendering, RenderSettings
from ripieno.generators.audio.soundfont import default_soundfont
from ripieno.score.errors import BadFile, MissingPart

_TIMEOUT_S = 1800.0


def render_with_fluidsynth(midi: bytes, settings: RenderSettings) -> Rendering:
    """A MIDI file through the `fluidsynth` program (its own reverb and chorus off), finished by our master section.

    Raises:
        MissingPart: fluidsynth is not on the path.
        BadFile: fluidsynth could not play the file.
    """
    import soundfile

    program = shutil.which("fluidsynth")
    if program is None:
        raise MissingPart("The fluidsynth engine needs the program fluidsynth", cause="it is not on the path",
                          cure="apt install fluidsynth, or leave --engine out")  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        song, sound = Path(folder) / "song.mid", Path(folder) / "sound.wav"
        song.write_bytes(midi)
        font = settings.soundfont or default_soundfont()
        command = [program, "-ni", "-q", "-F", str(sound), "-r", str(settings.rate), "-R", "0", "-C", "0", "-O", "float",
                   str(font), str(song)]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_S)
        if done.returncode != 0 or not sound.is_file():
            raise BadFile("fluidsynth can play the file", value=done.stderr.strip() or f"status {done.returncode}",
                          cause="the SoundFont or the MIDI file is damaged")  # fmt: skip
        samples, rate = soundfile.read(sound, dtype="float32", always_2d=True)
    programme = np.ascontiguousarray(samples.T)
    if settings.channels == 1:
        programme = programme.mean(axis=0, keepdims=True, dtype=np.float32)
    finished = master(programme, rate, loudness=settings.loudness, true_peak=settings.true_peak, glue=None)
    return Rendering(programme.T, rate, finished)
