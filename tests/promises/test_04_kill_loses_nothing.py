"""Promise 4: kill -9 at any moment, or any system call that fails, loses nothing acknowledged and tears nothing."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import writers
from trials import FULL, trials

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL and no fork")

WRITERS = [sys.executable, writers.__file__]
CALLS = {
    "cassettes": ("openat", "write", "read", "fsync", "rename", "mkdir"),
    "disk": ("openat", "pwrite64", "pread64", "fdatasync", "ftruncate", "mkdir"),
}


@pytest.mark.parametrize("kind", CALLS)
def test_a_killed_process_loses_nothing_acknowledged(tmp_path: Path, kind: str, figure) -> None:
    count = trials(15, 1000)
    folder = tmp_path / kind
    done = subprocess.run([*WRITERS, "kill", kind, str(folder), str(count), "7"], capture_output=True, check=True)
    put = dict(line.split() for line in done.stdout.decode().splitlines())
    store = writers.a_store(kind, folder)
    wrong = [
        name
        for name, version in put.items()
        if name != writers.HOT and not writers.same(store.get(writers.a_key(name)), writers.a_recording(name, version))
    ]
    assert wrong == []
    # What many put under one key is what one of them put, and nothing older than what was acknowledged last.
    found = store.get(writers.a_key(writers.HOT))
    assert writers.same(found, writers.a_recording(writers.HOT, writers.version_of(found)))
    assert numbers(writers.version_of(found)) >= numbers(put[writers.HOT])
    left = debris(folder)
    if kind == "cassettes":
        store = writers.Cassettes(folder)
        unreadable = [file for file in folder.glob("chat/*.json") if not store.load(file).takes]
        assert unreadable == []
        store.sweep()
        assert debris(folder) == []
    # How many a process gets done before it is killed is a matter of the machine; that some do is not.
    assert len(put) > count // 4
    figure(f"{count} kills, 0 of {len(put)} acknowledged recordings lost, 0 torn, {len(left)} temporary files swept")


def numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def debris(folder: Path) -> list[Path]:
    return list(folder.rglob("*lmcache-tmp*"))


@pytest.mark.skipif(not shutil.which("strace"), reason="strace makes system calls fail")
@pytest.mark.parametrize(
    ("kind", "call"),
    [
        (kind, call)
        for kind, calls in CALLS.items()
        for call in calls
        if FULL or call in ("fsync", "rename", "pwrite64")
    ],
)
def test_whichever_system_call_fails_nothing_acknowledged_is_lost(tmp_path: Path, kind: str, call: str, figure) -> None:
    command = [*WRITERS, "fail", kind, str(tmp_path), call]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        inject = f"inject={call}:error=EDQUOT:when={writers.TURN}"
        strace = ["strace", "-f", "-p", str(process.pid), "-o", "/dev/null", "-e", f"trace={call}", "-e", inject]
        with subprocess.Popen(strace, stderr=subprocess.PIPE, text=True) as tracer:
            assert tracer.stderr is not None
            said = tracer.stderr.readline()
            if "attached" not in said:
                process.stdin.close()
                pytest.skip(f"strace may not watch another process here: {said}")
            print("go", file=process.stdin, flush=True)
            told = [json.loads(line) for line in process.stdout]
            process.wait()
            tracer.wait()
    assert process.returncode == 0
    assert [one for one in told if one["wrong"]] == []
    assert not told[-1]["reached"]
    assert all(one["reached"] for one in told[:-1])
    assert len(told) > 1
    figure(f"{len(told) - 1} places, 0 lost, 0 torn")
