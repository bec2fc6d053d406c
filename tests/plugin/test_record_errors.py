"""Errors of the provider: not recorded by default, and recorded and raised again with `record_errors`."""

from __future__ import annotations

import pytest

FACTS = """
def facts(error):
    return [type(error).__name__, error.status_code, str(error), error.message, error.body, error.code, error.type,
            error.param, error.llm_provider, error.model,
            hasattr(error, 'response') and error.response.status_code]
"""
FAILING = """
import json, pathlib
{facts}
@pytest.mark.lmcache(record_errors=True)
def test_it(request):
    with pytest.raises({error}) as caught:
        ask(model="openai/error-{status}", max_retries=0)
    seen = pathlib.Path(request.config.rootpath, "seen.json")
    if not seen.exists():
        seen.write_text(json.dumps(facts(caught.value)))
    assert json.loads(seen.read_text()) == facts(caught.value)
"""
ERRORS = {
    "400": "litellm.ContextWindowExceededError",
    "401": "litellm.AuthenticationError",
    "403": "litellm.APIError",
    "404": "litellm.NotFoundError",
    "429": "litellm.RateLimitError",
    "500": "litellm.InternalServerError",
    "503": "litellm.ServiceUnavailableError",
}


@pytest.mark.parametrize(("status", "error"), ERRORS.items())
def test_a_recorded_error_is_raised_again_as_it_was(project, status, error):
    project.tests(FAILING.format(facts=FACTS, status=status, error=error))
    project.record().assert_outcomes(passed=1)
    asked = project.provider.count()
    assert len(project.recordings()) == 1
    project.replay().assert_outcomes(passed=1)
    project.record().assert_outcomes(passed=1)
    assert project.provider.count() == asked


def test_a_recorded_error_of_an_awaited_call_is_raised_again(project):
    project.tests(
        "@pytest.mark.lmcache(record_errors=True)\ndef test_it():\n"
        "    with pytest.raises(litellm.RateLimitError, match='Rate limit'):\n"
        "        asyncio.run(aask(model='openai/error-429', max_retries=0))\n"
    )
    project.record().assert_outcomes(passed=1)
    asked = project.provider.count()
    project.replay().assert_outcomes(passed=1)
    assert project.provider.count() == asked


def test_by_default_an_error_is_not_recorded_and_a_later_success_is(project):
    project.tests("def test_it():\n    ask(model='openai/error-503-once', max_retries=0)\n")
    result = project.record()
    result.assert_outcomes(failed=1)
    assert "ServiceUnavailableError" in result.stdout.str()
    assert not project.cassettes.exists()
    project.record().assert_outcomes(passed=1)
    assert project.provider.count() == 2
    project.replay().assert_outcomes(passed=1)


def test_an_error_that_a_test_expects_is_not_recorded_by_default(project):
    project.tests(
        "def test_it():\n    with pytest.raises(litellm.RateLimitError):\n"
        "        ask(model='openai/error-429', max_retries=0)\n"
    )
    project.record().assert_outcomes(passed=1)
    assert project.recordings() == []
    project.replay().assert_outcomes(failed=1)


def test_after_an_error_the_next_identical_call_of_the_test_is_recorded(project):
    project.tests(
        "def test_it():\n    with pytest.raises(litellm.ServiceUnavailableError):\n"
        "        ask(model='openai/error-503-once', max_retries=0)\n"
        "    assert 'answer' in ask(model='openai/error-503-once')\n"
    )
    project.record().assert_outcomes(passed=1)
    assert project.provider.count() == 2
    (recording,) = project.load()
    assert len(recording["responses"]) == 1


def test_an_error_and_the_success_after_it_are_takes_of_one_recording(project):
    project.tests(
        "@pytest.mark.lmcache(record_errors=True, repeat='next')\ndef test_it():\n"
        "    with pytest.raises(litellm.ServiceUnavailableError):\n"
        "        ask(model='openai/error-503-once', max_retries=0)\n"
        "    assert 'answer' in ask(model='openai/error-503-once')\n"
    )
    project.record().assert_outcomes(passed=1)
    assert project.provider.count() == 2
    project.replay().assert_outcomes(passed=1)
    (recording,) = project.load()
    assert len(recording["responses"]) == 2


def test_a_connection_that_fails_is_never_recorded(project):
    project.tests(
        "@pytest.mark.lmcache(record_errors=True)\ndef test_it():\n"
        "    with pytest.raises(litellm.exceptions.OpenAIError):\n"
        "        ask(model='openai/error-reset', max_retries=0)\n"
    )
    project.record()
    assert project.recordings() == []


def test_an_error_recorded_by_a_failing_test_stays_on_this_machine(project):
    project.tests(
        "@pytest.mark.lmcache(record_errors=True)\ndef test_it():\n    ask(model='openai/error-429', max_retries=0)\n"
    )
    result = project.record()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["  1 recording stays on this machine until its test passes: *"])
    assert not project.cassettes.exists()
