"""DSPy as observed from above the wire. Nothing is recorded here: the calls of its engines are seen at the transport,
or at the functions of litellm. What is done here makes them the same calls wherever and whenever they are made:

    calls.py    what DSPy asks and does not send (rollout_id, which candidate of n) becomes part of the request
    caches.py   each test has a cache of DSPy's own in memory; the user's is neither read nor written
    state.py    `dspy.settings` and `litellm.cache` are after a test what they were before
    threads.py  what DSPy's threads do belongs to the test that started them

Nothing of DSPy is imported until it is used.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from types import ModuleType

from pytest_lmcache.seam import Gate

NAME = "dspy"


def install(module: ModuleType, gate: Gate) -> None:
    """Observe a release of DSPy with an engine of its own, 3.4 or newer; older ones are seen through litellm alone."""
    try:
        known = importlib.util.find_spec("dspy.clients.execution")
    except ModuleNotFoundError:
        # A folder of the project that is called dspy can be imported, too.
        return
    if known is None:
        return
    from pytest_lmcache.adapters.dspy import observer

    observer.install(module, gate)


def install_tiers(module: ModuleType, gate: Gate) -> None:
    """Observe our own cache for DSPy, which is made of tiers, where a project uses it."""
    from pytest_lmcache.adapters.dspy import observer

    observer.install_tiers(module, gate)


def uninstall() -> None:
    """Put everything back."""
    observer = sys.modules.get(f"{__name__}.observer")
    if observer is not None:
        observer.uninstall()


HOOKS: dict[str, Callable[[ModuleType, Gate], None]] = {"dspy": install, "pytest_lmcache.dspy": install_tiers}
