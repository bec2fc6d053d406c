"""A cache for DSPy, in place of its own: `dspy.cache = Cache()`, or `configure_cache()`.

It takes the arguments of `dspy.clients.Cache`, has its methods and is one, so that whatever DSPy and its users do with
`dspy.cache` works. Underneath are the memory and disk tiers of this package: what is kept is JSON text, never a pickle.
Importing this module imports DSPy; nothing else of this package imports it.
"""

from __future__ import annotations

import copy
import logging
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any

from cachetools import LRUCache

try:
    import dspy
    import orjson
    from dspy.clients import Cache as DSPyCache
except ImportError as error:
    raise ImportError(f'{error}. Install what is missing with: pip install "pytest-lmcache[dspy]"') from error

from pytest_lmcache.cache import Cache as TieredCache
from pytest_lmcache.call import Key
from pytest_lmcache.dspy.classes import Classes
from pytest_lmcache.dspy.values import dumps, loads
from pytest_lmcache.errors import BadRecording, UnstorableResponse
from pytest_lmcache.tiers.disk import Disk

__all__ = ["Cache", "configure_cache"]

_LOG = logging.getLogger(__name__)
# The database has a folder of its own, since DSPy's may hold one of the same name that is not ours.
_FOLDER = "pytest-lmcache"


class Cache(TieredCache, DSPyCache):  # type: ignore[misc]
    """A `dspy.clients.Cache` on the memory and disk tiers of this package.

    `disk_cache_dir` None is the disk tier of the project in the current directory, `disk_size_limit_bytes` None no
    limit. Values of classes that are neither a provider's answer nor in `safe_types` are rebuilt from disk once this
    process has put one of that class, and not at all with `restrict_pickle`. What no text can say stays in memory.
    Nothing but a bad argument raises: a request without a key is not cached, and a broken disk is done without; the log
    says so.
    """

    def __init__(
        self,
        enable_disk_cache: bool | None = True,
        enable_memory_cache: bool | None = True,
        disk_cache_dir: str | os.PathLike[str] | None = None,
        disk_size_limit_bytes: int | None = 1024**3,
        memory_max_entries: float = 1_000_000,
        restrict_pickle: bool = False,
        safe_types: Sequence[type[Any]] | None = None,
    ) -> None:
        self.enable_disk_cache, self.enable_memory_cache = bool(enable_disk_cache), bool(enable_memory_cache)
        self.disk_cache_dir = None if disk_cache_dir is None else os.fspath(disk_cache_dir)
        if self.enable_memory_cache:
            # DSPy itself judges the bound, in its own words.
            DSPyCache(False, True, None, memory_max_entries=memory_max_entries)
        entries = max(1, int(min(memory_max_entries, sys.maxsize))) if self.enable_memory_cache else 1
        limit = sys.maxsize if disk_size_limit_bytes is None else max(1, int(disk_size_limit_bytes))
        folder = Path(self.disk_cache_dir) / _FOLDER if self.disk_cache_dir and self.enable_disk_cache else None
        super().__init__(self.enable_disk_cache, self.enable_memory_cache, folder, limit, entries)
        self._classes = Classes(tuple(safe_types or ()), learns=not restrict_pickle)
        self._objects: LRUCache[str, Any] = LRUCache(maxsize=entries)
        self._objects_lock = Lock()
        self._said: set[str] = set()

    @property
    def memory_cache(self) -> Any:
        """What the memory tier holds, by key; an empty dictionary when it is off."""
        return {} if self.memory is None else self.memory.by_digest

    @property
    def disk_cache(self) -> Disk | dict[str, Any]:
        """The disk tier; an empty dictionary when it is off."""
        return self.disk or {}

    def cache_key(self, request: dict[str, Any], ignored_args_for_cache_key: list[str] | None = None) -> str:
        """The key that DSPy's own cache makes of the request: SHA-256, 64 hexadecimal digits."""
        ignored = ignored_args_for_cache_key or ()
        try:
            # What DSPy hashes when there is nothing that it has to make JSON of first.
            material = {name: value for name, value in request.items() if name not in ignored}
            return sha256(orjson.dumps(material, option=orjson.OPT_SORT_KEYS)).hexdigest()
        except TypeError:
            key: str = DSPyCache.cache_key(self, request, ignored_args_for_cache_key)
            return key

    def encode(self, value: Any) -> str:
        """A value as JSON text. Raises UnstorableResponse when no text gives the same value again."""
        return dumps(value, self._classes)

    def decode(self, text: str) -> Any:
        """The value `encode` made the text of; a new object each time. Raises for any other text."""
        return loads(text, self._classes)

    def get(self, request: dict[str, Any], ignored_args_for_cache_key: list[str] | None = None) -> Any:
        """The value for a request, or None. An object with a `usage` comes with an empty one, and `cache_hit` True."""
        key = self._key_for(request, ignored_args_for_cache_key)
        if key is None:
            return None
        value = self._held(key)
        if hasattr(value, "usage"):
            _mark_as_hit(value)
        return value

    def put(
        self,
        request: dict[str, Any],
        value: Any,
        ignored_args_for_cache_key: list[str] | None = None,
        enable_memory_cache: bool = True,
    ) -> None:
        """Keep a value for a request, in place of an older one; on disk only, when `enable_memory_cache` is false."""
        key = self._key_for(request, ignored_args_for_cache_key)
        if key is None:
            return
        try:
            text = self.encode(value)
        except UnstorableResponse as error:
            self._keep_object(key, value, error, in_memory=enable_memory_cache)
            return
        self._forget_object(key)
        self._keep(key, text, in_memory=enable_memory_cache)

    def __contains__(self, key: object) -> bool:
        """Whether there is a value for a key, or for a request."""
        if isinstance(key, dict):
            made = self._key_for(key, None)
            return made is not None and self._known(made)
        return isinstance(key, str) and self._known(self._key(key))

    def reset_memory_cache(self) -> None:
        """Forget what is in memory; the disk keeps what it has."""
        with self._objects_lock:
            self._objects.clear()
        super().reset_memory_cache()

    def save_memory_cache(self, filepath: str | os.PathLike[str]) -> None:
        """Write what is in memory to a text file, but for objects that no text can say; nothing when memory is off."""
        if self.memory is None:
            return
        if self._objects:
            self._warn(f"{len(self._objects)} values that no text can say are not saved to {os.fspath(filepath)}")
        super().save_memory_cache(filepath)

    def load_memory_cache(self, filepath: str | os.PathLike[str], allow_pickle: bool = False) -> None:
        """Put what `save_memory_cache` wrote in place of what is in memory; nothing when memory is off.

        Raises ValueError, changing nothing, for any other file. A pickle is refused whatever `allow_pickle` says.
        """
        if self.memory is None:
            return
        try:
            super().load_memory_cache(filepath)
        except BadRecording as error:
            raise ValueError(_refusal(error, filepath)) from None
        with self._objects_lock:
            self._objects.clear()

    def _key_for(self, request: dict[str, Any], ignored: list[str] | None) -> Key | None:
        if not (self.enable_memory_cache or self.enable_disk_cache):
            return None
        try:
            return self._key(self.cache_key(request, ignored))
        except Exception as error:  # noqa: BLE001 - whatever it is, the call goes on without a cache
            _LOG.debug("A request has no key and is not cached: %s", error)
            return None

    def _held(self, key: Key) -> Any:
        if self._objects:
            with self._objects_lock:
                found = self._objects.get(key.digest)
            if found is not None:
                return copy.deepcopy(found)
        try:
            text = self._find(key)
        except KeyError:
            return None
        try:
            return self.decode(text)
        except Exception as error:  # noqa: BLE001 - anybody may have written it: it is a miss, and the next put mends it
            self._once(f"A value was found that cannot be rebuilt, and counts as absent: {error}")
            return None

    def _known(self, key: Key) -> bool:
        if key.digest in self._objects:
            return True
        try:
            self._find(key)
        except KeyError:
            return False
        return True

    def _keep_object(self, key: Key, value: Any, error: UnstorableResponse, *, in_memory: bool) -> None:
        """Keep in memory what no text can say. What was there before would be a stale answer."""
        if self.memory is not None:
            self.memory.delete(key)
        self._on_disk(lambda disk: disk.delete_text(key.digest))
        if self.enable_disk_cache:
            self._once(f"A value is not kept on disk: {error}")
        try:
            copied = copy.deepcopy(value) if in_memory and self.memory is not None else None
        except Exception as failure:  # noqa: BLE001 - an object's own code may raise anything
            self._once(f"A value is not kept at all: {error} And it cannot be copied: {failure}")
            copied = None
        with self._objects_lock:
            self._objects.pop(key.digest, None)
            if copied is not None:
                self._objects[key.digest] = copied

    def _forget_object(self, key: Key) -> None:
        if self._objects:
            with self._objects_lock:
                self._objects.pop(key.digest, None)

    def _once(self, text: str) -> None:
        if text not in self._said and len(self._said) < 1000:
            self._said.add(text)
            self._warn(text)

    def _warn(self, text: str) -> None:
        _LOG.warning("%s", text)


