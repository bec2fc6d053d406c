"""What may stand in the database of the disk tier: exactly what diskcache creates, and nothing that acts by itself.

A trigger runs when a row is written and a view stands in for a table, so a database somebody else prepared could
lose or forge recordings as soon as it is opened. Everything is compared with what diskcache 5.6 creates, before use.
"""

from __future__ import annotations

import sqlite3
import stat
from functools import partial
from pathlib import Path

_TRIGGER = (
    "CREATE TRIGGER Settings_{} AFTER {} ON Cache FOR EACH ROW BEGIN UPDATE Settings SET value = {} WHERE key = {}; END"
)

_SCHEMA = frozenset(
    {
        "CREATE TABLE Settings ( key TEXT NOT NULL UNIQUE, value)",
        (
            "CREATE TABLE Cache ( rowid INTEGER PRIMARY KEY, key BLOB, raw INTEGER, store_time REAL, expire_time REAL,"
            " access_time REAL, access_count INTEGER DEFAULT 0, tag BLOB, size INTEGER DEFAULT 0, mode INTEGER"
            " DEFAULT 0, filename TEXT, value BLOB)"
        ),
        "CREATE UNIQUE INDEX Cache_key_raw ON Cache(key, raw)",
        "CREATE INDEX Cache_expire_time ON Cache (expire_time)",
        "CREATE INDEX Cache_access_time ON Cache (access_time)",
        _TRIGGER.format("count_insert", "INSERT", "value + 1", '"count"'),
        _TRIGGER.format("count_delete", "DELETE", "value - 1", '"count"'),
        _TRIGGER.format("size_insert", "INSERT", "value + NEW.size", '"size"'),
        _TRIGGER.format("size_update", "UPDATE", "value + NEW.size - OLD.size", '"size"'),
        _TRIGGER.format("size_delete", "DELETE", "value - OLD.size", '"size"'),
    }
)
_AUTOMATIC = ("index", "sqlite_autoindex_Settings_1", "Settings", None)


class ForeignDatabase(Exception):
    """A database that holds something diskcache does not create. Its text names the thing."""


def connect(file: Path, settings: frozenset[str], *, wait_ms: int) -> sqlite3.Connection:
    """A connection, for all threads, to a file that was looked at before anything in it could act.

    Raises ForeignDatabase unless it is empty, ours, or ours half made by another process. `settings` are the names that
    may stand in diskcache's table of settings: diskcache makes attributes and pragmas of them.
    """
    if file.is_symlink() or (file.exists() and not stat.S_ISREG(file.stat().st_mode)):
        raise ForeignDatabase("it is not a regular file")
    connection = sqlite3.connect(file, timeout=wait_ms / 1000, isolation_level=None, check_same_thread=False)
    try:
        # Text that is no UTF-8 would be the error of an unusable database; so it is a row whose checksum is wrong.
        connection.text_factory = partial(str, encoding="utf-8", errors="replace")
        for pragma in ("trusted_schema = OFF", "cell_size_check = ON", "wal_autocheckpoint = 0"):
            connection.execute(f"PRAGMA {pragma}")
        _inspect(connection, settings)
    except BaseException:
        connection.close()
        raise
    return connection


def _inspect(connection: sqlite3.Connection, settings: frozenset[str]) -> None:
    for row in connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall():
        kind, name, _, sql = row
        if row != _AUTOMATIC and sql not in _SCHEMA:
            raise ForeignDatabase(f"it holds the {kind} {name!r}, which is not ours")
        if kind == "table" and name == "Settings":
            _inspect_settings(connection, settings)


def _inspect_settings(connection: sqlite3.Connection, settings: frozenset[str]) -> None:
    for (name,) in connection.execute("SELECT key FROM Settings").fetchall():
        if name not in settings:
            raise ForeignDatabase(f"it holds the setting {name!r}, which is not ours")
