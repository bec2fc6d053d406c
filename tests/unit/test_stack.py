"""The tiers as one: what a mode consults, what is promoted, and what the memory tier may say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_lmcache.call import Key, Recording, Request, Take
from pytest_lmcache.errors import BadRecording, TierUnavailable
from pytest_lmcache.keys import NAMED, KeyRule, key_of
from pytest_lmcache.tiers.cassettes import Cassettes
from pytest_lmcache.tiers.disk import Disk
from pytest_lmcache.tiers.memory import Memory
from pytest_lmcache.tiers.stack import Stack

REQUEST = Request("echo", "chat", "m", {"messages": [{"role": "user", "content": "Hi"}], "model": "m"}, ("messages",))
KEY = key_of(REQUEST, KeyRule("request"))


def a_recording(*answers: str, key: Key = KEY, run: str = "this run") -> Recording:
    takes = tuple(Take(f'{{"text":"{answer}"}}', 0.1) for answer in answers or ("Hello",))
    return Recording(key, REQUEST, takes, "2026-01-02T03:04:05Z", "test_a.py::test_a", run)


@pytest.fixture
def stack(tmp_path: Path) -> Callable[..., Stack]:
    """Makes stacks over one folder, as several runs would; `warned` collects what they warn of."""

    def make(*, memory=True, cassettes=True, disk=True, run="this run", warned=None) -> Stack:
        return Stack(
            Memory(10) if memory else None,
            Cassettes(tmp_path / "cassettes") if cassettes else None,
            lambda: Disk(tmp_path / "disk", 10**8) if disk else None,
            run=run,
            warn=(warned if warned is not None else []).append,
        )

    return make


def test_a_kept_recording_is_found_at_once_but_not_in_replay(stack):
    tiers = stack()
    tiers.keep(a_recording(), ())
    assert tiers.find(KEY, "record").tier == "memory"
    with pytest.raises(KeyError):
        tiers.find(KEY, "replay")


def test_memory_answers_in_replay_once_the_recording_is_promoted(stack):
    tiers = stack()
    tiers.keep(a_recording(), ())
    tiers.promote(a_recording())
    found = tiers.find(KEY, "replay")
    assert (found.tier, found.committed) == ("memory", True)


def test_memory_does_not_answer_in_replay_what_was_made_anew_after_the_promotion(stack):
    tiers = stack()
    tiers.promote(a_recording("older"))
    tiers.find(KEY, "replay")
    tiers.keep(a_recording("newer"), ())
    found = tiers.find(KEY, "replay")
    assert (found.tier, found.recording.takes[0].response) == ("cassettes", '{"text":"older"}')


def test_replay_never_opens_the_disk(stack):
    tiers = stack()
    tiers._open_disk = lambda: pytest.fail("the disk tier was opened")
    with pytest.raises(KeyError):
        tiers.find(KEY, "replay")


def test_what_an_earlier_run_paid_for_is_found_on_disk_and_not_yet_committed(stack):
    stack(run="earlier").keep(a_recording(run="earlier"), ())
    found = stack().find(KEY, "record")
    assert (found.tier, found.committed) == ("disk", False)


def test_refresh_finds_only_what_this_run_made(stack):
    stack(run="earlier").keep(a_recording(run="earlier"), ())
    stack(run="earlier").promote(a_recording(run="earlier"))
    with pytest.raises(KeyError):
        stack().find(KEY, "refresh")
    stack(run="this run").keep(a_recording("newer"), ())
    assert stack().find(KEY, "refresh").tier == "disk"


def test_a_recording_is_found_on_disk_under_the_other_named_strategies(stack):
    aliases = tuple(key_of(REQUEST, KeyRule(name)) for name in NAMED if name != "request")
    stack().keep(a_recording(), aliases)
    for name in NAMED:
        key = key_of(REQUEST, KeyRule(name))
        found = stack().find(key, "record").recording
        assert (found.key, found.takes) == (key, a_recording().takes)


def test_the_tier_with_enough_takes_answers(stack):
    tiers = stack()
    tiers.promote(a_recording("one"))
    stack().keep(a_recording("one", "two"), ())
    assert len(tiers.find(KEY, "record", 1).recording.takes) == 1
    assert len(tiers.find(KEY, "record", 2).recording.takes) == 2


def test_where_no_tier_has_enough_takes_the_most_are_given(stack):
    tiers = stack()
    tiers.promote(a_recording("one", "two"))
    stack().keep(a_recording("one"), ())
    assert len(tiers.find(KEY, "record", 5).recording.takes) == 2


def test_what_was_found_is_in_memory_the_next_time(stack):
    tiers = stack()
    tiers.promote(a_recording())
    tiers.memory.clear()
    assert [tiers.find(KEY, "replay").tier for _ in range(2)] == ["cassettes", "memory"]


@pytest.mark.parametrize(
    ("off", "tier"), [({"memory": False}, "cassettes"), ({"memory": False, "cassettes": False}, "disk")]
)
def test_a_tier_that_is_off_is_passed_over(stack, off, tier):
    tiers = stack(**off)
    tiers.keep(a_recording(), ())
    tiers.promote(a_recording())
    assert tiers.find(KEY, "record").tier == tier


def test_with_every_tier_off_nothing_is_found(stack):
    tiers = stack(memory=False, cassettes=False, disk=False)
    tiers.keep(a_recording(), ())
    tiers.promote(a_recording())
    with pytest.raises(KeyError):
        tiers.find(KEY, "record")


def test_a_disk_that_cannot_be_used_is_given_up_with_one_word(stack):
    warned: list[str] = []
    tiers = stack(memory=False, cassettes=False, warned=warned)

    def unusable() -> Disk:
        raise TierUnavailable("cache", "it is full")

    tiers._open_disk = unusable
    for _ in range(2):
        tiers.keep(a_recording(), ())
        with pytest.raises(KeyError):
            tiers.find(KEY, "record")
    assert len(warned) == 1
    assert "it is full" in warned[0]


@pytest.mark.parametrize("mode", ["replay", "record"])
def test_a_recording_that_cannot_be_read_is_an_error_and_no_miss(stack, mode):
    tiers = stack()
    tiers.promote(a_recording())
    file = tiers.cassettes.folder / KEY.path
    file.write_text(file.read_text()[:50])
    with pytest.raises(BadRecording):
        stack().find(KEY, mode)
    assert len(file.read_text()) == 50


def test_another_request_of_the_same_conversation_is_another_recording(stack):
    other = key_of(replace(REQUEST, body={**REQUEST.body, "model": "n"}), KeyRule("request"))
    tiers = stack()
    tiers.keep(a_recording(), ())
    with pytest.raises(KeyError):
        tiers.find(other, "record")


def young(recording: Recording) -> bool:
    return recording.recorded_at >= "2026"


@pytest.mark.parametrize("off", [{}, {"memory": False}, {"memory": False, "cassettes": False}])
def test_what_is_not_fresh_is_passed_over_in_each_tier(stack, off):
    tiers = stack(**off)
    older = replace(a_recording("older"), recorded_at="2025-01-02T03:04:05Z")
    tiers.keep(older, ())
    tiers.promote(older)
    with pytest.raises(KeyError):
        tiers.find(KEY, "record", 1, young)
    tiers.keep(a_recording("newer"), ())
    assert tiers.find(KEY, "record", 1, young).recording == a_recording("newer")


def test_what_the_disk_has_in_place_of_a_recording_passed_over_is_not_taken_for_committed(stack):
    stack().promote(replace(a_recording("older"), recorded_at="2025-01-02T03:04:05Z"))
    stack().keep(a_recording("newer"), ())
    tiers = stack()
    found = [tiers.find(KEY, "record", 1, young) for _ in range(2)]
    assert [(each.tier, each.committed) for each in found] == [("disk", False), ("memory", False)]


def test_the_same_answer_given_later_makes_the_recording_younger(stack):
    stack().promote(replace(a_recording(), recorded_at="2025-01-02T03:04:05Z"))
    tiers = stack()
    tiers.promote(a_recording())
    assert tiers.find(KEY, "record").recording.recorded_at == a_recording().recorded_at
