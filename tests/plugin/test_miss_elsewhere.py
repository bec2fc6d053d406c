"""Misses outside a test's own code: while modules are collected, in conftest files, in unittest, under xdist."""

from __future__ import annotations

import pytest

HEADLINE = "*lmcache: nothing recorded answers this call, and replay makes no live calls."


def test_one_while_a_module_is_imported_fails_its_collection(project):
    project.tests("CAPITAL = ask()\ndef test_it():\n    pass\n")
    project.tests("def test_it():\n    pass\n", "test_other")
    result = project.replay("--continue-on-collection-errors")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*ERROR collecting test_it.py*", HEADLINE, "*To record it:  pytest --lmcache=record"])
    assert not project.shows_frames(result)


def test_one_swallowed_while_a_module_is_imported_fails_its_collection(project):
    project.tests("try:\n    CAPITAL = ask()\nexcept BaseException:\n    CAPITAL = ''\ndef test_it():\n    pass\n")
    result = project.replay()
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["*ERROR collecting test_it.py*", HEADLINE])


def test_one_while_a_conftest_is_imported_ends_the_run(project):
    project.pytester.makeconftest("from app import ask\nCAPITAL = ask()\n")
    project.tests("def test_it():\n    pass\n")
    result = project.replay(".")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([HEADLINE, "*To record it:  pytest --lmcache=record"])
    assert "Traceback" not in result.stderr.str()


def test_one_swallowed_while_a_conftest_is_imported_is_still_told(project):
    project.pytester.makeconftest("from app import ask\ntry:\n    ask()\nexcept BaseException:\n    pass\n")
    project.tests("def test_it():\n    pass\n")
    result = project.replay()
    assert result.ret != pytest.ExitCode.OK
    assert HEADLINE.strip("*") in result.stdout.str() + result.stderr.str()


def test_one_in_a_module_fixture_fails_every_test_that_uses_it_and_is_told_in_each(project):
    project.tests(
        "@pytest.fixture(scope='module')\ndef capital():\n    return ask()\n"
        "def test_one(capital):\n    pass\ndef test_two(capital):\n    pass\n"
    )
    result = project.replay()
    result.assert_outcomes(errors=2)
    assert result.stdout.str().count(HEADLINE.strip("*")) == 2
    result.stdout.fnmatch_lines(["*To record it:  pytest test_it.py::test_one --lmcache=record"])


def test_one_in_a_fixture_asked_for_by_name_fails_every_test_that_uses_it(project):
    project.tests(
        "@pytest.fixture(scope='session')\ndef capital():\n    return ask()\n"
        "@pytest.mark.lmcache\n@pytest.mark.parametrize('n', [1, 2])\n"
        "def test_it(n, request):\n    request.getfixturevalue('capital')\n"
    )
    result = project.bare()
    result.assert_outcomes(failed=2)
    assert result.stdout.str().count(HEADLINE.strip("*")) == 2


def test_one_swallowed_by_a_session_fixture_fails_the_test_that_came_first(project):
    project.tests(
        "@pytest.fixture(scope='session')\ndef capital():\n"
        "    try:\n        return ask()\n    except BaseException:\n        return ''\n"
        "def test_one(capital):\n    pass\n"
    )
    result = project.replay()
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines([HEADLINE])


@pytest.mark.parametrize("hidden", ["ask()", "with self.assertRaises(BaseException):\n            ask()"])
def test_one_in_unittest_fails_the_case(project, hidden):
    project.tests(f"import unittest\nclass TestIt(unittest.TestCase):\n    def test_it(self):\n        {hidden}\n")
    result = project.replay()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([HEADLINE])
    assert not project.shows_frames(result)


def test_one_in_a_coroutine_test_fails_it(project):
    project.tests("@pytest.mark.asyncio\nasync def test_it():\n    await aask()\n")
    result = project.replay()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([HEADLINE])
    assert not project.shows_frames(result)


def test_one_under_xdist_reaches_the_controller_whole(project):
    project.over_http().tests("def test_one():\n    ask()\ndef test_two():\n    assert True\n")
    result = project.replay("-n2")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [HEADLINE, "*To record it:  pytest test_it.py::test_one --lmcache=record", "lmcache: 1 missed"]
    )


def test_the_next_test_is_not_blamed(project):
    project.tests(
        "def test_one():\n    try:\n        ask()\n    except BaseException:\n        pass\ndef test_two():\n    pass\n"
    )
    project.replay().assert_outcomes(passed=1, failed=1)


def test_several_in_one_test_are_told_each_once(project):
    project.tests(
        "def test_it():\n    for question in ('One?', 'Two?', 'One?'):\n"
        "        try:\n            ask(question)\n        except BaseException:\n            pass\n"
    )
    result = project.replay()
    result.assert_outcomes(failed=1)
    assert result.stdout.str().count(HEADLINE.strip("*")) == 2
    result.stdout.fnmatch_lines(["lmcache: 3 missed"])
