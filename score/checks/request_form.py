"""Requested versus delivered: the form. Sections that were listed, sections that must be there, and named forms that are heard.

A form is not what the sections are called: a refrain that comes back must be more like itself than what stands between.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from ripieno.score.analysis.reading import Reading
from ripieno.score.analysis.section_likeness import likeness, section_sketches
from ripieno.score.brief import Brief, FormRequest, Origin, SectionRequest
from ripieno.score.checks.delivered import Delivered, Measure
from ripieno.score.checks.finding import bar_words
from ripieno.score.piece import Section
from ripieno.score.section_kinds import section_kind

HEARD = 0.33  # likeness from which on a section is heard as another again; unlike sections lie about 0.2
MOSTLY = 0.7  # share of the returns of a letter that are heard
CLEARER = 0.05  # by so much a refrain is more like itself than what stands between
VARIED = 0.3  # a variation, in the other mode and in running notes, is further from its theme
MODULATES = 24  # bars of a sonata from which on its second theme is away from home
_LETTERS = re.compile(r"^(?:[A-H]['′’]*[\s,-]*){2,24}$")
_AROUND = ("intro", "outro")


def measure_form(reading: Reading, brief: Brief) -> Iterator[Delivered]:
    """Sections in order, with their bars and their shared material, where the request lists them; else what the form is."""
    if brief.form is None:
        return
    form, have = brief.form.value, reading.piece.sections
    delivered = ", ".join(f"{s.name} ({s.bars} bars)" for s in have) or "no sections"
    if form.sections:
        requested = ", ".join(_asked(s) for s in form.sections)
        reason = _not_listed(form, have)
        yield Delivered("form", requested, delivered, brief.form.origin, not reason, None, reason)
        return
    if brief.form.origin is Origin.DEFAULT:
        return
    judge = _judge(form.name)
    reasons = [_not_held(form, have)] + ([judge(reading)] if judge else [])
    if not form.holds and judge is None:
        return
    requested = " with ".join(x for x in (form.name, " and ".join(_asked(s) for s in form.holds)) if x)
    reason = next((r for r in reasons if r), "")
    yield Delivered("form", requested, delivered, brief.form.origin, not reason, None, reason)


def _asked(section: SectionRequest) -> str:
    return section.name + (f" ({section.bars} bars)" if section.bars else f" ({section.size})" if section.size else "")


def _not_listed(form: FormRequest, have: Sequence[Section]) -> str:
    """Why the sections are not those that were listed; "" where they are."""
    wanted = form.sections
    if len(wanted) != len(have):
        return f"{len(have)} sections instead of {len(wanted)}"
    for asked, made in zip(wanted, have, strict=True):
        if asked.name.lower().rstrip(" 0123456789") != made.name.lower().rstrip(" 0123456789"):
            return f"{made.name} stands where {asked.name} was asked for"
        if asked.bars is not None and asked.bars != made.bars:
            return f"{made.name} has {made.bars} bars instead of {asked.bars}"
    if _labels([s.label or s.name for s in wanted]) != _labels([s.label or s.name for s in have]):
        return "the sections do not return as asked"
    return ""


def _labels(names: list[str]) -> list[int]:
    """The pattern of returns: 0 for the first label, 1 for the next new one ..."""
    order: dict[str, int] = {}
    return [order.setdefault(n.lower().rstrip("' 0123456789"), len(order)) for n in names]


def _not_held(form: FormRequest, have: Sequence[Section]) -> str:
    """Which of the sections that must be there are not, or not as long as asked."""
    free = list(have)
    for wanted in form.holds:
        kind, name = section_kind(wanted.name), wanted.name.lower()
        there = [s for s in free if s.name.lower().rstrip(" 0123456789") == name
                 or (kind != "theme" and section_kind(s.name) == kind)]  # fmt: skip
        if not there:
            return f"there is no {wanted.name}"
        if wanted.bars is not None and all(s.bars != wanted.bars for s in there):
            return f"the {wanted.name} has {there[0].bars} bars instead of {wanted.bars}"
        if kind == "intro" and there[0] is not have[0]:
            return f"the {wanted.name} does not open the piece"
        free.remove(there[0])
    return ""


# -- named forms ---------------------------------------------------------------------------------------------------------


def _judge(name: str) -> Callable[[Reading], str] | None:
    """What tells why a piece is not in the form of that name ("" where it is); None for forms that nothing here can hear."""
    low = " ".join(name.lower().split())
    if _LETTERS.match(name):
        return lambda reading: _lettered(reading, [c for c in name if c.isalpha()])
    if low in _FORMS:
        return _FORMS[low]
    return None


def _body(reading: Reading) -> list[int]:
    """Indices of the sections without introductions and codas."""
    return [i for i, s in enumerate(reading.piece.sections) if section_kind(s.name) not in _AROUND]


def _rondo(reading: Reading) -> str:
    sections, body = reading.piece.sections, _body(reading)
    if not body:
        return "there are no sections"
    refrain = sections[body[0]].label
    returns = [i for i in body if sections[i].label == refrain]
    between = [i for i in body if sections[i].label != refrain]
    if len(returns) < 3 or len({sections[i].label for i in between}) < 2:
        return f"the refrain is heard {len(returns)} times around {len({sections[i].label for i in between})} couplets"
    if any(sections[a].label == sections[b].label == refrain for a, b in pairwise(body)):
        return "nothing stands between the refrains"
    return _unheard(reading, returns, between, "refrain")


def _lettered(reading: Reading, letters: Sequence[str]) -> str:
    """A pattern such as AABA, as often as there is room for it; what has the same letter is heard to."""
    sections, body = reading.piece.sections, _body(reading)
    have = [sections[i].label.rstrip("' 0123456789") or sections[i].name for i in body]
    wanted = [letters[i % len(letters)] for i in range(len(have))]
    if len(have) < len(letters) or _labels(have) != _labels(wanted):
        return f"the sections are {''.join(have)}, not {''.join(letters)}"
    sketches = section_sketches(reading)
    missed: dict[str, list[int]] = {}
    counts: dict[str, int] = {}
    first: dict[str, int] = {}
    for letter, i in zip(have, body, strict=True):
        if first.setdefault(sections[i].label, i) != i:
            counts[letter] = counts.get(letter, 0) + 1
            if likeness(sketches[first[sections[i].label]], sketches[i]) < HEARD:
                missed.setdefault(letter, []).append(i)
    for letter, places in missed.items():
        if len(places) > (1 - MOSTLY) * counts[letter]:  # in many choruses some are solos
            section = sections[places[0]]
            return f"the section {letter} is not heard to come back in {bar_words((section.first_bar, section.end_bar))}"
    return ""


def _variations(reading: Reading) -> str:
    sections, body = reading.piece.sections, _body(reading)
    sketches = section_sketches(reading)
    if len(body) < 2:
        return "the theme has no variations"
    for i in body[1:]:
        if likeness(sketches[body[0]], sketches[i]) < VARIED:
            where = bar_words((sections[i].first_bar, sections[i].end_bar))
            return f"{sections[i].name} ({where}) is not heard to vary the theme"
    return ""


def _sonata(reading: Reading) -> str:
    piece, body = reading.piece, _body(reading)
    labels = [piece.sections[i].label for i in body]
    if not body:
        return "there are no sections"
    back = [i for i in body[1:] if piece.sections[i].label == labels[0]]
    second = [i for i in body if piece.sections[i].label != labels[0] and labels.count(piece.sections[i].label) > 1]
    if not back or not second:
        return "the themes do not come back"
    away = {piece.key_at(piece.sections[i].first_bar) for i in second if i < back[-1]}
    home = piece.key_at(piece.sections[body[0]].first_bar)
    if piece.bars >= MODULATES and home in away:
        return "the second theme is not away from home in the exposition"
    if piece.key_at(piece.sections[second[-1]].first_bar).tonic_pc != home.tonic_pc:
        return "the second theme does not come home"
    return _unheard(reading, [body[0], back[-1]], [], "first theme")


def _song(reading: Reading) -> str:
    kinds = {section_kind(s.name) for s in reading.piece.sections}
    missing = [k for k in ("verse", "chorus") if k not in kinds]
    return f"there is no {missing[0]}" if missing else ""


def _unheard(reading: Reading, returns: Sequence[int], between: Sequence[int], what: str) -> str:
    """Which return is not heard as one: it is little like the first statement, or no more so than what stands between."""
    sketches, sections = section_sketches(reading), reading.piece.sections
    first = sketches[returns[0]]
    other = max((likeness(first, sketches[i]) for i in between), default=0.0)
    for i in returns[1:]:
        same = likeness(first, sketches[i])
        where = bar_words((sections[i].first_bar, sections[i].end_bar))
        if same < HEARD:
            return f"the {what} is not heard to come back in {where}"
        if same < other + CLEARER:
            return f"the {what} in {where} is no more like itself than what stands between"
    return ""


_FORMS: dict[str, Callable[[Reading], str]] = {
    "rondo": _rondo, "theme and variations": _variations, "sonata": _sonata, "verse-chorus": _song,
    "ternary": lambda reading: _lettered(reading, "ABA"), "binary": lambda reading: _lettered(reading, "AABB"),
}  # fmt: skip

MEASURES: tuple[Measure, ...] = (measure_form,)
