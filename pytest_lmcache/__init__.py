"""Language-model calls, recorded once and replayed for ever, as a pytest plugin and as a cache.

Public names: `Cache`, `recorded`, and the errors of `pytest_lmcache.errors`. They are imported at first use, so that
loading the plugin stays free.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_lmcache.adapters.functions import recorded
    from pytest_lmcache.cache import Cache
    from pytest_lmcache.call import Call
    from pytest_lmcache.calls import Calls
    from pytest_lmcache.errors import LMCacheError, Miss, Refusal

__all__ = ["Cache", "Call", "Calls", "LMCacheError", "Miss", "Refusal", "__version__", "recorded"]
__version__ = "0.1.0"

_HOMES = {
    "Cache": "cache",
    "Call": "call",
    "Calls": "calls",
    "LMCacheError": "errors",
    "Miss": "errors",
    "Refusal": "errors",
    "recorded": "adapters.functions",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
