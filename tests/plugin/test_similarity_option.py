"""`--lmcache-similarity`: how many of its words an answer has to share with the recorded one."""

from __future__ import annotations

import pytest
from verifying import drifts, told, verify

ONE = "def test_it():\n    ask()\n"


@pytest.fixture
def recorded(project):
    project.over_http().tests(ONE)
    project.record().assert_outcomes(passed=1)
    project.provider.reset()
    return project


def test_an_answer_below_it_fails_the_run_and_no_test(recorded, spread):
    result = verify(recorded, "--lmcache-similarity=0.99", *spread)
    result.assert_outcomes(passed=1)
    assert result.ret == 1
    assert told(result)[-1] == (
        "lmcache: this run fails for what has changed: 1 reworded with a similarity below 0.99 (--lmcache-similarity)"
    )


def test_an_answer_above_it_does_not(recorded):
    assert verify(recorded, "--lmcache-similarity=0.5").ret == 0


def test_by_default_an_answer_to_something_else_fails_the_run(recorded):
    drifts(
        recorded.provider, "The capital of France is Paris.", "Bananas grow in bunches, hence their shape; who knew?"
    )
    result = verify(recorded)
    assert result.ret == 1
    assert "reworded with a similarity below 0.3" in told(result)[-1]


def test_zero_accepts_any_wording(recorded):
    drifts(
        recorded.provider, "The capital of France is Paris.", "Bananas grow in bunches, hence their shape; who knew?"
    )
    assert verify(recorded, "--lmcache-similarity=0").ret == 0


def test_zero_accepts_no_other_structure(recorded):
    drifts(recorded.provider, '"stop"', '"length"')
    assert verify(recorded, "--lmcache-similarity=0").ret == 1


def test_a_refused_rewording_is_shown_beyond_those_that_are_accepted(project):
    project.over_http().tests(
        "@pytest.mark.parametrize('n', range(12))\ndef test_it(n):\n    ask(f'Number {n} of a list of numbers?')\n"
        "def test_last():\n    ask()\n"
    )
    project.record().assert_outcomes(passed=13)
    drifts(project.provider, "The capital of France is Paris.", "Bananas grow in bunches, hence their shape; who knew?")
    lines = told(verify(project))
    assert "(test_it.py::test_last)" in lines[1]
    assert lines[-2] == "  and 2 more rewordings that are closer; -v shows all"


@pytest.mark.parametrize("value", ["-1", "1.5", "half", "", "nan"])
def test_what_is_no_share_is_refused(project, value):
    project.over_http().tests(ONE)
    result = project.record(f"--lmcache-similarity={value}", mode="verify")
    assert result.ret == 4
    result.stderr.fnmatch_lines([f"ERROR: --lmcache-similarity='{value}' is no number from 0 to 1, such as 0.3"])


@pytest.mark.parametrize("mode", ["--lmcache=replay", "--lmcache=record", "--lmcache=off", "-q"])
def test_it_goes_with_verify_only(project, mode):
    project.over_http().tests(ONE)
    result = project.live(mode, "--lmcache-similarity=0.3")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: --lmcache-similarity goes with --lmcache=verify"])
