"""`Cache`: the memory and disk tiers with a key, usable by itself and as the storage of the plugin."""

from __future__ import annotations

import json
import os
import re
import secrets
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from pytest_lmcache.call import Key, Recording, Request, Take
from pytest_lmcache.errors import BadKeyStrategy, BadOption, BadRecording, TierUnavailable, UnstorableResponse
from pytest_lmcache.keys import digest
from pytest_lmcache.plain import plain
from pytest_lmcache.tiers import envelope
from pytest_lmcache.tiers.disk import Disk
from pytest_lmcache.tiers.memory import Memory

T = TypeVar("T")

_SHA256 = re.compile(r"[0-9a-f]{64}")
# The key is all that is needed to find a value again, and a request may hold credentials.
_ASKED = Request(adapter="cache", operation="cache", model="", body={}, conversation=())


class Cache:
    """Answers by request, in memory and on disk, each of which can be turned off and is bounded.

    Override `cache_key` to decide which requests are the same, `encode` and `decode` to keep values that are no plain
    JSON. `memory` and `disk` are the tiers. Nothing is opened, and no folder made, before the first use. Without
    `disk_cache_dir` the disk tier is the one of the project in the current directory, in the user's cache folder. A
    disk that cannot be used is warned about once, and done without.
    """

    def __init__(
        self,
        enable_disk_cache: bool = True,
        enable_memory_cache: bool = True,
        disk_cache_dir: str | os.PathLike[str] | None = None,
        disk_size_limit_bytes: int = 1024**3,
        memory_max_entries: int = 10_000,
    ) -> None:
        _check_switch("enable_disk_cache", enable_disk_cache)
        _check_switch("enable_memory_cache", enable_memory_cache)
        _check_count("disk_size_limit_bytes", disk_size_limit_bytes)
        _check_count("memory_max_entries", memory_max_entries)
        self.memory: Memory | None = Memory(memory_max_entries) if enable_memory_cache else None
        self._disk: Disk | None = None
        self._size_limit = disk_size_limit_bytes
        self._project = Path.cwd() if enable_disk_cache and disk_cache_dir is None else None
        if disk_cache_dir is not None:
            folder = _checked_folder(disk_cache_dir)
            self._disk = self._disk_in(folder) if enable_disk_cache else None

    @property
    def disk(self) -> Disk | None:
        """The disk tier, or None when it is off or cannot be used."""
        if self._project is not None:
            from pytest_lmcache.tiers.local import project_folder

            try:
                self._disk = self._disk_in(project_folder(self._project) / "disk")
            except TierUnavailable as error:
                self._without_disk(error)
            # Last, so that another thread never takes a disk that is being looked for for one that is off.
            self._project = None
        return self._disk

    def cache_key(self, request: dict[str, Any], ignored_args_for_cache_key: list[str] | None = None) -> str:
        """SHA-256 of the request's canonical JSON, without the ignored fields. Raises UnkeyableRequest."""
        ignored = frozenset(ignored_args_for_cache_key or ())
        return digest(plain({name: value for name, value in request.items() if name not in ignored}, "request"))

    def encode(self, value: Any) -> str:
        """A value as text that `decode` makes the same value of. Raises UnstorableResponse when there is none."""
        try:
            text = json.dumps(value, allow_nan=False, separators=(",", ":"))
            faithful = json.loads(text) == value
        except (TypeError, ValueError, RecursionError) as error:
            raise UnstorableResponse(_not_json(value, str(error))) from None
        if not faithful:
            raise UnstorableResponse(_not_json(value, "it would come back as something else"))
        return text

    def decode(self, text: str) -> Any:
        """The value `encode` made the text of; a new object each time."""
        return json.loads(text)

    def get(self, request: dict[str, Any], ignored_args_for_cache_key: list[str] | None = None) -> Any:
        """The value that was put for a request, or None. It is the caller's own to change."""
        try:
            text = self._find(self._key(self.cache_key(request, ignored_args_for_cache_key)))
        except KeyError:
            return None
        return self.decode(text)

    def put(
        self,
        request: dict[str, Any],
        value: Any,
        ignored_args_for_cache_key: list[str] | None = None,
        enable_memory_cache: bool = True,
    ) -> None:
        """Keep a value for a request, in place of an older one; on disk only, when `enable_memory_cache` is false."""
        key = self._key(self.cache_key(request, ignored_args_for_cache_key))
        self._keep(key, self.encode(value), in_memory=enable_memory_cache)

    def __contains__(self, request: object) -> bool:
        """Whether there is a value for a request, or for what `cache_key` gives for it."""
        if isinstance(request, dict):
            request = self.cache_key(request)
        if not isinstance(request, str):
            return False
        try:
            self._find(self._key(request))
        except KeyError:
            return False
        return True

    def reset_memory_cache(self) -> None:
        """Forget what is in memory; the disk keeps what it has."""
        if self.memory is not None:
            self.memory.clear()

    def save_memory_cache(self, filepath: str | os.PathLike[str]) -> None:
        """Write what is in memory to a text file: how many recordings there are, then one of them a line, as JSON."""
        recordings = self._enabled_memory().recordings()
        lines = [json.dumps({"recordings": len(recordings)}), *(envelope.dumps(recording) for recording in recordings)]
        target = Path(filepath)
        temporary = target.with_name(f"{target.name}.{secrets.token_hex(4)}.tmp")
        try:
            temporary.write_text("\n".join(lines) + "\n", "utf-8")
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise

    def load_memory_cache(self, filepath: str | os.PathLike[str]) -> None:
        """Put what `save_memory_cache` wrote in place of what is in memory. Raises BadRecording, changing nothing."""
        memory = self._enabled_memory()
        try:
            header, *lines = Path(filepath).read_bytes().decode().rstrip("\n").split("\n")
            recordings = [envelope.loads(line) for line in lines]
            if json.loads(header) != {"recordings": len(recordings)}:
                raise ValueError("it is cut short, or not a saved memory cache")
        except (ValueError, RecursionError) as error:
            remedy = "Save the memory cache again"
            raise BadRecording(os.fspath(filepath), f"cannot be loaded ({error})", remedy) from None
        memory.clear()
        for recording in recordings:
            memory.put(recording)

    def close(self) -> None:
        """Give the disk tier's file back; the next use opens it again."""
        if self._disk is not None:
            self._disk.close()

    def _keep(self, key: Key, text: str, *, in_memory: bool = True) -> None:
        if self.memory is not None:
            if in_memory:
                self.memory.put(_recording(key, text))
            else:
                self.memory.delete(key)
        self._on_disk(lambda disk: disk.put_text(key.digest, text))

    def _find(self, key: Key) -> str:
        """The text under a key. Raises KeyError where there is none."""
        if self.memory is not None:
            with suppress(KeyError, IndexError):
                return self.memory.get(key).takes[0].response
        text = self._on_disk(lambda disk: disk.text(key.digest))
        if text is None:
            raise KeyError(key.digest)
        if self.memory is not None:
            self.memory.put(_recording(key, text))
        return text

    def _key(self, made: object) -> Key:
        """The address for what `cache_key` gave. A subclass may give any text."""
        if not isinstance(made, str):
            kind = type(made).__name__
            raise BadKeyStrategy(f"{type(self).__qualname__}.cache_key must return text, but returned a {kind}.")
        return Key(made if _SHA256.fullmatch(made) else digest(made), "request", "cache", "")

    def _enabled_memory(self) -> Memory:
        if self.memory is None:
            raise BadOption("this cache has no memory to save or load: it was made with enable_memory_cache=False")
        return self.memory

    def _disk_in(self, folder: Path) -> Disk:
        return Disk(folder, self._size_limit, warn=self._warn)

    def _on_disk(self, act: Callable[[Disk], T]) -> T | None:
        """Do something with the disk, or nothing where there is none; it is given up when it cannot be used."""
        disk = self.disk
        if disk is None:
            return None
        try:
            return act(disk)
        except TierUnavailable as error:
            self._without_disk(error)
            return None

    def _without_disk(self, error: TierUnavailable) -> None:
        self._disk = None
        self._warn(f"{error}. This cache goes on without it.")

    def _warn(self, text: str) -> None:
        """Say what the user should know, once. Nothing is raised for it."""
        warnings.warn(text, RuntimeWarning, stacklevel=2)


def _check_switch(name: str, value: object) -> None:
    if not isinstance(value, bool):
        raise BadOption(f"{name}={value!r} is neither True nor False")


def _check_count(name: str, value: object) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise BadOption(f"{name}={value!r} is no whole number from 1")


def _checked_folder(folder: str | os.PathLike[str]) -> Path:
    path = Path(folder).expanduser().absolute()
    if path.exists() and not path.is_dir():
        raise BadOption(f"disk_cache_dir={os.fspath(folder)!r} is a file; it must be a folder, or not exist yet")
    return path


def _recording(key: Key, text: str) -> Recording:
    """A value in the form of the memory tier, which a run of tests may share."""
    return Recording(key, _ASKED, (Take(text, latency=0.0),), recorded_at="", recorded_by="")


def _not_json(value: object, cause: str) -> str:
    kind = type(value).__name__
    return f"a {kind} cannot be kept: it is no plain JSON ({cause}). Override encode and decode to keep such values."
