"""`dspy.cache` while tests run: one in memory for each test, made as the user's is configured, and empty.

The user's own folder is never read, or a recording would lack what it answers, and never written. Within a test, DSPy
caches as it does without us, when it is recorded and when it is replayed.
"""

from __future__ import annotations

import copy
import inspect
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any
from weakref import WeakKeyDictionary

from pytest_lmcache.seam import ON_BEHALF, Gate, Owner

_SWITCHES = ("enable_memory_cache", "enable_disk_cache")
_MOST = 1_000_000


class Caches:
    """Which cache `dspy.cache` is at this moment. Reading that attribute would build one in the user's home, so that it
    is looked up in the namespace of the module.
    """

    def __init__(self, module: ModuleType) -> None:
        self._module = module
        self._found = vars(module).get("cache")
        self._configured = self._found
        self._now: Owner | None = None
        self._own: WeakKeyDictionary[Owner, Any] = WeakKeyDictionary()
        self._folders: WeakKeyDictionary[Owner, dict[str, tempfile.TemporaryDirectory[str]]] = WeakKeyDictionary()

    def turned(self, owners: tuple[Owner, ...]) -> None:
        """Calls belong to the last of `owners` now."""
        self._keep()
        for gone in [known for known in self._folders if known not in owners]:
            for folder in self._folders.pop(gone).values():
                folder.cleanup()
        self._now = owners[-1] if owners and owners[-1].recorder is not None else None
        if self._now is None:
            self._put(self._configured)
            return
        if self._now not in self._own:
            self._own[self._now] = empty_like(self._configured)
        self._put(self._own[self._now])

    def restore(self) -> None:
        """Put back what was found."""
        self.turned(())
        self._put(self._found)

    def elsewhere(self, gate: Gate, original: Callable[..., None]) -> Callable[..., None]:
        """What runs in place of `Cache.__init__`: a folder that may hold anything is replaced by one of this test's."""
        signature = inspect.signature(original)

        def init(*args: Any, **kwargs: Any) -> None:
            if gate() is not None:
                bound = signature.bind(*args, **kwargs)
                bound.apply_defaults()
                if bound.arguments["enable_disk_cache"]:
                    bound.arguments["disk_cache_dir"] = self._folder(bound.arguments["disk_cache_dir"])
                args, kwargs = bound.args, bound.kwargs
            original(*args, **kwargs)

        return init

    def unless_late(self, gate: Gate, original: Callable[..., Any]) -> Callable[..., Any]:
        """What runs in place of `_cached` and `_store`: a thread that outlived its test finds another test's cache."""

        def unless_late(*args: Any) -> Any:
            recorder = ON_BEHALF.get()
            if recorder is not None and (self._now is None or self._now.recorder is not recorder):
                return None
            return original(*args)

        return unless_late

    def _keep(self) -> None:
        """Note what the owner up to now has put in place of its cache; of a lasting one, it is there for the others."""
        current = vars(self._module).get("cache")
        if self._now is None:
            if current is not self._configured:
                self._configured = self._found = current
        elif current is not self._own[self._now]:
            if self._now.lasting:
                self._configured = current
                self._own.clear()
            self._own[self._now] = current

    def _put(self, cache: Any) -> None:
        with self._module._cache_lock:
            if cache is not None:
                vars(self._module)["cache"] = cache
            else:
                vars(self._module).pop("cache", None)

    def _folder(self, wanted: Any) -> str:
        """The folder for a cache on disk: an empty one below the temporary directory as it is, and else one of ours."""
        if wanted is not None and _is_new(Path(os.fspath(wanted))):
            return str(wanted)
        if self._now is None:
            return tempfile.mkdtemp(prefix="lmcache-dspy-")
        folders = self._folders.setdefault(self._now, {})
        name = "" if wanted is None else os.path.abspath(os.fspath(wanted))
        if name not in folders:
            folders[name] = tempfile.TemporaryDirectory(prefix="lmcache-dspy-", ignore_cleanup_errors=True)
        return folders[name].name


def empty_like(configured: Any) -> Any:
    """An empty cache in memory, of the class and with the switches of the configured one; DSPy's own without one."""
    from dspy.clients.cache import Cache

    options = {
        "enable_disk_cache": False,
        "enable_memory_cache": configured is None or any(getattr(configured, name, False) for name in _SWITCHES),
        "disk_cache_dir": None,
        "memory_max_entries": getattr(getattr(configured, "memory_cache", None), "maxsize", _MOST),
    }
    plain = Cache(**options)
    if isinstance(configured, Cache) and "memory_cache" in vars(configured):
        # Its class may be the user's own, with keys of its own and any constructor.
        made = copy.copy(configured)
        vars(made).update(vars(plain))
        return made
    try:
        return plain if configured is None else type(configured)(**options)
    except TypeError:
        return plain


def _is_new(folder: Path) -> bool:
    temporary = Path(tempfile.gettempdir()).resolve()
    return folder.resolve().is_relative_to(temporary) and not (folder.exists() and any(folder.iterdir()))
