"""`dspy.LM` and its modules with this cache in the place of DSPy's: what reaches the provider, and what comes back."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import dspy
import pytest

from pytest_lmcache.dspy import Cache, configure_cache

QUESTION = "What is the capital of France?"


@pytest.mark.parametrize("engine", ["auto", "litellm"])
@pytest.mark.parametrize("model_type", ["chat", "text", "responses"])
@pytest.mark.parametrize("tier", ["memory", "disk"])
def test_the_second_call_is_a_hit_with_no_usage_in_every_form(caches, use, lm, provider, engine, model_type, tier):
    use(caches(enable_memory_cache=tier == "memory", enable_disk_cache=tier == "disk"))
    model = lm(model_type=model_type, **({} if engine == "auto" else {"engine": engine}))
    first, second = model(QUESTION), model(QUESTION)
    assert first == second
    assert provider.count() == 1
    live, hit = (model.history[place] for place in (-2, -1))
    assert live["usage"]
    assert hit["usage"] == {}
    assert hit["cost"] == live["cost"]


def test_what_one_process_asked_another_finds(caches, use, lm, provider, tmp_path):
    use(caches())
    answer = lm()(QUESTION)
    code = (
        "import sys, dspy\nfrom pytest_lmcache.dspy import Cache\ndspy.cache = Cache(disk_cache_dir=sys.argv[1])\n"
        "print(dspy.LM('openai/gpt-4o-mini', api_base=sys.argv[2], api_key='sk-fake')(sys.argv[3])[0])"
    )
    arguments = [str(tmp_path / "disk"), f"{provider.url}/v1", QUESTION]
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=root, check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == answer[0]
    assert provider.count() == 1


def test_async_calls_are_cached_apart_from_blocking_ones(caches, use, lm, provider):
    use(caches())
    model = lm()

    async def twice():
        return [await model.acall(QUESTION), await model.acall(QUESTION)]

    first, second = asyncio.run(twice())
    assert first == second
    assert model(QUESTION) != first
    assert provider.count() == 2


def test_a_call_that_asks_for_no_cache_is_always_made(caches, use, lm, provider):
    use(caches())
    model = lm()
    assert model(QUESTION, cache=False) != model(QUESTION, cache=False)
    assert provider.count() == 2


def test_each_rollout_has_an_answer_of_its_own(caches, use, lm, provider):
    use(caches())
    model = lm(temperature=1.0)
    answers = [model(QUESTION, rollout_id=number) for number in (1, 2, 1, 2)]
    assert answers[:2] == answers[2:]
    assert provider.count() == 2


def test_the_candidates_of_one_call_come_back_together(caches, use, lm, provider):
    use(caches(enable_memory_cache=False))
    model = lm(temperature=1.0)
    candidates = model(QUESTION, n=3)
    received = provider.count()
    assert model(QUESTION, n=3) == candidates
    assert len(set(candidates)) == 3
    assert provider.count() == received


@pytest.mark.parametrize(
    ("memory", "disk", "requests"), [(True, True, 1), (True, False, 1), (False, True, 1), (False, False, 3)]
)
def test_each_switch(use, lm, provider, tmp_path, memory, disk, requests):
    use(None)
    configure_cache(enable_disk_cache=disk, enable_memory_cache=memory, disk_cache_dir=tmp_path / "disk")
    model = lm()
    for _ in range(3):
        model(QUESTION)
    assert provider.count() == requests
    assert (tmp_path / "disk").exists() is disk
    dspy.cache.close()


def test_the_bound_of_the_memory_makes_calls_again(caches, use, lm, provider):
    use(caches(enable_disk_cache=False, memory_max_entries=1))
    model = lm()
    for question in ("One?", "Two?", "Two?", "One?"):
        model(question)
    assert provider.count() == 3


class MessagesAlone(Cache):
    def cache_key(self, request, ignored_args_for_cache_key=None):
        return super().cache_key({"messages": request["messages"]})


@pytest.mark.parametrize(("kind", "shared"), [(Cache, False), (MessagesAlone, True)])
def test_a_key_of_the_messages_alone_hits_across_two_models(caches, use, lm, provider, kind, shared):
    use(caches(kind))
    predict = dspy.Predict("question -> answer")
    with dspy.context(lm=lm("openai/gpt-4o-mini")):
        one = predict(question=QUESTION)
    received = provider.count()
    with dspy.context(lm=lm("openai/gpt-4.1-mini")):
        two = predict(question=QUESTION)
    assert (two.answer == one.answer) is shared
    assert provider.count() == (received if shared else 2 * received)


def test_a_module_says_that_a_hit_used_nothing(caches, use, lm, provider):
    use(caches())
    predict = dspy.ChainOfThought("question -> answer")
    with dspy.context(lm=lm(), track_usage=True):
        first, second = predict(question=QUESTION), predict(question=QUESTION)
    assert first.get_lm_usage()
    assert second.get_lm_usage() == {}
    assert first.answer == second.answer


@pytest.mark.parametrize("tier", ["memory", "disk"])
def test_vectors_come_back_the_same(caches, use, provider, tier):
    use(caches(enable_memory_cache=tier == "memory", enable_disk_cache=tier == "disk"))
    embed = dspy.Embedder("openai/text-embedding-3-small", api_base=f"{provider.url}/v1", api_key="sk-fake")
    first, second = embed(["one", "two"]), embed(["one", "two"])
    assert (first == second).all()
    assert provider.count() == 1


def test_a_function_that_embeds_is_called_once(caches, use):
    use(caches(enable_memory_cache=False))
    calls = []

    def by_length(texts):
        import numpy as np

        calls.append(texts)
        return np.array([[len(text), 0.5] for text in texts])

    embed = dspy.Embedder(by_length)
    assert (embed(["one", "three"]) == embed(["one", "three"])).all()
    assert len(calls) == 1
