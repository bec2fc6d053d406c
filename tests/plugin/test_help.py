"""What a user finds without the documentation: --help, --markers, --fixtures, and the header of a run."""

from __future__ import annotations

import pytest

from pytest_lmcache.options import OPTIONS
from pytest_lmcache.readers import MODES

QUESTION = "def test_it():\n    ask()\n"


def words(result):
    """The output of a run without its line breaks."""
    return " ".join(result.stdout.str().split())


def test_help_explains_the_option_and_each_of_its_modes(project):
    text = words(project.bare("--help"))
    assert "language-model calls, recorded and replayed: --lmcache=[MODE]" in text.replace(
        "--lmcache [MODE]", "--lmcache=[MODE]"
    )
    for mode in MODES:
        assert f"{mode}: " in text
    assert (
        "The mode covers every test of the run; without it only tests with the lmcache marker or fixture replay."
        in text
    )


@pytest.mark.parametrize("option", [option for option in OPTIONS if option.ini_type], ids=lambda option: option.name)
def test_help_explains_every_ini_option_with_its_default(project, option):
    text = words(project.bare("--help"))
    explained = text.split(f"lmcache_{option.name} (")[1].split("lmcache_")[0]
    assert option.help in explained
    assert not option.default or f"(default: {option.default})" in explained


def test_markers_explains_every_argument(project):
    text = words(project.bare("--markers"))
    explained = text.split("@pytest.mark.lmcache(")[1].split("@pytest.mark.")[0]
    for option in OPTIONS:
        assert (f"{option.name}=" in explained) == option.marker
    assert "record the test's language-model calls once and replay them" in explained


def test_fixtures_explains_both_fixtures(project):
    text = words(project.bare("--fixtures"))
    assert "lmcache_config [session scope]" in text
    assert "Settings of pytest-lmcache for the tests that see this fixture: override it in a conftest.py" in text
    assert "What this test asked of language models, and who answered." in text
    assert "_lmcache_settings" not in text


@pytest.mark.parametrize(
    ("mode", "line"),
    [
        ("replay", "lmcache: replay, keyed by request, from cassettes/"),
        ("record", "lmcache: record, keyed by request, into cassettes/"),
        ("refresh", "lmcache: refresh, keyed by request, into cassettes/"),
    ],
)
def test_the_header_says_mode_key_strategy_and_folder(project, mode, line):
    project.tests(QUESTION)
    project.live(f"--lmcache={mode}").stdout.fnmatch_lines(["=*test session starts*", line, "collected 1 item"])


@pytest.mark.parametrize("arguments", [[], ["--lmcache=off"]])
def test_a_run_in_which_the_plugin_does_nothing_has_no_header(project, arguments):
    project.tests(QUESTION)
    project.live(*arguments).stdout.no_fnmatch_line("lmcache: *")


def test_a_run_in_which_only_marked_tests_act_says_so_once_they_are_known(project):
    project.tests("@pytest.mark.lmcache\n" + QUESTION)
    result = project.bare()
    result.stdout.fnmatch_lines(["collected 1 item", "lmcache: replay, keyed by request, from cassettes/"])


@pytest.mark.parametrize("typed", ["--help", "--version", "--markers", "--fixtures", "--co"])
def test_asking_for_help_asks_no_provider(project, typed):
    project.tests(QUESTION)
    assert project.record(typed).ret == pytest.ExitCode.OK
    assert project.provider.count() == 0
    assert not project.cassettes.exists()
