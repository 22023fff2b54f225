"""What a piece is told to be: the style that the model learns for it, from the labels of its collection."""

from ripieno.generators.lm.vocabulary import STYLES

_BY_SOURCE = {
    "quartets": "string_quartet", "hymns": "hymn", "lieder": "art_song", "orchestra": "orchestral", "chopin": "romantic_piano",
    "lead sheets": "lead_sheet", "game": "game", "game history": "game", "fantasy": "game", "film": "film",
}  # fmt: skip
# The first row of which a piece's labels or path hold a word decides.
_WORDS: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "mutopia": (
        ("ragtime", ("ragtime", "joplin")), ("march", ("march",)), ("hymn", ("hymn",)), ("folk", ("folk",)),
        ("lead_sheet", ("jazz",)), ("dance", ("popular / dance",)), ("renaissance", ("renaissance",)),
        ("baroque", ("baroque",)), ("art_song", ("song",)), ("romantic", ("romanti",)),
        ("classical", ("classical", "technique")),
    ),
    "polish": (
        ("dance", ("mazur", "polon", "walc", "valse", "polka", "krakowiak")), ("march", ("marsz", "march")),
        ("sacred", ("missa", "mass", "motet", "psalm", "magnificat", "hymn", "kyrie", "gloria", "credo", "sanctus", "agnus",
                    "offertor")),
        ("art_song", ("pieśń", "song")), ("string_quartet", ("kwartet", "quatuor")), ("orchestral", ("symfonia", "sinfonia")),
        ("romantic_piano", ("nocturne", "etude", "fortepian", "piano")),
    ),
    "grooves": (
        ("rock", ("rock", "punk")), ("hiphop", ("hiphop",)), ("funk", ("funk", "soul")), ("jazz", ("jazz",)),
        ("latin", ("latin", "afrocuban")), ("afro", ("afrobeat",)), ("reggae", ("reggae",)), ("country", ("country",)),
        ("pop", ("pop", "disco", "gospel", "dance")),
    ),
}  # fmt: skip
_ELSE = {"mutopia": "classical", "polish": "any", "grooves": "any"}


def style_of(source: str, path: str, labels: dict[str, str]) -> str:
    """The style of a piece, one of `STYLES`: that of its collection, or what its path and labels say."""
    if source in _BY_SOURCE:
        return _BY_SOURCE[source]
    text = " ".join((path, *labels.values())).lower()
    style = next((style for style, words in _WORDS.get(source, ()) if any(w in text for w in words)), _ELSE.get(source, "any"))
    assert style in STYLES
    return style
