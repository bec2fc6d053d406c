"""Processes that write to a store and come to harm: `python writers.py kill|fail STORE FOLDER ...`, see `kill`, `fail`.

One process has everything imported and forks: a child costs milliseconds, so that thousands are to be had.
"""

from __future__ import annotations

import base64
import errno
import hashlib
import json
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from pytest_lmcache.call import JSON, Key, Recording, Request, Take
from pytest_lmcache.errors import BadRecording, CassettesUnusable, TierUnavailable
from pytest_lmcache.tiers.cassettes import Cassettes
from pytest_lmcache.tiers.disk import Disk

Store = Cassettes | Disk
TYPED = (BadRecording, CassettesUnusable, TierUnavailable)
HOT = "hot"


def a_key(name: str) -> Key:
    return Key(hashlib.sha256(name.encode()).hexdigest(), "request", "chat", "what-is-up")


def a_recording(name: str, version: str = "1") -> Recording:
    """A recording under `a_key(name)`, of some kB, a third with a picture; all of it follows from its version."""
    chance = random.Random(f"{name} {version}")
    picture = base64.b64encode(chance.randbytes(3_000)).decode() if chance.random() < 0.3 else ""
    body: dict[str, JSON] = {"messages": [{"role": "user", "content": f"question {name}"}], "picture": picture}
    text = "\n".join(chance.randbytes(30).hex() for _ in range(chance.randrange(1, 300)))
    response = json.dumps({"version": version, "text": text})
    take = Take(response, 0.25, {"prompt_tokens": 3}, 0.001)
    return Recording(
        a_key(name), Request("litellm", "chat", "m", body, ("messages",)), (take,), "2026-01-02T03:04:05Z", ""
    )


def same(found: Recording, put: Recording) -> bool:
    """Whether a store gives back what was put, to the last value."""
    response = json.loads(found.takes[0].response)
    return (
        response == json.loads(put.takes[0].response)
        and replace(found, takes=(replace(found.takes[0], response=put.takes[0].response),)) == put
    )


def version_of(found: Recording) -> str:
    return str(json.loads(found.takes[0].response)["version"])


def a_store(kind: str, folder: Path) -> Store:
    return Cassettes(folder) if kind == "cassettes" else Disk(folder, 1024**3, warn=lambda text: None)


def kill(kind: str, folder: Path, trials: int, seed: str) -> None:
    """Children that put recordings until they are killed at a random moment. Prints `name version` of what was put."""
    chance = random.Random(seed)
    whole = 0.0
    for trial in range(trials):
        inlet, outlet = os.pipe()
        child = os.fork()
        if child == 0:
            store = a_store(kind, folder)
            for number in range(8):
                for name in (f"{trial}-{number}", HOT):
                    store.put(a_recording(name, f"{trial}.{number}"))
                    os.write(outlet, f"{name} {trial}.{number}\n".encode())
            os._exit(0)
        os.close(outlet)
        started = time.perf_counter()
        if trial:
            time.sleep(chance.uniform(0, whole))
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        whole = whole or time.perf_counter() - started
        with open(inlet, "rb") as told:
            sys.stdout.write(told.read().decode())
    sys.stdout.flush()


# A system call that does nothing but count, and the same as strace names it.
HARMLESS: dict[str, Callable[[], Any]] = {
    "openat": lambda: os.open("", os.O_RDONLY),
    "write": lambda: os.write(-1, b""),
    "pwrite64": lambda: os.pwrite(-1, b"", 0),
    "read": lambda: os.read(-1, 0),
    "pread64": lambda: os.pread(-1, 0, 0),
    "fsync": lambda: os.fsync(9_999),
    "fdatasync": lambda: os.fdatasync(9_999),
    "ftruncate": lambda: os.ftruncate(-1, 0),
    "rename": lambda: os.rename("", ""),
    "mkdir": lambda: os.mkdir(""),
}
TURN = 400
FAULT = errno.EDQUOT  # nothing else says so here, so that a fault is known for what it is


def fail(kind: str, folder: Path, call: str) -> None:
    """Children in which the n-th `call` fails, for every n; strace makes call number TURN of a process fail.

    Says `ready`, and starts when a line comes in. Prints a line a child, as JSON: `n`, whether that call was `reached`,
    what was `put`, and what was found `wrong`.
    """
    warm = a_store(kind, folder / "warm")
    warm.put(a_recording("warm"))
    warm.get(a_key("warm"))
    if isinstance(warm, Disk):
        warm.close()
    print("ready", flush=True)
    sys.stdin.readline()
    for n in range(1, TURN):
        place = folder / f"{call}-{n}"
        _in_a_child(lambda place=place: a_store(kind, place).put(a_recording(HOT, "1")))
        inlet, outlet = os.pipe()
        _in_a_child(lambda place=place, n=n, outlet=outlet: _with_a_fault(kind, place, call, n, outlet))
        os.close(outlet)
        with open(inlet) as told:
            text = told.read()
        print(text, flush=True)
        if not json.loads(text)["reached"]:
            return


def _in_a_child(act: Callable[[], object]) -> None:
    child = os.fork()
    if child == 0:
        status = 1
        try:
            act()
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0


def _with_a_fault(kind: str, folder: Path, call: str, n: int, outlet: int) -> None:
    wrong: list[str] = []
    for _ in range(TURN - n):
        _count(call)
    store = a_store(kind, folder)
    new, hot = _put(store, "during", "1"), _put(store, HOT, "2")
    legal: dict[str, tuple[str | None, ...]] = {
        "during": ("1",) if new else (None, "1"),
        HOT: ("2",) if hot else ("1", "2"),
    }
    for name, versions in legal.items():
        wrong += _checked(store, name, versions, failing=True)
    reached = not any(_count(call) == FAULT for _ in range(TURN))
    for again in (store, a_store(kind, folder)):
        if not _put(again, "after", "1"):
            wrong.append("nothing can be put any more")
        for name, versions in {**legal, "after": ("1",)}.items():
            wrong += _checked(again, name, versions)
        if isinstance(again, Cassettes):
            again.sweep()
            wrong += [str(file) for file in folder.rglob("*lmcache-tmp*")]
    os.writev(outlet, [json.dumps({"n": n, "reached": reached, "put": [new, hot], "wrong": wrong}).encode()])


def _put(store: Store, name: str, version: str) -> bool:
    """Whether a put was acknowledged; a refusal must be a typed one."""
    try:
        store.put(a_recording(name, version))
    except TYPED:
        return False
    return True


def _checked(store: Store, name: str, legal: tuple[str | None, ...], *, failing: bool = False) -> list[str]:
    """What is wrong with what a store has under a name; None is legal for nothing, a typed error when `failing`."""
    try:
        found = store.get(a_key(name))
    except KeyError:
        return [] if None in legal else [f"{name} is lost"]
    except TYPED as error:
        return [] if failing else [f"{name}: {error}"]
    version = version_of(found)
    return [] if version in legal and same(found, a_recording(name, version)) else [f"{name} is wrong"]


def _count(call: str) -> int:
    """Make one harmless call. Its error number."""
    try:
        HARMLESS[call]()
    except OSError as error:
        return error.errno or 0
    return 0


if __name__ == "__main__":
    if sys.argv[1] == "kill":
        kill(sys.argv[2], Path(sys.argv[3]), int(sys.argv[4]), sys.argv[5])
    else:
        fail(sys.argv[2], Path(sys.argv[3]), sys.argv[4])
