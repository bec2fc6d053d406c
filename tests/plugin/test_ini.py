"""The ini options: each does what it says, in every file pytest reads, and a bad value is named."""

from __future__ import annotations

import pytest

QUESTION = "def test_it():\n    assert ask() == ask()\n"


def test_mode(project):
    project.ini("lmcache_mode = record")
    project.tests(QUESTION)
    project.live().assert_outcomes(passed=1)
    assert len(project.recordings()) == 1


def test_key(project):
    project.ini("lmcache_key = messages")
    project.tests("def test_it():\n    assert ask() == ask(temperature=1, model='openai/another')\n")
    result = project.record()
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["lmcache: record, keyed by messages, into cassettes/"])
    assert project.provider.count() == 1


def test_key_that_is_a_callable(project):
    project.pytester.makepyfile(keys="def by_model(request):\n    return request['model']\n")
    project.ini("lmcache_key = keys:by_model")
    project.tests("def test_it():\n    assert ask('One?') == ask('Two?')\n")
    result = project.record()
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["lmcache: record, keyed by by_model, into cassettes/"])
    assert project.provider.count() == 1
    assert project.load()[0]["strategy"] == "by_model"


def test_ignore_is_a_line_each(project):
    project.ini("lmcache_ignore =", "    temperature", "    $.messages[?@.role == 'system'].content")
    project.tests(
        """
def asked(system, temperature):
    messages = [{"role": "system", "content": system}, {"role": "user", "content": "Rome?"}]
    return litellm.completion(model="openai/m", messages=messages, temperature=temperature).choices[0].message.content

def test_it():
    assert asked("Be brief.", 0) == asked("Be long.", 1)
"""
    )
    project.record().assert_outcomes(passed=1)
    assert project.provider.count() == 1


def test_normalize_is_a_line_each(project):
    project.ini("lmcache_normalize =", "    date", r"    ticket-\d+")
    project.tests("def test_it():\n    assert ask('2024-01-02 ticket-1') == ask('2025-03-04 ticket-22')\n")
    project.record().assert_outcomes(passed=1)
    assert project.provider.count() == 1


def test_repeat(project):
    project.ini("lmcache_repeat = next")
    project.tests("def test_it():\n    assert ask() != ask()\n")
    project.record().assert_outcomes(passed=1)
    assert project.provider.count() == 2
    assert len(project.recordings()) == 1
    project.replay().assert_outcomes(passed=1)
    assert project.provider.count() == 2


def test_cassettes(project):
    project.ini("lmcache_cassettes = tests/recorded")
    project.tests(QUESTION)
    result = project.record()
    result.stdout.fnmatch_lines(["lmcache: record, keyed by request, into tests/recorded/"])
    assert len(list(project.path.glob("tests/recorded/chat/*.json"))) == 1
    assert not project.cassettes.exists()


def test_cassettes_are_relative_to_the_root_directory_and_not_to_the_current_one(project, monkeypatch):
    project.tests(QUESTION)
    (project.path / "below").mkdir()
    monkeypatch.chdir(project.path / "below")
    project.record(str(project.path)).assert_outcomes(passed=1)
    assert len(project.recordings()) == 1
    assert list((project.path / "below").iterdir()) == []


def test_record_errors(project):
    project.ini("lmcache_record_errors = true")
    project.tests(
        "def test_it():\n    with pytest.raises(litellm.RateLimitError):\n"
        "        ask(model='openai/error-429', num_retries=0)\n"
    )
    project.record().assert_outcomes(passed=1)
    asked = project.provider.count()
    project.replay().assert_outcomes(passed=1)
    assert project.provider.count() == asked


def test_keep_all_promotes_what_a_failing_test_used(project):
    project.ini("lmcache_keep = all")
    project.tests("def test_it():\n    ask()\n    assert False\n")
    result = project.record()
    result.assert_outcomes(failed=1)
    assert len(project.recordings()) == 1
    assert "stays on this machine" not in result.stdout.str()


def test_keep_passed_leaves_what_a_failing_test_used_on_this_machine_until_it_passes(project):
    project.tests("def test_it():\n    ask()\n    assert False\n")
    result = project.record()
    result.stdout.fnmatch_lines(["lmcache: 1 recorded", "  1 recording stays on this machine until its test passes: *"])
    assert not project.cassettes.exists()
    project.tests("def test_it():\n    ask()\n")
    project.record().assert_outcomes(passed=1)
    assert project.provider.count() == 1
    assert len(project.recordings()) == 1
    project.replay().assert_outcomes(passed=1)


def test_adapters_that_are_named_are_the_ones_in_use(project):
    project.ini("lmcache_adapters = litellm")
    project.tests(QUESTION)
    project.record().assert_outcomes(passed=1)
    assert len(project.recordings()) == 1


@pytest.mark.parametrize("off", ["false", "no", "off", "0", "False"])
def test_with_memory_and_disk_off_a_second_identical_call_is_a_new_call(project, off):
    project.ini(f"lmcache_memory = {off}", f"lmcache_disk = {off}")
    project.tests("def test_it():\n    assert ask() != ask()\n")
    project.record()
    assert project.provider.count() == 2


