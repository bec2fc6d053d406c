"""Bounds on what a run spends, and on what the calls of a test take."""

from __future__ import annotations

import pytest

FIVE = "@pytest.mark.parametrize('n', range(5))\ndef test_it(n):\n    ask(f'Number {n}?', max_tokens=50)\n"
ONE = "def test_it():\n    ask('What is the capital of France?')\n"
HTTP = """
import httpx, os
@pytest.mark.parametrize('n', range(4))
def test_it(n):
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": f"Number {n}?"}]}
    url = os.environ.get("OPENAI_API_BASE", "http://127.0.0.1:9/v1")
    httpx.post(f"{url}/chat/completions", json=body).raise_for_status()
"""


class TestCallsOfARun:
    def test_the_call_beyond_the_bound_is_not_made_and_nothing_is_lost(self, project, spread):
        project.over_http().tests(FIVE)
        result = project.record("--lmcache-max-calls=3", *spread)
        result.assert_outcomes(passed=3, failed=2)
        assert project.provider.count() == 3
        assert len(project.recordings()) == 3
        result.stdout.fnmatch_lines(
            [
                "lmcache: this call was not made, since it would cross --lmcache-max-calls=3.",
                "  call       chat gpt-4o-mini",
                "  estimate   * tokens of prompt (one for 4 bytes of text) and 50 of answer (its max_tokens), *",
                "  so far     3 calls, * tokens, $*, by all live calls of this run",
                "lmcache: 3 recorded",
                "  --lmcache-max-calls=3 was reached, and 2 calls were not made; spent: 3 calls, * tokens, $*",
            ]
        )
        project.record(*spread).assert_outcomes(passed=5)
        assert project.provider.count() == 5

    def test_what_is_replayed_does_not_count(self, project):
        project.tests(FIVE)
        project.record().assert_outcomes(passed=5)
        project.record("--lmcache-max-calls=0").assert_outcomes(passed=5)
        result = project.replay("--lmcache-max-calls=0")
        result.assert_outcomes(passed=5)
        assert "was reached" not in result.stdout.str()
        assert project.provider.count() == 5

    def test_threads_share_the_bound(self, project):
        project.tests(
            "from concurrent.futures import ThreadPoolExecutor\n"
            "def test_it():\n"
            "    with ThreadPoolExecutor(8) as pool:\n"
            "        tasks = [pool.submit(ask, f'Number {n}?') for n in range(8)]\n"
            "    for task in tasks:\n        task.result()\n"
        )
        project.record("--lmcache-max-calls=3").assert_outcomes(failed=1)
        assert project.provider.count() == 3
        project.record().assert_outcomes(passed=1)
        assert project.provider.count() == 8

    def test_asynchronous_calls_share_it_too(self, project):
        project.tests(
            "def test_it():\n"
            "    async def all_of_them():\n"
            "        await asyncio.gather(*(aask(f'{n}?') for n in range(8)), return_exceptions=True)\n"
            "    asyncio.run(all_of_them())\n"
        )
        project.record("--lmcache-max-calls=3").assert_outcomes(failed=1)
        assert project.provider.count() == 3

    def test_a_stream_counts(self, project):
        project.tests(
            "@pytest.mark.parametrize('n', range(3))\ndef test_it(n):\n"
            "    messages = [{'role': 'user', 'content': f'Number {n}?'}]\n"
            "    list(litellm.completion(model='openai/gpt-4o-mini', messages=messages, stream=True))\n"
        )
        project.record("--lmcache-max-calls=2").assert_outcomes(passed=2, failed=1)
        assert project.provider.count() == 2

    def test_an_sdk_cannot_swallow_it(self, project):
        project.tests("def test_it():\n    try:\n        ask()\n    except BaseException:\n        pass\n")
        result = project.record("--lmcache-max-calls=0")
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(["lmcache: this call was not made*"])
        assert project.provider.count() == 0

    def test_a_call_that_fails_counts_as_the_provider_was_asked(self, project):
        project.tests(
            "@pytest.mark.parametrize('n', range(3))\ndef test_it(n):\n"
            "    with pytest.raises(litellm.BadRequestError):\n"
            "        ask(f'{n} [error 400]', max_retries=0)\n"
        )
        project.record("--lmcache-max-calls=2").assert_outcomes(passed=2, failed=1)
        assert project.provider.count() == 2


class TestCostOfARun:
    def test_a_call_that_may_become_too_dear_is_not_made(self, project):
        project.tests("def test_it():\n    ask('Tell me all.', max_tokens=10_000)\n")
        # gpt-4o-mini: $0.60 for a million tokens of answer.
        result = project.record("--lmcache-max-cost=0.005")
        result.assert_outcomes(failed=1)
        assert project.provider.count() == 0
        result.stdout.fnmatch_lines(
            [
                "lmcache: this call was not made, since it would cross --lmcache-max-cost=0.005.",
                "  estimate   * 10,000 of answer (its max_tokens), $0.0060 by the price table of litellm",
                "  so far     0 calls, 0 tokens, $0, by all live calls of this run",
            ]
        )
        project.record("--lmcache-max-cost=0.01").assert_outcomes(passed=1)

    def test_what_a_call_really_took_is_what_counts(self, project):
        project.tests(FIVE)
        # Each is estimated at some $0.00003, and all of them together take less than twice that.
        project.record("--lmcache-max-cost=0.0001").assert_outcomes(passed=5)

    def test_the_prices_hold_over_http_where_litellm_is_imported(self, project):
        project.tests(HTTP.replace('"messages"', '"max_tokens": 10_000, "messages"'))
        project.record("--lmcache-max-cost=0.005").assert_outcomes(failed=4)
        assert project.provider.count() == 0

    def test_calls_without_a_price_are_told(self, project):
        project.tests(ONE.replace("?'", "?', model='openai/a-model-of-our-own'"))
        result = project.record("--lmcache-max-cost=0.01")
        result.assert_outcomes(passed=1)
        assert "calls of openai/a-model-of-our-own count as $0 in bounds on cost" in result.stdout.str()


