"""Composes the example pieces again, each by the command that its README names.

    python -P examples/make.py [NAME ...]

Keeps what is small enough for a repository: MIDI, ABC, report, the first page of the score, the piano roll, and the mix as OGG.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
RIPIENO = str(Path(sys.executable).parent / "ripieno")
KEPT = (".mid", ".abc", "-report.md", "-pianoroll.png", ".ogg")
PIECES: dict[str, tuple[str, ...]] = {
    "waltz": ("a wistful waltz in B minor, piano and cello, 32 bars",),
    "bebop": ("fast bebop in F, alto sax, piano, upright bass and drums, AABA", "--seed", "2"),
    "lofi": ("lo-fi hip hop at 82 bpm, Rhodes, bass, beats, chords Dm9 - G13 - Cmaj9 - A7#9, 24 bars", "--seed", "5"),
    "reel": ("a lively reel in D for fiddle, guitar and bodhran", "--seed", "1"),
    "quartet": ("a calm slow movement for string quartet in G major, ABA, 40 bars", "--seed", "4"),
    "bossa": ("bossa nova in A minor, flute leads, nylon guitar, bass, light percussion, one minute", "--seed", "3"),
}


def make(name: str, words: tuple[str, ...]) -> None:
    target = HERE / name
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir()
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([RIPIENO, "compose", *words, "--out", folder, "--audio", "ogg", "-q", "--no-memory"], check=True)
        made = next(Path(folder).iterdir())
        for file in sorted(made.iterdir()):
            if file.name.endswith(KEPT) or file.name.endswith(("-score.png", "-score-01.png")):
                shutil.copy(file, target / file.name)
    options = " ".join(words[1:])
    command = f'ripieno compose "{words[0]}"' + (f" {options}" if options else "")
    (target / "README.md").write_text(f"```\n{command}\n```\n", encoding="utf-8")


def main() -> None:
    for name in sys.argv[1:] or PIECES:
        make(name, PIECES[name])


if __name__ == "__main__":
    main()
