"""The fixture `lmcache`: what a test asked, and who answered."""

from __future__ import annotations

# A snapshot plugin in small: the first run writes what is compared, the next ones compare.
SNAPSHOT = """
import json, pathlib, pytest

@pytest.fixture
def snapshot(request):
    path = pathlib.Path(request.config.rootpath, "snapshot.json")

    class Snapshot:
        def __eq__(self, other):
            if not path.exists():
                path.write_text(json.dumps(other))
            return json.loads(path.read_text()) == other

    return Snapshot()
"""


def test_calls_are_listed_with_request_response_and_figures(project):
    project.tests(
        """
def test_it(lmcache):
    assert lmcache.calls == ()
    answer = ask("Rome?", temperature=0.5)
    (call,) = lmcache.calls
    assert call.request.model == "openai/gpt-4o-mini"
    assert call.request.operation == "chat"
    assert call.request.body["temperature"] == 0.5
    assert call.request.body["messages"] == [{"role": "user", "content": "Rome?"}]
    assert call.response["data"]["choices"][0]["message"]["content"] == answer
    assert call.tokens["prompt_tokens"] > 0 and call.tokens["completion_tokens"] > 0
    assert call.cost > 0
    assert call.seconds >= 0
    assert lmcache.tokens == call.tokens["prompt_tokens"] + call.tokens["completion_tokens"]
    assert lmcache.cost == call.cost
"""
    )
    project.record().assert_outcomes(passed=1)
    project.replay().assert_outcomes(passed=1)


def test_calls_say_who_answered(project):
    project.tests(
        """
def test_it(lmcache, request):
    ask(), ask()
    tiers = [call.tier for call in lmcache.calls]
    outcomes = [call.outcome for call in lmcache.calls]
    mode = request.config.getoption("--lmcache")
    if mode == "replay":
        assert (tiers, outcomes) == (["cassettes", "memory"], ["replayed", "replayed"])
        assert (lmcache.recorded, lmcache.replayed, lmcache.missed) == (0, 2, 0)
    else:
        assert (tiers, outcomes) == (["provider", "memory"], [f"{mode}ed".replace("eed", "ed"), "replayed"])
        assert (lmcache.recorded, lmcache.replayed, lmcache.missed) == (1, 1, 0)
        assert "1 replayed, 1 recorded, 0 missed" in repr(lmcache)
"""
    )
    project.record().assert_outcomes(passed=1)
    project.replay().assert_outcomes(passed=1)
    project.record(mode="refresh").assert_outcomes(passed=1)


def test_what_the_disk_answers_is_said_to_come_from_it(project):
    project.tests("def test_it():\n    ask()\n    assert False\n")
    project.record().assert_outcomes(failed=1)
    project.tests("def test_it(lmcache):\n    ask()\n    assert lmcache.calls[0].tier == 'disk'\n")
    project.record().assert_outcomes(passed=1)


def test_a_miss_is_counted(project):
    project.tests(
        """
@pytest.fixture
def seen(lmcache):
    yield
    assert lmcache.missed == 1
    assert lmcache.calls[0].tier == "none" and lmcache.calls[0].response is None
    print("the fixture has seen it")

def test_it(seen):
    ask()
"""
    )
    result = project.replay()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["the fixture has seen it"])


def test_calls_of_fixtures_of_the_test_are_among_them_and_those_of_wider_scope_are_not(project):
    project.tests(
        """
@pytest.fixture(scope="module")
def wide():
    return ask("Wide?")

@pytest.fixture
def narrow():
    return ask("Narrow?")

def test_it(wide, narrow, lmcache):
    ask("Test?")
    assert [call.request.body["messages"][0]["content"] for call in lmcache.calls] == ["Narrow?", "Test?"]
"""
    )
    project.record().assert_outcomes(passed=1)
    project.replay().assert_outcomes(passed=1)


def test_each_test_sees_its_own_calls(project):
    project.tests(
        "def test_one(lmcache):\n    ask('One?')\n    assert len(lmcache.calls) == 1\n"
        "def test_two(lmcache):\n    assert lmcache.calls == ()\n"
    )
    project.record().assert_outcomes(passed=2)


def test_dictionaries_of_calls_are_equal_in_the_recording_run_and_in_every_replay(project):
    project.tests(
        SNAPSHOT
        + """
def test_it(lmcache, snapshot):
    ask(), ask("Lines\\nof text", temperature=1)
    list(litellm.completion(model="openai/m", messages=[{"role": "user", "content": "Say a line."}], stream=True))
    assert [call.as_dict() for call in lmcache.calls] == snapshot
"""
    )
    project.record().assert_outcomes(passed=1)
    assert (project.path / "snapshot.json").exists()
    project.replay().assert_outcomes(passed=1)
    project.bare().assert_outcomes(passed=1)
    assert project.provider.count() == 3


def test_changing_what_a_call_shows_changes_no_later_answer(project):
    project.tests(
        """
def test_it(lmcache):
    first = ask()
    lmcache.calls[0].response["data"]["choices"][0]["message"]["content"] = "changed"
    assert ask() == first
    assert lmcache.calls[0].response["data"]["choices"][0]["message"]["content"] == first
"""
    )
    project.record().assert_outcomes(passed=1)
    project.replay().assert_outcomes(passed=1)


def test_it_serves_assertions_on_cost_and_on_the_number_of_calls(project):
    project.tests(
        "def test_it(lmcache):\n    ask()\n    assert len(lmcache.calls) == 1\n    assert 0 < lmcache.cost < 0.001\n"
    )
    project.record().assert_outcomes(passed=1)
    project.bare().assert_outcomes(passed=1)


def test_the_cost_is_the_same_to_the_last_bit_in_whatever_order_calls_end(project):
    project.tests(
        """
import functools, operator
PROMPTS = ["Rome?" * length for length in range(1, 12)]

def cost_of(lmcache, prompts):
    for prompt in prompts:
        ask(prompt, model="openai/gpt-4o" if len(prompt) > 40 else "openai/gpt-4o-mini")
    return lmcache.cost, functools.reduce(operator.add, [call.cost for call in lmcache.calls])

def test_forth(lmcache, request):
    request.config.forth = cost_of(lmcache, PROMPTS)

def test_back(lmcache, request):
    exact, rounded = cost_of(lmcache, reversed(PROMPTS))
    assert exact == request.config.forth[0]
    assert rounded != request.config.forth[1]
"""
    )
    project.record().assert_outcomes(passed=2)
    project.replay().assert_outcomes(passed=2)


def test_with_the_mode_off_it_is_empty(project):
    project.tests("def test_it(lmcache):\n    ask()\n    assert lmcache.calls == () and lmcache.cost == 0\n")
    project.record(mode="off").assert_outcomes(passed=1)
    assert project.provider.count() == 1


def test_asking_for_it_while_running_gives_the_calls_of_a_test_that_acts(project):
    project.tests(
        "@pytest.mark.lmcache\ndef test_it(request):\n    ask()\n"
        "    assert len(request.getfixturevalue('lmcache').calls) == 1\n"
    )
    project.record().assert_outcomes(passed=1)
    project.bare().assert_outcomes(passed=1)
