"""A few values that the processes of one run share: a JSON object in a local file, or in memory for one process."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import RLock
from typing import Any, Protocol

from pytest_lmcache.errors import TierUnavailable

OLD = 7 * 24 * 3600


class Values(Protocol):
    """A JSON object that one at a time may look at and change."""

    def open(self) -> AbstractContextManager[dict[str, Any]]:
        """The object, kept as it is when the context ends. Raises TierUnavailable."""


class Private:
    """Values for the threads of this process."""

    def __init__(self) -> None:
        self._values: dict[str, Any] = {}
        self._lock = RLock()

    @contextmanager
    def open(self) -> Iterator[dict[str, Any]]:
        with self._lock:
            yield self._values


class Shared:
    """Values for several processes: a file under a file lock, which the operating system frees when one is killed.

    `folder` is asked for at first need; files there that no run of the last week used are removed.
    """

    def __init__(self, folder: Callable[[], Path], name: str) -> None:
        self._find_folder = folder
        self._name = name
        self._file: Path | None = None
        self._opened: dict[str, Any] | None = None
        self._lock = RLock()

    @contextmanager
    def open(self) -> Iterator[dict[str, Any]]:
        from filelock import FileLock

        with self._lock:
            if self._opened is not None:
                # Further up in this very thread: what changes here is written there.
                yield self._opened
                return
            try:
                file = self._prepared()
                with FileLock(file.with_suffix(".lock")):
                    values = json.loads(file.read_text("utf-8")) if file.exists() else {}
                    self._opened = values
                    yield values
                    fresh = file.with_suffix(".new")
                    fresh.write_text(json.dumps(values), "utf-8")
                    os.replace(fresh, file)
            except OSError as error:
                raise TierUnavailable(str(self._file), error.strerror or str(error)) from error
            finally:
                self._opened = None

    def _prepared(self) -> Path:
        if self._file is None:
            folder = self._find_folder()
            self._file = folder / f"{self._name}.json"
            folder.mkdir(parents=True, exist_ok=True)
            for file in folder.iterdir():
                if time.time() - file.stat().st_mtime > OLD:
                    file.unlink(missing_ok=True)
        return self._file
