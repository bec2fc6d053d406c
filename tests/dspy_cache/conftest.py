"""The cache for DSPy with DSPy itself; skipped where DSPy is not installed."""

from __future__ import annotations

import importlib.util

import pytest

collect_ignore_glob = [] if importlib.util.find_spec("dspy") else ["test_*.py"]


@pytest.fixture(scope="session")
def running_provider():
    from provider import Provider

    with Provider() as provider:
        yield provider


@pytest.fixture
def provider(running_provider):
    running_provider.reset()
    return running_provider


@pytest.fixture
def caches(tmp_path):
    """Makes caches that share one folder, and closes them."""
    from pytest_lmcache.dspy import Cache

    made = []

    def make(kind=Cache, **options):
        made.append(kind(**{"disk_cache_dir": tmp_path / "disk", **options}))
        return made[-1]

    yield make
    for cache in made:
        cache.close()


@pytest.fixture
def use():
    """Makes a cache that of DSPy, and puts back what was there. DSPy makes none of its own in the meantime."""
    import dspy

    before = vars(dspy).get("cache")

    def install(cache):
        dspy.cache = cache
        return cache

    yield install
    if before is None:
        vars(dspy).pop("cache", None)
    else:
        dspy.cache = before


@pytest.fixture
def lm(provider):
    """Makes language models that speak to the provider."""
    import dspy

    def make(model="openai/gpt-4o-mini", **options):
        return dspy.LM(model, api_base=f"{provider.url}/v1", api_key="sk-fake", **options)

    return make
