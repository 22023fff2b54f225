"""Times of the past in words, seen from a Wednesday afternoon."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ripieno.agents.dates import WHEN, told, window

NOW = datetime(2026, 11, 25, 15, 30, tzinfo=UTC)  # a Wednesday


@pytest.mark.parametrize(
    ("words", "inside", "outside"),
    [
        ("yesterday", "2026-11-24 10:00", "2026-11-25 01:00"), ("today", "2026-11-25 09:00", "2026-11-24 23:00"),
        ("this morning", "2026-11-25 09:00", "2026-11-24 23:00"), ("last night", "2026-11-24 23:00", "2026-11-24 09:00"),
        ("last week", "2026-11-18 12:00", "2026-11-25 12:00"), ("last week", "2026-11-22 12:00", "2026-11-12 12:00"),
        ("this week", "2026-11-23 12:00", "2026-11-22 12:00"), ("last weekend", "2026-11-21 12:00", "2026-11-24 12:00"),
        ("last month", "2026-10-05 12:00", "2026-11-05 12:00"), ("last year", "2025-03-05 12:00", "2026-01-05 12:00"),
        ("three days ago", "2026-11-22 12:00", "2026-11-24 12:00"), ("two weeks ago", "2026-11-12 12:00", "2026-11-22 12:00"),
        ("a few days ago", "2026-11-21 12:00", "2026-11-01 12:00"), ("an hour ago", "2026-11-25 14:30", "2026-11-25 12:00"),
        ("on Monday", "2026-11-23 12:00", "2026-11-24 12:00"), ("last Friday", "2026-11-20 12:00", "2026-11-24 12:00"),
        ("Wednesday", "2026-11-18 12:00", "2026-11-25 12:00"), ("in October", "2026-10-31 23:00", "2026-11-01 12:00"),
        ("december", "2025-12-31 23:00", "2026-11-01 12:00"), ("3 November", "2026-11-03 12:00", "2026-11-04 12:00"),
        ("November 3rd", "2026-11-03 12:00", "2026-11-04 12:00"), ("3 Nov 2025", "2025-11-03 12:00", "2026-11-03 12:00"),
        ("2026-11-03", "2026-11-03 12:00", "2026-11-04 12:00"), ("yesterday evening", "2026-11-24 20:00", "2026-11-25 12:00"),

        ("this weekend", "2026-11-21 12:00", "2026-11-12 12:00"), ("the other day", "2026-11-20 12:00", "2026-10-25 12:00"),
        ("a year ago", "2025-11-25 12:00", "2026-11-25 12:00"),
    ],
)  # fmt: skip
def test_words_mean_a_time(words: str, inside: str, outside: str) -> None:
    found = window(words, NOW)
    assert found is not None and re.fullmatch(WHEN, words, re.IGNORECASE)
    assert found.holds(datetime.fromisoformat(inside).replace(tzinfo=UTC))
    assert not found.holds(datetime.fromisoformat(outside).replace(tzinfo=UTC))


@given(st.text(max_size=30) | st.from_regex(r"\A" + WHEN + r"\Z"))
def test_any_words_are_read_or_not_and_never_fail(words: str) -> None:
    found = window(words, NOW)
    assert found is None or found.since < found.until


def test_no_days_of_the_calendar_are_no_times() -> None:
    for words in ("31 February", "2026-13-40", "99999 years ago", "the day after tomorrow", ""):
        assert window(words, NOW) is None


def test_days_are_told_as_people_do() -> None:
    days = {0: "today", 1: "yesterday", 2: "on Monday", 10: "15 November", 400: "21 October 2025"}
    assert {n: told(NOW - timedelta(days=n), NOW) for n in days} == days
