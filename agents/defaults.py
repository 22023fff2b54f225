"""Completes a brief: what nobody said comes from the style, the mood, or the house, and is marked so.

Knows the style's public profile, not how it is composed. Every choice that is not forced is drawn from the request's seed,
so the same request and seed give the same brief.
"""

from collections.abc import Mapping

from ripieno.agents.choices import choose, default, inferred, revised
from ripieno.agents.ensemble_defaults import complete_parts, lined_up
from ripieno.agents.length_defaults import complete_length
from ripieno.score.brief import Brief, Origin
from ripieno.score.chords import Chord, parse_roman
from ripieno.score.keys import Key
from ripieno.score.progressions import key_of
from ripieno.score.styles import StyleProfile

# Bounds of the tempo classes in quarter notes a minute: slow up to the first, fast from the second.
SLOW_TO, FAST_FROM = 76.0, 120.0
TITLES = ("rondo", "sonata", "theme and variations", "passacaglia")  # forms that give a piece its title
# Tonics that lie well under the hands, by family (other families: the last row) and by mode; drawn from where nothing decides.
EASY_TONICS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "jazz": (("F", "Bb", "Eb", "C", "Ab", "G"), ("C", "D", "G", "F", "A")),
    "folk": (("D", "G", "A", "C"), ("E", "A", "D", "B", "G")),
    "popular": (("C", "G", "D", "A", "E", "F"), ("A", "E", "D", "B", "G", "C")),
    "": (("C", "G", "D", "F", "Bb", "A", "Eb"), ("A", "D", "E", "G", "C", "B", "F#")),
}


def complete(brief: Brief, profiles: Mapping[str, StyleProfile], seed: int) -> Brief:
    """The brief with every attribute that composing needs: style, key, metre, tempo, length, form, parts, dynamics...

    Raises:
        BadRequest: stated attributes are impossible together.
    """
    brief = _style(brief, profiles)
    assert brief.style is not None
    profile = profiles[brief.style.value]
    brief = _mood(brief, profile)
    brief = _key(brief, profile, seed)
    if brief.metre is None:
        brief = revised(brief, {"metre": default(profile.metres[0], f"usual in {profile.name}")})
    brief = _tempo(brief, profile)
    brief = complete_length(brief, profile)
    brief = complete_parts(brief, lined_up(brief, profile, seed))
    brief = _expression(brief, profile)
    if brief.title is None:
        brief = revised(brief, {"title": default(_title(brief, profile), "from mood, style and key")})
    return brief


def _style(brief: Brief, profiles: Mapping[str, StyleProfile]) -> Brief:
    """The stated style, or the one whose mood, metre and ensemble lie nearest to what was said."""
    if brief.style is not None and brief.style.value in profiles:
        return brief
    asked = {p.instrument for p in brief.parts}

    def distance(profile: StyleProfile) -> float:
        mood = 0.0
        if brief.valence is not None:
            mood += abs(brief.valence.value - profile.valence)
        if brief.arousal is not None:
            mood += abs(brief.arousal.value - profile.arousal)
        metre = 0.0
        if brief.metre is not None and brief.metre.value not in profile.metres:
            metre = 1.5 if "4/4" in profile.metres else 2.5  # a waltz is its metre; a rock song is more than that
        tempo = 0.0
        if brief.tempo is not None and not profile.tempo[0] <= brief.tempo.value <= profile.tempo[2]:
            tempo = 0.7
        players = {p.instrument for p in profile.ensemble}
        shared = len(asked & players) / max(1, len(asked | players)) if asked else 0.0
        return mood + metre + tempo - 1.5 * shared

    plain = profiles.get("pop")
    best = min(profiles.values(), key=lambda p: (round(distance(p), 6), p is not plain, p.id))
    why = "nearest to the mood, metre and instruments asked for" if asked or brief.moods or brief.metre else "the house's usual"
    return revised(brief, {"style": default(best.id, why)})


def _mood(brief: Brief, profile: StyleProfile) -> Brief:
    update: dict[str, object] = {}
    minor = brief.mode is not None and Key("C", brief.mode.value).is_minor
    if brief.valence is None:
        value = profile.valence - (0.35 if minor else 0.0)
        update["valence"] = default(max(-1.0, min(1.0, value)), f"usual in {profile.name}")
    if brief.arousal is None:
        lift = {None: 0.0, "slow": -0.35, "moderate": 0.0, "fast": 0.35}[brief.tempo_class.value if brief.tempo_class else None]
        update["arousal"] = default(max(-1.0, min(1.0, profile.arousal + lift)), f"usual in {profile.name}")
    return revised(brief, update)


