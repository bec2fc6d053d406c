"""The modes, from the command line, the environment and the ini file."""

from __future__ import annotations

import pytest

QUESTION = """
def test_capital():
    assert "answer" in ask()
"""
TWO_QUESTIONS = """
def test_capital():
    assert "answer" in ask()

def test_rivers():
    assert "answer" in ask("Name the rivers of France.")
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


def test_replay_refuses_what_was_never_recorded(project):
    project.tests(QUESTION)
    result = project.live("--lmcache=replay")
    result.assert_outcomes(failed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert project.provider.count() == 0
    assert not project.cassettes.exists()


def test_record_replays_what_is_known_and_records_what_is_missing(project):
    project.tests(QUESTION)
    project.record().assert_outcomes(passed=1)
    known = project.recordings()[0].read_bytes()
    project.tests(TWO_QUESTIONS)
    result = project.record()
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["lmcache: 1 replayed, 1 recorded*"])
    assert project.provider.count() == 2
    assert known in [path.read_bytes() for path in project.recordings()]


def test_record_asks_once_for_each_distinct_request(project):
    project.tests(
        """
@pytest.mark.parametrize("number", range(3))
def test_capital(number):
    assert ask() == ask()

def test_rivers():
    assert ask("Name the rivers of France.") != ask()
"""
    )
    project.record().assert_outcomes(passed=4)
    assert project.provider.count() == 2
    assert len(project.recordings()) == 2


def test_refresh_calls_live_for_what_runs_and_replaces_only_what_passed(project):
    project.tests(TWO_QUESTIONS)
    project.record().assert_outcomes(passed=2)
    old = {path: path.read_bytes() for path in project.recordings()}
    project.tests(TWO_QUESTIONS.replace('"answer" in ask("Name', '"nonsense" in ask("Name'))
    result = project.record(mode="refresh")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["lmcache: 2 refreshed*", "*1 recording stays on this machine*::test_rivers"])
    assert project.provider.count() == 4
    changed = [path.name for path, data in old.items() if path.read_bytes() != data]
    assert len(changed) == 1
    assert changed[0].startswith("what-is-the-capital-of-france-")


def test_refresh_of_one_test_leaves_the_other_recordings_alone(project):
    project.tests(TWO_QUESTIONS)
    project.record().assert_outcomes(passed=2)
    old = {path: path.read_bytes() for path in project.recordings()}
    project.record("-k", "capital", mode="refresh").assert_outcomes(passed=1)
    assert project.provider.count() == 3
    assert [path.read_bytes() == data for path, data in old.items()] == [True, False]


def test_refresh_asks_once_for_one_request_of_several_tests(project):
    project.tests("@pytest.mark.parametrize('n', range(3))\ndef test_capital(n):\n    ask()\n    ask()\n")
    project.record().assert_outcomes(passed=3)
    project.record(mode="refresh").assert_outcomes(passed=3)
    assert project.provider.count() == 2


def test_off_stands_aside(project):
    project.tests(
        "@pytest.mark.lmcache\ndef test_capital(lmcache):\n    assert ask() != ask()\n    assert lmcache.calls == ()\n"
    )
    result = project.record(mode="off")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("lmcache: *")
    assert project.provider.count() == 2
    assert not project.cassettes.exists()


@pytest.mark.parametrize(
    ("typed", "named"),
    [
        (["--lmcache"], "--lmcache needs a mode: one of replay, record, refresh, off"),
        (["--lmcache", "-q"], "--lmcache needs a mode: one of replay, record, refresh, off"),
        (["--lmcache=nonsense"], "--lmcache: mode='nonsense' is not one of replay, record, refresh, off"),
        (["--lmcache="], "--lmcache needs a mode: one of replay, record, refresh, off"),
        (["--lmcache", "tests/"], "--lmcache: mode='tests/' is not one of replay, record, refresh, off"),
        (["--lmcache=Replay"], "--lmcache: mode='Replay' is not one of replay, record, refresh, off"),
    ],
)
def test_a_mode_left_out_or_unknown_is_an_error_that_lists_the_modes(project, typed, named):
    project.tests(QUESTION)
    (project.path / "tests").mkdir()
    result = project.live(*typed)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{named}*"])
    assert "Traceback" not in result.stderr.str()
    assert project.provider.count() == 0


def test_an_unknown_mode_in_the_environment_is_named_with_the_variable(project, monkeypatch):
    project.tests(QUESTION)
    monkeypatch.setenv("PYTEST_LMCACHE", "always")
    result = project.live()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*PYTEST_LMCACHE: mode='always' is not one of replay, record, refresh, off*"])


def test_an_unknown_mode_in_the_ini_file_is_named_with_the_option(project):
    project.tests(QUESTION)
    project.ini("lmcache_mode = always")
    result = project.live()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*ini lmcache_mode: mode='always' is not one of replay, record, refresh, off*"])


def test_an_empty_variable_is_no_mode(project, monkeypatch):
    project.tests(QUESTION)
    monkeypatch.setenv("PYTEST_LMCACHE", "")
    result = project.live()
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("lmcache: *")


@pytest.fixture(params=["command line", "environment", "ini"])
def in_mode(request, project, monkeypatch):
    """Runs pytest in a mode that is set for the whole run, in each way there is; `record` with the provider."""

    def run(mode, *args):
        if request.param == "environment":
            monkeypatch.setenv("PYTEST_LMCACHE", mode)
        elif request.param == "ini":
            project.ini(f"lmcache_mode = {mode}")
        else:
            args = (f"--lmcache={mode}", *args)
        return project.live(*args) if mode == "record" else project.bare(*args)

    return run


def test_a_mode_of_the_run_covers_unmarked_tests(project, in_mode):
    project.tests(QUESTION)
    result = in_mode("record")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["lmcache: record, keyed by request, into cassettes/"])
    assert len(project.recordings()) == 1


def test_a_mode_of_the_run_covers_calls_made_while_modules_are_imported(project, in_mode):
    project.pytester.makeconftest("from app import ask\nCAPITAL = ask()\n")
    project.tests(
        "from conftest import CAPITAL\nRIVERS = ask('Rivers?')\ndef test_it():\n    assert CAPITAL != RIVERS\n"
    )
    project.record().assert_outcomes(passed=1)
    assert len(project.recordings()) == 2
    result = in_mode("replay")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["lmcache: 2 replayed*"])
    assert project.provider.count() == 2


@pytest.mark.parametrize("opted_in", ["@pytest.mark.lmcache\ndef test_it():", "def test_it(lmcache):"])
def test_without_a_mode_what_opts_in_replays(project, opted_in):
    project.tests(f"{opted_in}\n    ask()\n")
    project.live().assert_outcomes(failed=1)
    assert project.provider.count() == 0
    project.record().assert_outcomes(passed=1)
    result = project.bare()
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["lmcache: replay, keyed by request, from cassettes/", "lmcache: 1 replayed*"])


def test_without_a_mode_what_does_not_opt_in_stays_live(project):
    project.tests("@pytest.mark.lmcache\ndef test_replayed():\n    ask()\ndef test_live():\n    ask()\n")
    project.record("-k", "replayed").assert_outcomes(passed=1)
    result = project.live()
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["lmcache: 1 replayed*"])
    assert project.provider.count() == 2
    assert len(project.recordings()) == 1
