"""`lmcache.wrap` and `recorded`: functions of the project's own, recorded and replayed as model calls are."""

from __future__ import annotations

import pytest

# Every real call leaves a line, and no two answers are the same.
TOOLS = """
import asyncio, datetime, pathlib, uuid
from pytest_lmcache import recorded

def real(name):
    with open("real-calls.txt", "a") as file:
        file.write(name + "\\n")
    return {"hit": name, "nonce": str(uuid.uuid4()), "scores": [1, 0.5, None, True]}

@recorded
def search(query, *, limit=3):
    '''Looks things up.'''
    return real(query)

@recorded
async def asearch(query):
    await asyncio.sleep(0)
    return real(query)

class Shop:
    @recorded
    def order(self, number):
        return real(number)
"""


@pytest.fixture
def tools(project):
    (project.path / "tools.py").write_text(TOOLS)
    project.real = lambda: (project.path / "real-calls.txt").read_text().splitlines() if _called(project) else []
    return project


def _called(project):
    return (project.path / "real-calls.txt").exists()


REMEMBERED = """
import json, pathlib

def same(value):
    seen = pathlib.Path("seen.json")
    if not seen.exists():
        seen.write_text(json.dumps(value))
    return json.loads(seen.read_text()) == value
"""


@pytest.mark.parametrize(
    "call",
    ["search('rome', limit=5)", "asyncio.run(asearch('rome'))", "Shop().order('rome')", "lmcache.wrap(real)('rome')"],
)
def test_a_function_is_called_once_and_replayed_ever_after(tools, call):
    tools.tests(
        f"from tools import *\n{REMEMBERED}\ndef test_it(lmcache):\n    assert same({call})\n"
        "    assert [call.request.operation for call in lmcache.calls] == ['function']\n"
    )
    tools.record().assert_outcomes(passed=1)
    tools.replay().assert_outcomes(passed=1)
    tools.bare().assert_outcomes(passed=1)
    assert tools.real() == ["rome"]
    assert len(tools.recordings()) == 1


def test_the_file_reads_as_a_call(tools):
    tools.tests("from tools import search\ndef test_it():\n    search('the weather in Rome')\n")
    tools.record().assert_outcomes(passed=1)
    (recording,) = tools.load()
    assert recording["request"] == {
        "function": "tools.search",
        "arguments": {"query": "the weather in Rome", "limit": 3},
    }
    assert recording["responses"][0]["answer"]["data"]["hit"] == "the weather in Rome"
    assert tools.recordings()[0].name.startswith("the-weather-in-rome-")


def test_arguments_are_known_by_name_and_with_their_defaults(tools):
    tools.tests(
        "from tools import search\ndef test_it():\n"
        "    assert search('a') == search(query='a') == search('a', limit=3) != search('a', limit=4)\n"
    )
    tools.record().assert_outcomes(passed=1)
    assert tools.real() == ["a", "a"]


def test_two_functions_share_nothing(tools):
    tools.tests(
        "from tools import search, real\ndef test_it(lmcache):\n"
        "    other = lmcache.wrap(real, name='another search')\n    assert search('a') != other('a')\n"
    )
    tools.record().assert_outcomes(passed=1)
    assert len(tools.recordings()) == 2


def test_a_miss_names_the_function_and_what_differs(tools):
    tools.tests("from tools import search\ndef test_it():\n    search('the weather in Rome')\n")
    tools.record().assert_outcomes(passed=1)
    tools.tests("from tools import search\ndef test_it():\n    search('the weather in Paris')\n")
    result = tools.replay()
    result.assert_outcomes(failed=1)
    printed = result.stdout.str()
    assert "the weather in Paris" in printed
    assert "tools.search" in printed
    assert "test_it.py::test_it --lmcache=record" in printed
    assert tools.real() == ["the weather in Rome"]


def test_a_model_called_inside_belongs_to_the_function(tools):
    tools.tests(
        "def agent(question):\n    return {'answer': ask(question)}\n"
        "def test_it(lmcache):\n    assert lmcache.wrap(agent)('Rome?')['answer']\n    assert len(lmcache.calls) == 1\n"
    )
    tools.record().assert_outcomes(passed=1)
    tools.replay().assert_outcomes(passed=1)
    assert tools.provider.count() == 1
    assert len(tools.recordings()) == 1


def test_a_whole_agent_run_replays_though_its_tools_are_not_deterministic(tools):
    tools.tests(
        "from tools import search\n"
        "def test_it(lmcache):\n    found = search('rome')\n    ask(f\"What is {found['nonce']}?\")\n"
        "    assert [call.request.operation for call in lmcache.calls] == ['function', 'chat']\n"
    )
    tools.record().assert_outcomes(passed=1)
    tools.replay().assert_outcomes(passed=1)
    assert tools.provider.count() == 1


@pytest.mark.parametrize(
    ("returned", "told"),
    [
        ("{'at': [1, datetime.datetime.now()]}", "result.at[1] is of type datetime.datetime"),
        ("(1, 2)", "result is of type tuple"),
        ("{1: 'one'}", "result is a dict with a key of type int"),
        ("float('nan')", "result is nan"),
        ("{'hits': map(str, [])}", "result.hits is of type map"),
    ],
)
def test_what_is_no_json_is_refused_with_its_path(tools, returned, told):
    tools.tests(
        "import datetime\ndef clock():\n"
        f"    return {returned}\ndef test_it(lmcache):\n"
        "    try:\n        lmcache.wrap(clock)()\n    except Exception:\n        pass\n"
    )
    result = tools.record()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"*what test_it.clock returned cannot be recorded: {told}*".replace("[", "[[]")])
    assert not tools.recordings()


def test_an_argument_that_is_no_json_is_refused_with_its_path(tools):
    tools.tests("from tools import search\ndef test_it():\n    search(object())\n")
    result = tools.record()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*arguments.query is of type builtins.object*"])


def test_an_exception_passes_and_is_not_recorded(tools):
    tools.tests(
        "def fails():\n    raise LookupError('nothing found')\n"
        "def test_it(lmcache):\n    with pytest.raises(LookupError):\n        lmcache.wrap(fails)()\n"
    )
    tools.record().assert_outcomes(passed=1)
    assert not tools.recordings()


@pytest.mark.parametrize(
    ("function", "told"),
    [("lambda: 1", "no name of its own"), ("generate", "test_it.generate is a generator")],
)
def test_what_cannot_be_wrapped_is_said_at_once(tools, function, told):
    tools.tests(f"def generate():\n    yield 1\ndef test_it(lmcache):\n    lmcache.wrap({function})\n")
    result = tools.record()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"*{told}*"])


def test_without_the_plugin_at_work_a_wrapped_function_is_itself(tools):
    tools.tests(
        "from tools import search\ndef test_it():\n"
        "    assert search('a') != search('a')\n    assert search.__doc__ == 'Looks things up.'\n"
    )
    tools.bare().assert_outcomes(passed=1)
    tools.bare("-p", "no:lmcache").assert_outcomes(passed=1)
    assert tools.real() == ["a"] * 4
    assert not tools.recordings()


def test_repeat_next_records_every_repetition(tools):
    tools.tests(
        "from tools import search\n" + REMEMBERED + "@pytest.mark.lmcache(repeat='next')\n"
        "def test_it():\n    answers = [search('a') for _ in range(3)]\n"
        "    assert len({answer['nonce'] for answer in answers}) == 3 and same(answers)\n"
    )
    tools.record().assert_outcomes(passed=1)
    tools.replay().assert_outcomes(passed=1)
    assert len(tools.real()) == 3
