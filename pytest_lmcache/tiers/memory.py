"""The memory tier: the recordings this process has used, as text, bounded by their number."""

from __future__ import annotations

from threading import RLock

from cachetools import LRUCache

from pytest_lmcache.call import Key, Recording


class Memory:
    """Recordings by digest, least recently used evicted past `max_entries`; `by_digest` is where they are.

    A recording is immutable and its answers are text, so what one caller does to an object rebuilt from it never
    reaches the next.
    """

    def __init__(self, max_entries: int) -> None:
        self.max_entries = max_entries
        self.by_digest: LRUCache[str, Recording] = LRUCache(maxsize=max_entries)
        self._lock = RLock()

    def get(self, key: Key) -> Recording:
        with self._lock:
            return self.by_digest[key.digest]

    def put(self, recording: Recording) -> None:
        with self._lock:
            self.by_digest[recording.key.digest] = recording

    def delete(self, key: Key) -> None:
        with self._lock:
            self.by_digest.pop(key.digest, None)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self.by_digest.clear()

    def recordings(self) -> tuple[Recording, ...]:
        """What is held now, least recently used first."""
        with self._lock:
            return tuple(self.by_digest.values())
