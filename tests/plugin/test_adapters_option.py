"""`lmcache_adapters`: where calls are intercepted; with `http` alone, litellm's own code runs on replay."""

from __future__ import annotations

import pytest

# What litellm does around a call: it counts the cost, tells its callbacks, and tries again.
LITELLM = """
import json, pathlib, threading

done = threading.Event()
costs = []

def told(kwargs, response, start, end):
    costs.append(kwargs["response_cost"])
    done.set()

def same_as_recorded(request, *seen):
    path = pathlib.Path(request.config.rootpath, "seen.json")
    if not path.exists():
        path.write_text(json.dumps(seen))
    assert json.loads(path.read_text()) == list(seen)

def test_callbacks_and_costs(monkeypatch, request, lmcache):
    monkeypatch.setattr(litellm, "success_callback", [told])
    question = [{"role": "user", "content": "What does it cost?"}]
    response = litellm.completion("openai/gpt-4o-mini", question)
    assert done.wait(30)
    assert min(costs) > 0
    assert [call.request.adapter for call in lmcache.calls] == ["http/openai-chat"]
    same_as_recorded(request, costs, response.choices[0].message.content, response.id)
"""
RETRIES = """
@pytest.mark.lmcache(record_errors=True)
def test_retries(lmcache):
    question = [{"role": "user", "content": "Are you there? [error 503 once]"}]
    response = litellm.completion("openai/gpt-4o-mini", question, num_retries=2, max_retries=0)
    assert response.choices[0].message.content
    assert [call.response["status"] for call in lmcache.calls] == [503, 200]
"""


@pytest.mark.parametrize(("suite", "asked"), [(LITELLM, 1), (RETRIES, 2)], ids=["callbacks-and-costs", "retries"])
def test_with_http_alone_litellms_own_code_runs_on_replay(project, suite, asked):
    project.ini("lmcache_adapters = http")
    project.tests(suite)
    project.record().assert_outcomes(passed=1)
    project.replay().assert_outcomes(passed=1)
    assert project.provider.count() == asked
    assert {recording["adapter"] for recording in project.load()} == {"http/openai-chat"}


def test_with_both_a_call_is_recorded_once_by_the_outer_one(project):
    project.ini("lmcache_adapters = http litellm")
    project.tests("def test_it():\n    ask()\n")
    project.record().assert_outcomes(passed=1)
    (recording,) = project.load()
    assert recording["adapter"] == "litellm"