def configure_cache(
    enable_disk_cache: bool | None = True,
    enable_memory_cache: bool | None = True,
    disk_cache_dir: str | os.PathLike[str] | None = None,
    disk_size_limit_bytes: int | None = 1024**3,
    memory_max_entries: float = 1_000_000,
    restrict_pickle: bool = False,
    safe_types: Sequence[type[Any]] | None = None,
) -> None:
    """What `dspy.configure_cache` does, with a `Cache` of this module: makes it `dspy.cache`."""
    made = Cache(
        enable_disk_cache,
        enable_memory_cache,
        disk_cache_dir,
        disk_size_limit_bytes,
        memory_max_entries,
        restrict_pickle,
        safe_types,
    )
    # DSPy makes its own at the first read of `dspy.cache`, under this lock, and would put it in place of this one.
    with dspy._cache_lock:
        dspy.cache = made


def _mark_as_hit(value: Any) -> None:
    """Clear the usage, since no call was made. Objects that forbid assignment are marked past their own rules."""
    extra = getattr(value, "__pydantic_extra__", None)
    if extra and "usage" in extra:
        # Where pydantic's assignment puts it, too, in ten times as long.
        extra["usage"] = {}
    else:
        try:
            value.usage = {}
        except Exception:  # noqa: BLE001 - a class may raise anything at an assignment
            object.__setattr__(value, "usage", {})
    with suppress(AttributeError):
        object.__setattr__(value, "cache_hit", True)


def _refusal(error: BadRecording, filepath: str | os.PathLike[str]) -> str:
    with Path(filepath).open("rb") as file:
        if file.read(1) == b"\x80":
            return (
                f"{os.fspath(filepath)}: a pickle, which can run any code when it is loaded, and is never loaded here. "
                "Save the memory again with this class: it writes text."
            )
    return str(error)
