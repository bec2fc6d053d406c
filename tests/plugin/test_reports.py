"""What is made of a run at its end: the report, strictness, recordings no test used, JUnit and GitHub Actions."""

from __future__ import annotations

import json
import subprocess
import xml.etree.ElementTree as ET

import pytest

TWO = "def test_one():\n    ask('One?')\ndef test_two():\n    ask('Two?')\n"
ONE = "def test_one():\n    ask('One?')\n"
REPLAY = "--lmcache=replay"


@pytest.fixture
def project(project):
    """What a run leaves behind does not depend on an SDK."""
    return project.over_http()


@pytest.fixture
def outdated(project):
    """A project with a recording that no test uses any more, committed."""
    project.tests(TWO)
    project.record().assert_outcomes(passed=2)
    project.tests(ONE)
    git(project, "init", "-q")
    commit(project)
    return project


def git(project, *arguments):
    identity = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.invalid")
    return subprocess.run(
        ["git", *identity, *arguments], cwd=project.path, check=True, capture_output=True, text=True
    ).stdout


def commit(project):
    git(project, "add", "cassettes")
    git(project, "commit", "-qm", "recordings")


def report(project):
    return json.loads((project.path / "out" / "report.json").read_text())


def told(result):
    return [line for line in result.outlines if line.startswith(("lmcache: ", "  "))]


class TestReport:
    def test_it_has_every_test_with_its_calls(self, project, spread):
        project.tests(TWO + "def test_none():\n    pass\n")
        project.record().assert_outcomes(passed=3)
        project.replay("--lmcache-report=out/report.json", *spread).assert_outcomes(passed=3)
        document = report(project)
        assert document["format"] == 1
        assert document["exit_status"] == 0
        assert document["totals"]["replayed"] == 2
        assert document["unused"] == document["incomplete"] == []
        tests = {test["name"]: test for test in document["tests"] if test["kind"] == "test"}
        assert [(name, test["verdict"], test["outcome"]) for name, test in sorted(tests.items())] == [
            ("test_it.py::test_none", "no calls", "passed"),
            ("test_it.py::test_one", "1 replayed", "passed"),
            ("test_it.py::test_two", "1 replayed", "passed"),
        ]
        (call,) = tests["test_it.py::test_one"]["calls"]
        assert (project.path / call["recording"]).exists()
        assert call["outcome"] == "replayed"
        assert call["model"] == "gpt-4o-mini"
        assert call["tokens"]["prompt_tokens"] > 0
        assert call["took_s"] >= 0
        assert min(call["began_s"] for test in tests.values() for call in test["calls"]) == 0
        assert (tests["test_it.py::test_one"]["file"], tests["test_it.py::test_one"]["line"]) == ("test_it.py", 3)

    def test_it_has_what_was_refused_and_what_fixtures_asked(self, project, spread):
        project.tests(
            "@pytest.fixture(scope='module')\ndef wide():\n    return ask('Wide?')\n"
            "def test_wide(wide):\n    pass\ndef test_one():\n    ask('One?')\n"
        )
        project.record("-k", "wide").assert_outcomes(passed=1)
        project.replay("--lmcache-report=out/report.json", *spread).assert_outcomes(passed=1, failed=1)
        document = report(project)
        assert document["exit_status"] == 1
        assert document["incomplete"] == ["1 test failed"]
        entries = {entry["name"]: entry for entry in document["tests"]}
        assert entries["test_it.py::wide"]["kind"] == "fixture"
        assert entries["test_it.py::wide"]["verdict"] == "1 replayed"
        assert entries["test_it.py::test_one"]["verdict"] == "missed"
        assert "nothing recorded answers this call" in entries["test_it.py::test_one"]["refusals"][0]
        assert entries["test_it.py::test_one"]["calls"][0]["outcome"] == "missed"

    def test_where_the_plugin_acts_on_no_test_it_is_written_and_says_so(self, project, spread):
        project.tests("def test_it():\n    pass\n")
        result = project.bare("--lmcache-report=out/report.json", *spread)
        assert result.ret == 0
        assert report(project)["tests"] == []
        (line,) = told(result)
        assert line.startswith(f"lmcache: {project.path / 'out' / 'report.json'} lists no test, as the plugin acted on")

    def test_a_file_that_cannot_be_written_is_named(self, project):
        project.tests(ONE)
        project.record().assert_outcomes(passed=1)
        (project.path / "out").write_text("a file")
        result = project.replay("--lmcache-report=out/report.json")
        assert result.ret != 0
        assert "--lmcache-report" in result.stdout.str() + result.stderr.str()


