"""The same suite spread over workers: paid for once, counted once, told of once."""

from __future__ import annotations

import re

import pytest


@pytest.fixture
def project(project):
    """What workers share is no matter of the SDK."""
    return project.over_http()


SHARED = """
@pytest.fixture(scope="session")
def shared():
    return ask("for everybody")

@pytest.mark.parametrize("number", range(4))
def test_it(shared, number):
    assert shared
    assert ask("the same for all")
    assert ask(f"number {number}")
"""


def summaries(result):
    """The lines that say what became of all calls."""
    return [line for line in result.outlines if re.match(r"lmcache: \d", line)]


def test_two_workers_pay_once_for_one_request_and_are_counted_together(project):
    project.tests(SHARED)
    project.provider.latency = 0.05
    try:
        # One test at a time, so that both workers need the fixture.
        result = project.record("-n2", "--maxschedchunk=1", subprocess=True)
    finally:
        project.provider.latency = 0.0
    result.assert_outcomes(passed=4)
    assert project.provider.count() == 6
    assert len(project.recordings()) == 6
    [line] = summaries(result)
    assert "6 recorded" in line
    project.replay().assert_outcomes(passed=4)
    assert project.provider.count() == 6


def test_files_spread_over_workers_replay_and_a_miss_is_told_whole(project):
    for name in ("test_one", "test_two"):
        project.tests(SHARED, name=name)
    project.record().assert_outcomes(passed=8)
    project.tests("def test_missing():\n    ask('never recorded')", name="test_three")
    result = project.replay("-n2", "--dist=loadfile", "-v", subprocess=True)
    result.assert_outcomes(passed=8, failed=1)
    assert project.provider.count() == 6
    # Two calls a test, and the fixture once for each worker that had a file with it.
    [line] = summaries(result)
    assert any(f"lmcache: {count} replayed, 1 missed" in line for count in (17, 18))
    assert sum("[2 replayed]" in line for line in result.outlines) == 8
    result.stdout.fnmatch_lines(["*[[]missed[]]*", "*never recorded*", "*--lmcache=record*"])


def test_a_crash_of_a_worker_loses_nothing_that_was_paid_for(project):
    project.tests(
        """
import os
def test_one():
    assert ask("one")

def test_two():
    assert ask("two")
    if "CRASH" in os.environ:
        os._exit(1)

def test_three():
    assert ask("three")
"""
    )
    project._monkeypatch.setenv("CRASH", "1")
    result = project.record("-n2", subprocess=True)
    assert result.ret != 0
    result.stdout.fnmatch_lines(["*crashed while running*test_two*"])
    assert project.provider.count() == 3
    project._monkeypatch.delenv("CRASH")
    project.record().assert_outcomes(passed=3)
    assert project.provider.count() == 3
    project.replay().assert_outcomes(passed=3)
