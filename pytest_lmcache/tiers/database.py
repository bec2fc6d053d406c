"""Text by name in one SQLite file: diskcache, kept to text, to its own file, to one connection and to a size.

The only module that imports diskcache; imported when something is first kept or looked for on disk.
"""

from __future__ import annotations

import os
import sqlite3
import time
import weakref
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import diskcache
from diskcache.core import DBNAME, DEFAULT_SETTINGS, METADATA, MODE_RAW

from pytest_lmcache.tiers.inspection import connect

PAGE = 4096
# SQLite's index of its log is this big until the log has 4,096 pages, and ours never has.
LOG_INDEX = 32 * 1024
LONGEST_LOG = 4 * 1024**2
EMPTY = 12 * PAGE
WAIT_MS = 60_000
SETTLE_S = 2.0
MOST_TOUCHED = 1_000

# All of diskcache's settings, so that none is taken from the file. Evicting is ours.
_SETTINGS = {
    **DEFAULT_SETTINGS,
    "eviction_policy": "least-recently-used",
    "cull_limit": 0,
    "sqlite_cache_size": 512,
    "sqlite_mmap_size": 0,
}
_KNOWN = frozenset({*_SETTINGS, *METADATA})


class RefusedRow(ValueError):
    """A row that this package did not write, or that is damaged. It was not followed, loaded or run."""


class TooBig(Exception):
    """A text for which there is no room even when nothing else is kept."""


class TextOnly(diskcache.Disk):  # type: ignore[misc]
    """What diskcache may keep: text, inline, under a text key. No pickle, and no file name is ever followed."""

    def put(self, key: object) -> tuple[str, bool]:
        if type(key) is not str:
            raise RefusedRow("a key that is no text")
        return key, True

    def get(self, key: object, raw: object) -> str:
        if not raw or type(key) is not str:
            raise RefusedRow("a key that is no text")
        return key

    def store(self, value: str, read: bool, key: object = None) -> tuple[int, int, None, str]:
        return len(value.encode()), MODE_RAW, None, value

    def fetch(self, mode: object, filename: object, value: object, read: bool) -> str:
        if mode != MODE_RAW or filename is not None or type(value) is not str:
            raise RefusedRow(f"a row of mode {mode!r}")
        return value

    def remove(self, file_path: str) -> None:
        """Nothing: our rows have no files, so the name is not ours to follow."""


