"""The seams of DSPy, all of them, and what is put there."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from types import ModuleType

from pytest_lmcache.adapters import patch
from pytest_lmcache.adapters.dspy import calls, threads
from pytest_lmcache.adapters.dspy.caches import Caches
from pytest_lmcache.adapters.dspy.state import State
from pytest_lmcache.seam import Gate, Owner

_restores: list[Callable[[], None]] = []
_caches: list[Caches] = []


def install(module: ModuleType, gate: Gate) -> None:
    """Observe DSPy, once."""
    if _restores:
        return
    # DSPy imports this one at its first call.
    execution = importlib.import_module("dspy.clients.execution")
    executor = importlib.import_module("dspy.utils.parallelizer").ParallelExecutor
    caches, state = Caches(module), State()
    _caches.append(caches)

    def follow(owners: tuple[Owner, ...]) -> None:
        caches.turned(owners)
        state.turned(owners)

    for owner, name, make in (
        (execution, "_attempt", lambda original: calls.blocking(gate, original)),
        (execution, "_aattempt", lambda original: calls.awaited(gate, original)),
        (execution, "_cached", lambda original: caches.unless_late(gate, original)),
        (execution, "_store", lambda original: caches.unless_late(gate, original)),
        (
            importlib.import_module("dspy.clients.cache").Cache,
            "__init__",
            lambda original: caches.elsewhere(gate, original),
        ),
        (executor, "_wrap_function", lambda original: threads.on_behalf(gate, original)),
        (executor, "execute", threads.stopping),
    ):
        _restores.append(patch.replace(owner, name, make))
    _restores.append(caches.restore)
    _restores.append(lambda: gate.unfollow(follow))
    gate.follow(follow)


def install_tiers(module: ModuleType, gate: Gate) -> None:
    """Keep the disk tier of our own cache for DSPy away from the user's, too."""
    if _caches:
        caches = _caches[-1]
        _restores.append(patch.replace(module.Cache, "__init__", lambda original: caches.elsewhere(gate, original)))


def uninstall() -> None:
    """Put back what `install` and `install_tiers` replaced."""
    _caches.clear()
    while _restores:
        _restores.pop()()
