"""Which of the styles that the model learnt is nearest to a style of Ripieno's own."""

# The rest is 'any': the model has heard nothing like it (techno, salsa, lo-fi and others are not in the free collections).
_NEAREST = {
    "afrobeat": "afro", "ambient": "film", "ballad": "lead_sheet", "bebop": "jazz", "bluegrass": "folk",
    "blues": "lead_sheet", "bossa_nova": "latin", "celtic_air": "folk", "chanson": "art_song", "chiptune": "game",
    "chorale": "hymn", "cinematic": "film", "country": "country", "disco": "pop", "funk": "funk", "fusion": "jazz",
    "gospel": "pop", "hip_hop": "hiphop", "indie": "rock", "jazz_ballad": "lead_sheet", "jig": "folk",
    "klezmer": "folk", "lullaby": "art_song", "march": "march", "metal": "game", "minuet": "baroque",
    "modal_jazz": "jazz", "new_age": "film", "nocturne": "romantic_piano", "polka": "dance", "pop": "pop",
    "punk": "rock", "ragtime": "ragtime", "reel": "folk", "reggae": "reggae", "rock": "rock", "salsa": "latin",
    "samba": "latin", "soul": "funk", "string_quartet": "string_quartet", "swing": "lead_sheet", "synthwave": "game",
    "tango": "dance", "waltz": "dance",
}  # fmt: skip


def learnt_style(style: str | None) -> str:
    """The value of STYLE, by name, for a style id; 'any' for None and for what was not learnt."""
    return _NEAREST.get(style or "", "any")
