"""What one recording costs to make safe, in wall time: a disk that syncs is waited for."""

from __future__ import annotations

import fcntl
import itertools
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import litellm

from benchmarks import work
from benchmarks.measure import Effort, Variant, interleaved
from benchmarks.ours import replays
from benchmarks.provider import provider
from benchmarks.table import Row
from pytest_lmcache.call import Recording
from pytest_lmcache.recorder.flights import Caller, Flights, Locks, try_acquire
from pytest_lmcache.tiers.cassettes import Cassettes
from pytest_lmcache.tiers.disk import Disk


def durable(effort: Effort) -> list[Row]:
    """A recording that nobody else writes, under its lock: on the local disk, and in the cassette folder."""
    with tempfile.TemporaryDirectory() as name, provider(), replays(Path(name)) as ours:
        folder = Path(name)
        ours.record(lambda: litellm.completion(**work.agent_turn()))
        (file,) = (folder / "cassettes").glob("chat/*.json")
        cassettes = Cassettes(folder / "cassettes")
        recordings = _others(cassettes.load(file))
        disk, locks = Disk(folder / "disk", 1024**3), Locks(lambda: folder / "locks")
        data, numbers = file.read_bytes(), itertools.count()

        def floor() -> None:
            path = folder / f"plain-{next(numbers)}"
            with open(f"{path}.tmp", "xb") as plain:
                plain.write(data)
                plain.flush()
                os.fsync(plain.fileno())
            os.replace(f"{path}.tmp", path)

        def locked(put: Callable[[Recording], None]) -> Callable[[], None]:
            def act() -> None:
                recording = next(recordings)
                lock = locks.lock(recording.key.digest)
                assert try_acquire(lock)
                put(recording)
                lock.release()

            return act

        clock = time.perf_counter
        found = interleaved(
            {
                "floor": Variant(floor, clock=clock),
                "disk": Variant(locked(disk.put), clock=clock),
                "cassettes": Variant(locked(cassettes.put), clock=clock),
            },
            effort,
        )
        disk.close()
    least = found["floor"] * 1e3
    return [
        _row("durable write of a recording, cassettes/", found["cassettes"] * 1e3, least),
        _row("the same, local disk", found["disk"] * 1e3, least),
    ]


def uncontended(effort: Effort) -> list[Row]:
    """What it costs a call to make sure that nobody else makes the same: its turn and its file lock, and both back."""
    with tempfile.TemporaryDirectory() as name:
        flights, locks, caller = Flights(), Locks(lambda: Path(name) / "locks"), Caller.current(is_async=False)
        digests = (sha256(str(number).encode()).hexdigest() for number in itertools.count())

        def ours() -> None:
            digest = next(digests)
            assert flights.begin(digest, caller) is None
            lock = locks.lock(digest)
            assert try_acquire(lock)
            lock.release()
            flights.end(digest, caller)

        def floor() -> None:
            descriptor = os.open(f"{name}/{next(digests)}", os.O_CREAT | os.O_RDWR)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            os.close(descriptor)

        ours()
        found = interleaved({"ours": Variant(ours), "floor": Variant(floor)}, effort)
    took, least = found["ours"] * 1e3, found["floor"] * 1e3
    return [Row("single flight of a miss that nobody else asks", took, least, "ms", took, 1.0, "ms")]


def _row(title: str, took: float, least: float) -> Row:
    return Row(title, took, least, "ms", took, 2.5, "ms")


def _others(recording: Recording) -> itertools.chain[Recording]:
    """The recording under one new key after another."""
    digests = (sha256(str(number).encode()).hexdigest() for number in itertools.count())
    return itertools.chain(replace(recording, key=replace(recording.key, digest=digest)) for digest in digests)