class TestATest:
    @pytest.mark.parametrize(
        ("bound", "figure"),
        [("max_calls=2", "  calls   3"), ("max_tokens=10", "  tokens  *"), ("max_cost=0.0000001", "  cost    $*")],
    )
    def test_it_fails_in_replay_when_its_recorded_calls_are_above_its_bound(self, project, bound, figure):
        tests = "def test_it():\n    for n in range(3):\n        ask(f'Number {n}?')\n"
        project.tests(tests)
        project.record().assert_outcomes(passed=1)
        project.tests(f"@pytest.mark.lmcache({bound})\n{tests}")
        result = project.replay()
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines([f"lmcache: this test's calls are above its {bound}."])
        result.stdout.fnmatch_lines([figure])

    def test_it_passes_at_its_bound(self, project):
        project.tests("@pytest.mark.lmcache(max_calls=1, max_tokens=5_000, max_cost=0.5)\n" + ONE)
        project.record().assert_outcomes(passed=1)
        project.replay().assert_outcomes(passed=1)

    def test_its_own_failure_is_what_is_told(self, project):
        project.tests("def test_it():\n    ask()\n")
        project.record().assert_outcomes(passed=1)
        project.tests("@pytest.mark.lmcache(max_calls=0)\ndef test_it():\n    ask()\n    assert False, 'its own'\n")
        result = project.replay()
        result.assert_outcomes(failed=1)
        assert "its own" in result.stdout.str()
        assert "above its" not in result.stdout.str()

    def test_calls_in_its_fixtures_count_and_it_is_said_once(self, project):
        project.tests(
            "@pytest.fixture\ndef before():\n    ask('Before?')\n    yield\n    ask('After?')\n"
            "@pytest.mark.lmcache\ndef test_it(before):\n    ask('Now?')\n"
        )
        project.record().assert_outcomes(passed=1)
        path = project.path / "test_it.py"
        path.write_text(path.read_text().replace("lmcache\n", "lmcache(max_calls=1)\n"))
        result = project.replay()
        result.assert_outcomes(failed=1)
        assert result.stdout.str().count("These are the recorded figures") == 1
        path.write_text(path.read_text().replace("max_calls=1", "max_calls=2"))
        project.replay().assert_outcomes(passed=1, errors=1)

    def test_while_recording_the_call_beyond_it_is_not_made(self, project):
        project.tests(
            "@pytest.mark.lmcache(max_calls=2)\ndef test_it():\n    for n in range(3):\n        ask(f'{n}?')\n"
        )
        result = project.record()
        result.assert_outcomes(failed=1)
        assert project.provider.count() == 2
        result.stdout.fnmatch_lines(
            [
                "lmcache: this call was not made, since it would cross max_calls=2.",
                "  so far     2 calls, * by all calls of test_it.py::test_it",
            ]
        )
        project.tests("def test_it():\n    for n in range(3):\n        ask(f'{n}?')\n")
        project.record().assert_outcomes(passed=1)
        assert project.provider.count() == 3

    def test_replays_count_for_it_while_recording(self, project):
        project.tests("def test_it():\n    ask('One?')\n    ask('Two?')\n")
        project.record().assert_outcomes(passed=1)
        project.tests(
            "@pytest.mark.lmcache(max_calls=2)\ndef test_it():\n    ask('One?')\n    ask('Two?')\n    ask('Three?')\n"
        )
        project.record().assert_outcomes(failed=1)
        assert project.provider.count() == 2

    def test_a_directory_may_set_it(self, project):
        project.tests("@pytest.fixture\ndef lmcache_config():\n    return {'max_calls': 0}\n" + ONE)
        project.record().assert_outcomes(failed=1)
        assert project.provider.count() == 0

    def test_functions_of_the_project_are_no_calls_of_a_model(self, project):
        project.tests(
            "@pytest.mark.lmcache(max_calls=1)\ndef test_it(lmcache):\n    ask()\n"
            "    lmcache.wrap(lambda: 3, name='three')()\n"
        )
        project.record().assert_outcomes(passed=1)
        project.replay().assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("argument", "text"),
    [
        ("--lmcache-max-cost=cheap", "--lmcache-max-cost='cheap' is no amount in US dollars, such as 1.50"),
        ("--lmcache-max-cost=-1", "--lmcache-max-cost='-1' is no amount in US dollars, such as 1.50"),
        ("--lmcache-max-calls=1.5", "--lmcache-max-calls='1.5' is no whole number from 0"),
    ],
)
def test_a_bound_nobody_can_mean_is_an_error(project, argument, text):
    project.tests(ONE)
    result = project.record(argument)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert text in result.stderr.str()
    assert project.provider.count() == 0
