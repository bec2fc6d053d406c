"""A `Cache` handed to the plugin: its key, its tiers, its bounds."""

from __future__ import annotations

import pytest

BY_MESSAGES = """
from pytest_lmcache import Cache

class ByMessages(Cache):
    def cache_key(self, request, ignored_args_for_cache_key=None):
        return super().cache_key({"messages": request["messages"]})
"""
CONFIG = """
import pytest
from app_cache import ByMessages
from pytest_lmcache import Cache

@pytest.fixture(scope="session")
def lmcache_config():
    return {{"cache": {cache}}}
"""
TWO_MODELS = "def test_it():\n    assert ask(model='openai/one') == ask(model='openai/two')\n"


@pytest.fixture
def with_cache(project):
    """Hands a cache to the plugin, in one of the ways there are."""
    project.pytester.makepyfile(app_cache=BY_MESSAGES + "CACHE = ByMessages()\n")

    def hand_over(cache, way="lmcache_config"):
        if way == "ini":
            project.ini(f"lmcache_cache = {cache}")
        else:
            project.pytester.makeconftest(CONFIG.format(cache=cache))

    return hand_over


@pytest.mark.parametrize(
    ("cache", "way"),
    [
        ("ByMessages()", "lmcache_config"),
        ("ByMessages", "lmcache_config"),
        ("'app_cache:ByMessages'", "lmcache_config"),
        ("app_cache:ByMessages", "ini"),
        ("app_cache.ByMessages", "ini"),
        ("app_cache:CACHE", "ini"),
    ],
)
def test_a_cache_key_of_messages_alone_lets_two_models_share_an_answer(project, with_cache, cache, way):
    with_cache(cache, way)
    project.tests(TWO_MODELS)
    project.record().assert_outcomes(passed=1)
    assert project.provider.count() == 1
    project.replay().assert_outcomes(passed=1)
    assert project.provider.count() == 1


def test_a_marker_hands_one_over_too(project, with_cache):
    project.tests("from app_cache import ByMessages\n@pytest.mark.lmcache(cache=ByMessages)\n" + TWO_MODELS)
    project.record().assert_outcomes(passed=1)
    assert project.provider.count() == 1


def test_with_both_tiers_off_every_request_is_a_new_call(project, with_cache):
    with_cache("Cache(enable_disk_cache=False, enable_memory_cache=False)")
    project.tests("def test_it():\n    assert ask() != ask()\n")
    project.record()
    assert project.provider.count() == 2


def test_with_memory_alone_nothing_outlives_a_failing_run(project, with_cache):
    with_cache("Cache(enable_disk_cache=False)")
    project.tests(
        "def test_it(lmcache):\n    assert ask() == ask()\n    assert lmcache.calls[1].tier == 'memory'\n"
        "    assert False\n"
    )
    project.record().assert_outcomes(failed=1)
    project.record().assert_outcomes(failed=1)
    assert project.provider.count() == 2


def test_its_disk_folder_is_where_calls_are_kept(project, with_cache, tmp_path):
    with_cache(f"Cache(disk_cache_dir={str(tmp_path / 'kept')!r})")
    project.tests("def test_it():\n    ask()\n    assert False\n")
    project.record().assert_outcomes(failed=1)
    assert any((tmp_path / "kept").iterdir())
    project.tests("def test_it(lmcache):\n    ask()\n    assert lmcache.calls[0].tier == 'disk'\n")
    project.record().assert_outcomes(passed=1)
    assert project.provider.count() == 1


def test_its_memory_is_bounded(project, with_cache):
    with_cache("Cache(enable_disk_cache=False, memory_max_entries=1)")
    project.tests("def test_it():\n    ask('One?'), ask('Two?'), ask('Two?'), ask('One?')\n")
    project.record()
    assert project.provider.count() == 3


def test_what_is_no_cache_is_named(project, with_cache):
    with_cache("object()")
    project.tests("def test_it():\n    ask()\n")
    result = project.record()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["lmcache: lmcache_config: cache=<object object*> is no pytest_lmcache.Cache"])


def test_a_cache_whose_constructor_fails_is_named(project, with_cache):
    with_cache("'app_cache:Broken'")
    project.pytester.makepyfile(
        app_cache=BY_MESSAGES + "class Broken(Cache):\n    def __init__(self):\n        raise OSError('no room')\n"
    )
    project.tests("def test_it():\n    ask()\n")
    result = project.record()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["lmcache: lmcache_config: cache='app_cache:Broken' cannot be made (OSError: no room)"])
