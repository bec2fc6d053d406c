"""The marker: where it can stand, what it accepts, and what it says of anything else."""

from __future__ import annotations

import pytest

SETTINGS = (
    "mode, key, ignore, normalize, repeat, cassettes, record_errors, max_age, stale, allow_secrets, cache, max_calls, "
    "max_tokens, max_cost"
)


def used(project, *, key):
    """The key strategies that the recordings of a project were made under."""
    return sorted(recording["strategy"] for recording in project.load()) == [key]


@pytest.mark.parametrize(
    "suite",
    [
        "@pytest.mark.lmcache(key='messages')\ndef test_it():\n    ask()\n",
        "@pytest.mark.lmcache(key='messages')\nclass TestIt:\n    def test_it(self):\n        ask()\n",
        "pytestmark = pytest.mark.lmcache(key='messages')\ndef test_it():\n    ask()\n",
        "pytestmark = [pytest.mark.lmcache(key='messages')]\ndef test_it():\n    ask()\n",
        "class TestIt:\n    pytestmark = pytest.mark.lmcache(key='messages')\n    def test_it(self):\n        ask()\n",
        (
            "import unittest\n@pytest.mark.lmcache(key='messages')\n"
            "class TestIt(unittest.TestCase):\n    def test_it(self):\n        ask()\n"
        ),
        "@pytest.mark.asyncio\n@pytest.mark.lmcache(key='messages')\nasync def test_it():\n    await aask()\n",
    ],
    ids=["function", "class", "module", "module list", "class attribute", "unittest", "coroutine"],
)
def test_it_works_wherever_a_marker_can_stand(project, suite):
    project.tests(suite)
    project.record().assert_outcomes(passed=1)
    assert used(project, key="messages")
    project.bare().assert_outcomes(passed=1)
    assert project.provider.count() == 1


def test_it_works_on_one_case_of_a_parametrised_test(project):
    project.tests(
        """
@pytest.mark.parametrize("question", [
    pytest.param("Rome?", marks=pytest.mark.lmcache(key="messages")),
    pytest.param("Oslo?"),
])
def test_it(question):
    ask(question)
"""
    )
    project.record().assert_outcomes(passed=2)
    strategies = {recording["recorded_by"]: recording["strategy"] for recording in project.load()}
    assert strategies == {"test_it.py::test_it[Rome?]": "messages", "test_it.py::test_it[Oslo?]": "request"}


def test_markers_further_out_add_what_closer_ones_leave_open(project):
    project.tests(
        """
pytestmark = pytest.mark.lmcache(cassettes="outer", key="messages")

@pytest.mark.lmcache(cassettes="inner")
def test_it():
    ask()
    ask(temperature=1)
"""
    )
    project.record().assert_outcomes(passed=1)
    assert project.provider.count() == 1
    assert len(list(project.path.glob("inner/chat/*.json"))) == 1
    assert not (project.path / "outer").exists()


def test_a_marker_on_a_module_says_where_all_its_tests_record(project):
    project.tests("pytestmark = pytest.mark.lmcache(cassettes='tests/one')\ndef test_it():\n    ask()\n", "test_one")
    project.tests("def test_it():\n    ask()\n", "test_two")
    project.record().assert_outcomes(passed=2)
    assert len(list(project.path.glob("tests/one/chat/*.json"))) == 1
    assert len(project.recordings()) == 1


def test_a_mode_in_a_marker_records_that_test_only(project):
    project.tests(
        "@pytest.mark.lmcache(mode='record')\ndef test_it():\n    ask()\n"
        "@pytest.mark.lmcache\ndef test_other():\n    ask('Other?')\n"
    )
    result = project.live()
    result.assert_outcomes(passed=1, failed=1)
    assert project.provider.count() == 1
    assert len(project.recordings()) == 1


def test_two_tests_with_folders_of_their_own_record_the_same_request_in_each(project):
    project.tests(
        "@pytest.mark.lmcache(cassettes='one')\ndef test_one():\n    ask()\n"
        "@pytest.mark.lmcache(cassettes='two')\ndef test_two():\n    ask()\n"
    )
    project.record().assert_outcomes(passed=2)
    (one,) = project.path.glob("one/chat/*.json")
    (two,) = project.path.glob("two/chat/*.json")
    assert project.provider.count() == 1
    assert one.read_bytes() == two.read_bytes()


