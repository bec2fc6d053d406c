"""Placeholder keys: there in replay before anything of the project is imported, gone afterwards, never in record."""

from __future__ import annotations

import os

import pytest

from pytest_lmcache.placeholders import KEYS, VALUE

SHOW = "import os\nKEY = os.environ.get('{name}')\n"


@pytest.mark.parametrize("name", KEYS)
def test_they_are_set_in_replay_before_conftest_files_are_imported(project, monkeypatch, name):
    monkeypatch.delenv(name, raising=False)
    project.pytester.makeconftest(SHOW.format(name=name))
    project.tests(
        f"import os\nfrom conftest import KEY\ndef test_it():\n    assert KEY == {VALUE!r} == os.environ[{name!r}]\n"
    )
    project.replay().assert_outcomes(passed=1)
    assert name not in os.environ


@pytest.mark.parametrize("set_by", ["environment", "ini"])
def test_they_are_set_however_the_mode_is(project, monkeypatch, set_by):
    monkeypatch.delenv("GROQ_API_KEY", raising=False)
    if set_by == "ini":
        project.ini("lmcache_mode = replay")
    else:
        monkeypatch.setenv("PYTEST_LMCACHE", "replay")
    project.pytester.makeconftest("import os\nassert os.environ['GROQ_API_KEY']\n")
    project.tests("def test_it():\n    pass\n")
    project.bare().assert_outcomes(passed=1)
    assert "GROQ_API_KEY" not in os.environ


def test_they_are_recognisably_no_keys():
    assert "placeholder" in VALUE
    assert "not-a-real-key" in VALUE


def test_they_never_replace_a_key_that_is_there(project, monkeypatch):
    monkeypatch.setenv("GROQ_API_KEY", "fake-key-of-the-user")
    project.tests("import os\ndef test_it():\n    assert os.environ['GROQ_API_KEY'] == 'fake-key-of-the-user'\n")
    project.replay().assert_outcomes(passed=1)
    assert os.environ["GROQ_API_KEY"] == "fake-key-of-the-user"


def test_a_key_that_the_project_sets_meanwhile_stays(project, monkeypatch):
    monkeypatch.setenv("GROQ_API_KEY", "")
    monkeypatch.delenv("GROQ_API_KEY")
    project.pytester.makeconftest("import os\nos.environ['GROQ_API_KEY'] = 'fake-key-of-the-project'\n")
    project.tests("def test_it():\n    pass\n")
    project.replay().assert_outcomes(passed=1)
    assert os.environ["GROQ_API_KEY"] == "fake-key-of-the-project"


@pytest.mark.parametrize("mode", ["record", "refresh", "off"])
def test_there_are_none_in_other_modes(project, monkeypatch, mode):
    monkeypatch.delenv("GROQ_API_KEY", raising=False)
    project.pytester.makeconftest(SHOW.format(name="GROQ_API_KEY"))
    project.tests(
        "import os\nfrom conftest import KEY\ndef test_it():\n"
        "    assert KEY is None and 'GROQ_API_KEY' not in os.environ\n"
    )
    project.live(f"--lmcache={mode}").assert_outcomes(passed=1)


def test_a_test_that_records_in_a_run_that_replays_has_none(project, monkeypatch):
    monkeypatch.delenv("GROQ_API_KEY", raising=False)
    project.ini("lmcache_mode = replay")
    project.tests(
        "import os\ndef test_replayed():\n    assert 'GROQ_API_KEY' in os.environ\n"
        "@pytest.mark.lmcache(mode='record')\ndef test_recorded():\n    assert 'GROQ_API_KEY' not in os.environ\n"
        "@pytest.mark.lmcache(mode='off')\ndef test_live():\n    assert 'GROQ_API_KEY' not in os.environ\n"
        "def test_replayed_again():\n    assert 'GROQ_API_KEY' in os.environ\n"
    )
    project.bare().assert_outcomes(passed=4)


def test_without_a_mode_only_tests_that_opt_in_have_them(project, monkeypatch):
    monkeypatch.delenv("GROQ_API_KEY", raising=False)
    project.tests(
        "import os\ndef test_live():\n    assert 'GROQ_API_KEY' not in os.environ\n"
        "@pytest.mark.lmcache\ndef test_replayed():\n    assert 'GROQ_API_KEY' in os.environ\n"
        "def test_live_again():\n    assert 'GROQ_API_KEY' not in os.environ\n"
    )
    project.bare().assert_outcomes(passed=3)


def test_a_key_and_none_make_the_same_request(project):
    project.tests("def test_it():\n    ask()\n")
    project.record().assert_outcomes(passed=1)
    project.live("--lmcache=replay").assert_outcomes(passed=1)
    project.replay().assert_outcomes(passed=1)
    assert project.provider.count() == 1


def test_a_client_that_refuses_without_a_key_is_made_in_replay(project):
    project.tests("import openai\nCLIENT = openai.OpenAI()\ndef test_it():\n    assert CLIENT.api_key\n")
    project.replay().assert_outcomes(passed=1)


def test_a_run_that_ends_early_leaves_none_behind(project, monkeypatch):
    monkeypatch.delenv("GROQ_API_KEY", raising=False)
    project.pytester.makeconftest("raise OSError('broken')\n")
    project.tests("def test_it():\n    pass\n")
    assert project.replay().ret == pytest.ExitCode.USAGE_ERROR
    assert "GROQ_API_KEY" not in os.environ


def test_telemetry_is_sent_while_recording_and_neither_sent_nor_a_failure_on_replay(project):
    project.tests(
        """
import httpx, os

def test_it(lmcache, request):
    headers = {"authorization": f"Bearer {os.environ['OPENAI_API_KEY']}"}
    url = os.environ.get("OPENAI_API_BASE", "https://api.openai.com/v1") + "/traces/ingest"
    answer = httpx.post(url, headers=headers, json={"data": []})
    assert answer.status_code == (204 if request.config.getoption("--lmcache") == "replay" else 404)
    assert lmcache.calls == ()
"""
    )
    recorded = project.record()
    recorded.assert_outcomes(passed=1)
    assert "unrecorded live calls" not in recorded.stdout.str()
    assert [request.path for request in project.provider.requests] == ["/v1/traces/ingest"]
    project.replay().assert_outcomes(passed=1)