class TestStrict:
    def test_a_run_of_replays_passes(self, project, spread):
        project.tests(TWO)
        project.record().assert_outcomes(passed=2)
        assert project.replay("--lmcache-strict", *spread).ret == 0

    def test_a_run_that_recorded_fails(self, project, spread):
        project.tests(TWO)
        result = project.record("--lmcache-strict", *spread)
        assert result.ret == 1
        assert "lmcache: --lmcache-strict allows replays only: 2 recorded" in told(result)

    def test_a_run_that_left_a_recording_unused_fails(self, outdated, spread):
        result = outdated.replay("--lmcache-strict", *spread)
        assert result.ret == 1
        result.stdout.fnmatch_lines(["lmcache: cassettes/chat/two-*.json not used by any test of this run"])

    def test_a_part_of_the_suite_is_not_blamed_for_what_it_did_not_use(self, outdated):
        assert outdated.replay("--lmcache-strict", "-k", "one").ret == 0


class TestCheck:
    def test_it_names_what_was_not_used_and_removes_nothing(self, outdated, spread):
        result = outdated.replay("--lmcache-check", *spread)
        assert result.ret == 1
        result.stdout.fnmatch_lines(["lmcache: cassettes/chat/two-*.json not used by any test of this run"])
        assert len(outdated.recordings()) == 2

    def test_a_suite_that_uses_all_passes(self, project, spread):
        project.tests(TWO)
        project.record().assert_outcomes(passed=2)
        assert project.replay("--lmcache-check", *spread).ret == 0

    def test_what_a_skipped_test_recorded_counts_as_used(self, project):
        project.tests(TWO)
        project.record().assert_outcomes(passed=2)
        project.tests(TWO.replace("def test_two", "@pytest.mark.skip\ndef test_two"))
        assert project.replay("--lmcache-check").ret == 0


