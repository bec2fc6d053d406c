"""litellm at its public functions: calls of every kind, sync, async and through a Router, are seen here first.

Nothing of litellm is imported until a hook of `HOOKS` runs, which is after the module it is named for was imported.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType

from pytest_lmcache.seam import Gate

NAME = "litellm"


def install(module: ModuleType, gate: Gate) -> None:
    """Put the hooks on the public functions of `litellm`, once; `gate` gives the recorder of the current test."""
    from pytest_lmcache.adapters.litellm import functions

    functions.install(module, gate)


def install_router(module: ModuleType, gate: Gate) -> None:
    """Put the hooks on the methods of `litellm.router.Router`, once."""
    from pytest_lmcache.adapters.litellm import router

    router.install(module, gate)


def uninstall() -> None:
    """Give every function its own code back. A run that never imported litellm has nothing to give back."""
    for name in ("router", "functions"):
        module = sys.modules.get(f"{__name__}.{name}")
        if module is not None:
            module.uninstall()


HOOKS: dict[str, Callable[[ModuleType, Gate], None]] = {
    "litellm": install,
    "litellm.router": install_router,
}
