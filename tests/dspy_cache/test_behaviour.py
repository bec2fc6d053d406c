"""Getting and putting, as DSPy's own cache does: keys, hits, limits, what cannot be kept, the saved memory."""

from __future__ import annotations

import asyncio
import logging
import pickle
import threading
from dataclasses import dataclass
from typing import Any

import dspy
import pydantic
import pytest
from dspy.clients.cache import request_cache

from pytest_lmcache.dspy import Cache

ASKED = {"model": "openai/gpt-4o-mini", "messages": [{"role": "user", "content": "Hi"}]}


@dataclass
class Reply:
    text: str
    usage: dict[str, int]


@dataclass(frozen=True)
class FrozenReply:
    usage: int


def asked(number):
    return {"prompt": f"question {number}", "model": "m"}


@pytest.mark.parametrize(
    "request_",
    [
        ASKED,
        {**ASKED, "temperature": 0.5, "api_key": "sk-fake", "n": None},
        {"schema": pydantic.TypeAdapter},
        {"schema": type("Schema", (pydantic.BaseModel,), {"__annotations__": {"a": int}})},
        {"nested": {"schema": type("Schema", (pydantic.BaseModel,), {})}},
        {"function": asked},
        {"reply": Reply("a", {})},
    ],
)
def test_keys_are_those_of_dspy(caches, tmp_path, request_):
    theirs = dspy.clients.Cache(False, True, None)
    assert caches().cache_key(request_, ["api_key"]) == theirs.cache_key(request_, ["api_key"])


def test_a_miss_is_none(caches):
    assert caches().get(ASKED) is None


def test_a_hit_has_an_empty_usage_and_says_that_it_is_one(caches):
    cache = caches()
    cache.put(ASKED, Reply("Hello", {"total_tokens": 3}))
    for _ in range(2):
        cache.reset_memory_cache()
        for _ in range(2):
            found = cache.get(ASKED)
            assert (found.text, found.usage, found.cache_hit) == ("Hello", {}, True)
    assert cache.cache_key(ASKED) in cache.memory_cache


def test_a_hit_that_forbids_assignment_is_marked_too(caches):
    cache = caches()
    cache.put(ASKED, FrozenReply(3))
    assert (cache.get(ASKED).usage, cache.get(ASKED).cache_hit) == ({}, True)


def test_the_usage_within_a_dictionary_is_left_alone(caches):
    cache = caches()
    cache.put(ASKED, {"usage": {"total_tokens": 3}})
    assert cache.get(ASKED) == {"usage": {"total_tokens": 3}}


def test_what_a_caller_does_to_a_value_never_reaches_the_next(caches):
    cache = caches()
    mine: dict[str, Any] = {"texts": ["a"], "object": object}
    for value in ({"texts": ["a"]}, mine):
        cache.put(ASKED, value)
        value["texts"].append("b")
        cache.get(ASKED)["texts"].append("c")
        assert cache.get(ASKED)["texts"] == ["a"]


def test_a_request_without_a_key_is_not_cached_and_nothing_is_raised(caches, caplog):
    cache = caches()
    with caplog.at_level(logging.DEBUG, logger="pytest_lmcache.dspy"):
        assert cache.get({"data": [object()]}) is None
        cache.put({"data": [object()]}, 1)
    assert {"data": [object()]} not in cache
    assert "has no key" in caplog.text
    assert len(cache.memory_cache) == 0


def test_any_error_of_an_overridden_key_means_no_caching(caches):
    class Broken(Cache):
        def cache_key(self, request, ignored_args_for_cache_key=None):
            return request["missing"]

    cache = caches(Broken)
    cache.put(ASKED, 1)
    assert cache.get(ASKED) is None


def test_a_key_and_a_request_are_in_the_cache_in_memory_or_on_disk(caches):
    cache = caches()
    assert cache.cache_key(ASKED) not in cache
    cache.put(ASKED, 1)
    cache.reset_memory_cache()
    assert cache.cache_key(ASKED) in cache
    assert ASKED in cache
    assert 7 not in cache


def test_with_both_tiers_off_every_request_is_new(caches):
    cache = caches(enable_disk_cache=False, enable_memory_cache=False)
    cache.put(ASKED, 1)
    assert cache.get(ASKED) is None


def test_putting_past_memory_keeps_on_disk_only(caches):
    cache = caches()
    cache.put(ASKED, 1, enable_memory_cache=False)
    assert len(cache.memory_cache) == 0
    assert cache.get(ASKED) == 1
    assert len(cache.memory_cache) == 1


def test_putting_past_memory_without_a_disk_keeps_nothing(caches):
    cache = caches(enable_disk_cache=False)
    cache.put(ASKED, {"value": object}, enable_memory_cache=False)
    cache.put(asked(1), 1, enable_memory_cache=False)
    assert (cache.get(ASKED), cache.get(asked(1))) == (None, None)


def test_the_memory_evicts_what_was_used_least_recently(caches):
    cache = caches(enable_disk_cache=False, memory_max_entries=2)
    for number in (1, 2):
        cache.put(asked(number), number)
    cache.get(asked(1))
    cache.put(asked(3), 3)
    assert [cache.get(asked(number)) for number in (1, 2, 3)] == [1, None, 3]