def test_with_memory_off_the_disk_answers_the_second_identical_call(project):
    project.ini("lmcache_memory = false")
    project.tests("def test_it(lmcache):\n    assert ask() == ask()\n    assert lmcache.calls[1].tier == 'disk'\n")
    project.record().assert_outcomes(passed=1)
    assert project.provider.count() == 1


def test_with_disk_off_nothing_is_kept_outside_the_project(project, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user-cache"))
    project.ini("lmcache_disk = false")
    project.tests("def test_it():\n    ask()\n    assert False\n")
    project.record().assert_outcomes(failed=1)
    project.record().assert_outcomes(failed=1)
    assert project.provider.count() == 2
    assert not list(tmp_path.rglob("*.db"))


def test_memory_max_entries_evicts(project):
    project.ini("lmcache_memory_max_entries = 1")
    project.tests(
        """
def test_it(lmcache):
    ask("One?"), ask("Two?"), ask("Two?"), ask("One?")
    assert [call.tier for call in lmcache.calls] == ["provider", "provider", "memory", "disk"]
"""
    )
    project.record().assert_outcomes(passed=1)
    assert project.provider.count() == 2


def test_without_a_cassette_folder_replay_has_nothing(project):
    project.ini("lmcache_cassettes = none")
    project.tests("def test_it():\n    ask()\n")
    project.record().assert_outcomes(passed=1)
    assert not (project.path / "none").exists()
    result = project.replay()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*The cassette tier is off (cassettes = none), and replay reads no other.*"])
    project.record().assert_outcomes(passed=1)
    assert project.provider.count() == 1


BAD = [
    ("key = nonsense", "ini lmcache_key: key='nonsense' is not one of request, messages, nor a callable"),
    ("key = nowhere:key", "ini lmcache_key: key='nowhere:key' cannot be imported as module:name"),
    ("ignore = $[", "ini lmcache_ignore: ignore='$[' is neither the name of a field nor a JSONPath"),
    ("normalize = (", "ini lmcache_normalize: normalize='(' is neither one of uuid, timestamp, date, tmp_path nor"),
    ("repeat = 3", "ini lmcache_repeat: repeat='3' is not one of same, next"),
    ("cassettes =", "ini lmcache_cassettes: cassettes='' is no folder"),
    ("record_errors = maybe", "ini lmcache_record_errors: record_errors='maybe' is neither true nor false"),
    ("cache = nowhere:Cache", "ini lmcache_cache: cache='nowhere:Cache' cannot be imported as module:name"),
    ("cache = app:ask", "ini lmcache_cache: cache=*is no pytest_lmcache.Cache"),
    ("keep = failed", "ini lmcache_keep: keep='failed' is not one of passed, all"),
    ("adapters = openai", "ini lmcache_adapters: adapters='openai' is not one of auto, litellm"),
    ("memory = maybe", "ini lmcache_memory: memory='maybe' is neither true nor false"),
    ("memory_max_entries = 0", "ini lmcache_memory_max_entries: memory_max_entries='0' is no whole number from 1"),
    ("memory_max_entries = ten", "ini lmcache_memory_max_entries: memory_max_entries='ten' is no whole number"),
    ("disk = maybe", "ini lmcache_disk: disk='maybe' is neither true nor false"),
    ("disk_size_limit = much", "ini lmcache_disk_size_limit: disk_size_limit='much' is no size; write bytes, or"),
]


@pytest.mark.parametrize(("line", "text"), BAD, ids=[line for line, _ in BAD])
def test_a_bad_value_is_named_with_the_legal_ones(project, line, text):
    project.ini(f"lmcache_{line}")
    project.tests(QUESTION)
    result = project.live("--lmcache=record")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.re_match_lines([f".*lmcache: {escaped(text)}.*"])
    assert "Traceback" not in result.stderr.str()
    assert project.provider.count() == 0


def escaped(text):
    import re

    return re.escape(text).replace(r"\*", ".*")


TABLES = [
    '[tool.pytest.ini_options]\naddopts = "-p no:randomly -p no:hypothesispytest"\nlmcache_disk = false',
    '[tool.pytest.ini_options]\naddopts = "-p no:randomly -p no:hypothesispytest"\nlmcache_disk = "false"',
    '[tool.pytest]\naddopts = ["-p", "no:randomly", "-p", "no:hypothesispytest"]\nlmcache_disk = "false"',
]


@pytest.mark.parametrize("table", TABLES[: 3 if pytest.version_tuple >= (9,) else 2])
def test_pyproject_holds_the_same_options(project, table):
    (project.path / "tox.ini").unlink()
    default = 'asyncio_default_fixture_loop_scope = "function"\nlmcache_ignore = ["temperature"]\n'
    project.pytester.makepyprojecttoml(f"{table}\n{default}")
    project.tests("def test_it():\n    assert ask(temperature=0) == ask(temperature=1)\n    assert False\n")
    project.record().assert_outcomes(failed=1)
    project.record().assert_outcomes(failed=1)
    assert project.provider.count() == 2
