"""The places that keep recordings, behind one protocol of three methods. Nothing outside this folder keeps any."""

from __future__ import annotations

from typing import Protocol

from pytest_lmcache.call import Key, Recording


class Tier(Protocol):
    """A store of recordings by key.

    `get` raises KeyError where there is none. `put` returns when the recording is safe there, and replaces what was
    there under that key. `delete` forgets a key, silently where there is none.
    """

    def get(self, key: Key) -> Recording: ...

    def put(self, recording: Recording) -> None: ...

    def delete(self, key: Key) -> None: ...
