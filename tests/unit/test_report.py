import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_lmcache.report import Totals, header_line, summary_lines, verdict

counts = st.integers(0, 10_000)
names = st.lists(st.sampled_from("abc"), max_size=3).map(tuple)
totals = st.builds(
    Totals,
    replayed=counts,
    missed=counts,
    tokens_saved=counts,
    cost_saved=st.none() | counts.map(float),
    seconds_saved=counts.map(float),
    kept_local=names,
    repeated=names,
    warnings=names,
    troubles=names,
)


def first(**figures: float | None) -> str:
    return summary_lines(Totals(**figures))[0]  # type: ignore[arg-type]


def test_run_without_calls_has_no_summary() -> None:
    assert summary_lines(Totals()) == ()


def test_first_line_counts_calls_and_what_they_saved() -> None:
    line = first(replayed=143, recorded=9, missed=2, tokens_saved=61402, cost_saved=0.84, seconds_saved=192)
    assert line == "lmcache: 143 replayed, 9 recorded, 2 missed · 61,402 tokens · $0.84 and 3m 12s saved"


@pytest.mark.parametrize(
    ("figures", "line"),
    [
        ({"replayed": 3}, "lmcache: 3 replayed"),
        ({"recorded": 1}, "lmcache: 1 recorded"),
        ({"refreshed": 2, "live": 1}, "lmcache: 2 refreshed, 1 live and unrecorded"),
        ({"replayed": 1, "tokens_saved": 1}, "lmcache: 1 replayed · 1 token saved"),
        ({"replayed": 1, "tokens_saved": 9, "seconds_saved": 2}, "lmcache: 1 replayed · 9 tokens · 2.0s saved"),
        ({"replayed": 1, "tokens_saved": 9, "cost_saved": 0.5}, "lmcache: 1 replayed · 9 tokens · $0.50 saved"),
        ({"replayed": 1, "cost_saved": 0.0}, "lmcache: 1 replayed"),
    ],
)
def test_what_is_zero_or_unknown_is_left_out(figures: dict[str, float], line: str) -> None:
    assert first(**figures) == line


@pytest.mark.parametrize(
    ("cost", "text"),
    [(0.00042, "$0.0004"), (0.0042, "$0.0042"), (0.00001, "<$0.0001"), (0.014, "$0.01"), (1234.5, "$1,234.50")],
)
def test_money_is_shown_down_to_fractions_of_a_cent(cost: float, text: str) -> None:
    assert first(replayed=1, cost_saved=cost) == f"lmcache: 1 replayed · {text} saved"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.44, "0.4s"), (9.94, "9.9s"), (9.96, "10s"), (59.6, "1m 0s"), (192, "3m 12s"), (3_840, "1h 4m")],
)
def test_time_is_shown_in_its_largest_units(seconds: float, text: str) -> None:
    assert first(replayed=1, seconds_saved=seconds) == f"lmcache: 1 replayed · {text} saved"


@pytest.mark.parametrize(
    ("read", "written", "line"),
    [
        (1024, 2048, "1,024 tokens read from and 2,048 written to the provider's prompt cache"),
        (1024, 0, "1,024 tokens read from the provider's prompt cache"),
        (0, 1, "1 token written to the provider's prompt cache"),
    ],
)
def test_prompt_cache_of_the_provider_has_a_line(read: int, written: int, line: str) -> None:
    lines = summary_lines(Totals(replayed=1, cached_tokens=read, cache_creation_tokens=written))
    assert lines[1:] == (f"  {line}",)


def test_recordings_that_stay_local_are_counted_and_their_tests_named() -> None:
    assert summary_lines(Totals(recorded=1, kept_local=("t.py::a",)))[1:] == (
        "  1 recording stays on this machine until its test passes: t.py::a",
    )
    kept = ("t.py::a", "t.py::a", "t.py::b", "t.py::c", "t.py::d", "t.py::e")
    assert summary_lines(Totals(recorded=6, kept_local=kept))[1:] == (
        "  6 recordings stay on this machine until their tests pass: t.py::a, t.py::b, t.py::c and 2 more",
    )


def test_what_was_not_recorded_says_why() -> None:
    lines = summary_lines(Totals(live=3, unrecorded=("it holds an open socket",)))
    assert lines[1:] == ("  1 answer not recorded: it holds an open socket",)


def test_repeated_answers_hint_at_repeat_next() -> None:
    (line,) = summary_lines(Totals(replayed=2, repeated=("t.py::a",)))[1:]
    assert line.startswith("  hint: ")
    assert 'repeat="next"' in line
    assert line.endswith("t.py::a")


def test_warnings_and_troubles_come_last_even_without_calls() -> None:
    lines = summary_lines(Totals(warnings=("try this",), troubles=("the disk is full",)))
    assert lines == ("lmcache: no calls", "  warning: try this", "  warning: the disk is full")


@pytest.mark.parametrize(
    ("counted", "text"),
    [
        (Totals(), "no calls"),
        (Totals(replayed=3), "3 replayed"),
        (Totals(replayed=2, recorded=1), "1 recorded, 2 replayed"),
        (Totals(missed=1), "missed"),
        (Totals(missed=1, replayed=4), "1 missed, 4 replayed"),
        (Totals(missed=2), "2 missed"),
        (Totals(live=1, refreshed=1), "1 went live, 1 refreshed"),
    ],
)
def test_verdict_names_what_matters_most_first(counted: Totals, text: str) -> None:
    assert verdict(counted) == text


@pytest.mark.parametrize(
    ("mode", "folder", "line"),
    [
        ("replay", "cassettes", "lmcache: replay, keyed by request, from cassettes/"),
        ("record", "tests/cassettes/", "lmcache: record, keyed by request, into tests/cassettes/"),
        ("refresh", "cassettes", "lmcache: refresh, keyed by request, into cassettes/"),
        ("off", "cassettes", "lmcache: off"),
    ],
)
def test_header_says_mode_strategy_and_folder(mode: str, folder: str, line: str) -> None:
    assert header_line(mode, "request", folder) == line


@given(totals)
def test_totals_survive_the_way_between_two_processes(one: Totals) -> None:
    assert Totals.from_dict(json.loads(json.dumps(one.to_dict()))) == one


@given(totals, totals, totals)
def test_merging_does_not_depend_on_grouping(one: Totals, two: Totals, three: Totals) -> None:
    assert (one + two) + three == one + (two + three)


@given(totals)
def test_merging_with_nothing_adds_no_figure(one: Totals) -> None:
    merged = one + Totals()
    assert (merged.replayed, merged.cost_saved, merged.kept_local) == (one.replayed, one.cost_saved, one.kept_local)


def test_merging_says_the_same_hint_once_and_keeps_a_known_cost() -> None:
    merged = Totals(warnings=("a",), cost_saved=0.5) + Totals(warnings=("a", "b")) + Totals(cost_saved=0.25)
    assert merged.warnings == ("a", "b")
    assert merged.cost_saved == 0.75
