"""The adapters, each the only module that names its SDK, and the watch that installs one when its SDK is imported."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from pytest_lmcache.errors import MissingPackage
from pytest_lmcache.seam import Gate

# To add an SDK: one package here, with `HOOKS` (what to run once a module of the SDK is imported) and `uninstall`; and
# with `prepare`, where much is imported at the first call.
TABLE = {
    "litellm": "pytest_lmcache.adapters.litellm",
    "http": "pytest_lmcache.adapters.http",
    "dspy": "pytest_lmcache.adapters.dspy",
}
# The live-call guard is installed as an adapter is, whichever of them are chosen.
GUARD = "pytest_lmcache.adapters.guard"
# Functions that a project wrapped itself are recorded whichever adapters are chosen.
FUNCTIONS = "pytest_lmcache.adapters.functions"
# Adapters of one package, which is then to be there. The others take whichever of their libraries is imported.
PACKAGES = frozenset({"litellm", "dspy"})


class Watch(MetaPathFinder):
    """Installs adapters into the modules they name: at once where these are imported, else right after they are.

    `gate` returns the recorder for the calls of this moment, or None where calls pass untouched. `guard` says whether
    connections to providers that no adapter sees are guarded.
    """

    def __init__(self, names: Sequence[str], gate: Gate, *, guard: bool = False) -> None:
        self._gate = gate
        self._waiting: dict[str, Any] = {}
        self._adapters: list[Any] = []
        self._looking = False
        modules = [FUNCTIONS, GUARD] if guard else [FUNCTIONS]
        for name in TABLE if "auto" in names else names:
            if "auto" not in names and name in PACKAGES and importlib.util.find_spec(name) is None:
                raise MissingPackage(
                    f"lmcache_adapters names {name}, which is not installed. "
                    f'Install it with: pip install "pytest-lmcache[{name}]"'
                )
            modules.append(TABLE[name])
        for adapter in map(importlib.import_module, modules):
            self._adapters.append(adapter)
            self._waiting |= dict.fromkeys(adapter.HOOKS, adapter)

    def install(self) -> None:
        """Start watching."""
        sys.meta_path.insert(0, self)
        for name in list(self._waiting):
            if name in sys.modules:
                self._imported(sys.modules[name])

    def prepare(self) -> None:
        """Have the adapters import what their first call needs."""
        for adapter in self._adapters:
            if hasattr(adapter, "prepare"):
                adapter.prepare()

    def remove(self) -> None:
        """Stop watching, and put every patched function back."""
        if self not in sys.meta_path:
            return
        sys.meta_path.remove(self)
        for adapter in self._adapters:
            adapter.uninstall()

    def find_spec(self, name: str, path: Any = None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name not in self._waiting or self._looking:
            return None
        self._looking = True
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self._looking = False
        if spec is not None and spec.loader is not None:
            self._follow(spec.loader)
        return spec

    def _follow(self, loader: Any) -> None:
        execute = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            self._imported(module)

        loader.exec_module = exec_module

    def _imported(self, module: ModuleType) -> None:
        self._waiting.pop(module.__name__).HOOKS[module.__name__](module, self._gate)
