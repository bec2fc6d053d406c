"""The modes, from the command line, the environment and the ini file."""

from __future__ import annotations

import pytest

QUESTION = """
def test_capital():
    assert "answer" in ask()
"""


def test_a_recorded_suite_replays_without_provider_and_key(project):
    project.tests(QUESTION)
    project.record().assert_outcomes(passed=1)
    assert project.provider.count() == 1
    assert len(project.recordings()) == 1
    result = project.replay()
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["lmcache: 1 replayed*"])
    assert project.provider.count() == 1
