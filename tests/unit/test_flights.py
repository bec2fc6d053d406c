"""Single flight: who waits for whom, within a process and between processes."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pytest_lmcache.errors import TierUnavailable
from pytest_lmcache.recorder.flights import OLD, Caller, Flights, Locks, try_acquire


@pytest.mark.parametrize(
    ("caller", "leader", "blocks"),
    [
        # A blocking caller stops its whole thread, and with it everything the leader could do there.
        (Caller(1, None), Caller(1, None), True),
        (Caller(1, None), Caller(1, 7), True),
        (Caller(1, None), Caller(2, None), False),
        (Caller(1, None), Caller(2, 7), False),
        # A task lets the other tasks of its loop go on.
        (Caller(1, 7), Caller(1, 8), False),
        (Caller(1, 7), Caller(2, 8), False),
        (Caller(1, 7), Caller(2, None), False),
        (Caller(1, 7), Caller(1, 7), True),
        (Caller(1, 7), Caller(1, None), True),
    ],
)
def test_who_would_block_whom(caller, leader, blocks):
    assert caller.would_block(leader) is blocks


def test_a_blocking_call_on_a_loops_thread_is_no_task():
    async def both():
        return Caller.current(is_async=False), Caller.current(is_async=True)

    blocking, awaited = asyncio.run(both())
    assert blocking.thread == awaited.thread == threading.get_ident()
    assert blocking.task is None
    assert awaited.task is not None


def test_the_first_leads_until_it_has_landed():
    flights, first, second = Flights(), Caller(1, None), Caller(2, None)
    assert flights.begin("a", first) is None
    assert flights.begin("a", second) is first
    flights.end("a", first)
    assert flights.begin("a", second) is None


def test_different_requests_do_not_wait_for_each_other():
    flights = Flights()
    assert flights.begin("a", Caller(1, None)) is None
    assert flights.begin("b", Caller(2, None)) is None


def test_only_the_leader_ends_a_flight():
    flights, first, second = Flights(), Caller(1, None), Caller(2, None)
    flights.begin("a", first)
    flights.end("a", second)
    assert flights.begin("a", second) is first


def test_two_calls_of_one_thread_are_told_apart():
    flights, first, again = Flights(), Caller(1, None), Caller(1, None)
    assert first == again
    flights.begin("a", first)
    assert flights.begin("a", again) is first
    flights.end("a", again)
    assert flights.begin("a", again) is first


def test_one_process_at_a_time_holds_the_lock_of_a_request(tmp_path):
    here, there = Locks(lambda: tmp_path / "locks"), Locks(lambda: tmp_path / "locks")
    lock = here.lock("a" * 64)
    assert try_acquire(lock)
    assert not try_acquire(there.lock("a" * 64))
    assert try_acquire(there.lock("b" * 64))
    lock.release()
    assert try_acquire(there.lock("a" * 64))


def test_a_lock_taken_in_one_thread_is_given_back_in_another(tmp_path):
    locks = Locks(lambda: tmp_path / "locks")
    lock = locks.lock("a" * 64)
    assert try_acquire(lock)
    thread = threading.Thread(target=lock.release)
    thread.start()
    thread.join()
    assert try_acquire(locks.lock("a" * 64))


def test_the_lock_of_a_killed_process_is_free(tmp_path):
    script = (
        "import sys, pathlib; from pytest_lmcache.recorder.flights import Locks, try_acquire\n"
        "lock = Locks(lambda: pathlib.Path(sys.argv[1])).lock('a' * 64)\n"
        "print(try_acquire(lock), flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "locks")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        assert holder.stdout.readline().strip() == "True"
        locks = Locks(lambda: tmp_path / "locks")
        assert not try_acquire(locks.lock("a" * 64))
        holder.kill()
        holder.wait()
        assert try_acquire(locks.lock("a" * 64))


def test_locks_nobody_has_used_for_long_are_removed(tmp_path):
    folder = tmp_path / "locks"
    folder.mkdir()
    for name, age in (("old", OLD + 60), ("young", OLD - 60)):
        (folder / name).touch()
        then = os.stat(folder / name).st_mtime - age
        os.utime(folder / name, (then, then))
    Locks(lambda: folder).lock("a" * 64)
    assert [file.name for file in folder.iterdir()] == ["young"]


def _no_folder() -> Path:
    raise TierUnavailable("nowhere", "there is no home")


def test_without_a_folder_there_is_no_lock(tmp_path):
    (tmp_path / "file").touch()
    assert Locks(_no_folder).lock("a" * 64) is None
    assert Locks(lambda: tmp_path / "file" / "locks").lock("a" * 64) is None
