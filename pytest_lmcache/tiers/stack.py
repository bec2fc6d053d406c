"""The tiers as one: which of them a mode consults, what reaches which, and when."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import ujson

from pytest_lmcache.call import Key, Recording, Take
from pytest_lmcache.errors import BadRecording, TierUnavailable
from pytest_lmcache.readers import REPLAYING
from pytest_lmcache.tiers.cassettes import Cassettes
from pytest_lmcache.tiers.disk import Disk
from pytest_lmcache.tiers.memory import Memory

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Found:
    """A recording, the tier it came from, and whether the cassette folder has it."""

    recording: Recording
    tier: str
    committed: bool


def _always(_: Recording) -> bool:
    return True


class Stack:
    """Memory over one cassette folder over the local disk; any of them may be None. `disk` is asked for at first need.

    The memory tier is a copy: in replay it answers only what the cassette folder is known to hold. `run` identifies
    this run, for `refresh`; `warn` is told once when the local disk cannot be used any more.
    """

    def __init__(
        self,
        memory: Memory | None,
        cassettes: Cassettes | None,
        disk: Callable[[], Disk | None],
        *,
        run: str,
        warn: Callable[[str], None],
    ) -> None:
        self.memory = memory
        self.cassettes = cassettes
        self.run = run
        self._open_disk = disk
        self._disk_usable = True
        self._warn = warn
        self._committed: set[str] = set()

    def find(self, key: Key, mode: str, takes: int = 1, fresh: Callable[[Recording], bool] = _always) -> Found:
        """The recording that answers `key` in a mode, with at least `takes` takes where a tier has that many.

        One that is not `fresh` is passed over, in whatever tier. Raises KeyError where there is none, and BadRecording
        where there is one that cannot be read.
        """
        found = None
        for look in self._looks(mode):
            try:
                candidate = look(key)
            except KeyError:
                continue
            if not fresh(candidate.recording) or (mode == "refresh" and candidate.recording.run != self.run):
                continue
            if found is None or len(candidate.recording.takes) > len(found.recording.takes):
                found = candidate
            if len(found.recording.takes) >= takes:
                break
        if found is None:
            raise KeyError(key.digest)
        if not found.committed:
            # The folder may have another one, which was passed over or has fewer takes.
            self._committed.discard(key.digest)
        if found.tier != "memory" and self.memory is not None:
            self.memory.put(found.recording)
        return found

    def keep(self, recording: Recording, aliases: tuple[Key, ...]) -> None:
        """Make a fresh recording safe on this machine, before its caller has the answer."""
        self._committed.discard(recording.key.digest)
        if self.memory is not None:
            self.memory.put(recording)
        self._on_disk(lambda disk: disk.put(recording, aliases=aliases))

    def promote(self, recording: Recording) -> None:
        """Write a recording to the cassette folder, where another worker may have put it, with more takes even.

        Raises CassettesUnusable.
        """
        if self.cassettes is not None:
            if not _holds(self.cassettes, recording):
                self.cassettes.put(recording)
            self._committed.add(recording.key.digest)

    def _looks(self, mode: str) -> tuple[Callable[[Key], Found], ...]:
        if mode in REPLAYING:
            return self._in_memory_if_committed, self._in_cassettes
        if mode == "record":
            return self._in_memory, self._in_cassettes, self._in_disk
        return self._in_memory, self._in_disk

    def _in_memory(self, key: Key) -> Found:
        if self.memory is None:
            raise KeyError(key.digest)
        recording = self.memory.get(key)
        return Found(recording, "memory", key.digest in self._committed)

    def _in_memory_if_committed(self, key: Key) -> Found:
        if key.digest not in self._committed:
            raise KeyError(key.digest)
        return self._in_memory(key)

    def _in_cassettes(self, key: Key) -> Found:
        if self.cassettes is None:
            raise KeyError(key.digest)
        recording = self.cassettes.get(key)
        self._committed.add(key.digest)
        return Found(recording, "cassettes", committed=True)

    def _in_disk(self, key: Key) -> Found:
        found = self._on_disk(lambda disk: disk.get(key))
        if found is None:
            raise KeyError(key.digest)
        return Found(found, "disk", committed=False)

    def _on_disk(self, act: Callable[[Disk], T]) -> T | None:
        """Do something with the local disk, or nothing where there is none; it is given up when it cannot be used."""
        if not self._disk_usable:
            return None
        try:
            disk = self._open_disk()
            return None if disk is None else act(disk)
        except TierUnavailable as error:
            self._disk_usable = False
            self._warn(f"the local disk tier is off for the rest of this run: {error}")
            return None


def _holds(cassettes: Cassettes, recording: Recording) -> bool:
    """Whether the cassette folder has all takes of a recording, no older ones. A file that cannot be read has none."""
    try:
        kept = cassettes.get(recording.key)
    except (KeyError, BadRecording):
        return False
    if kept.recorded_at < recording.recorded_at:
        return False
    return [_said(take) for take in kept.takes[: len(recording.takes)]] == [_said(take) for take in recording.takes]


def _said(take: Take) -> Any:
    """A take without the order of its fields, which a file may change."""
    return ujson.loads(take.response), take.latency, take.usage, take.cost
