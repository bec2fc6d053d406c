"""A verify run as a whole: each recording once, within bounds, set in the right place, told in all reports."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

from verifying import ONE, THREE, drifts, record, told, verify


class TestOnce:
    def test_a_recording_is_asked_for_once_in_a_run(self, project, spread):
        project.over_http().tests("@pytest.mark.parametrize('n', range(8))\ndef test_it(n):\n    ask()\n    ask()\n")
        project.record().assert_outcomes(passed=8)
        project.provider.reset()
        result = verify(project, *spread)
        result.assert_outcomes(passed=8)
        assert project.provider.count() == 1
        assert "1 recording verified: 1 reworded" in told(result)[0]

    def test_workers_check_different_ones(self, project, spread):
        project.over_http().tests(THREE)
        project.record().assert_outcomes(passed=3)
        project.provider.reset()
        drifts(project.provider, '"stop"', '"length"')
        result = verify(project, *spread)
        result.assert_outcomes(passed=3)
        assert result.ret == 1
        assert project.provider.count() == 3
        lines = told(result)
        assert "3 recordings verified: 3 changed" in lines[0]
        assert [line.partition("(")[2] for line in lines[1:4]] == [f"test_it.py::test_it[{n}])" for n in range(3)]

    def test_threads_check_it_once(self, project):
        record(
            project,
            "from concurrent.futures import ThreadPoolExecutor\n"
            "def test_it():\n"
            "    with ThreadPoolExecutor(8) as pool:\n"
            "        tasks = [pool.submit(ask) for n in range(8)]\n"
            "    assert len({task.result() for task in tasks}) == 1\n",
        )
        verify(project).assert_outcomes(passed=1)
        assert project.provider.count() == 1

    def test_a_worker_that_is_lost_is_told(self, project):
        record(project, ONE)
        project.tests("import os\n" + ONE + "def test_ends():\n    os._exit(3)\n")
        result = verify(project, "-n", "1", "--max-worker-restart=0")
        assert result.ret == 1
        assert "  1 worker lost, with what it had found" in result.outlines

    def test_the_next_run_asks_again(self, project):
        record(project, ONE)
        verify(project)
        verify(project)
        assert project.provider.count() == 2


class TestBudgets:
    def test_what_is_left_of_the_bound_is_checked_and_the_rest_skipped(self, project, spread):
        project.over_http().tests(THREE)
        project.record().assert_outcomes(passed=3)
        project.provider.reset()
        result = verify(project, "--lmcache-max-calls=2", *spread)
        result.assert_outcomes(passed=3)
        assert result.ret == 0
        assert project.provider.count() == 2
        lines = told(result)
        assert "2 recordings verified: 2 reworded" in lines[0]
        assert lines[-1] == "  1 skipped: --lmcache-max-calls=2 is reached"

    def test_nothing_checked_is_said(self, project):
        record(project, THREE)
        result = verify(project, "--lmcache-max-cost=0")
        assert result.ret == 0
        assert project.provider.count() == 0
        assert told(result) == [
            "lmcache: verify checked nothing: 3 recordings were used, and skipped",
            "  3 skipped: --lmcache-max-cost=0 is reached",
        ]


class TestWhereItIsSet:
    def test_the_environment_sets_it(self, project, monkeypatch):
        record(project, ONE)
        monkeypatch.setenv("PYTEST_LMCACHE", "verify")
        result = project.live()
        assert "1 recording verified" in told(result)[0]
        result.stdout.fnmatch_lines(["lmcache: verify, keyed by request, from cassettes/"])

    REFUSED = "mode='verify' checks a whole run, so it is given on the command line, as --lmcache=verify, or in *"

    def test_a_marker_cannot(self, project):
        project.tests("@pytest.mark.lmcache(mode='verify')\n" + ONE)
        result = project.live()
        assert result.ret == 4
        result.stderr.fnmatch_lines([f"ERROR: lmcache: test_it.py::test_it: @pytest.mark.lmcache: {self.REFUSED}"])

    def test_the_ini_file_cannot(self, project):
        project.ini("lmcache_mode = verify")
        project.tests(ONE)
        result = project.live()
        assert result.ret == 4
        result.stderr.fnmatch_lines([f"ERROR: ini lmcache_mode: {self.REFUSED}"])

    def test_lmcache_config_cannot(self, project):
        project.tests("@pytest.fixture\ndef lmcache_config():\n    return {'mode': 'verify'}\n" + ONE)
        result = project.live()
        result.assert_outcomes(errors=1)
        result.stdout.fnmatch_lines([f"lmcache: lmcache_config: {self.REFUSED}"])

    def test_it_is_listed_where_a_mode_is_asked_for(self, project):
        project.tests(ONE)
        result = project.live("--lmcache")
        result.stderr.fnmatch_lines(["*one of replay, record, refresh, off, verify, as in --lmcache=replay"])


class TestReports:
    def test_the_report_has_every_recording(self, project, spread):
        project.tests(ONE + "def test_two():\n    ask('Two?')\n")
        project.record().assert_outcomes(passed=2)
        drifts(project.provider, "Paris", "Lyon")
        result = verify(project, "--lmcache-report=report.json", *spread)
        assert result.ret == 0
        document = json.loads((project.path / "report.json").read_text())
        found = document["verify"]
        assert found["similarity"] == 0.3
        assert found["sample"] is found["seed"] is None
        assert found["counts"] == {"identical": 0, "reworded": 2, "changed": 0, "error": 0, "skipped": 0}
        assert [each["test"] for each in found["recordings"]] == ["test_it.py::test_it", "test_it.py::test_two"]
        one = found["recordings"][0]
        assert (project.path / one["recording"]).exists()
        assert one["verdict"] == "reworded"
        assert 0.6 < one["similarity"] < 0.9
        assert one["fails"] is False
        assert "[-Paris" in one["shown"]
        assert (one["take"], one["takes"]) == (1, 1)
        assert one["tokens"]["prompt_tokens"] > 0
        assert one["cost_usd"] > 0
        assert one["model"] == "openai/gpt-4o-mini"

    def test_a_run_in_another_mode_has_none(self, project):
        record(project, ONE)
        project.replay("--lmcache-report=report.json")
        assert json.loads((project.path / "report.json").read_text())["verify"] is None

    def test_the_exit_status_is_in_the_report(self, project):
        record(project, ONE)
        drifts(project.provider, '"stop"', '"length"')
        assert verify(project, "--lmcache-report=report.json").ret == 1
        assert json.loads((project.path / "report.json").read_text())["exit_status"] == 1

    def test_github_marks_the_test(self, project, monkeypatch):
        record(project, ONE + "def test_two():\n    ask('Two?')\n")
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        monkeypatch.setenv("GITHUB_WORKSPACE", str(project.path))
        drifts(project.provider, '"stop"', '"length"')
        result = verify(project, "-k", "test_two")
        where = "file=test_it.py,line=5,title=lmcache verify"
        what = "changed: cassettes/chat/two-*.json%0Afinish_reason: stop → length"
        result.stdout.fnmatch_lines([f"::error {where}::{what}"])

    def test_junit_is_as_in_replay(self, project):
        record(project, ONE)
        drifts(project.provider, '"stop"', '"length"')
        verify(project, "--junitxml=verified.xml")
        project.replay("--junitxml=replayed.xml")
        verified, replayed = (ET.parse(project.path / name).getroot()[0] for name in ("verified.xml", "replayed.xml"))
        assert verified.get("failures") == replayed.get("failures") == "0"
        of_test, as_in_replay = ([each.attrib for each in root.iter("property")] for root in (verified, replayed))
        assert of_test == as_in_replay

    def test_verdicts_of_tests_are_as_in_replay(self, project):
        record(project, ONE)
        verify(project, "-v").stdout.fnmatch_lines(["test_it.py::test_it PASSED [[]1 replayed[]]*"])

    def test_the_summary_claims_no_savings(self, project):
        record(project, ONE)
        assert "lmcache: 1 replayed" in verify(project).outlines

    def test_strict_allows_it(self, project):
        record(project, ONE)
        assert verify(project, "--lmcache-strict").ret == 0

    def test_many_rewordings_are_told_by_the_least_similar_ones(self, project):
        project.tests("@pytest.mark.parametrize('n', range(13))\ndef test_it(n):\n    ask(f'Number {n}?')\n")
        project.record().assert_outcomes(passed=13)
        lines = told(verify(project))
        assert len(lines) == 1 + 2 * 10 + 1
        assert lines[-1] == "  and 3 more rewordings that are closer; -v shows all"
        assert len(told(verify(project, "-v"))) == 1 + 2 * 13


def test_calls_while_modules_are_imported_are_checked_too(project):
    project.tests("ANSWER = ask()\ndef test_it():\n    assert ANSWER\n")
    project.record().assert_outcomes(passed=1)
    project.provider.reset()
    result = verify(project)
    result.assert_outcomes(passed=1)
    assert project.provider.count() == 1
    assert "(collection)" in told(result)[1]


def test_a_project_without_recordings_is_told_so(project):
    project.tests("def test_it():\n    pass\n")
    result = verify(project)
    assert result.ret == 0
    assert told(result) == ["lmcache: verify checked nothing: no test of this run used a recording"]