def test_the_disk_evicts_past_its_size(caches):
    cache = caches(enable_memory_cache=False, disk_size_limit_bytes=256 * 1024)
    for number in range(30):
        cache.put(asked(number), "x" * 20_000)
    assert cache.get(asked(0)) is None
    assert cache.get(asked(29)) is not None
    assert cache.disk.volume() <= 256 * 1024


def test_what_no_text_can_say_stays_in_memory_and_the_log_says_so_once(caches, caplog):
    cache = caches()
    value = {"lambda": len, "numbers": {1, 2}}
    for number in range(3):
        cache.put(asked(number), value)
    assert cache.get(asked(0)) == value
    assert cache.cache_key(asked(0)) in cache
    assert caplog.text.count("not kept on disk: no text can say an object of builtins.builtin_function") == 1
    cache.reset_memory_cache()
    assert cache.get(asked(0)) is None


def test_what_no_text_can_say_takes_the_place_of_an_older_value_everywhere(caches):
    cache = caches()
    cache.put(ASKED, "old")
    cache.put(ASKED, {"new": len})
    assert cache.get(ASKED) == {"new": len}
    cache.reset_memory_cache()
    assert cache.get(ASKED) is None
    cache.put(ASKED, {"new": len})
    cache.put(ASKED, "newest")
    assert cache.get(ASKED) == "newest"


def test_what_cannot_even_be_copied_is_not_kept(caches, caplog):
    cache = caches()
    cache.put(ASKED, {"lock": threading.Lock()})
    assert cache.get(ASKED) is None
    assert "cannot be copied" in caplog.text


def test_a_broken_disk_is_logged_and_done_without(caches, tmp_path, caplog):
    cache = caches()
    (tmp_path / "disk").write_text("in the way")
    cache.put(ASKED, 1)
    cache.put(asked(1), 1)
    assert cache.get(ASKED) == 1
    assert cache.get(asked(2)) is None
    assert caplog.text.count("goes on without it") == 1


def test_a_saved_memory_is_text_that_another_cache_loads(caches, tmp_path):
    cache = caches(enable_disk_cache=False)
    cache.put(ASKED, Reply("é\u2028", {"total": 2**70}))
    cache.put(asked(1), (1, None))
    cache.save_memory_cache(str(tmp_path / "memory"))
    assert "é" in (tmp_path / "memory").read_text("utf-8")
    other = caches(enable_disk_cache=False, safe_types=[Reply])
    other.put(asked(2), {"dropped": len})
    for options in ({}, {"allow_pickle": True}):
        other.load_memory_cache(str(tmp_path / "memory"), **options)
        assert [other.get(ASKED).text, other.get(asked(1)), other.get(asked(2))] == ["é\u2028", (1, None), None]


def test_saving_and_loading_without_memory_does_nothing(caches, tmp_path):
    cache = caches(enable_memory_cache=False)
    cache.save_memory_cache(str(tmp_path / "memory"))
    assert not (tmp_path / "memory").exists()
    cache.load_memory_cache(str(tmp_path / "memory"))


def test_saving_says_what_it_leaves_out(caches, tmp_path, caplog):
    cache = caches(enable_disk_cache=False)
    cache.put(ASKED, len)
    cache.save_memory_cache(str(tmp_path / "memory"))
    assert "1 values that no text can say are not saved" in caplog.text


def test_a_pickle_is_refused_whatever_is_allowed(caches, tmp_path):
    theirs = dspy.clients.Cache(False, True, None)
    theirs.put(ASKED, 1)
    theirs.save_memory_cache(str(tmp_path / "memory.pkl"))
    cache = caches()
    cache.put(ASKED, 2)
    for options in ({}, {"allow_pickle": True}):
        with pytest.raises(ValueError, match="a pickle, which can run any code"):
            cache.load_memory_cache(str(tmp_path / "memory.pkl"), **options)
    assert cache.get(ASKED) == 2


@pytest.mark.parametrize("content", [b"", b"{}", b"\x00", pickle.dumps([1], protocol=0)])
def test_a_file_that_is_no_saved_memory_is_a_value_error(caches, tmp_path, content):
    (tmp_path / "memory").write_bytes(content)
    with pytest.raises(ValueError, match="cannot be loaded"):
        caches().load_memory_cache(str(tmp_path / "memory"))


def test_a_decorated_function_is_computed_once(caches, use):
    use(caches())
    computed = []

    @request_cache(ignored_args_for_cache_key=["model"])
    def answer(prompt, model, *, unset=None):
        computed.append(model)
        return {"prompt": prompt, "model": model}

    first = answer(prompt="Hi", model="a")
    assert answer(prompt="Hi", model="b") == first
    answer("Hi", "a")
    assert computed == ["a", "a"]


def test_a_decorated_coroutine_is_computed_once(caches, use):
    use(caches())
    computed = []

    @request_cache()
    async def answer(**request):
        computed.append(request.pop("prompt"))
        return [0.5, 1.0]

    async def twice():
        return [await answer(prompt="Hi"), await answer(prompt="Hi")]

    assert asyncio.run(twice()) == [[0.5, 1.0], [0.5, 1.0]]
    assert computed == ["Hi"]


def test_many_threads_share_one(caches):
    cache = caches(memory_max_entries=5)
    failures = []

    def work(start):
        for number in range(start, start + 30):
            cache.put(asked(number % 10), {"number": number % 10, "object": len if number % 3 else None})
            found = cache.get(asked(number % 10))
            if found is not None and found["number"] != number % 10:
                failures.append(found)

    threads = [threading.Thread(target=work, args=(start,)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
