"""A suite recorded with another tool, its cassettes imported, and its tests replayed without the tool or a provider."""

from __future__ import annotations

import json
import shutil

import pytest
from recorders import CALLS, RECORDERS, TESTS, Recorder, Suite

from provider import Provider

NOBODY = "http://127.0.0.1:9"


@pytest.fixture(scope="module", params=RECORDERS, ids=lambda recorder: recorder.name)
def recorder(request: pytest.FixtureRequest) -> Recorder:
    if not request.param.installed:
        pytest.skip(f"{request.param.name} or openai is not installed")
    return request.param


@pytest.fixture(scope="module")
def original(recorder: Recorder, tmp_path_factory) -> Suite:
    suite = Suite(tmp_path_factory.mktemp("suite"))
    with Provider() as provider:
        done = suite.pytest(provider.url, recorder=recorder)
        assert f"{TESTS} passed" in done.stdout, done.stdout + done.stderr
        assert provider.count() == CALLS
    return suite


@pytest.fixture
def recorded(original: Suite, tmp_path) -> Suite:
    """The suite with its cassettes, in a folder of its own."""
    shutil.copytree(original.folder, tmp_path, dirs_exist_ok=True)
    return Suite(tmp_path)


def test_a_recorded_suite_replays_with_the_same_results_and_no_provider(recorded, recorder):
    imported = recorded.lmcache("import", "tests/cassettes")
    assert imported.returncode == 0, imported.stdout + imported.stderr
    assert f"{CALLS} calls of models in them: {CALLS} imported" in imported.stdout

    recorded.mark("lmcache")
    replayed = recorded.pytest(NOBODY)

    assert f"{TESTS} passed" in replayed.stdout, replayed.stdout + replayed.stderr
    assert f"lmcache: {CALLS} replayed" in replayed.stdout
    assert "hint" not in replayed.stdout
    assert recorded.results() == recorded.results(recorder)
    assert len(recorded.results()) == TESTS


def test_with_the_messages_key_an_imported_suite_replays_other_settings(recorded):
    assert recorded.lmcache("import", "tests/cassettes", "--key", "messages").returncode == 0

    recorded.mark('lmcache(key="messages")')
    test = recorded.folder / "tests" / "test_it.py"
    test.write_text(test.read_text().replace("temperature=0.1, seed=7", "temperature=0.9"))

    assert f"{TESTS} passed" in recorded.pytest(NOBODY).stdout


def test_a_prompt_that_changed_since_misses_and_the_miss_names_the_cassette(recorded):
    assert recorded.lmcache("import", "tests/cassettes").returncode == 0

    recorded.mark("lmcache")
    test = recorded.folder / "tests" / "test_it.py"
    test.write_text(test.read_text().replace("the capital of France", "the main city of France"))
    missed = recorded.pytest(NOBODY)

    assert f"1 failed, {TESTS - 1} passed" in missed.stdout
    assert "nothing recorded answers this call" in missed.stdout
    assert "was imported from tests/cassettes/test_it/test_chat.yaml" in missed.stdout


def test_no_key_of_a_client_is_imported_and_importing_again_changes_nothing(recorded):
    recorded.lmcache("import", "tests/cassettes")
    before = {path: path.read_bytes() for path in recorded.recordings()}
    again = recorded.lmcache("import", "tests/cassettes", "--json")

    assert json.loads(again.stdout)["written"] == {
        "new": 0, "unchanged": len(before), "kept": [], "replaced": 0, "broken": [],
    }  # fmt: skip
    assert {path: path.read_bytes() for path in recorded.recordings()} == before
    assert not any(b"fake-key-for-tests" in content for content in before.values())