BAD = [
    ("modes='replay'", f"'modes' is no setting of lmcache; the settings are {SETTINGS}"),
    ("mode='nonsense'", "mode='nonsense' is not one of replay, record, refresh, off"),
    ("mode=None", "mode=None is not one of replay, record, refresh, off"),
    ("key='nonsense'", "key='nonsense' is not one of request, messages, nor a callable"),
    ("key=None", "key=None is not one of request, messages, nor a callable"),
    ("key=['messages']", r"key=['messages'] is not one of request, messages, nor a callable"),
    ("key='nowhere:key'", "key='nowhere:key' cannot be imported as module:name (No module named 'nowhere')"),
    (
        "key='app:nothing'",
        "key='app:nothing' cannot be imported as module:name (module 'app' has no attribute 'nothing')",
    ),
    ("key='broken:key'", "key='broken:key': broken fails (NameError: name 'nowhere' is not defined)"),
    ("ignore='temperature'", "ignore='temperature' must be a list of names, for example ignore=['temperature']"),
    ("ignore=[1]", "ignore=[1] must hold text only, not 1"),
    ("ignore=['$[']", "ignore='$[' is neither the name of a field nor a JSONPath"),
    ("ignore=None", "ignore=None must be a list of names"),
    ("normalize='uuid'", "normalize='uuid' must be a list of names, for example normalize=['uuid']"),
    ("normalize=['(']", "normalize='(' is neither one of uuid, timestamp, date, tmp_path nor a regular expression"),
    ("repeat='never'", "repeat='never' is not one of same, next"),
    ("repeat=3", "repeat=3 is not one of same, next"),
    ("cassettes=''", "cassettes='' is no folder"),
    ("cassettes=5", "cassettes=5 is no folder"),
    ("record_errors='maybe'", "record_errors='maybe' is neither true nor false"),
    ("cache=5", "cache=5 is no pytest_lmcache.Cache"),
    ("disk=False", f"'disk' is no setting of lmcache; the settings are {SETTINGS}"),
    ("'messages'", "takes named settings only, as in lmcache(key='messages')"),
]


@pytest.mark.parametrize(("arguments", "text"), BAD, ids=[arguments for arguments, _ in BAD])
def test_what_nobody_can_mean_is_an_error_at_collection(project, arguments, text):
    project.pytester.makepyfile(broken="nowhere")
    project.tests(f"@pytest.mark.lmcache({arguments})\ndef test_it():\n    ask()\n")
    result = project.live()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert f"lmcache: test_it.py::test_it: @pytest.mark.lmcache{' ' if text.startswith('takes') else ': '}{text}" in (
        result.stderr.str()
    )
    assert "Traceback" not in result.stderr.str() + result.stdout.str()
    assert project.provider.count() == 0


def test_a_bad_marker_is_named_in_every_mode(project):
    project.tests("@pytest.mark.lmcache(keys='messages')\ndef test_it():\n    ask()\n")
    for run in (project.record, project.replay, project.bare):
        result = run()
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines(["*'keys' is no setting of lmcache*"])


def test_all_bad_markers_are_named_at_once(project):
    project.tests(
        "@pytest.mark.lmcache(keys='messages')\ndef test_one():\n    ask()\n"
        "@pytest.mark.lmcache(mode='sometimes')\ndef test_two():\n    ask()\n"
    )
    result = project.replay()
    result.stderr.fnmatch_lines(["*test_one*'keys' is no setting*", "*test_two*mode='sometimes'*"])


@pytest.mark.parametrize("workers", ["-n1", "-n2"])
def test_a_bad_marker_is_named_under_xdist(project, workers):
    project.over_http().tests("@pytest.mark.lmcache(keys='messages')\ndef test_it():\n    ask()\n")
    result = project.replay(workers)
    assert result.ret != pytest.ExitCode.OK
    assert "'keys' is no setting of lmcache" in result.stdout.str() + result.stderr.str()


def test_strict_markers_know_it(project):
    project.tests("@pytest.mark.lmcache(key='messages')\ndef test_it():\n    ask()\n")
    project.record("--strict-markers").assert_outcomes(passed=1)