class TestPrune:
    def test_what_a_complete_run_did_not_use_goes(self, outdated, spread):
        result = outdated.replay("--lmcache-prune", *spread)
        assert result.ret == 0
        result.stdout.fnmatch_lines(["lmcache: cassettes/chat/two-*.json removed: no test used it"])
        (left,) = outdated.recordings()
        assert left.name.startswith("one-")
        assert outdated.replay("--lmcache-check").ret == 0

    def test_nothing_goes_where_all_is_used(self, project):
        project.tests(TWO)
        project.record().assert_outcomes(passed=2)
        result = project.replay("--lmcache-prune")
        assert result.ret == 0
        assert "lmcache: every recording was used" in told(result)
        assert len(project.recordings()) == 2

    @pytest.mark.parametrize(
        ("arguments", "reason"),
        [
            (("-k", "one"), "-k chose among the tests"),
            (("-m", "not slow"), "-m chose among the tests"),
            (("test_it.py",), "paths on the command line chose among the tests"),
            (("--deselect", "test_it.py::test_other"), "--deselect chose among the tests"),
            (("-x",), "-x chose among the tests"),
            (("--ignore", "test_other.py"), "--ignore chose among the tests"),
            (("--lf",), "--lf chose among the tests"),
        ],
    )
    def test_a_run_that_is_not_complete_removes_nothing_and_says_why(self, outdated, arguments, reason):
        ini = outdated.path / "tox.ini"
        ini.write_text(ini.read_text().replace("-p no:cacheprovider", ""))
        result = outdated.replay("--lmcache-prune", *arguments)
        assert result.ret == 1
        assert told(result)[-2:] == [
            "lmcache: --lmcache-prune judges complete runs that pass, and this one was not:",
            f"  {reason}",
        ]
        assert len(outdated.recordings()) == 2

    @pytest.mark.parametrize(
        ("test", "reason"),
        [
            ("def test_it():\n    assert False\n", "1 test failed"),
            ("def test_it(:\n", "1 module could not be collected"),
        ],
    )
    def test_a_run_that_does_not_pass_removes_nothing(self, outdated, test, reason):
        outdated.tests(test, "test_other")
        result = outdated.replay("--lmcache-prune")
        assert f"  {reason}" in told(result)
        assert len(outdated.recordings()) == 2

    def test_workers_that_ran_a_part_remove_nothing(self, outdated):
        result = outdated.replay("--lmcache-prune", "-n", "2", "-k", "one")
        assert "  -k chose among the tests" in told(result)
        assert len(outdated.recordings()) == 2

    def test_a_worker_that_dies_leaves_everything(self, outdated):
        outdated.tests("import os\ndef test_it():\n    os._exit(1)\n", "test_other")
        result = outdated.replay("--lmcache-prune", "-n", "2", "--max-worker-restart=0")
        assert result.ret != 0
        assert len(outdated.recordings()) == 2

    def test_a_test_that_a_conftest_takes_out_leaves_everything(self, outdated):
        (outdated.path / "conftest.py").write_text(
            "def pytest_collection_modifyitems(config, items):\n"
            "    config.hook.pytest_deselected(items=items[1:])\n    del items[1:]\n"
        )
        outdated.tests(TWO)
        result = outdated.replay("--lmcache-prune")
        assert "  1 test was deselected" in told(result)
        assert len(outdated.recordings()) == 2

    def test_what_git_could_not_give_back_stays_unless_forced(self, outdated):
        git(outdated, "rm", "-q", "--cached", "-r", "cassettes")
        git(outdated, "commit", "-qm", "not tracked")
        result = outdated.replay("--lmcache-prune")
        assert result.ret == 1
        result.stdout.fnmatch_lines(["lmcache: cassettes/chat/two-*.json kept: git could not give it back*"])
        assert len(outdated.recordings()) == 2
        assert outdated.replay("--lmcache-prune", "--lmcache-force").ret == 0
        assert len(outdated.recordings()) == 1

    @pytest.mark.parametrize("option", ["--lmcache-check", "--lmcache-prune"])
    def test_nothing_is_judged_where_the_plugin_acts_on_no_test(self, outdated, option):
        outdated.tests("def test_it():\n    pass\n")
        result = outdated.bare(option)
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        assert f"lmcache: {option} judges complete runs that pass, and this one was not:" in told(result)
        assert len(outdated.recordings()) == 2

    def test_a_run_without_a_mode_removes_nothing(self, outdated):
        outdated.tests("@pytest.mark.lmcache\n" + ONE)
        result = outdated.bare("--lmcache-prune")
        assert any("no mode was set for the run" in line for line in told(result))
        assert len(outdated.recordings()) == 2


def test_junit_says_what_became_of_the_calls_of_a_test(project, spread):
    project.tests(ONE)
    project.record().assert_outcomes(passed=1)
    project.replay("--junitxml=junit.xml", *spread).assert_outcomes(passed=1)
    tree = ET.parse(project.path / "junit.xml")
    properties = {each.get("name"): each.get("value") for each in tree.iter("property")}
    assert properties["lmcache"] == "1 replayed"
    assert properties["lmcache.calls"] == "1"
    assert int(properties["lmcache.tokens"]) > 0
    assert float(properties["lmcache.cost_usd"]) > 0


def test_on_github_a_miss_is_marked_at_its_test(project, spread, monkeypatch):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(project.path.parent))
    project.tests(ONE)
    result = project.replay(*spread)
    (line,) = [line for line in result.outlines if line.startswith("::")]
    start = f"::error file={project.path.name}/test_it.py,line=3,title=lmcache::lmcache: nothing recorded answers"
    assert line.startswith(start)
    assert "%0A%0A" in line


def test_without_github_nothing_is_marked(project, monkeypatch):
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    project.tests(ONE)
    assert not [line for line in project.replay().outlines if line.startswith("::")]