class Database(diskcache.Cache):  # type: ignore[misc]
    """One SQLite file of named texts in `folder`, with one connection for all threads of the process.

    The caller holds a lock around every use. `size_limit` bounds the bytes of the file and its log, together.
    """

    def __init__(self, folder: Path, size_limit: int) -> None:
        self.file = folder / DBNAME
        self._log = folder / f"{DBNAME}-wal"
        self._longest_log = min(size_limit // 16, LONGEST_LOG)
        self._room = size_limit - LOG_INDEX - self._longest_log
        self._touched: dict[str, float] = {}
        self._writing = False
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._connection = connect(self.file, _KNOWN, wait_ms=WAIT_MS)
        self.shut: Callable[[], object] = weakref.finalize(self, self._connection.close)
        try:
            # The connection is ours, and diskcache would expand a `$NAME` in the path of the folder.
            super().__init__(os.sep, disk=TextOnly, **_SETTINGS)
            # The index stays; but with the policy on, every read would be a write.
            self.eviction_policy = "none"
            self._connection.execute("PRAGMA synchronous = FULL")
            self._identity = _identity(self.file)
            self._settle()
        except BaseException:
            self.shut()
            raise

    @property
    def _con(self) -> sqlite3.Connection:
        return self._connection

    def close(self) -> None:
        """Nothing: diskcache closes and opens again while it starts. `shut` is what closes for good."""

    @contextmanager
    def _transact(self, retry: bool = False, filename: str | None = None) -> Iterator[tuple[Any, Any]]:
        # diskcache makes a Timeout of every trouble here, or with retry an endless loop; ours keeps the cause.
        execute = self._connection.execute
        if self._writing:
            yield execute, _forget
            return
        self._writing = True
        try:
            execute("BEGIN IMMEDIATE")
            yield execute, _forget
            execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                execute("ROLLBACK")
            raise
        finally:
            self._writing = False

    def moved(self) -> bool:
        """Whether the file this database reads and writes is no longer the one in the folder."""
        try:
            return _identity(self.file) != self._identity
        except OSError:
            return True

    def read(self, name: str) -> str | None:
        """The text under a name, or None. Raises RefusedRow for what `write` did not put there."""
        text, checksum = self.get(name, tag=True)
        if text is None:
            return None
        if checksum != _checksum(text):
            raise RefusedRow("a row whose checksum is wrong")
        self._touched[name] = time.time()
        if len(self._touched) > MOST_TOUCHED:
            self.flush()
        return text  # type: ignore[no-any-return]

    def write(self, texts: Mapping[str, str]) -> None:
        """Keep texts by name, durably and all together, evicting what was used least recently.

        Raises TooBig, and keeps none, when there is no room even so. The first is the one that is never evicted.
        """
        if sum(len(text.encode()) for text in texts.values()) > self._room - EMPTY:
            raise TooBig
        with self.transact():
            for name, text in texts.items():
                self.set(name, text, tag=_checksum(text))
                self._touched.pop(name, None)
            self._evict(next(iter(texts)))
        self._settle()

    def forget(self, *names: str) -> None:
        """Delete what is under these names, if anything."""
        with self.transact():
            for name in names:
                self.delete(name)
        self._settle()

    def wipe(self) -> None:
        """Delete everything, and give the space back."""
        self._touched.clear()
        self.clear()
        self._settle(0)

    def names_without(self, prefix: str) -> int:
        """How many names do not begin with `prefix`."""
        asked = "SELECT COUNT(*) FROM Cache WHERE substr(key, 1, ?) != ?"
        found: int = self._connection.execute(asked, (len(prefix), prefix)).fetchone()[0]
        return found

    def shrink(self) -> None:
        """Evict until everything fits the size, and give the space back; a size for nothing at all keeps nothing."""
        try:
            with self.transact():
                self._evict("")
        except TooBig:
            self.clear()
        self._settle(0)

    def flush(self) -> None:
        """Write down what was read lately. An order of eviction is worth no error."""
        if self._touched:
            with suppress(sqlite3.Error):
                with self.transact():
                    self._write_touched()
                self._settle()

    def _write_touched(self) -> None:
        rows = [(used, name) for name, used in self._touched.items()]
        self._touched.clear()
        self._connection.executemany("UPDATE Cache SET access_time = ? WHERE key = ? AND raw = 1", rows)

    def _evict(self, kept: str) -> None:
        """Delete rows, least recently used first, until the file fits its room once this transaction is over."""
        execute = self._connection.execute
        if self._excess() > 0:
            self._write_touched()
        while (excess := self._excess()) > 0:
            oldest = "SELECT rowid, size FROM Cache WHERE key != ? ORDER BY access_time, rowid LIMIT 100"
            rows = execute(oldest, (kept,)).fetchall()
            if not rows:
                raise TooBig
            for row, size in rows:
                execute("DELETE FROM Cache WHERE rowid = ?", (row,))
                excess -= size if isinstance(size, int) else 0
                if excess <= 0:
                    break

    def _excess(self) -> int:
        """Bytes by which the file will be too big after the transaction: auto-vacuum gives free pages back."""
        pages: int = self._connection.execute("PRAGMA page_count").fetchone()[0]
        free: int = self._connection.execute("PRAGMA freelist_count").fetchone()[0]
        return (pages - free) * PAGE - self._room

    def _settle(self, longest: int | None = None) -> None:
        """Move the log into the file once it is too long.

        A writer that finds another one at it waits, or else the log would grow faster than it is moved; but not for
        ever, since a reader may hold it up.
        """
        longest = self._longest_log if longest is None else longest
        if self._log_size() <= longest:
            return
        deadline = time.monotonic() + SETTLE_S
        self._connection.execute("PRAGMA busy_timeout = 20")
        try:
            while self._log_size() > longest and time.monotonic() < deadline:
                busy, _, _ = self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
                if busy:
                    time.sleep(0.002)
        except sqlite3.OperationalError:
            # What was written is safe in the log as well.
            return
        finally:
            self._connection.execute(f"PRAGMA busy_timeout = {WAIT_MS}")

    def _log_size(self) -> int:
        try:
            return self._log.stat().st_size
        except FileNotFoundError:
            return 0


def _identity(file: Path) -> tuple[int, int]:
    status = file.stat()
    return status.st_dev, status.st_ino


def _checksum(text: str) -> int:
    return zlib.crc32(text.encode())


def _forget(_name: object) -> None:
    """What diskcache does with a file name it replaced or deleted: nothing, see TextOnly.remove."""
