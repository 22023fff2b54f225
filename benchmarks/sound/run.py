"""The embedded renderer beside Debian's fluidsynth: likeness note by note and on whole pieces, speed, memory, the mixes.

Run from anywhere, with fluidsynth installed: `OMP_NUM_THREADS=1 python -P benchmarks/sound/run.py --figures`. Writes
`results.json` beside this file and, with --figures, the spectrogram pictures; `README.md` explains them. Some five minutes.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))

from benchmarks.generate import compose  # noqa: E402
from ripieno.generators.audio.files import write_audio  # noqa: E402
from ripieno.generators.audio.loudness import integrated_loudness  # noqa: E402
from ripieno.generators.audio.renderer import RenderSettings, render_midi, render_piece  # noqa: E402
from ripieno.generators.audio.soundfont import default_soundfont, load_soundfont  # noqa: E402
from ripieno.generators.audio.stems import StemCache  # noqa: E402
from ripieno.score.formats.midi_write import write_midi  # noqa: E402
from ripieno.score.piece import Piece  # noqa: E402
from tests.generators.audio.songs import Floats, control, dry, midi, note, program  # noqa: E402
from tests.generators.audio.test_against_fluidsynth import NOTES, compare, pitch_shift  # noqa: E402

RATE = 44_100
PICTURES = {"piano": 0, "nylon guitar": 24, "acoustic bass": 32, "violin": 40, "strings": 48, "trumpet": 56,
            "saxophone": 66, "flute": 73, "synth lead": 81, "drum kit": 128}  # fmt: skip
STYLES = ("waltz", "nocturne", "march", "chorale", "string_quartet", "swing", "jazz_ballad", "bossa_nova", "rock",
          "metal", "pop", "funk", "house", "techno", "lofi", "hip_hop", "ambient", "cinematic", "country", "reggae",
          "salsa")  # fmt: skip


def fluidsynth(song: bytes, folder: Path, effects: str = "0") -> tuple[Floats, float]:
    """Its sound and the CPU seconds of the process; `effects` '1' turns its reverb and chorus on."""
    (folder / "song.mid").write_bytes(song)
    before = os.times()
    command = ["fluidsynth", "-ni", "-q", "-F", str(folder / "out.wav"), "-r", str(RATE), "-R", effects, "-C", effects, "-O",
               "float", str(default_soundfont()), str(folder / "song.mid")]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True)
    after = os.times()
    samples, _ = soundfile.read(folder / "out.wav", dtype="float32", always_2d=True)
    spent = after.children_user - before.children_user + after.children_system - before.children_system
    return np.ascontiguousarray(samples.T), spent


def band_song() -> bytes:
    """Six parts, 6,840 notes in 200 s: the size of the file behind the anchor of 23.7 s a CPU second."""
    rng = np.random.default_rng(11)
    events = [program(0, p, c) for c, p in ((0, 73), (1, 0), (2, 48), (3, 33), (4, 25))]
    for beat in range(400):
        at = beat * 0.5
        root = (48, 53, 55, 45)[beat // 4 % 4]
        for half in (0, 1):
            events += note(at + half * 0.25, 0.24, 72 + int(rng.choice((0, 2, 4, 5, 7, 9, 11))), int(rng.integers(60, 110)))
        events += [e for k in (12, 16, 19, 24) for e in note(at, 0.45, root + k, int(rng.integers(55, 90)), 1)]
        if beat % 4 == 0:
            events += [e for k in (12, 16, 19) for e in note(at, 1.9, root + k, 70, 2)]
        events += note(at, 0.4, root - 12, 95, 3)
        events += [e for n in range(4) for e in note(at + n * 0.125, 0.12, root + (12, 16, 19, 24)[n], 80, 4)]
        events += note(at, 0.1, (36, 38)[beat % 2], 110, 9)
        events += [e for n in range(4) for e in note(at + n * 0.125, 0.05, 46 if beat % 8 == 7 and n == 3 else 42, 70, 9)]
        if beat % 20 < 7:
            events += note(at + 0.25, 0.1, 36, 90, 9)
    return midi(events, 200.0)


def notes(folder: Path) -> dict[str, object]:
    """Every note of the test's list: pitch, loudness, spectrum."""
    rows = []
    for number, key, velocity in NOTES:
        channel = 9 if number >= 128 else 0
        song = midi([program(0, number % 128, channel), *note(0.1, 1.2, key, velocity, channel)], 3.0)
        theirs, _ = fluidsynth(song, folder)
        ours = dry(song, load_soundfont(), frames=theirs.shape[1])
        loudness, cosine = compare(ours, theirs)
        rows.append((abs(loudness), cosine, 0.0 if channel == 9 else abs(pitch_shift(ours, theirs))))
    loudness_, cosine_, cents = (list(column) for column in zip(*rows, strict=True))
    return {"notes": len(rows), "worst_loudness_db": round(max(loudness_), 2), "worst_pitch_cents": max(cents),
            "median_cosine": round(statistics.median(cosine_), 4), "worst_cosine": round(min(cosine_), 4)}  # fmt: skip


