"""The public API as a user writes it. Nothing here is run: mypy reads it, in strict mode."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, assert_type

import pytest

import pytest_lmcache
from pytest_lmcache import Cache, Call, Calls, LMCacheError, Miss, Refusal, recorded
from pytest_lmcache.call import JSON, Key, Request, Take
from pytest_lmcache.errors import (
    BadKeyStrategy,
    BadOption,
    BadRecording,
    CassettesUnusable,
    LeakedPlaceholder,
    MissingPackage,
    TierUnavailable,
    UnkeyableRequest,
    UnstorableResponse,
)

assert_type(pytest_lmcache.__version__, str)


class MessagesOnly(Cache):
    """A subclass with a key of its own."""

    def cache_key(self, request: dict[str, Any], ignored_args_for_cache_key: list[str] | None = None) -> str:
        return super().cache_key({"messages": request["messages"]}, ignored_args_for_cache_key)


class Paths(Cache):
    """A subclass for values that are no JSON."""

    def encode(self, value: Path) -> str:
        return super().encode(str(value))

    def decode(self, text: str) -> Path:
        return Path(super().decode(text))


def use_a_cache(folder: Path) -> None:
    cache = Cache(
        enable_disk_cache=True,
        enable_memory_cache=True,
        disk_cache_dir=folder,
        disk_size_limit_bytes=50_000_000,
        memory_max_entries=100,
    )
    Cache(disk_cache_dir="folder")
    request = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
    assert_type(cache.cache_key(request, ["user"]), str)
    cache.put(request, {"text": "Hello"}, ignored_args_for_cache_key=["user"], enable_memory_cache=False)
    assert_type(cache.get(request, ignored_args_for_cache_key=["user"]), Any)
    assert_type(request in cache, bool)
    cache.reset_memory_cache()
    cache.save_memory_cache(folder / "memory.jsonl")
    cache.load_memory_cache("memory.jsonl")
    cache.close()
    Cache(memory_max_entries="many")  # type: ignore[arg-type]
    Cache(size=1)  # type: ignore[call-arg]


def last_question(request: Mapping[str, Any]) -> dict[str, Any]:
    return {"messages": request["messages"][-1:]}


@pytest.fixture(scope="session")
def lmcache_config() -> dict[str, Any]:
    return {"key": last_question, "ignore": ["seed"], "cache": MessagesOnly(enable_disk_cache=False)}


@pytest.mark.lmcache(key="messages", normalize=["uuid"], repeat="next", record_errors=True)
def test_of_a_user(lmcache: Calls) -> None:
    assert_type(lmcache.calls, tuple[Call, ...])
    assert_type(lmcache.replayed, int)
    assert_type(lmcache.recorded, int)
    assert_type(lmcache.missed, int)
    assert_type(lmcache.injected, int)
    lmcache.fail(status=429, retry_after=0.1, call=(1, 2), model="gpt-*")
    lmcache.timeout(call="every")
    lmcache.cut(after_chunks=3, call=2)
    lmcache.latency("recorded")
    lmcache.latency(0.5, model="gpt-*")
    lmcache.fail("429")  # type: ignore[call-arg, arg-type]
    assert_type(lmcache.tokens, int)
    assert_type(lmcache.cost, float)
    for call in lmcache.calls:
        read_a_call(call)
    lmcache.replayed = 3  # type: ignore[misc]


def read_a_call(call: Call) -> None:
    assert_type(call.request, Request)
    assert_type(call.request.body, dict[str, JSON])
    assert_type(call.key, Key)
    assert_type(call.key.path, str)
    assert_type(call.outcome, str)
    assert_type(call.tier, str)
    assert_type(call.take, Take | None)
    assert_type(call.number, int)
    assert_type(call.response, JSON)
    assert_type(call.tokens, dict[str, int])
    assert_type(call.total_tokens, int)
    assert_type(call.cost, float | None)
    assert_type(call.seconds, float)
    assert_type(call.as_dict(), dict[str, JSON])
    call.number = 2  # type: ignore[misc]


@recorded
def search(query: str, limit: int = 3) -> list[str]:
    return [query] * limit


@recorded(name="clock")
async def clock() -> float:
    return 0.0


async def wrap_functions(lmcache: Calls) -> None:
    assert_type(search("a", limit=1), list[str])
    assert_type(await clock(), float)
    assert_type(lmcache.wrap(len)("a"), int)
    search(1)  # type: ignore[arg-type]


def catch_errors() -> None:
    try:
        use_a_cache(Path())
    except Miss as miss:
        assert_type(miss.text, str)
        refusal: Refusal = miss
        base: BaseException = refusal
        raise base from None
    except BadRecording as error:
        assert_type((error.path, error.cause, error.remedy), tuple[str, str, str])
    except (TierUnavailable, UnkeyableRequest) as error:
        assert_type((error.path, error.cause), tuple[str, str])
    except LMCacheError as error:
        ordinary: Exception = error
        raise ordinary from None


ORDINARY: tuple[type[LMCacheError], ...] = (
    BadKeyStrategy,
    BadOption,
    BadRecording,
    CassettesUnusable,
    MissingPackage,
    TierUnavailable,
    UnkeyableRequest,
    UnstorableResponse,
)
REFUSALS: tuple[type[Refusal], ...] = (Miss, LeakedPlaceholder)
