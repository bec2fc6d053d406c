"""`--lmcache-sample`: a few recordings are verified, chosen at random, and again the same ones by their seed."""

from __future__ import annotations

import re

import pytest
from verifying import told, verify

MANY = "@pytest.mark.parametrize('n', range(8))\ndef test_it(n):\n    ask(f'Number {n}?')\n"


@pytest.fixture
def recorded(project):
    project.over_http().tests(MANY)
    project.record().assert_outcomes(passed=8)
    project.provider.reset()
    return project


def asked(project):
    """What the provider was asked since this was last called."""
    found = sorted(request.body["messages"][0]["content"] for request in project.provider.requests)
    project.provider.reset()
    return found


def again(result):
    """The option that chooses the same recordings."""
    return re.search(r"  the same ones again: (--lmcache-sample=\d+:\S+)", result.stdout.str())[1]


def test_so_many_are_checked(recorded, spread):
    result = verify(recorded, "--lmcache-sample=3", *spread)
    result.assert_outcomes(passed=8)
    assert len(asked(recorded)) == 3
    assert "3 recordings verified: 3 reworded" in told(result)[0]
    assert "  sample: 3 of 8 recordings in cassettes/" in told(result)


def test_the_seed_chooses_them_again(recorded, spread):
    first = verify(recorded, "--lmcache-sample=3", *spread)
    chosen = asked(recorded)
    result = verify(recorded, again(first))
    assert asked(recorded) == chosen
    assert again(result) == again(first)
    verify(recorded, again(first), *spread)
    assert asked(recorded) == chosen


def test_every_run_chooses_anew(recorded):
    chosen = set()
    while len(chosen) < 2:
        verify(recorded, "--lmcache-sample=3")
        chosen.add(tuple(asked(recorded)))


def test_more_than_there_are_is_all_of_them(recorded):
    result = verify(recorded, "--lmcache-sample=100:nightly")
    assert len(asked(recorded)) == 8
    assert "  sample: 8 of 8 recordings in cassettes/" in told(result)
    assert again(result) == "--lmcache-sample=100:nightly"


def test_what_a_run_did_not_use_is_counted(recorded, spread):
    result = verify(recorded, "--lmcache-sample=8", "-k", "test_it[2] or test_it[5]", *spread)
    assert asked(recorded) == ["Number 2?", "Number 5?"]
    assert "  sample: 8 of 8 recordings in cassettes/; 6 of them no test of this run used" in told(result)


def test_a_sample_that_no_test_used_is_told(recorded):
    recorded.tests("def test_it():\n    pass\n")
    recorded.tests("def test_other():\n    ask('Number 1?')\n", name="test_other")
    verify(recorded, "--lmcache-sample=8:a", "test_other.py")
    [used] = asked(recorded)
    for seed in "abcdefghijklmnop":
        result = verify(recorded, f"--lmcache-sample=1:{seed}", "test_other.py")
        assert result.ret == 0
        if not asked(recorded):
            break
    assert used == "Number 1?"
    assert told(result)[0] == "lmcache: verify checked nothing: no test of this run used a recording of the sample"


def test_functions_are_not_in_it(project):
    project.over_http().tests(
        "@pytest.mark.parametrize('n', range(5))\n"
        "def test_it(n, lmcache):\n    lmcache.wrap(lambda n: n, name='same')(n)\n"
        "def test_ask():\n    ask()\n"
    )
    project.record().assert_outcomes(passed=6)
    result = verify(project, "--lmcache-sample=1")
    assert "1 recording verified" in told(result)[0]
    assert "  sample: 1 of 1 recording in cassettes/" in told(result)


@pytest.mark.parametrize("value", ["0", "-2", "some", "", ":seed", "2.5"])
def test_what_is_no_number_is_refused(project, value):
    project.over_http().tests(MANY)
    result = project.record(f"--lmcache-sample={value}", mode="verify")
    assert result.ret == 4
    result.stderr.fnmatch_lines(
        [f"ERROR: --lmcache-sample='{value}' is no number of recordings from 1, such as 20, or 20:SEED"]
    )


@pytest.mark.parametrize("mode", ["--lmcache=replay", "--lmcache=refresh", "--lmcache=off", "-q"])
def test_it_goes_with_verify_only(project, mode):
    project.over_http().tests(MANY)
    result = project.live(mode, "--lmcache-sample=3")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: --lmcache-sample goes with --lmcache=verify"])
