"""One process that imports litellm and a tool, then makes its first call: run by `starts`, prints a line of JSON."""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import litellm

from benchmarks import work

ARGUMENTS = work.agent_turn()


def ours(folder: Path) -> Callable[[], object]:
    """The hooks are put on and the run is opened after the clock has started; only modules are there before."""
    import pytest_lmcache.adapters.litellm.functions
    import pytest_lmcache.adapters.litellm.router
    import pytest_lmcache.plugin.active  # noqa: F401 - what the plugin imports when it starts
    from benchmarks.ours import Replays

    replays = Replays(folder)  # imports the adapters

    def first() -> object:
        replays.watch.install()
        with replays.replaying(replays.run()):
            return litellm.completion(**ARGUMENTS)

    return first


def floor(folder: Path) -> Callable[[], object]:
    import hashlib

    import ujson

    path = (folder / "known").read_text()

    def first() -> object:
        hashlib.sha256(ujson.dumps(ARGUMENTS, sort_keys=True).encode()).hexdigest()
        with open(path, "rb") as file:
            document = json.loads(file.read())
        return litellm.ModelResponse(**document["responses"][0]["answer"]["data"])

    return first


def litellm_cache(folder: Path) -> Callable[[], object]:
    from litellm.caching.caching import Cache

    def first() -> object:
        litellm.cache = Cache(type="disk", disk_cache_dir=str(folder / "litellm"))
        litellm.cache.max_messages = None
        return litellm.completion(**ARGUMENTS)

    return first


def vcrpy(folder: Path) -> Callable[[], object]:
    import vcr

    def first() -> object:
        with vcr.use_cassette(str(folder / "vcrpy.yaml"), record_mode="none"):
            return litellm.completion(**ARGUMENTS)

    return first


def _resident() -> float:
    """MiB in memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


if __name__ == "__main__":
    first = {function.__name__: function for function in (ours, floor, litellm_cache, vcrpy)}[sys.argv[1]](
        Path(sys.argv[2])
    )
    before = _resident()
    began = time.process_time()
    first()
    seconds = time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"seconds": seconds, "grown": _resident() - before, "peak": peak}))
