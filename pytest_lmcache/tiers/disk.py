"""The disk tier: everything ever paid for on this machine, in the user's cache folder, bounded in bytes."""

from __future__ import annotations

import json
import os
import re
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, TypeVar

from pytest_lmcache.call import Key, Recording
from pytest_lmcache.errors import TierUnavailable
from pytest_lmcache.tiers import envelope

if TYPE_CHECKING:
    from pytest_lmcache.tiers.database import Database

T = TypeVar("T")

FILE = "cache.db"
SET_ASIDE = "refused.db"
# How often one call opens the database at most: others may delete or damage it meanwhile.
STARTS = 4
_DIGEST = re.compile(r"[0-9a-f]{64}")


def _warn(text: str) -> None:
    warnings.warn(text, RuntimeWarning, stacklevel=2)


class Disk:
    """Recordings by digest in one database below `folder`, whose files take at most `size_limit` bytes.

    Shared by any number of threads and processes. A recording that was put is safe from a crash of the process and of
    the machine. Opened at the first use, and made when something is put; a folder that is deleted meanwhile is made
    again. What somebody else wrote there is never run or followed: a row is then absent, a whole database set aside,
    and `warn` is told once.

    Every method raises TierUnavailable when the folder cannot be used.
    """

    def __init__(self, folder: Path, size_limit: int, *, warn: Callable[[str], None] = _warn) -> None:
        self.folder = folder
        self.size_limit = size_limit
        self._warn = warn
        self._warned: set[str] = set()
        self._database: Database | None = None
        self._inherited: Database | None = None
        self._lock = RLock()
        self._process = os.getpid()

    def get(self, key: Key) -> Recording:
        """The recording under a key, or the one that was put with it as an alias; its key is the one asked for."""
        if self._is_new():
            raise KeyError(key.digest)
        found = self._on_database(lambda database: self._find(database, key.digest))
        if found is None:
            raise KeyError(key.digest)
        digest, text = found
        try:
            recording = envelope.loads(text)
            if recording.key.digest != digest:
                raise ValueError("it answers another key")
        except ValueError as error:
            self._refused_row(error)
            raise KeyError(key.digest) from None
        return replace(recording, key=key)

    def put(self, recording: Recording, aliases: tuple[Key, ...] = ()) -> None:
        """Keep a recording, findable under its own key and, where nothing else is recorded, under its aliases too."""
        digest = recording.key.digest
        texts = {digest: envelope.dumps(recording)}
        for alias in aliases:
            texts.setdefault(_pointer(alias.digest), json.dumps(digest))
        self._on_database(lambda database: self._write(database, texts))

    def delete(self, key: Key) -> None:
        """Forget what is under a key. A recording found by alias only stays under its own key."""
        self._on_database(lambda database: database.forget(key.digest, _pointer(key.digest)))

    def text(self, digest: str) -> str:
        """The text that `put_text` kept under a digest. Raises KeyError where there is none."""
        text = None if self._is_new() else self._on_database(lambda database: self._read(database, _named(digest)))
        if text is None:
            raise KeyError(digest)
        return text

    def put_text(self, digest: str, text: str) -> None:
        """Keep a text under a digest, beside the recordings and apart from them."""
        self._on_database(lambda database: self._write(database, {_named(digest): text}))

    def delete_text(self, digest: str) -> None:
        """Forget the text under a digest, if there is one."""
        self._on_database(lambda database: database.forget(_named(digest)))

    def clear(self) -> None:
        """Forget everything."""
        self._on_database(lambda database: database.wipe())
        (self.folder / SET_ASIDE).unlink(missing_ok=True)

    def count(self) -> int:
        """How many recordings are kept."""
        return self._on_database(lambda database: database.names_without(_pointer("")))

    def trim(self, size: int) -> None:
        """Forget what was used least recently until the files take at most `size` bytes."""
        self.close()
        smaller = Disk(self.folder, size, warn=self._warn)
        try:
            smaller._on_database(lambda database: database.shrink())
        finally:
            smaller.close()

    def volume(self) -> int:
        """Bytes the database and its log take in the folder now."""
        total = 0
        for file in self.folder.glob(f"{FILE}*"):
            try:
                total += file.stat().st_size
            except FileNotFoundError:
                continue
        return total

    def close(self) -> None:
        """Give the file back. The next use opens it again."""
        self._after_fork()
        with self._lock:
            if self._database is not None:
                self._database.flush()
            self._drop()

    def _is_new(self) -> bool:
        """Whether there is no database yet. To look for something is no reason to make one, which takes some time."""
        if self._database is not None:
            return False
        try:
            (self.folder / FILE).lstat()
        except FileNotFoundError:
            return True
        except OSError:
            # Opening it says what is wrong.
            pass
        return False

    def _find(self, database: Database, digest: str) -> tuple[str, str] | None:
        """The digest and the text of the recording that answers a digest. One's own recording goes before an alias."""
        try:
            text = database.read(digest)
            if text is not None:
                return digest, text
            pointer = database.read(_pointer(digest))
            if pointer is None:
                return None
            target = json.loads(pointer)
            if not isinstance(target, str) or not _DIGEST.fullmatch(target):
                raise ValueError("an alias of nothing")
            text = database.read(target)
        except (ValueError, RecursionError) as error:
            self._refused_row(error)
            return None
        return None if text is None else (target, text)

    def _read(self, database: Database, name: str) -> str | None:
        try:
            return database.read(name)
        except ValueError as error:
            self._refused_row(error)
            return None

    def _write(self, database: Database, texts: dict[str, str]) -> None:
        from pytest_lmcache.tiers.database import TooBig

        try:
            database.write(texts)
        except TooBig:
            # An older recording under this key would be a stale answer.
            database.forget(next(iter(texts)))
            limit = f"{self.size_limit:,} bytes"
            self._once("big", f"a recording is too big for the local disk tier ({limit}) and is not kept there")

    def _on_database(self, act: Callable[[Database], T]) -> T:
        """What `act` gives, on the database that stands in the folder when it is done."""
        import sqlite3

        from pytest_lmcache.tiers.database import Database
        from pytest_lmcache.tiers.inspection import ForeignDatabase

        self._after_fork()
        with self._lock:
            for _ in range(STARTS):
                try:
                    if self._database is None:
                        self._database = Database(self.folder, self.size_limit)
                    result = act(self._database)
                    if not self._database.moved():
                        return result
                    self._drop()
                except (sqlite3.Error, OSError, ForeignDatabase) as error:
                    if not self._cleared(error):
                        raise TierUnavailable(str(self.folder), _cause(error)) from error
        raise TierUnavailable(str(self.folder), "it is deleted or damaged again and again")

    def _cleared(self, error: Exception) -> bool:
        """Whether a new start may do what failed with `error`: the database was moved, or is bad and set aside."""
        import sqlite3

        from pytest_lmcache.tiers.inspection import ForeignDatabase

        if self._database is not None and self._database.moved():
            self._drop()
            return True
        damaged = getattr(error, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
        return (damaged or isinstance(error, ForeignDatabase)) and self._set_aside(error)

    def _set_aside(self, error: Exception) -> bool:
        """Rename the database, so that whoever paid for what is in it can still look at it. Whether that went well."""
        self._drop()
        aside = self.folder / SET_ASIDE
        try:
            for log in ("-wal", "-shm"):
                (self.folder / f"{FILE}{log}").unlink(missing_ok=True)
            (self.folder / FILE).replace(aside)
        except FileNotFoundError:
            # Another process was first.
            return True
        except OSError:
            return False
        self._once("database", f"the database of the local disk tier was set aside as {aside}: {error}")
        return True

    def _refused_row(self, error: Exception) -> None:
        self._once("row", f"the local disk tier at {self.folder} ignores what is not a recording there: {error}")

    def _once(self, kind: str, text: str) -> None:
        if kind not in self._warned:
            self._warned.add(kind)
            self._warn(text)

    def _drop(self) -> None:
        if self._database is not None:
            self._database.shut()
            self._database = None

    def _after_fork(self) -> None:
        # SQLite forbids a child its parent's connection; so it is left, open, to the parent.
        if self._process != os.getpid():
            self._process = os.getpid()
            self._lock = RLock()
            self._inherited, self._database = self._database, None


def load() -> None:
    """Import what the first use needs, before a live call has to wait for that."""
    from pytest_lmcache.tiers import database  # noqa: F401


def _pointer(digest: str) -> str:
    """The name of the row that says which recording an alias means; a name of its own, so it hides no recording."""
    return f"see:{digest}"


def _named(digest: str) -> str:
    """The name of the row of a text that is no recording."""
    return f"text:{digest}"


def _cause(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
