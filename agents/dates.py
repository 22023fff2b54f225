"""Times of the past in everyday words: 'yesterday', 'last week', 'three days ago', 'on Monday', 'in October', '3 November'."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_NUMBERS = {
    "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
    "ten": 10, "couple of": 2, "a couple of": 2,
}  # fmt: skip
_VAGUE = ("few", "a few", "several", "some")  # from two to nine or so
_UNITS = {"minute": 1 / 1440, "hour": 1 / 24, "day": 1.0, "week": 7.0, "month": 30.4, "year": 365.25}
_MONTH = "|".join(f"{m}|{m[:3]}\\.?" for m in _MONTHS)
_COUNT = "|".join(sorted((*_NUMBERS, *_VAGUE), key=len, reverse=True))
WHEN = (
    r"(?:earlier |late )?(?:the day before yesterday|yesterday(?: morning| afternoon| evening| night)?|today|tonight"
    r"|this (?:morning|afternoon|evening|week|weekend|month|year)|last (?:night|week|weekend|month|year)|the other (?:day|week)"
    rf"|(?:{_COUNT}|\d+) (?:{'|'.join(_UNITS)})s? ago"
    r"|(?:a while|some time|long) ago|recently|just now|earlier"
    rf"|(?:on |last |this )?(?:{'|'.join(_DAYS)})(?: (?:morning|afternoon|evening|night))?"
    rf"|(?:the )?\d{{1,2}}(?:st|nd|rd|th)? (?:of )?(?:{_MONTH})(?: \d{{4}})?"
    rf"|(?:{_MONTH}) \d{{1,2}}(?:st|nd|rd|th)?(?:,? \d{{4}})?"
    rf"|(?:in |last )?(?:{'|'.join(_MONTHS)})(?: \d{{4}})?|\d{{4}}-\d\d-\d\d)"
)


@dataclass(frozen=True)
class Window:
    """A stretch of time: from `since` on and before `until`, and the words for it."""

    since: datetime
    until: datetime
    words: str

    def holds(self, *times: datetime) -> bool:
        """Whether any of these lies in it."""
        return any(self.since <= time < self.until for time in times)


def window(words: str, now: datetime) -> Window | None:
    """The time that words mean, seen from `now` (with its zone); None where they mean none. Generous at its edges."""
    text = re.sub(r"^(?:earlier|late|on|in) ", "", " ".join(words.lower().split()))
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    day, monday = timedelta(days=1), midnight - timedelta(days=now.weekday())
    month = midnight.replace(day=1)
    before = (month - day).replace(day=1)
    spans: dict[str, tuple[datetime, datetime]] = {
        "the day before yesterday": (midnight - 2 * day, midnight - day), "yesterday": (midnight - day, midnight),
        "today": (midnight, now + day), "tonight": (midnight, now + day), "this morning": (midnight, now + day),
        "this afternoon": (midnight, now + day), "this evening": (midnight, now + day), "just now": (now - day / 12, now + day),
        "last night": (midnight - day / 2, midnight + day / 4), "this week": (monday, now + day),
        # "last week" said on a Monday may be Saturday; said on a Friday it may be eight days ago
        "last week": (monday - 7 * day, max(monday, midnight - day)), "this weekend": (monday - 3 * day, now + day),
        "last weekend": (monday - 3 * day, monday), "this month": (month, now + day), "last month": (before, month),
        "this year": (month.replace(month=1), now + day),
        "last year": (month.replace(year=now.year - 1, month=1), month.replace(month=1)),
        "the other day": (midnight - 8 * day, midnight), "the other week": (midnight - 22 * day, midnight - 3 * day),
        "recently": (midnight - 31 * day, now + day), "earlier": (midnight - 31 * day, now + day),
        "a while ago": (midnight - 400 * day, midnight - 3 * day), "some time ago": (midnight - 400 * day, midnight - 3 * day),
        "long ago": (midnight - 4000 * day, midnight - 30 * day),
    }  # fmt: skip
    plain = text if text in spans else re.sub(r" (?:morning|afternoon|evening|night)$", "", text)
    if plain in spans:
        return Window(*spans[plain], text)
    found = _ago(plain, now, midnight) or _weekday(plain, midnight) or _date(plain, midnight)
    return Window(*found, text) if found else None


def _ago(text: str, now: datetime, midnight: datetime) -> tuple[datetime, datetime] | None:
    match = re.fullmatch(rf"({_COUNT}|\d+) ({'|'.join(_UNITS)})s? ago", text)
    if match is None:
        return None
    unit = timedelta(days=_UNITS[match[2]])
    if match[1] in _VAGUE:
        return (min(now, midnight) if unit.days else now) - 10 * unit, now - unit
    count = _NUMBERS.get(match[1]) or int(match[1])
    if count > 4000:
        return None
    meant = now - count * unit
    slack = max(unit * (0.5 if match[2] in ("week", "month", "year") else 0.0), timedelta(hours=0.5))
    if unit >= timedelta(days=1):
        meant = meant.replace(hour=0, minute=0, second=0, microsecond=0)
        return meant - (slack if slack >= timedelta(days=1) else timedelta()), meant + timedelta(days=1) + slack
    return meant - max(slack, unit * count / 2), meant + max(slack, unit * count / 2)


def _weekday(text: str, midnight: datetime) -> tuple[datetime, datetime] | None:
    name = re.sub(r"^(?:last|this) ", "", text)
    if name not in _DAYS:
        return None
    back = (midnight.weekday() - _DAYS.index(name)) % 7
    if back == 0 and not text.startswith("this "):
        back = 7
    return midnight - timedelta(days=back), midnight - timedelta(days=back - 1)


def _date(text: str, midnight: datetime) -> tuple[datetime, datetime] | None:
    iso = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", text)
    numbers = [int(n) for n in re.findall(r"\d+", text)]
    name = next((i for i, m in enumerate(_MONTHS, 1) if re.search(rf"\b(?:{m}|{m[:3]})\b", text)), 0)
    year = next((n for n in numbers if n > 31), 0)
    number = next((n for n in numbers if 0 < n <= 31), 0)
    try:
        if iso:
            start = midnight.replace(year=int(iso[1]), month=int(iso[2]), day=int(iso[3]))
            return start, start + timedelta(days=1)
        if not name:
            return None
        start = midnight.replace(year=year or midnight.year, month=name, day=number or 1)
        if not year and start > midnight:
            start = start.replace(year=start.year - 1)
    except ValueError:
        return None  # no day of the calendar
    if number:
        return start, start + timedelta(days=1)
    return start, (start + timedelta(days=32)).replace(day=1)


def told(time: datetime, now: datetime) -> str:
    """A day as people name it: 'today', 'yesterday', 'on Monday', '3 November', '3 November 2025'."""
    days = (now.date() - time.date()).days
    if days in (0, 1):
        return "today" if days == 0 else "yesterday"
    if 1 < days < 7:
        return f"on {_DAYS[time.weekday()].capitalize()}"
    return f"{time.day} {_MONTHS[time.month - 1].capitalize()}" + (f" {time.year}" if time.year != now.year else "")
