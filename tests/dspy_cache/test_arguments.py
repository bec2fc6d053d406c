"""What the constructor takes, and what the object then is."""

from __future__ import annotations

import inspect
import math
import re
from pathlib import Path

import dspy
import pytest
from cachetools import LRUCache

from pytest_lmcache import Cache as TieredCache
from pytest_lmcache.dspy import Cache, configure_cache

ASKED = {"model": "openai/gpt-4o-mini", "messages": [{"role": "user", "content": "Hi"}]}


def names(function):
    return list(inspect.signature(function).parameters)


def test_it_is_a_cache_of_dspy_and_one_of_this_package(caches):
    cache = caches()
    assert isinstance(cache, dspy.clients.Cache)
    assert isinstance(cache, TieredCache)


@pytest.mark.parametrize(
    "method", ["__init__", "cache_key", "get", "put", "reset_memory_cache", "save_memory_cache", "load_memory_cache"]
)
def test_every_method_takes_the_arguments_that_dspys_takes_in_that_order(method):
    assert names(getattr(Cache, method)) == names(getattr(dspy.clients.Cache, method))


def test_configuring_takes_the_arguments_that_dspys_takes():
    assert names(configure_cache) == names(dspy.configure_cache)


def test_a_call_as_dspy_makes_it_by_position(tmp_path):
    cache = Cache(False, True, str(tmp_path), 3 * 10**10, 50, restrict_pickle=False, safe_types=None)
    assert isinstance(cache.memory_cache, LRUCache)
    assert cache.memory_cache.maxsize == 50
    assert cache.disk_cache == {}
    assert (cache.enable_disk_cache, cache.enable_memory_cache, cache.disk_cache_dir) == (False, True, str(tmp_path))


def test_what_is_off_is_empty_and_its_bounds_do_not_matter(tmp_path):
    cache = Cache(True, False, str(tmp_path), 1024, 0)
    assert cache.memory_cache == {}
    assert cache.disk_cache.size_limit == 1024
    nothing = Cache(False, False, "", 0, 0)
    assert (nothing.memory_cache, nothing.disk_cache) == ({}, {})


@pytest.mark.parametrize("bound", [None, 0, -1])
def test_a_bound_of_the_memory_that_dspy_refuses_is_refused_in_the_same_words(bound):
    with pytest.raises(ValueError, match="memory_max_entries") as theirs:
        dspy.clients.Cache(False, True, None, memory_max_entries=bound)
    with pytest.raises(ValueError, match="memory_max_entries") as ours:
        Cache(False, True, None, memory_max_entries=bound)
    assert str(ours.value) == str(theirs.value)


def test_neither_tier_needs_a_bound(caches):
    cache = caches(memory_max_entries=math.inf, disk_size_limit_bytes=None)
    cache.put(ASKED, 1)
    cache.reset_memory_cache()
    assert cache.get(ASKED) == 1


def test_a_safe_type_that_is_no_type_is_refused():
    with pytest.raises(TypeError, match="'datetime'"):
        Cache(False, safe_types=["datetime"])


def test_making_one_opens_nothing(caches, tmp_path):
    caches()
    assert list(tmp_path.iterdir()) == []


def test_what_dspy_itself_keeps_in_a_folder_stays_as_it_is(tmp_path):
    theirs = dspy.clients.Cache(True, False, str(tmp_path))
    theirs.put(ASKED, "theirs")
    ours = Cache(True, False, str(tmp_path))
    assert ours.get(ASKED) is None
    ours.put(ASKED, "ours")
    assert (ours.get(ASKED), theirs.get(ASKED)) == ("ours", "theirs")
    ours.close()
    theirs.disk_cache.close()


def test_configuring_makes_it_the_cache_of_dspy(use, tmp_path):
    use(None)
    configure_cache(enable_memory_cache=False, disk_cache_dir=tmp_path, disk_size_limit_bytes=10**6)
    assert isinstance(dspy.cache, Cache)
    assert dspy.cache.memory is None
    assert dspy.cache.disk.size_limit == 10**6
    dspy.cache.close()


def test_the_reference_has_every_argument_and_its_default():
    text = (Path(__file__).parents[2] / "docs" / "reference.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)` \| `(.*?)` \|", text.split("### `pytest_lmcache.dspy.Cache`")[1], re.MULTILINE)
    for function in (Cache.__init__, configure_cache):
        parameters = list(inspect.signature(function).parameters.values())
        assert [(item.name, str(item.default)) for item in parameters if item.name != "self"] == rows[:7]