def own_pieces(folder: Path) -> list[dict[str, object]]:
    """Pieces of the theory engine, dry, against fluidsynth: likeness and speed."""
    rows = []
    for style in STYLES:
        song = write_midi(compose(style, 3, 16))
        theirs, spent = fluidsynth(song, folder)
        began = time.process_time()
        ours = dry(song, load_soundfont(), frames=theirs.shape[1])
        own = time.process_time() - began
        loudness, cosine = compare(ours, theirs)
        rows.append({"style": style, "loudness_db": round(loudness, 2), "median_cosine": round(cosine, 4),
                     "speed_ratio": round(spent / own, 2)})  # fmt: skip
    return rows


def speed(song: bytes, folder: Path, repeats: int = 5) -> dict[str, object]:
    """Audio seconds a CPU second of both, interleaved, dry; and ours with room, glue and limiter."""
    theirs, wet, ours, full = [], [], [], []
    seconds = 200.0
    for _ in range(repeats):
        sound, spent = fluidsynth(song, folder)
        theirs.append(spent)
        wet.append(fluidsynth(song, folder, "1")[1])
        began = time.process_time()
        dry(song, load_soundfont(), frames=sound.shape[1])
        ours.append(time.process_time() - began)
        began = time.process_time()
        render_midi(song)
        full.append(time.process_time() - began)
    a, w, b, c = (statistics.median(x) for x in (theirs, wet, ours, full))
    return {"notes": 6840, "fluidsynth_dry_s_per_cpu_s": round(seconds / a, 1),
            "fluidsynth_with_effects_s_per_cpu_s": round(seconds / w, 1),
            "ripieno_dry_s_per_cpu_s": round(seconds / b, 1), "ripieno_whole_mix_s_per_cpu_s": round(seconds / c, 1),
            "ratio_dry": round(a / b, 2), "ratio_whole_mix_to_fluidsynth_with_effects": round(w / c, 2)}  # fmt: skip


def mixes() -> list[dict[str, object]]:
    """The styles' pieces through their presets: what the mixer promises."""
    rows = []
    for style in STYLES:
        done = render_piece(compose(style, 3, 16), RenderSettings(preset=style))
        centre = np.repeat(done.mix.mean(axis=1, dtype=np.float32)[None], 2, axis=0)
        covers = [v for v in done.masking.values() if np.isfinite(v)]
        rows.append({"style": style, "lufs": round(done.loudness, 2), "dbtp": round(done.true_peak, 2),
                     "loudest_over_lead_db": round(max(covers), 1) if covers else None,
                     "lu_lost_in_mono": round(done.loudness - integrated_loudness(centre, RATE), 2),
                     "limiter_db": round(abs(done.master.limiting), 1)})  # fmt: skip
    return rows


def memory() -> list[dict[str, object]]:
    """Anonymous memory at its highest while pieces of 10, 20 and 40 minutes are rendered and written, each in a process."""
    code = ("import sys; sys.path.insert(0, sys.argv[1]); from benchmarks.sound.run import long_piece; "
            "long_piece(int(sys.argv[2]))")  # fmt: skip
    rows = []
    for turns in (3, 6, 12):
        command = [sys.executable, "-P", "-c", code, str(HERE.parents[1]), str(turns)]
        rows.append(dict(json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)))
    return rows


