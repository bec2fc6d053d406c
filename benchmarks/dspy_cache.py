"""The cache for DSPy beside DSPy's own: hits through `dspy.LM`, and what opening one takes."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import dspy
import dspy.clients

from benchmarks.measure import Effort, Variant, interleaved
from benchmarks.provider import provider
from benchmarks.table import Row
from pytest_lmcache.dspy import Cache

THEIRS = "x DSPy's own"
QUESTION = "What is the capital of France?"
ENTRIES = 1000


def hits(effort: Effort) -> list[Row]:
    """A question that was asked before, through DSPy's default engine and through litellm."""
    rows = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stack.enter_context(provider())
        for engine in ("lm15", "litellm"):
            base, key = os.environ["OPENAI_API_BASE"], os.environ["OPENAI_API_KEY"]
            model = dspy.LM("openai/gpt-4o-mini", engine=engine, api_base=base, api_key=key)
            for tier, bound in (("memory", 0.7), ("disk", 0.9)):
                made = {
                    name: cls(tier == "disk", tier == "memory", str(folder / f"{name}-{tier}"))
                    for name, cls in (("floor", dspy.clients.Cache), ("ours", Cache))
                }
                found = {name: seconds * 1e6 for name, seconds in interleaved(_asking(model, made), effort).items()}
                title = f"dspy.LM, engine {engine}, {tier} hit"
                ratio = found["ours"] / found["floor"]
                rows.append(Row(title, found["ours"], found["floor"], "us", ratio, bound, THEIRS))
    return rows


def opening(effort: Effort) -> list[Row]:
    """Making a cache and looking for something in it: in a new folder, and in one that holds answers."""
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder, numbers = Path(name), itertools.count()
        used = {"floor": folder / "used-theirs", "ours": folder / "used-ours"}
        makers: dict[str, Any] = {"floor": dspy.clients.Cache, "ours": Cache}
        for which, place in used.items():
            with _made(makers[which], place) as cache:
                for number in range(ENTRIES if effort.batch else 2):
                    cache.put({"number": number}, {"text": "x" * 500})

        def opened(which: str, place: Path | None) -> None:
            with _made(makers[which], place or folder / f"new-{next(numbers)}") as cache:
                cache.get({"number": 1})

        for title, places, bound in (("new", {}, 50.0), ("used", used, 10.0)):
            variants = {which: Variant(partial(opened, which, places.get(which)), most=10) for which in makers}
            found = {which: seconds * 1e3 for which, seconds in interleaved(variants, effort).items()}
            rows.append(
                Row(
                    f"dspy.cache, opening a {title} one",
                    found["ours"],
                    found["floor"],
                    "ms",
                    found["ours"],
                    bound,
                    "ms",
                )
            )
    return rows


def _asking(model: Any, made: dict[str, Any]) -> dict[str, Variant]:
    for cache in made.values():
        with _used(cache):
            assert model(QUESTION) == model(QUESTION)
    return {name: Variant(lambda: model(QUESTION), lambda cache=cache: _used(cache)) for name, cache in made.items()}


@contextmanager
def _used(cache: Any) -> Iterator[None]:
    dspy.cache = cache
    yield


@contextmanager
def _made(kind: Any, folder: Path) -> Iterator[Any]:
    cache = kind(True, False, str(folder), 10**9)
    try:
        yield cache
    finally:
        cache.disk_cache.close()