def _key(brief: Brief, profile: StyleProfile, seed: int) -> Brief:
    """Key and mode from the given chords, the mood, the style, or the seed, in this order."""
    update: dict[str, object] = {}
    rows = [p for p in brief.progressions.value if not p.roman] if brief.progressions else []
    if rows and (brief.tonic is None or brief.mode is None):
        chords = [Chord.parse(c) for row in rows for c in row.chords]
        stated = brief.mode.value if brief.mode else None
        key = key_of(chords, stated)
        if brief.tonic is not None:
            key = Key(brief.tonic.value, key.mode)
        update["tonic"] = brief.tonic or inferred(key.tonic, "from the chords", 0.9)
        update["mode"] = brief.mode or inferred(key.mode, "from the chords", 0.9)
        return revised(brief, update)
    if brief.mode is None:
        assert brief.valence is not None
        minors = [m for m in profile.modes if Key("C", m).is_minor]
        majors = [m for m in profile.modes if not Key("C", m).is_minor]
        roman = [c for p in brief.progressions.value if p.roman for c in p.chords] if brief.progressions else []
        if roman and any(c.startswith("I") and not c.startswith(("II", "III", "IV")) for c in roman):
            mode = inferred(majors[0] if majors else "major", "the given progression has a major tonic")
        elif roman and any(c.rstrip("7965°") == "i" for c in roman):
            mode = inferred(minors[0] if minors else "minor", "the given progression has a minor tonic")
        elif brief.moods and brief.valence.value <= -0.15:
            mode = inferred(minors[0] if minors else "minor", brief.moods.words or "the mood", 0.7)
        elif brief.moods and brief.valence.value >= 0.15:
            mode = inferred(majors[0] if majors else "major", brief.moods.words or "the mood", 0.7)
        else:
            mode = default(choose(seed, "mode", profile.modes[:2]), f"usual in {profile.name}")
        update["mode"] = mode
    else:
        mode = brief.mode
    if brief.tonic is None:
        minor = Key("C", mode.value).is_minor
        update["tonic"] = default(
            choose(seed, "tonic", EASY_TONICS.get(profile.family, EASY_TONICS[""])[minor]),
            "nobody asked for a key; drawn by the seed",
        )
    brief = revised(brief, update)
    if brief.progressions:
        assert brief.tonic is not None and brief.mode is not None
        key = Key(brief.tonic.value, brief.mode.value)
        for row in brief.progressions.value:
            for chord in row.chords:
                if row.roman:
                    parse_roman(chord, key)  # a numeral that is none is refused here, before anything is composed
    return brief


def _tempo(brief: Brief, profile: StyleProfile) -> Brief:
    low, usual, high = profile.tempo
    if brief.tempo is not None:
        return brief
    if brief.tempo_range is not None:
        bottom, top = brief.tempo_range.value
        value = min(max(usual, bottom), top)
        return revised(brief, {"tempo": inferred(round(value), brief.tempo_range.words, 0.95)})
    assert brief.arousal is not None
    lean = brief.arousal.value - profile.arousal
    value = usual + lean * 0.75 * ((high - usual) if lean > 0 else (usual - low))
    if brief.tempo_class is not None:
        words = brief.tempo_class.words or brief.tempo_class.value
        bottom, top = {
            "slow": (40.0, SLOW_TO - 4),
            "moderate": (SLOW_TO + 8, FAST_FROM - 6),
            "fast": (FAST_FROM + 8, max(190.0, usual)),
        }[brief.tempo_class.value]
        return revised(brief, {"tempo": inferred(round(min(max(value, bottom), top)), words, 0.8)})
    value = min(max(value, low), high)
    return revised(brief, {"tempo": default(float(round(value)), f"usual in {profile.name} at this mood")})


def _expression(brief: Brief, profile: StyleProfile) -> Brief:
    """Dynamics, density, intensity of rhythm and swing."""
    assert brief.arousal is not None
    arousal = brief.arousal.value
    update: dict[str, object] = {}
    if brief.dynamics is None:
        level = "p" if arousal < -0.55 else "mp" if arousal < -0.1 else "mf" if arousal < 0.45 else "f"
        update["dynamics"] = default(level, "from the mood")
    if brief.rhythm_intensity is None:
        update["rhythm_intensity"] = default(0 if arousal < -0.35 else 1 if arousal < 0.35 else 2, "from the mood")
    if brief.density is None:
        intensity = brief.rhythm_intensity.value if brief.rhythm_intensity else None
        value = 0.5 + 0.3 * arousal if intensity is None else (0.25, 0.5, 0.8)[intensity]
        update["density"] = default(round(max(0.1, min(0.95, value)), 3), "from the mood and the rhythm asked for")
    if brief.swing is None:
        update["swing"] = default(profile.swing, f"usual in {profile.name}")
    if brief.quantised is None:
        update["quantised"] = default(False, "played, not machine-exact, unless asked")
    return revised(brief, update)


def _title(brief: Brief, profile: StyleProfile) -> str:
    assert brief.tonic is not None and brief.mode is not None
    said = brief.moods.words.split(",")[0].strip().capitalize() if brief.moods else ""
    mood = f"{said} " if said.isalpha() and said.lower() != profile.name.lower() else ""
    form = brief.form.value.name if brief.form is not None and brief.form.origin is Origin.STATED else ""
    name = form.capitalize() if form in TITLES else profile.name
    return f"{mood}{name} in {Key(brief.tonic.value, brief.mode.value)}"