def long_piece(turns: int) -> None:
    """Renders so many times 200 s of six parts one after the other, writes it, and prints the memory that it took."""
    rows = []
    for turn in range(turns):
        for channel, key in ((0, 72), (1, 60), (2, 55), (3, 36), (4, 64), (9, 38)):
            for n in range(400):
                rows += note(turn * 200 + n * 0.5, 0.4, key + (n * 7 + turn) % 12 if channel != 9 else 38, 80, channel)
    song = midi([program(0, p, c) for c, p in ((0, 73), (1, 0), (2, 48), (3, 33), (4, 25))] + rows, 200.0 * turns)
    highest, stop = [0], threading.Event()

    def watch() -> None:
        while not stop.wait(0.02):
            for line in Path("/proc/self/status").read_text().splitlines():
                if line.startswith("RssAnon"):
                    highest[0] = max(highest[0], int(line.split()[1]))

    watcher = threading.Thread(target=watch)
    watcher.start()
    done = render_midi(song, RenderSettings(loudness=-16.0))
    with tempfile.TemporaryDirectory() as folder:
        write_audio(Path(folder) / "long.flac", done.mix, done.rate)
    stop.set()
    watcher.join()
    print(json.dumps({"minutes": round(done.seconds / 60, 1), "highest_anonymous_mb": highest[0] // 1024,
                      "programme_mb": done.mix.size * 4 >> 20, "lufs": round(done.loudness, 2)}))  # fmt: skip


def after_edits(folder: Path) -> list[dict[str, object]]:
    """CPU seconds to render 64 bars: all anew, all from kept stems, and with each single track changed."""
    rows: list[dict[str, object]] = []
    for style in ("pop", "string_quartet", "swing"):
        piece, cache = compose(style, 3, 64), StemCache(folder / style)

        def spent(what: Piece, cache: StemCache | None = None, style: str = style) -> float:
            began = time.process_time()
            render_piece(what, RenderSettings(preset=style), cache=cache)
            return time.process_time() - began

        spent(piece)
        anew, _, kept = spent(piece), spent(piece, cache), spent(piece, cache)
        changed = []
        for track in piece.tracks:
            rows_ = track.notes.copy()
            rows_["velocity"] = np.maximum(1, rows_["velocity"] - 5)
            changed.append(spent(piece.with_track(track.with_notes(rows_)), cache))
        muted = [spent(piece.with_track(replace(t, mix=replace(t.mix, muted=True))), cache) for t in piece.tracks[1:]]
        rows.append({"style": style, "tracks": len(piece.tracks), "anew_s": round(anew, 2), "from_kept_stems_s": round(kept, 2),
                     "one_track_changed_s": [round(c, 2) for c in changed],
                     "one_track_muted_s": [round(m, 2) for m in muted]})  # fmt: skip
    return rows


def pictures(folder: Path) -> None:
    """Spectrograms of ours above fluidsynth's, ten instruments."""
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(4, 5, figsize=(15, 9), sharex=True, sharey=True, layout="constrained")
    for n, (name, number) in enumerate(PICTURES.items()):
        if number == 128:
            events = [e for i, k in enumerate((36, 42, 38, 46, 49)) for e in note(0.1 + 0.35 * i, 0.1, k, 100, 9)]
        else:
            events = [program(0, number), control(1.1, 1, 90)]
            events += [e for i, k in enumerate((48, 55, 60)) for e in note(0.1 + 0.3 * i, 1.5 - 0.3 * i, k, 90)]
        song = midi(events, 2.2)
        theirs, _ = fluidsynth(song, folder)
        ours = dry(song, load_soundfont(), frames=theirs.shape[1])
        for row, (who, sound) in enumerate((("ripieno", ours), ("fluidsynth", theirs))):
            axis = axes[2 * (n // 5) + row, n % 5]
            wave = sound.mean(axis=0)[: int(2.2 * RATE)] + 1e-9
            axis.specgram(wave, NFFT=2048, noverlap=1536, Fs=RATE / 1000, vmin=-110, vmax=-30)
            axis.set_title(f"{name}: {who}", fontsize=9)
            axis.set_ylim(0, 10)
    figure.supxlabel("ms")
    figure.supylabel("kHz")
    figure.savefig(HERE / "spectrograms.png", dpi=80)
    plt.close(figure)


def main() -> None:
    """Runs all of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--figures", action="store_true", help="also draw the spectrograms")
    parser.add_argument("--only", help="run this part alone (such as mixes), and leave the figures of the others as they are")
    wanted = parser.parse_args()
    kept = HERE / "results.json"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        parts: dict[str, Callable[[], object]] = {
            "notes": lambda: notes(folder), "speed": lambda: speed(band_song(), folder), "pieces": lambda: own_pieces(folder),
            "mixes": mixes, "long_pieces": memory, "after_edits": lambda: after_edits(folder),
        }  # fmt: skip
        result = json.loads(kept.read_text(encoding="utf-8")) if wanted.only else {}
        result["machine"] = {"python": platform.python_version(), "cores": os.cpu_count(), "numpy": np.__version__}
        for part, run in parts.items():
            if wanted.only in (None, part):
                result[part] = run()
        if wanted.figures:
            pictures(folder)
    kept.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
