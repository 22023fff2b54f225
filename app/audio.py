"""The sound of a piece: the embedded renderer's mix, and the stems, in the kinds of audio file that were ordered.

Stems are kept by the hash of what they are made of, so that after an edit only the tracks that it changed are played anew.
"""

from ripieno.app.exports import ExportJob
from ripieno.app.settings import home, stem_bytes
from ripieno.generators.audio.files import write_audio
from ripieno.generators.audio.renderer import RenderSettings, render_piece
from ripieno.generators.audio.stems import StemCache

_OPUS_RATE = 48_000  # the only usual rate that Opus holds


def write_mix(job: ExportJob) -> None:
    """Writes the mix in every kind ordered, and each track of its own into `stems/` where asked."""
    rate = _OPUS_RATE if "opus" in job.order.audio else job.order.rate
    settings = RenderSettings(rate=rate, soundfont=job.order.soundfont, preset=job.report.style)

    def progress(share: float, what: str) -> None:
        job.watch(f"sound: {what} ({share:.0%})")

    limit = stem_bytes()
    cache = StemCache(home() / "stems", limit=limit) if limit else None
    rendering = render_piece(job.piece, settings, stems=job.order.stems, progress=progress, cache=cache)
    for kind in job.order.audio:
        write_audio(job.path(f".{kind}"), rendering.mix, rendering.rate)
    if rendering.stems is not None:
        folder = job.folder / "stems"
        folder.mkdir()
        for number, (id_, samples) in enumerate(rendering.stems.items(), 1):
            write_audio(folder / f"{number:02d}-{id_}.{job.order.audio[0]}", samples, rendering.rate)
