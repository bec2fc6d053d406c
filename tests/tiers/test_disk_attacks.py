"""A database somebody else prepared: nothing in it runs, no file is read or removed for it, and it is said once."""

from __future__ import annotations

import os
import pickle
import sqlite3
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from tier_examples import a_key, a_recording

from pytest_lmcache.tiers.disk import SET_ASIDE, Disk

Poison = Callable[[sqlite3.Connection], object]


class Payload:
    """Makes a directory when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self.marker),)


def poison(folder: Path, statement: str, *values: object) -> None:
    connection = sqlite3.connect(folder / "cache.db")
    connection.execute(statement, values)
    connection.commit()
    connection.close()


@pytest.fixture
def filled(disk: Disk) -> Disk:
    """A closed disk tier that holds the recordings 0 to 4, each with an alias."""
    for name in range(5):
        disk.put(a_recording(name), aliases=(a_key(name, "messages"),))
    disk.close()
    return disk


def digest(name: object) -> str:
    return a_key(name).digest


def assert_absent(tier: Disk, name: object) -> None:
    with pytest.raises(KeyError):
        tier.get(a_key(name))


@pytest.mark.parametrize("mode", [0, 2, 3, 4, "4", None, 1.5])
def test_a_row_of_another_mode_is_absent_and_never_unpickled(
    filled: Disk, folder: Path, tmp_path: Path, warned: list[str], mode: object
) -> None:
    payload = pickle.dumps(Payload(tmp_path / "marker"))
    poison(folder, "UPDATE Cache SET mode = ?, value = ? WHERE key = ?", mode, payload, digest(1))
    assert_absent(filled, 1)
    assert filled.get(a_key(2)) == a_recording(2)
    assert not (tmp_path / "marker").exists()
    assert len(warned) == 1


@pytest.mark.parametrize("mode", [1, 2, 3, 4])
@pytest.mark.parametrize("absolute", [False, True])
def test_a_file_name_in_a_row_is_neither_read_nor_removed(
    filled: Disk, folder: Path, tmp_path: Path, mode: int, absolute: bool
) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    name = str(secret) if absolute else "../secret.txt"
    statement = "UPDATE Cache SET mode = ?, filename = ?, value = NULL WHERE key = ?"
    poison(folder, statement, mode, name, digest(1))
    poison(folder, statement, mode, name, digest(2))
    assert_absent(filled, 1)
    filled.put(a_recording(1))
    filled.delete(a_key(2))
    assert filled.get(a_key(1)) == a_recording(1)
    filled.clear()
    assert secret.read_text() == "secret"


def test_a_file_name_in_a_row_is_not_removed_when_the_row_is_evicted(opened: Callable[..., Disk], folder: Path) -> None:
    disk = opened(256 * 1024)
    disk.put(a_recording("first"))
    disk.close()
    secret = folder.parent / "secret.txt"
    secret.write_text("secret")
    poison(folder, "UPDATE Cache SET filename = '../secret.txt', mode = 3")
    for name in range(20):
        disk.put(a_recording(name, size=30_000))
    assert_absent(disk, "first")
    assert secret.exists()


def test_pickled_keys_are_never_loaded(filled: Disk, folder: Path, tmp_path: Path) -> None:
    payload = pickle.dumps(Payload(tmp_path / "marker"))
    poison(folder, "INSERT INTO Cache (key, raw, mode, value) VALUES (?, 0, 1, 'x')", payload)
    poison(folder, "UPDATE Cache SET raw = 0 WHERE key = ?", digest(1))
    assert_absent(filled, 1)
    filled.put(a_recording("new"))
    filled.clear()
    assert not (tmp_path / "marker").exists()


@pytest.mark.parametrize(
    "value",
    [
        b"\xff\xfe\x00",
        b"{}",
        "",
        "{}",
        "[" * 100_000,
        '{"version":1}',
        "\x00",
        7,
        1.5,
        None,
    ],
)
@pytest.mark.parametrize("checked", [False, True])
def test_a_row_that_is_no_recording_is_absent_with_one_warning(
    filled: Disk, folder: Path, warned: list[str], value: object, checked: bool
) -> None:
    checksum = zlib.crc32(value.encode()) if checked and isinstance(value, str) else 5
    poison(folder, "UPDATE Cache SET value = ?, tag = ? WHERE key IN (?, ?)", value, checksum, digest(1), digest(2))
    assert_absent(filled, 1)
    assert_absent(filled, 2)
    assert len(warned) == 1
    assert filled.get(a_key(3)) == a_recording(3)
    filled.put(a_recording(1))
    assert filled.get(a_key(1)) == a_recording(1)


def test_text_that_is_no_utf8_is_absent(filled: Disk, folder: Path, warned: list[str]) -> None:
    poison(folder, "UPDATE Cache SET value = CAST(x'ff7b7d' AS TEXT) WHERE key = ?", digest(1))
    assert_absent(filled, 1)
    assert len(warned) == 1


def test_a_flipped_bit_in_an_answer_is_not_served(filled: Disk, folder: Path, warned: list[str]) -> None:
    poison(folder, "UPDATE Cache SET value = replace(value, 'Paris', 'Qaris') WHERE key = ?", digest(1))
    assert_absent(filled, 1)
    assert len(warned) == 1


def test_a_row_moved_to_another_key_is_absent(filled: Disk, folder: Path, warned: list[str]) -> None:
    poison(folder, "UPDATE Cache SET key = ? WHERE key = ?", digest("victim"), digest(1))
    assert_absent(filled, "victim")
    assert len(warned) == 1


@pytest.mark.parametrize("target", ['"../secret"', "5", "[]", "{}", "[" * 100_000, f'"see:{"0" * 64}"'])
def test_an_alias_of_what_is_no_digest_finds_nothing(
    filled: Disk, folder: Path, warned: list[str], target: str
) -> None:
    alias = a_key(1, "messages")
    name = f"see:{alias.digest}"
    poison(folder, "UPDATE Cache SET value = ?, tag = ? WHERE key = ?", target, zlib.crc32(target.encode()), name)
    with pytest.raises(KeyError):
        filled.get(alias)
    assert len(warned) == 1


FOREIGN = [
    "CREATE TRIGGER x AFTER INSERT ON Settings BEGIN DELETE FROM Cache; END",
    "CREATE TRIGGER x AFTER UPDATE ON Cache BEGIN DELETE FROM Cache; END",
    "CREATE VIEW x AS SELECT * FROM Cache",
    "CREATE TABLE x (y)",
    "CREATE VIRTUAL TABLE x USING fts5(y)",
    "CREATE INDEX x ON Cache (value)",
    "ALTER TABLE Cache ADD COLUMN y DEFAULT 5",
    "INSERT INTO Settings VALUES ('sqlite_writable_schema', 1)",
    "INSERT INTO Settings VALUES ('get', 1)",
    "INSERT INTO Settings VALUES ('disk_directory', '/')",
]


@pytest.mark.parametrize("statement", FOREIGN)
def test_a_database_with_anything_foreign_is_set_aside_untouched(
    filled: Disk, folder: Path, warned: list[str], statement: str
) -> None:
    poison(folder, statement)
    before = (folder / "cache.db").read_bytes()
    assert_absent(filled, 1)
    assert (folder / SET_ASIDE).read_bytes() == before
    filled.put(a_recording("new"))
    assert filled.get(a_key("new")) == a_recording("new")
    assert len(warned) == 1
    assert SET_ASIDE in warned[0]


def test_one_of_our_own_triggers_with_another_body_is_foreign(filled: Disk, folder: Path, warned: list[str]) -> None:
    poison(folder, "DROP TRIGGER Settings_size_insert")
    poison(folder, "CREATE TRIGGER Settings_size_insert AFTER INSERT ON Cache BEGIN DELETE FROM Cache; END")
    assert_absent(filled, 1)
    assert len(warned) == 1


def test_settings_in_the_file_are_not_obeyed(filled: Disk, folder: Path) -> None:
    for name, value in (
        ("statistics", 1),
        ("eviction_policy", "x"),
        ("sqlite_auto_vacuum", "0; x"),
        ("cull_limit", 99),
    ):
        poison(folder, "UPDATE Settings SET value = ? WHERE key = ?", value, name)
    poison(folder, "UPDATE Settings SET value = 'x' WHERE key IN ('count', 'size', 'hits')")
    assert filled.get(a_key(1)) == a_recording(1)
    filled.put(a_recording("new"))
    assert filled.get(a_key("new")) == a_recording("new")


@pytest.mark.parametrize(
    "content", [b"not a database at all, but long enough to be looked at" * 100, b"\x00" * 5000, b"SQLite format 3\x00"]
)
def test_a_file_that_is_no_database_is_set_aside(filled: Disk, folder: Path, warned: list[str], content: bytes) -> None:
    (folder / "cache.db").write_bytes(content)
    filled.put(a_recording("new"))
    assert filled.get(a_key("new")) == a_recording("new")
    assert len(warned) == 1


def test_a_database_damaged_in_the_middle_is_set_aside_and_replaced(filled: Disk, folder: Path) -> None:
    file = folder / "cache.db"
    content = bytearray(file.read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    file.write_bytes(content)
    filled.put(a_recording("new"))
    assert filled.get(a_key("new")) == a_recording("new")


def test_a_database_that_is_a_link_is_not_followed(filled: Disk, folder: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.db"
    (folder / "cache.db").rename(elsewhere)
    (folder / "cache.db").symlink_to(elsewhere)
    before = elsewhere.read_bytes()
    filled.put(a_recording("new"))
    assert elsewhere.read_bytes() == before
    assert not (folder / "cache.db").is_symlink()
