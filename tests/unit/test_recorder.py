"""What a call does: the whole table."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from echo_sdk import Caller, Provider, committed

from pytest_lmcache.call import Take
from pytest_lmcache.options import Settings
from pytest_lmcache.session import Run


def hold(run: Run, *, cassettes: int = 0, disk: int = 0) -> None:
    """Put a recording of the question with so many takes, `old 1`, `old 2` ..., where a row wants it."""
    scope = run.scope("an older test", Settings(mode="record"))
    Caller(scope, Provider())()
    stack = scope._stack
    [call] = scope.calls
    made = stack.find(call.key, "record").recording
    stack._on_disk(lambda tier: tier.delete(call.key))
    takes = tuple(Take(json.dumps({"text": f"old {number}"}), 0.1) for number in (1, 2, 3))
    if disk:
        stack._on_disk(lambda tier: tier.put(replace(made, takes=takes[:disk])))
    if cassettes:
        stack.promote(replace(made, takes=takes[:cassettes]))


OLDER, THIS = "older run", "this run"
TABLE = [
    # mode, repeat, takes in cassettes/, takes on disk and of which run | each call | committed after the test passed
    ("replay", "same", 0, 0, OLDER, ["missed"], []),
    ("replay", "same", 0, 1, OLDER, ["missed"], []),
    ("replay", "same", 0, 1, THIS, ["missed"], []),
    ("replay", "same", 1, 0, OLDER, ["old 1 from cassettes, replayed", "old 1 from memory, replayed"], ["old 1"]),
    ("replay", "same", 1, 2, OLDER, ["old 1 from cassettes, replayed", "old 1 from memory, replayed"], ["old 1"]),
    (
        "replay", "same", 2, 0, OLDER,
        ["old 1 from cassettes, replayed", "old 2 from memory, replayed", "old 2 from memory, replayed"],
        ["old 1", "old 2"],
    ),
    ("replay", "next", 0, 0, OLDER, ["missed"], []),
    ("replay", "next", 1, 0, OLDER, ["old 1 from cassettes, replayed", "missed", "missed"], ["old 1"]),
    ("replay", "next", 1, 2, OLDER, ["old 1 from cassettes, replayed", "missed"], ["old 1"]),
    (
        "replay", "next", 2, 0, OLDER,
        ["old 1 from cassettes, replayed", "old 2 from memory, replayed", "missed"],
        ["old 1", "old 2"],
    ),
    ("record", "same", 0, 0, OLDER, ["live 1 from provider, recorded", "live 1 from memory, replayed"], ["live 1"]),
    ("record", "same", 0, 1, OLDER, ["old 1 from disk, replayed", "old 1 from memory, replayed"], ["old 1"]),
    ("record", "same", 1, 0, OLDER, ["old 1 from cassettes, replayed", "old 1 from memory, replayed"], ["old 1"]),
    ("record", "same", 1, 2, OLDER, ["old 1 from cassettes, replayed", "old 1 from memory, replayed"], ["old 1"]),
    (
        "record", "same", 2, 0, OLDER,
        ["old 1 from cassettes, replayed", "old 2 from memory, replayed", "old 2 from memory, replayed"],
        ["old 1", "old 2"],
    ),
    (
        "record", "next", 0, 0, OLDER,
        ["live 1 from provider, recorded", "live 2 from provider, recorded"],
        ["live 1", "live 2"],
    ),
    (
        "record", "next", 0, 1, OLDER,
        ["old 1 from disk, replayed", "live 1 from provider, recorded"],
        ["old 1", "live 1"],
    ),
    (
        "record", "next", 1, 0, OLDER,
        ["old 1 from cassettes, replayed", "live 1 from provider, recorded"],
        ["old 1", "live 1"],
    ),
    (
        "record", "next", 1, 2, OLDER,
        ["old 1 from cassettes, replayed", "old 2 from disk, replayed", "live 1 from provider, recorded"],
        ["old 1", "old 2", "live 1"],
    ),
    ("refresh", "same", 0, 0, OLDER, ["live 1 from provider, refreshed", "live 1 from memory, replayed"], ["live 1"]),
    ("refresh", "same", 0, 1, OLDER, ["live 1 from provider, refreshed", "live 1 from memory, replayed"], ["live 1"]),
    ("refresh", "same", 1, 1, OLDER, ["live 1 from provider, refreshed", "live 1 from memory, replayed"], ["live 1"]),
    ("refresh", "same", 2, 0, OLDER, ["live 1 from provider, refreshed", "live 1 from memory, replayed"], ["live 1"]),
    ("refresh", "same", 1, 1, THIS, ["old 1 from disk, replayed", "old 1 from memory, replayed"], ["old 1"]),
    (
        "refresh", "next", 2, 2, OLDER,
        ["live 1 from provider, refreshed", "live 2 from provider, refreshed"],
        ["live 1", "live 2"],
    ),
    (
        "refresh", "next", 0, 1, THIS,
        ["old 1 from disk, replayed", "live 1 from provider, refreshed"],
        ["old 1", "live 1"],
    ),
]  # fmt: skip


@pytest.mark.parametrize("awaited", [False, True], ids=["blocking", "awaited"])
@pytest.mark.parametrize(("mode", "repeat", "in_cassettes", "on_disk", "made_by", "calls", "kept"), TABLE)
def test_what_a_call_does(run, provider, mode, repeat, in_cassettes, on_disk, made_by, calls, kept, awaited):
    hold(run(made_by), cassettes=in_cassettes, disk=on_disk)
    this = run(THIS)
    scope = this.scope("test_it.py::test_it", Settings(mode=mode, repeat=repeat))
    call = Caller(scope, provider, awaited=awaited)
    assert [call.told() for _ in calls] == calls
    assert provider.requests == sum("provider" in words for words in calls)
    scope.end(passed=True)
    assert committed(this) == kept


@pytest.mark.parametrize("repeat", ["same", "next"])
def test_what_was_recorded_replays_take_by_take(run, provider, repeat):
    recording = run(THIS).scope("test_it", Settings(mode="record", repeat=repeat))
    answers = [Caller(recording, provider)() for _ in range(3)]
    recording.end(passed=True)
    replaying = run("a later run").scope("test_it", Settings(mode="replay", repeat=repeat))
    assert [Caller(replaying, provider)() for _ in range(3)] == answers
    assert provider.requests == (1 if repeat == "same" else 3)
