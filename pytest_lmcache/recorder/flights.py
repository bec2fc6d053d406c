"""Single flight: of identical calls that miss at the same moment, one goes to the provider and the others wait for it.

Within a process the flights are counted here; between processes a file lock a key stands outside the repository. The
lock of a killed process is freed by the operating system.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_lmcache.errors import TierUnavailable
from pytest_lmcache.recorder.loops import task
from pytest_lmcache.seam import Unread

OLD = 7 * 24 * 3600
PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a call: a thread, and in it a task when the call is asynchronous."""

    thread: int
    task: int | None

    @classmethod
    def current(cls, *, is_async: bool) -> Caller:
        return cls(threading.get_ident(), id(task()) if is_async else None)

    def would_block(self, leader: Caller) -> bool:
        """Whether waiting for `leader` would keep it from ever arriving: it is this caller itself (with a stream
        still open), or a task of the event loop that this caller stands on without being a task of it.
        """
        return self.thread == leader.thread and (self.task is None or leader.task in (None, self.task))


class Flights:
    """The calls of this process that are on their way, by digest."""

    def __init__(self) -> None:
        self._leaders: dict[str, Caller] = {}
        self._streams: dict[str, Unread] = {}
        # Reentrant: the garbage collector ends streams, and flights with them, wherever it runs.
        self._lock = threading.RLock()

    def begin(self, digest: str, caller: Caller) -> Caller | None:
        """None when `caller` now leads; otherwise the one who does."""
        with self._lock:
            leader = self._leaders.setdefault(digest, caller)
            return None if leader is caller else leader

    def end(self, digest: str, caller: Caller) -> None:
        with self._lock:
            if self._leaders.get(digest) is caller:
                del self._leaders[digest]
                self._streams.pop(digest, None)

    def hand_over(self, digest: str, caller: Caller, rest: Unread) -> None:
        """The answer to a leader's call is a stream, which somebody may read now, or later, or never."""
        with self._lock:
            if self._leaders.get(digest) is caller:
                self._streams[digest] = rest

    def stream(self, digest: str) -> Unread | None:
        """The stream that has to end before the flight does, if there is one."""
        return self._streams.get(digest)

    def held_up(self, caller: Caller) -> tuple[Unread, ...]:
        """The streams that nobody reads on while `caller` waits."""
        with self._lock:
            return tuple(rest for digest, rest in self._streams.items() if caller.would_block(self._leaders[digest]))


class Locks:
    """File locks by digest in a local folder, for the processes of this machine."""

    def __init__(self, folder: Callable[[], Path]) -> None:
        self._find_folder = folder
        self._folder: Path | None = None
        self._prepared = False

    def lock(self, digest: str) -> Any:
        """A file lock that is not taken yet, or None when the folder cannot hold one."""
        from filelock import FileLock

        if not self._prepared:
            self._folder, self._prepared = self._prepare(), True
        return None if self._folder is None else FileLock(self._folder / digest[:40], thread_local=False)

    @contextmanager
    def promoting(self, digest: str) -> Iterator[None]:
        """Nobody else promotes the recording of a digest meanwhile, unless it takes them longer than PATIENCE."""
        from filelock import Timeout

        # A few locks for all digests: one that is held for a write is soon free again.
        lock = self.lock(f"promote-{digest[:2]}")
        try:
            if lock is not None:
                lock.acquire(timeout=PATIENCE)
        except (Timeout, OSError):
            lock = None
        try:
            yield
        finally:
            if lock is not None:
                lock.release()

    def _prepare(self) -> Path | None:
        try:
            folder = self._find_folder()
            folder.mkdir(parents=True, exist_ok=True)
            for file in folder.iterdir():
                if time.time() - file.stat().st_mtime > OLD:
                    file.unlink(missing_ok=True)
        except (OSError, TierUnavailable):
            return None
        return folder


def load() -> None:
    """Import what a first live call needs here, before it has to wait for that."""
    import filelock  # noqa: F401


def try_acquire(lock: Any) -> bool:
    """Take a file lock if it is free at this moment. A folder that cannot hold locks counts as free."""
    from filelock import Timeout

    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    except OSError:
        return True
    return True
