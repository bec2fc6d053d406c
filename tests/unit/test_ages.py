"""How old recordings are, and how that is said."""

from __future__ import annotations

import pytest

from pytest_lmcache.ages import Stale, age, spelled, stale
from pytest_lmcache.errors import BadOption
from pytest_lmcache.readers import read_age, read_oldest
from pytest_lmcache.report import Totals, summary_lines

MIDNIGHT = 1_767_225_600.0  # 2026-01-01


@pytest.mark.parametrize(
    ("recorded_at", "seconds"),
    [
        ("2025-12-31T23:59:00Z", 60.0),
        ("2026-01-01T01:59:00+02:00", 60.0),
        ("2025-12-31T23:59:00", 60.0),
        ("2025-12-31", 86_400.0),
        ("2026-01-01T00:01:00Z", -60.0),
        ("", None),
        ("yesterday", None),
        ("0001-01-01T00:00:00+23:59", 63_902_908_740.0),
    ],
)
def test_a_date_says_how_old_a_recording_is(recorded_at, seconds):
    assert age(recorded_at, MIDNIGHT) == seconds


def test_at_its_bound_a_recording_is_fresh():
    moment = "2025-12-31T23:59:00Z"
    assert stale("c/a.json", moment, max_age=60, now=MIDNIGHT) is None
    assert stale("c/a.json", moment, max_age=59, now=MIDNIGHT) == Stale("c/a.json", moment, 60, 59)
    assert stale("c/a.json", "", max_age=10**9, now=MIDNIGHT) == Stale("c/a.json", "", None, 10**9)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 seconds"), (1, "1 second"), (90, "1.5 minutes"), (86_400, "1 day"), (30 * 86_400, "30 days")],
)
def test_a_time_is_spelled_in_its_largest_unit(seconds, text):
    assert spelled(seconds) == text


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("1.5h", 5400), (" 2w ", 1_209_600), ("1y", 31_536_000)])
def test_an_age_is_read(text, seconds):
    assert read_age(text) == read_oldest("max_age")(text) == seconds


@pytest.mark.parametrize("value", ["", "30", 30, "-1d", "1 month", True])
def test_what_is_no_age_is_an_error(value):
    with pytest.raises(BadOption, match=r"^max_age=.* is no age; write for example 90d, 12h or 2w$"):
        read_oldest("max_age")(value)


def test_totals_of_workers_have_each_stale_recording_once():
    one, other = Stale("a.json", "2026-01-01", 60, 30), Stale("b.json", "", None, 30)
    both = Totals(stale=(one,)) + Totals(stale=(other, Stale("a.json", "2026-01-01", 61, 30)))
    assert both.stale == (Stale("a.json", "2026-01-01", 61, 30), other)
    assert Totals.from_dict(both.to_dict()) == both
    assert summary_lines(both)[1].startswith(
        "  2 recordings are older than max_age, the oldest b.json (without a date)"
    )
