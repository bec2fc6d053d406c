"""The summary at the end of a run, and the verdict of each test with -v."""

from __future__ import annotations

import json

import pytest

TWO = "def test_one():\n    ask()\ndef test_two():\n    ask('Two?')\n"


def summary(result):
    """The lines of the summary."""
    lines = [number for number, line in enumerate(result.outlines) if line.startswith("lmcache: ")]
    rest = result.outlines[lines[-1] :]
    return [rest[0], *[line for line in rest[1:] if line.startswith("  ")]]


def test_a_recording_run_counts_what_it_recorded(project):
    project.tests(TWO)
    assert summary(project.record()) == ["lmcache: 2 recorded"]


def test_a_replaying_run_adds_up_what_the_recordings_say(project):
    project.tests(TWO)
    project.record().assert_outcomes(passed=2)
    for path, seconds in zip(project.recordings(), (100.0, 92.0), strict=True):
        document = json.loads(path.read_text())
        document["responses"][0] |= {
            "cost_usd": 0.42,
            "latency_s": seconds,
            "tokens": {"prompt_tokens": 30_000, "completion_tokens": 701},
        }
        path.write_text(json.dumps(document))
    assert summary(project.replay()) == ["lmcache: 2 replayed · 61,402 tokens · $0.84 and 3m 12s saved"]


def test_tokens_and_cost_are_those_of_the_answers(project):
    project.tests(
        "def test_it(lmcache):\n    ask()\n    call = lmcache.calls[0]\n"
        "    usage = call.response['data']['usage']\n"
        "    assert call.tokens['prompt_tokens'] == usage['prompt_tokens']\n"
        "    assert call.cost == pytest.approx(usage['prompt_tokens'] * 15e-8 + usage['completion_tokens'] * 6e-7)\n"
        "    print(f\"TOKENS {usage['total_tokens']}\")\n"
    )
    project.record().assert_outcomes(passed=1)
    result = project.replay("-s")
    (tokens,) = [line.split("TOKENS ")[1] for line in result.outlines if "TOKENS" in line]
    assert f"lmcache: 1 replayed · {tokens} tokens" in summary(result)[0]


def test_a_model_without_a_price_has_no_cost(project):
    project.tests(
        "def test_it(lmcache):\n    ask(model='openai/nobody-knows-it')\n    assert lmcache.calls[0].cost is None\n"
    )
    project.record().assert_outcomes(passed=1)
    result = project.replay()
    result.assert_outcomes(passed=1)
    assert "$" not in summary(result)[0]


def test_what_was_kept_on_this_machine_is_named_with_its_test(project):
    project.tests(TWO.replace("ask('Two?')", "ask('Two?'), ask('Three?')\n    assert False"))
    assert summary(project.record()) == [
        "lmcache: 3 recorded",
        "  2 recordings stay on this machine until their tests pass: test_it.py::test_two",
    ]


def test_an_answer_given_again_at_a_temperature_above_zero_is_hinted_at(project):
    project.tests("def test_it():\n    ask(temperature=0.7), ask(temperature=0.7)\n")
    result = project.record()
    assert summary(result)[1] == (
        "  hint: one answer was given several times at temperature > 0; "
        'repeat="next" makes each a take of its own: test_it.py::test_it'
    )


@pytest.mark.parametrize(
    "suite",
    [
        "def test_it():\n    ask(temperature=0), ask(temperature=0)\n",
        "def test_it():\n    ask(), ask()\n",
        "@pytest.mark.lmcache(repeat='next')\ndef test_it():\n    ask(temperature=1), ask(temperature=1)\n",
        "@pytest.mark.parametrize('n', [1, 2])\ndef test_it(n):\n    ask(temperature=1)\n",
    ],
)
def test_there_is_no_hint_where_repeating_changes_nothing(project, suite):
    project.tests(suite)
    assert "hint:" not in project.record().stdout.str()


def test_tokens_of_the_providers_prompt_cache_are_counted(project):
    project.tests("def test_it():\n    ask('word ' * 5000)\n")
    project.record().assert_outcomes(passed=1)
    result = project.replay()
    result.stdout.re_match_lines([r"  [\d,]+ tokens read from the provider's prompt cache"])


def test_with_v_each_test_has_a_verdict(project):
    project.tests(
        "def test_replayed():\n    ask()\ndef test_missed():\n    ask('Missed?')\ndef test_silent():\n    pass\n"
        "def test_swallowed():\n    try:\n        ask('Swallowed?')\n    except BaseException:\n        pass\n"
    )
    project.record("-k", "replayed").assert_outcomes(passed=1)
    result = project.replay("-v")
    result.stdout.fnmatch_lines(
        [
            "test_it.py::test_replayed PASSED [[]1 replayed[]]*",
            "test_it.py::test_missed FAILED [[]missed[]]*",
            "test_it.py::test_silent PASSED [[]no calls[]]*",
            "test_it.py::test_swallowed FAILED [[]missed[]]*",
        ]
    )


def test_without_v_no_test_has_a_verdict(project):
    project.tests(TWO)
    result = project.record()
    result.stdout.fnmatch_lines(["test_it.py .. *"])
    assert "1 recorded]" not in result.stdout.str()


def test_a_run_without_calls_has_no_summary(project):
    project.tests("def test_it():\n    pass\n")
    assert "lmcache" not in project.replay("--no-header").stdout.str().split("test session starts")[1]


def test_quiet_runs_have_it_too(project):
    project.tests(TWO)
    assert summary(project.record("-q")) == ["lmcache: 2 recorded"]


def test_calls_of_fixtures_and_of_collected_modules_are_counted_once(project):
    project.tests(
        "IMPORTED = ask('Imported?')\n@pytest.fixture(scope='session')\ndef wide():\n    return ask('Wide?')\n"
        "def test_one(wide):\n    ask('Test?')\ndef test_two(wide):\n    pass\n"
    )
    assert summary(project.record()) == ["lmcache: 3 recorded"]
    assert summary(project.replay())[0].startswith("lmcache: 3 replayed")


def test_under_xdist_it_is_the_controllers_and_counts_every_worker(project):
    project.over_http()
    project.tests("@pytest.mark.parametrize('n', range(4))\ndef test_it(n):\n    ask(f'Number {n}?')\n    assert n\n")
    result = project.record("-n2", "-v")
    result.assert_outcomes(passed=3, failed=1)
    assert summary(result) == [
        "lmcache: 4 recorded",
        "  1 recording stays on this machine until its test passes: test_it.py::test_it[[]0[]]".replace(
            "[[]", "["
        ).replace("[]]", "]"),
    ]
    result.stdout.fnmatch_lines(["*PASSED*[[]1 recorded[]]*test_it[[]3[]]*"])
    assert project.provider.count() == 4
