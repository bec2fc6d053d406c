"""Other tools at the same calls of litellm: what each needs to have recorded them, and to answer them again.

A peer that is not installed, or that does not work as it is installed, gives a text instead of a variant.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import litellm
import ujson

from benchmarks.measure import Variant

Call = Callable[[], object]


def litellm_cache(call: Call, folder: Path | None = None) -> Variant | str:
    """litellm's own cache, in memory or in a folder. It needs packages of litellm's proxy on a hit."""
    from litellm.caching.caching import Cache

    cache = Cache(type="disk", disk_cache_dir=str(folder)) if folder else Cache(type="local")
    # By default it keeps nothing of a long conversation.
    cache.max_messages = None

    @contextmanager
    def around() -> Iterator[None]:
        litellm.cache = cache
        try:
            yield
        finally:
            litellm.cache = None

    with around():
        call()
        time.sleep(0.3)  # it stores an answer in a thread, some time later
        try:
            call()
        except ImportError as error:
            return f"needs {error.name}"
    return Variant(call, around, settle=True)


def vcrpy(call: Call, folder: Path) -> Variant | str:
    """vcrpy below litellm's HTTP client, its cassette loaded once before the calls are measured."""
    try:
        import vcr
    except ImportError:
        return "not installed"
    logging.getLogger("vcr").setLevel(logging.ERROR)
    path = str(folder / "vcrpy.yaml")
    with vcr.use_cassette(path, record_mode="once"):
        call()

    @contextmanager
    def around() -> Iterator[None]:
        with vcr.use_cassette(path, record_mode="none", allow_playback_repeats=True):
            yield

    return Variant(call, around, settle=True)


def diskcache_pickle(arguments: dict[str, Any], response: object, folder: Path) -> Variant | str:
    """A pickled answer in diskcache, under a digest of the call: what DSPy's disk tier does, without DSPy."""
    try:
        import diskcache
    except ImportError:
        return "not installed"
    cache = diskcache.FanoutCache(str(folder / "diskcache"), shards=16, timeout=10)

    def key() -> str:
        return hashlib.sha256(ujson.dumps(arguments, sort_keys=True).encode()).hexdigest()

    cache[key()] = response

    @contextmanager
    def around() -> Iterator[None]:
        with contextlib.suppress(OSError):
            cache.get(key())  # connections are opened again after a while
        yield

    return Variant(lambda: cache.get(key()), around)
