"""Counts of tokens: calls that are recorded like others, and that nobody pays for."""

from __future__ import annotations

COUNT = """
import httpx, os
def counted(text="Hello there."):
    url = os.environ.get("ANTHROPIC_API_BASE", "http://127.0.0.1:9")
    body = {"model": "claude-opus-4-1", "messages": [{"role": "user", "content": text}]}
    answer = httpx.post(f"{url}/v1/messages/count_tokens", json=body)
    return answer.raise_for_status().json()["input_tokens"]
"""
ONE = COUNT + "def test_it(lmcache):\n    assert counted() > 0\n    assert lmcache.tokens == 0\n"


def test_a_count_is_replayed_and_saves_no_tokens(project):
    project.tests(ONE)
    assert "lmcache: 1 recorded" in project.record().outlines
    result = project.replay()
    result.assert_outcomes(passed=1)
    (line,) = [line for line in result.outlines if line.startswith("lmcache: 1 replayed")]
    assert "token" not in line
    assert project.provider.count() == 1
    (recording,) = project.load()
    assert recording["operation"] == "count-tokens"
    assert "tokens" not in recording["responses"][0]


def test_a_count_that_is_not_recorded_is_a_miss_and_no_live_call(project):
    project.tests(ONE)
    project.record().assert_outcomes(passed=1)
    project.tests(COUNT + "def test_it():\n    counted('Hello here.')\n")
    result = project.replay()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "lmcache: nothing recorded answers this call, *",
            "  asked    count-tokens · claude-opus-4-1 · *",
            "  nearest  cassettes/count-tokens/hello-there-*",
        ]
    )
    assert project.provider.count() == 1


def test_a_count_spends_nothing_of_a_budget(project):
    project.tests(COUNT + "@pytest.mark.lmcache(max_calls=0, max_tokens=0)\ndef test_it():\n    assert counted()\n")
    project.record("--lmcache-max-calls=0", "--lmcache-max-cost=0").assert_outcomes(passed=1)
    project.replay("--lmcache-max-calls=0").assert_outcomes(passed=1)
    assert project.provider.count() == 1
