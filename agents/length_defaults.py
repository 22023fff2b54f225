"""How long the piece is: bars, seconds, form and tempo made to agree."""

from ripieno.agents.choices import default, inferred, revised, with_notice
from ripieno.score.brief import Brief, FormRequest, Origin
from ripieno.score.errors import BadRequest
from ripieno.score.styles import StyleProfile
from ripieno.score.time import MAX_BARS, MAX_TEMPO, MIN_TEMPO, Metre

# Bars in which a form that was asked for has room for all its sections.
FORM_BARS = {"rondo": 56, "sonata": 96, "theme and variations": 64, "through-composed": 56, "passacaglia": 64}
TOLERANCE = 0.1  # a stated duration is met within this share


def metre_of(text: str) -> Metre:
    """The metre written as '7/8'."""
    numerator, _, denominator = text.partition("/")
    return Metre(int(numerator), int(denominator))


def bar_seconds(metre: Metre, bpm: float) -> float:
    """Seconds of one bar at `bpm` quarter notes a minute."""
    return metre.numerator * 4 / metre.denominator * 60 / bpm


def complete_length(brief: Brief, profile: StyleProfile) -> Brief:
    """Sets `bars` and `form`; moves a tempo that nobody stated where a stated duration and stated bars ask for it."""
    assert brief.metre is not None and brief.tempo is not None
    metre = metre_of(brief.metre.value)
    if brief.form is None:
        brief = revised(brief, {"form": default(FormRequest(name=profile.form), f"usual in {profile.name}")})
    assert brief.form is not None
    section_bars = [s.bars for s in brief.form.value.sections]
    if brief.bars is None and section_bars and all(section_bars):
        total = sum(b for b in section_bars if b)
        brief = revised(brief, {"bars": inferred(total, brief.form.words, 0.98)})
    span = _wanted_seconds(brief)
    if brief.bars is None:
        brief = _choose_bars(brief, profile, metre, span)
    elif span is not None:
        brief = _fit_tempo(brief, metre, span)
    assert brief.bars is not None
    if not 1 <= brief.bars.value <= MAX_BARS:
        raise BadRequest(
            f"A piece has 1 to {MAX_BARS} bars",
            value=f"{brief.bars.value} bars",
            cause=brief.bars.words,
            cure="ask for a shorter piece",
        )
    return brief


def _wanted_seconds(brief: Brief) -> tuple[float, float, float] | None:
    """(least, wanted, most) seconds, where a duration was asked for."""
    if brief.duration is not None:
        d = brief.duration.value
        return d * (1 - TOLERANCE), d, d * (1 + TOLERANCE)
    if brief.duration_range is not None:
        low, high = brief.duration_range.value
        return low, (low + high) / 2, high
    return None


def _choose_bars(brief: Brief, profile: StyleProfile, metre: Metre, span: tuple[float, float, float] | None) -> Brief:
    assert brief.tempo is not None
    if brief.bars_range is not None:
        low, high = brief.bars_range.value
        fours = [b for b in range(low, high + 1) if b % 4 == 0]
        brief = revised(brief, {"bars": inferred(fours[-1] if fours else high, brief.bars_range.words, 0.95)})
        return _fit_tempo(brief, metre, span) if span is not None else brief
    if span is not None:
        least, wanted, most = span
        assert brief.tempo is not None
        one = bar_seconds(metre, brief.tempo.value)
        exact = wanted / one
        options = [b for b in range(max(1, int(least / one)), int(most / one) + 2) if least <= b * one <= most]
        bars = (
            min(options, key=lambda b: (b % 8 != 0, b % 4 != 0, b % 2 != 0, abs(b - exact)))
            if options
            else max(1, round(exact))
        )
        words = (brief.duration or brief.duration_range).words  # type: ignore[union-attr]
        brief = revised(brief, {"bars": inferred(bars, words, 0.9)})
        return _fit_tempo(brief, metre, span)
    assert brief.form is not None
    named = len(brief.form.value.sections)
    if named and brief.form.origin is not Origin.DEFAULT:
        given = sum(s.bars or 8 for s in brief.form.value.sections)
        return revised(brief, {"bars": inferred(given, brief.form.words, 0.7)})
    form = brief.form.value.name
    if brief.form.origin is not Origin.DEFAULT and FORM_BARS.get(form, 0) > profile.bars:
        return revised(brief, {"bars": default(FORM_BARS[form], f"room for the form: {form}")})
    bars = 12 * max(1, round(profile.bars / 12)) if form == "12-bar blues" else profile.bars
    return revised(brief, {"bars": default(bars, f"usual in {profile.name}")})


def _fit_tempo(brief: Brief, metre: Metre, span: tuple[float, float, float]) -> Brief:
    """Bars and seconds are both set: the tempo gives way where it was not stated, else the contradiction is said."""
    assert brief.bars is not None and brief.tempo is not None
    least, wanted, most = span
    seconds = brief.bars.value * bar_seconds(metre, brief.tempo.value)
    if least <= seconds <= most:
        return brief
    bpm = brief.tempo.value * seconds / wanted
    low, high = brief.tempo_range.value if brief.tempo_range else (MIN_TEMPO, MAX_TEMPO)
    classes = {"slow": (MIN_TEMPO, 76.0), "moderate": (76.0, 120.0), "fast": (120.0, MAX_TEMPO)}
    if brief.tempo_class is not None:
        bottom, top = classes[brief.tempo_class.value]
        low, high = max(low, bottom), min(high, top)
    if brief.tempo.origin is Origin.STATED or not low <= bpm <= high:
        clipped = brief.tempo.value if brief.tempo.origin is Origin.STATED else round(min(max(bpm, low), high), 2)
        brief = revised(brief, {"tempo": brief.tempo.model_copy(update={"value": clipped})})
        assert brief.bars is not None
        actual = brief.bars.value * bar_seconds(metre, clipped)
        return with_notice(
            brief, "duration",
            f"{brief.bars.value} bars of {metre} at {clipped:g} last {actual:.0f} seconds, not {wanted:.0f}; "
            "bars and tempo were kept and the duration gave way",
        )  # fmt: skip
    return revised(brief, {"tempo": inferred(round(bpm, 2), "so that the bars last the seconds asked for", 0.9)})
