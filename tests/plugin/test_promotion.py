"""What reaches the cassette folder: what a phase that passed has used, and nothing else; and nothing is paid twice."""

from __future__ import annotations

import signal

import pytest

SETUP = """
@pytest.fixture
def answer():
    return ask("in setup")
"""

TEARDOWN = """
@pytest.fixture
def answer():
    yield ask("in setup")
    ask("in teardown")
    {ending}
"""

# What fails, the test, and the texts whose recordings are promoted.
PHASES = {
    "nothing": (SETUP + "def test_it(answer):\n    ask('in the test')", {"in setup", "in the test"}),
    "the call": (SETUP + "def test_it(answer):\n    ask('in the test')\n    assert False", {"in setup"}),
    "the setup": (
        SETUP + "@pytest.fixture\ndef bad(answer):\n    assert False\ndef test_it(bad):\n    ask('in the test')",
        set(),
    ),
    "the teardown": (
        TEARDOWN.format(ending="assert False") + "\ndef test_it(answer):\n    ask('in the test')",
        {"in setup", "in the test"},
    ),
    "nothing, with a teardown": (
        TEARDOWN.format(ending="") + "\ndef test_it(answer):\n    ask('in the test')",
        {"in setup", "in the test", "in teardown"},
    ),
    "the call, with a teardown": (
        TEARDOWN.format(ending="") + "\ndef test_it(answer):\n    ask('in the test')\n    assert False",
        {"in setup", "in teardown"},
    ),
    "nothing, skipped after a call": (
        SETUP + "def test_it(answer):\n    ask('in the test')\n    pytest.skip('enough')",
        {"in setup", "in the test"},
    ),
    "what was expected to": (
        SETUP + "@pytest.mark.xfail\ndef test_it(answer):\n    ask('in the test')\n    assert False",
        {"in setup", "in the test"},
    ),
    "what was strictly expected to, and does not": (
        SETUP + "@pytest.mark.xfail(strict=True)\ndef test_it(answer):\n    ask('in the test')",
        {"in setup"},
    ),
}


def asked(recordings):
    """The questions of recordings."""
    return {recording["request"]["messages"][0]["content"] for recording in recordings}


@pytest.mark.parametrize("failing", PHASES)
def test_a_recording_is_promoted_with_the_phase_that_used_it(project, failing):
    test, promoted = PHASES[failing]
    project.tests(test)
    project.record()
    assert asked(project.load()) == promoted


@pytest.mark.parametrize("failing", ["the call", "the setup", "the teardown"])
def test_with_keep_all_every_recording_is_promoted(project, failing):
    project.ini("lmcache_keep = all")
    project.tests(PHASES[failing][0])
    project.record()
    assert len(project.load()) == project.provider.count()


def test_what_a_failing_test_paid_for_is_told_of_and_free_when_it_is_fixed(project):
    project.tests("def test_it():\n    assert ask() == 'something else'")
    result = project.record()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["lmcache: 1 recorded", "*1 recording stays on this machine*test_it.py::test_it*"])
    assert project.recordings() == []
    project.tests("def test_it():\n    assert ask()")
    result = project.record()
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["lmcache: 1 replayed*"])
    assert project.provider.count() == 1
    assert len(project.recordings()) == 1


def test_a_test_that_failed_is_a_miss_in_replay(project):
    project.tests("def test_it():\n    assert ask() == 'something else'")
    project.record().assert_outcomes(failed=1)
    result = project.replay()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["lmcache: 1 missed*"])


def test_a_recording_that_one_test_failed_with_is_promoted_by_another_that_passes(project):
    project.tests("def test_bad():\n    ask()\n    assert False\n\ndef test_good():\n    assert ask()")
    project.record().assert_outcomes(failed=1, passed=1)
    assert project.provider.count() == 1
    assert len(project.recordings()) == 1


def test_a_failing_refresh_leaves_the_old_recording(project):
    project.tests("import os\ndef test_it():\n    ask()\n    assert 'BAD' not in os.environ")
    project.record().assert_outcomes(passed=1)
    before = project.recordings()[0].read_bytes()
    project._monkeypatch.setenv("BAD", "1")
    project.record(mode="refresh").assert_outcomes(failed=1)
    assert project.provider.count() == 2
    assert project.recordings()[0].read_bytes() == before


@pytest.mark.parametrize("passes", [True, False])
def test_a_stream_read_in_the_teardown_is_promoted_as_its_test_was(project, passes):
    project.tests(
        f"""
@pytest.fixture
def streams():
    streams = []
    yield streams
    assert list(streams[0])

def test_it(streams):
    messages = [{{"role": "user", "content": "Tell me a story"}}]
    streams.append(litellm.completion(model="openai/gpt-4o-mini", messages=messages, stream=True))
    assert {passes}
"""
    )
    project.record()
    assert len(project.recordings()) == passes
    assert project.provider.count() == 1


def test_an_answer_that_comes_after_its_test_has_passed_is_promoted(project):
    project.tests(
        """
import threading
ended = threading.Event()
threads = []

@pytest.fixture(scope="module", autouse=True)
def joined():
    yield
    ended.set()
    threads[0].join()

def test_it():
    def late():
        messages = [{"role": "user", "content": "Tell me a story"}]
        stream = litellm.completion(model="openai/gpt-4o-mini", messages=messages, stream=True)
        opened.set()
        ended.wait(30)
        list(stream)
    opened = threading.Event()
    threads.append(threading.Thread(target=late))
    threads[0].start()
    opened.wait(30)
"""
    )
    project.record().assert_outcomes(passed=1)
    assert len(project.recordings()) == 1


def test_a_killed_run_is_paid_for_once_and_leaves_no_debris(project):
    project.tests(
        """
import os, signal
def test_one():
    assert ask("one")

def test_two():
    assert ask("two")
    if "KILL" in os.environ:
        os.kill(os.getpid(), signal.SIGKILL)
"""
    )
    project._monkeypatch.setenv("KILL", "1")
    killed = project.record(subprocess=True)
    assert killed.ret == -signal.SIGKILL
    assert project.provider.count() == 2
    assert asked(project.load()) == {"one"}
    (project.cassettes / "chat" / "half.json.0a1b2c3d.lmcache-tmp").write_text('{"format"')
    project._monkeypatch.delenv("KILL")
    project.record().assert_outcomes(passed=2)
    assert project.provider.count() == 2
    assert asked(project.load()) == {"one", "two"}
    assert list(project.cassettes.rglob("*tmp*")) == []


def test_replay_writes_nothing_below_the_cassette_folder(project):
    project.tests("def test_it():\n    assert ask()")
    project.record().assert_outcomes(passed=1)
    before = {path: path.stat().st_mtime_ns for path in project.cassettes.rglob("*")}
    project.replay().assert_outcomes(passed=1)
    assert {path: path.stat().st_mtime_ns for path in project.cassettes.rglob("*")} == before
