"""What one recording costs to make safe, in wall time: a disk that syncs is waited for."""

from __future__ import annotations

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
from pytest_lmcache.recorder.flights import Locks, try_acquire
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


def _row(title: str, took: float, least: float) -> Row:
    return Row(title, took, least, "ms", took, 2.5, "ms")


def _others(recording: Recording) -> itertools.chain[Recording]:
    """The recording under one new key after another."""
    digests = (sha256(str(number).encode()).hexdigest() for number in itertools.count())
    return itertools.chain(replace(recording, key=replace(recording.key, digest=digest)) for digest in digests)
