"""Which source of a setting wins: command line, environment, marker (closest first), lmcache_config, ini, default."""

from __future__ import annotations

from itertools import combinations

import pytest

# Strongest first. The three markers are those of the function, its class and its module.
SOURCES = ("command line", "environment", "function marker", "class marker", "module marker", "lmcache_config", "ini")
PAIRS = list(combinations(SOURCES, 2))
SUITE = """
{module}
{class_}
class TestIt:
    {function}
    def test_it(self):
        ask()
"""


@pytest.fixture
def run_with(project, monkeypatch):
    """Runs a suite with a setting in some of its sources; `run_with({source: value}, name="mode")`."""

    def run(values, name="mode"):
        def marker(source, *, assigned=False):
            if source not in values:
                return ""
            return f"{'pytestmark = ' if assigned else '@'}pytest.mark.lmcache({name}={values[source]!r})"

        project.tests(
            SUITE.format(
                module=marker("module marker", assigned=True),
                class_=marker("class marker"),
                function=marker("function marker"),
            )
        )
        if "lmcache_config" in values:
            config = {name: values["lmcache_config"]}
            project.pytester.makeconftest(
                f"import pytest\n@pytest.fixture(scope='session')\ndef lmcache_config():\n    return {config!r}\n"
            )
        if "ini" in values:
            project.ini(f"lmcache_{name} = {values['ini']}")
        if "environment" in values:
            monkeypatch.setenv("PYTEST_LMCACHE", values["environment"])
        return project.live(*([f"--lmcache={values['command line']}"] if "command line" in values else []))

    return run


@pytest.mark.parametrize(("stronger", "weaker"), PAIRS)
def test_record_from_a_stronger_source_wins_over_replay(project, run_with, stronger, weaker):
    run_with({stronger: "record", weaker: "replay"}).assert_outcomes(passed=1)
    assert project.provider.count() == 1
    assert len(project.recordings()) == 1


@pytest.mark.parametrize(("stronger", "weaker"), PAIRS)
def test_replay_from_a_stronger_source_wins_over_record(project, run_with, stronger, weaker):
    run_with({stronger: "replay", weaker: "record"}).assert_outcomes(failed=1)
    assert project.provider.count() == 0


@pytest.mark.parametrize("source", SOURCES)
def test_every_source_wins_over_the_default(project, run_with, source):
    run_with({source: "record"}).assert_outcomes(passed=1)
    assert len(project.recordings()) == 1


@pytest.mark.parametrize("marker", ["function marker", "class marker", "module marker"])
@pytest.mark.parametrize("other", ["command line", "environment", "lmcache_config", "ini"])
def test_off_in_a_marker_wins_over_every_source(project, run_with, marker, other):
    run_with({marker: "off", other: "record"}).assert_outcomes(passed=1)
    assert project.provider.count() == 1
    assert project.recordings() == []


def test_off_of_an_outer_marker_gives_way_to_a_closer_marker(project, run_with):
    run_with({"function marker": "record", "class marker": "off", "module marker": "off"}).assert_outcomes(passed=1)
    assert len(project.recordings()) == 1


@pytest.mark.parametrize("other", ["command line", "environment"])
def test_off_for_the_run_wins_over_a_mode_in_a_marker(project, run_with, other):
    run_with({"function marker": "record", other: "off"}).assert_outcomes(passed=1)
    assert project.provider.count() == 1
    assert project.recordings() == []


@pytest.mark.parametrize(("stronger", "weaker"), [pair for pair in PAIRS if pair[0] in SOURCES[2:]])
def test_other_settings_follow_the_same_order(project, run_with, monkeypatch, stronger, weaker):
    monkeypatch.setenv("PYTEST_LMCACHE", "record")
    run_with({stronger: "stronger", weaker: "weaker"}, name="cassettes").assert_outcomes(passed=1)
    assert (project.path / "stronger").is_dir()
    assert not (project.path / "weaker").exists()
    assert not project.cassettes.exists()


def test_each_setting_is_taken_from_the_strongest_source_that_has_it(project):
    project.ini("lmcache_cassettes = recordings", "lmcache_key = request")
    project.tests(
        """
pytestmark = pytest.mark.lmcache(key="messages", mode="replay")

@pytest.mark.lmcache(mode="record")
def test_it(lmcache):
    ask()
    assert lmcache.calls[0].key.strategy == "messages"
"""
    )
    project.live().assert_outcomes(passed=1)
    assert (project.path / "recordings").is_dir()
