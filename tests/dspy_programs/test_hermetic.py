"""DSPy's own cache while tests run: the user's is out of reach, each test has one of its own, and all is put back."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import dspy
import litellm
import pytest
from programs import ASKED, examples, metric, model, told

from pytest_lmcache.options import Settings


def put_in_the_users_cache(home: Path, url: str) -> Any:
    """The user has asked this before, without us."""
    dspy.configure_cache(disk_cache_dir=str(home / ".dspy_cache"))
    answer = model(url)(ASKED)
    dspy.cache.reset_memory_cache()
    return answer


def content(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_a_recording_made_on_a_machine_with_a_full_cache_replays_on_one_with_none(recordings, a_home_of_its_own):
    known = put_in_the_users_cache(a_home_of_its_own, recordings.provider.url)
    with recordings.scope("record") as scope:
        recorded = model(recordings.provider.url)(ASKED)
    assert recorded != known
    assert [call.outcome for call in scope.calls] == ["recorded"]
    vars(dspy).pop("cache")
    recordings.provider.reset()
    with recordings.scope("replay"):
        assert model(recordings.provider.url)(ASKED) == recorded
    assert recordings.provider.count() == 0


def test_the_users_cache_is_neither_read_nor_written(recordings, a_home_of_its_own):
    known = put_in_the_users_cache(a_home_of_its_own, recordings.provider.url)
    before, cache = content(a_home_of_its_own), dspy.cache
    with recordings.scope("record"):
        assert dspy.cache is not cache
        model(recordings.provider.url)("Something new?")
        dspy.configure_cache(disk_cache_dir=str(a_home_of_its_own / ".dspy_cache"))
        assert model(recordings.provider.url)(ASKED) != known
        dspy.configure_cache()
        assert model(recordings.provider.url)("Something else?")
    assert dspy.cache is cache
    assert content(a_home_of_its_own) == before
    assert model(recordings.provider.url)(ASKED) == known


def test_no_cache_is_built_in_the_users_home(recordings, a_home_of_its_own):
    with recordings.scope("record"):
        model(recordings.provider.url)(ASKED)
    assert "cache" not in vars(dspy)
    assert list(a_home_of_its_own.iterdir()) == []


@pytest.mark.parametrize("mode", ["record", "replay"])
@pytest.mark.parametrize("engine", ["auto", "litellm"])
def test_within_a_test_the_second_call_is_a_hit_with_empty_usage(engine, mode, recordings):
    def run() -> Any:
        lm = model(recordings.provider.url, engine=engine)
        with dspy.context(track_usage=True):
            answers = lm(ASKED), lm(ASKED), asyncio.run(lm.acall(ASKED)), asyncio.run(lm.acall(ASKED))
        assert len(set(map(tuple, answers))) == 1
        return [bool(entry["usage"]) for entry in told(lm)]

    with recordings.scope("record") as scope:
        usage = run()
    if mode == "replay":
        with recordings.scope("replay") as scope:
            usage = run()
    # A blocking call and an awaited one share no entry in DSPy's cache, and share a recording.
    assert usage == [True, False, True, False]
    assert len(scope.calls) == 2


SWITCHES = [
    {"enable_disk_cache": False, "enable_memory_cache": False},
    {"enable_disk_cache": True, "enable_memory_cache": False},
    {"enable_disk_cache": False, "enable_memory_cache": True},
    {},
]


@pytest.mark.parametrize("switches", SWITCHES, ids=str)
def test_configure_cache_in_a_test_has_its_own_meaning_and_ends_with_it(switches, recordings, a_home_of_its_own):
    usage = {}
    for mode in ("record", "replay"):
        with recordings.scope(mode):
            dspy.configure_cache(**switches)
            lm = model(recordings.provider.url)
            lm(ASKED), lm(ASKED)
            usage[mode] = [bool(entry["usage"]) for entry in told(lm)]
        assert "cache" not in vars(dspy)
    on = any(switches.values()) if switches else True
    assert usage == {mode: [True, not on] for mode in ("record", "replay")}
    assert list(a_home_of_its_own.iterdir()) == []


def test_a_cache_in_a_temporary_folder_of_the_test_stays_where_it_is(recordings, tmp_path):
    with recordings.scope("record"):
        dspy.configure_cache(disk_cache_dir=tmp_path / "mine", enable_memory_cache=False)
        model(recordings.provider.url)(ASKED)
        assert (tmp_path / "mine").is_dir()
        assert dspy.cache.disk_cache_dir == str(tmp_path / "mine")


def test_what_the_project_configured_holds_in_its_tests(recordings):
    dspy.configure_cache(enable_disk_cache=False, enable_memory_cache=False)
    with recordings.scope("record"):
        lm = model(recordings.provider.url)
        lm(ASKED), lm(ASKED)
    assert [bool(entry["usage"]) for entry in told(lm)] == [True, True]


def test_a_cache_class_of_the_project_keeps_its_keys_and_loses_its_content(recordings):
    class ByMessages(dspy.clients.Cache):
        def __init__(self) -> None:
            super().__init__(enable_disk_cache=False, enable_memory_cache=True, disk_cache_dir=None)

        def cache_key(self, request: dict[str, Any], ignored_args_for_cache_key: list[str] | None = None) -> str:
            return repr(request["messages"])

    dspy.cache = configured = ByMessages()
    model(recordings.provider.url)(ASKED)
    with recordings.scope("record") as scope:
        first = model(recordings.provider.url, "openai/gpt-4o-mini")(ASKED)
        assert model(recordings.provider.url, "openai/gpt-4o")(ASKED) == first
    assert len(scope.calls) == 1
    assert dspy.cache is configured


def test_our_cache_for_dspy_is_kept_from_the_users_disk_too(recordings, a_home_of_its_own):
    from pytest_lmcache.dspy import Cache, configure_cache

    configure_cache(disk_cache_dir=a_home_of_its_own / "mine")
    known = model(recordings.provider.url)(ASKED)
    before, configured = content(a_home_of_its_own), dspy.cache
    for mode in ("record", "replay"):
        with recordings.scope(mode) as scope:
            assert type(dspy.cache) is Cache
            lm = model(recordings.provider.url)
            assert lm(ASKED) == lm(ASKED) != known
            configure_cache(disk_cache_dir=a_home_of_its_own / "mine")
            assert lm(ASKED) != known
            assert [bool(entry["usage"]) for entry in told(lm)] == [True, False, True]
        assert [call.number for call in scope.calls] == [1, 2]
    assert dspy.cache is configured
    assert content(a_home_of_its_own) == before
    configured.close()


def test_one_tests_memory_answers_no_other(recordings):
    for name in ("one", "two"):
        with recordings.run() as run:
            scopes = [run.scope(f"test_it.py::test_{part}", Settings(mode="record")) for part in (name, "again")]
            for scope in scopes:
                run.enter(scope)
                model(recordings.provider.url)(ASKED)
                scope.end(passed=True)
                run.leave(scope)
            assert [len(scope.calls) for scope in scopes] == [1, 1]
    assert recordings.provider.count() == 1


def test_a_fixture_of_wider_scope_has_a_cache_of_its_own_and_configures_that_of_its_tests(recordings):
    with recordings.run() as run:
        record = Settings(mode="record")
        test, fixture = run.scope("test_it.py::test_it", record), run.scope("test_it.py::it", record, lasting=True)
        lm = model(recordings.provider.url)
        run.enter(test)
        run.enter(fixture)
        lm(ASKED)
        dspy.configure_cache(enable_disk_cache=False, enable_memory_cache=False)
        dspy.configure(lm=lm)
        run.leave(fixture)
        assert not dspy.cache.enable_memory_cache
        lm(ASKED)
        dspy.configure(num_threads=3)
        run.leave(test)
        assert len(test.calls) == 1
        assert dspy.settings.lm is lm
        assert dspy.settings.num_threads != 3
        dspy.settings.configure(lm=None)
    assert "cache" not in vars(dspy)


def test_settings_are_after_a_test_what_they_were(recordings):
    lists = list(dspy.settings.callbacks), list(dspy.settings.trace)
    with recordings.scope("record"):
        dspy.configure(lm=model(recordings.provider.url), new_setting=1)
        dspy.settings.callbacks.append(object())
        dspy.Predict("question -> answer")(question=ASKED)
    assert dspy.settings.lm is None
    assert "new_setting" not in dspy.settings
    assert (dspy.settings.callbacks, dspy.settings.trace) == lists


def test_each_asynchronous_test_may_configure(recordings):
    async def main() -> None:
        dspy.configure(lm=model(recordings.provider.url))

    for _ in range(2):
        with recordings.scope("record"):
            asyncio.run(main())


def test_the_cache_of_litellm_is_after_a_test_what_it_was(recordings):
    with recordings.scope("record"):
        litellm.cache = object()
    assert litellm.cache is None


def test_what_is_not_at_work_leaves_dspys_own_functions_in_place(recordings):
    from dspy.clients import cache, execution
    from dspy.utils.parallelizer import ParallelExecutor

    def seams() -> list[Any]:
        names = ("_attempt", "_aattempt", "_cached", "_store")
        own = [vars(execution)[name] for name in names]
        return [*own, cache.Cache.__init__, ParallelExecutor.execute, ParallelExecutor._wrap_function]

    before = seams()
    with recordings.run():
        assert seams() != before
        # Nothing is recorded between tests: DSPy runs as it does without us.
        lm = model(recordings.provider.url, temperature=1.0)
        with dspy.context(lm=lm):
            assert (
                len(dspy.Evaluate(devset=examples(3), metric=metric)(dspy.Predict("question -> answer")).results) == 3
            )
        assert len(lm(ASKED, n=2)) == 2
    assert seams() == before
    assert recordings.provider.count() == 5
    assert recordings.files() == []
