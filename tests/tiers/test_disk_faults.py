"""Trouble with the disk: whatever fails and whenever, what was acknowledged is kept and the rest is one typed error."""

from __future__ import annotations

import functools
import itertools
import random
import signal
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from tier_examples import a_key, a_recording

from pytest_lmcache.errors import TierUnavailable
from pytest_lmcache.tiers.disk import Disk


class Faults:
    """SQLite statements that fail: the n-th, or from the n-th on, counted over all connections."""

    def __init__(self) -> None:
        self.error: Exception = sqlite3.OperationalError("database or disk is full")
        self.first = self.last = sys.maxsize
        self.count = 0

    def statement(self) -> None:
        self.count += 1
        if self.first <= self.count <= self.last:
            raise self.error


class FailingConnection(sqlite3.Connection):
    faults = Faults()

    def execute(self, *args: Any) -> sqlite3.Cursor:
        # A rollback that fails is one SQLite has made by itself.
        if args[0] != "ROLLBACK":
            self.faults.statement()
        return super().execute(*args)

    def executemany(self, *args: Any) -> sqlite3.Cursor:
        self.faults.statement()
        return super().executemany(*args)


@pytest.fixture
def faults(monkeypatch: pytest.MonkeyPatch) -> Faults:
    faults = Faults()
    monkeypatch.setattr(FailingConnection, "faults", faults)
    monkeypatch.setattr(sqlite3, "connect", functools.partial(sqlite3.connect, factory=FailingConnection))
    return faults


def put_or_not(disk: Disk, name: object) -> bool:
    """Whether the put was acknowledged; a refusal must be the typed one."""
    try:
        disk.put(a_recording(name), aliases=(a_key(name, "messages"),))
    except TierUnavailable:
        return False
    return True


@pytest.mark.parametrize("lasting", [False, True])
@pytest.mark.parametrize("opened_before", [False, True])
def test_whichever_statement_fails_nothing_acknowledged_is_lost(
    tmp_path: Path, faults: Faults, opened_before: bool, lasting: bool
) -> None:
    for failing in itertools.count(1):
        folder = tmp_path / str(failing)
        disk = Disk(folder, 1024**3)
        disk.put(a_recording("before"))
        if not opened_before:
            disk.close()
        faults.count, faults.first, faults.last = 0, failing, sys.maxsize if lasting else failing
        acknowledged = put_or_not(disk, "during")
        reached = faults.count >= failing
        faults.first = faults.last = sys.maxsize
        assert disk.get(a_key("before")) == a_recording("before")
        if acknowledged:
            assert disk.get(a_key("during")) == a_recording("during")
            assert disk.get(a_key("during", "messages")).takes
        assert put_or_not(disk, "after")
        disk.close()
        if not reached:
            break
    assert acknowledged
    assert failing > 5


def test_whichever_statement_of_an_eviction_fails_nothing_is_torn(tmp_path: Path, faults: Faults) -> None:
    for failing in itertools.count(1):
        disk = Disk(tmp_path / str(failing), 256 * 1024)
        for name in range(5):
            disk.put(a_recording(name, size=30_000))
        disk.get(a_key(0))
        faults.count, faults.first, faults.last = 0, failing, failing
        try:
            disk.put(a_recording("during", size=60_000))
        except TierUnavailable:
            acknowledged = False
        else:
            acknowledged = True
        reached = faults.count >= failing
        faults.first = faults.last = sys.maxsize
        assert disk.get(a_key(4)) == a_recording(4, size=30_000)
        if acknowledged:
            assert disk.get(a_key("during")) == a_recording("during", size=60_000)
        disk.close()
        if not reached:
            break
    assert failing > 10


def test_a_get_that_fails_is_the_typed_error_and_the_next_one_works(disk: Disk, faults: Faults) -> None:
    disk.put(a_recording("a"))
    faults.error = sqlite3.OperationalError("disk I/O error")
    faults.first = faults.last = faults.count + 1
    with pytest.raises(TierUnavailable, match="disk I/O error"):
        disk.get(a_key("a"))
    assert disk.get(a_key("a")) == a_recording("a")


def test_a_folder_that_cannot_be_made_is_the_typed_error(disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "mkdir", refuse)
        with pytest.raises(TierUnavailable, match="Permission denied"):
            disk.put(a_recording("a"))
    disk.put(a_recording("a"))
    assert disk.get(a_key("a")) == a_recording("a")


def child(folder: Path, body: str) -> subprocess.Popen[str]:
    """A process that has `disk`, `a_recording` and `acknowledge`, which prints what was put."""
    code = """
        import sys, pathlib
        sys.path[:0] = sys.argv[2:]
        from tier_examples import a_key, a_recording
        from pytest_lmcache.errors import TierUnavailable
        from pytest_lmcache.tiers.disk import Disk
        disk = Disk(pathlib.Path(sys.argv[1]), 1024**3)
        def acknowledge(name):
            print(name, flush=True)
    """
    paths = [str(Path(__file__).parent), str(Path(__file__).parents[2])]
    command = [sys.executable, "-c", textwrap.dedent(code) + textwrap.dedent(body), str(folder), *paths]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_kill_at_any_moment_loses_nothing_acknowledged(folder: Path) -> None:
    chance = random.Random(7)
    acknowledged: list[str] = []
    for trial in range(20):
        body = f"""
            for count in range(10_000):
                disk.put(a_recording(f"{trial}-{{count}}", size=20_000), aliases=(a_key(count, "messages"),))
                acknowledge(f"{trial}-{{count}}")
        """
        with child(folder, body) as process:
            assert process.stdout is not None
            acknowledged += [process.stdout.readline().strip() for _ in range(chance.randrange(1, 12))]
            process.send_signal(signal.SIGKILL)
            acknowledged += process.stdout.read().split()
    disk = Disk(folder, 1024**3)
    for name in acknowledged:
        assert disk.get(a_key(name)) == a_recording(name, size=20_000)
    disk.close()


@pytest.mark.skipif(sys.platform == "win32", reason="no resource limits")
def test_a_full_disk_is_the_typed_error_and_harms_nothing(folder: Path) -> None:
    body = """
        import resource
        disk.put(a_recording("first"))
        resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000))
        refused = 0
        for count in range(150):
            try:
                disk.put(a_recording(count, size=20_000))
                acknowledge(count)
            except TierUnavailable:
                refused += 1
        assert disk.get(a_key("first")) == a_recording("first")
        print("refused", refused)
    """
    with child(folder, body) as process:
        output, errors = process.communicate()
    assert process.returncode == 0, errors
    *acknowledged, _, refused = output.split()
    assert int(refused) + len(acknowledged) == 150
    assert int(refused) > 0
    disk = Disk(folder, 1024**3)
    for name in acknowledged:
        assert disk.get(a_key(name)) == a_recording(name, size=20_000)
    assert disk.get(a_key("first")) == a_recording("first")
    disk.close()


def test_nothing_heavy_is_imported_before_the_first_use(folder: Path) -> None:
    body = """
        from pytest_lmcache.cache import Cache
        Cache(disk_cache_dir=sys.argv[1])
        heavy = {"diskcache", "pickle", "sqlite3", "platformdirs", "filelock", "asyncio", "litellm"}
        for name in sorted(heavy & sys.modules.keys()):
            acknowledge(name)
    """
    with child(folder, body) as process:
        output, errors = process.communicate()
    assert (process.returncode, output.split()) == (0, []), errors
