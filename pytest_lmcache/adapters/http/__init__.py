"""HTTP at the transports of httpx, httpx2, aiohttp, urllib3 and lm15: every SDK above them, unchanged and unaware.

None of the five is required, and none is imported here: each is patched once the user's code has imported it, and what
runs in place of the methods that send is imported when one of them is first called.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from pytest_lmcache.adapters import patch
from pytest_lmcache.adapters.http import owners

NAME = "http"

_TRANSPORTS = (
    ("HTTPTransport", "handle_request", "blocking"),
    ("AsyncHTTPTransport", "handle_async_request", "awaited"),
)
_LM15 = (("StdlibTransport", "stream", "blocking"), ("StdlibAsyncTransport", "stream", "awaited"))
# The module of a library -> our module for it, and the methods that its `blocking` and `awaited` make replacements of.
_SEAMS: dict[str, tuple[str, tuple[tuple[str, str, str], ...]]] = {
    "httpx": ("httpx", _TRANSPORTS),
    "httpx2": ("httpx", _TRANSPORTS),
    "aiohttp": ("aiohttp", (("ClientSession", "_request", "awaited"),)),
    "urllib3.connectionpool": ("urllib3", (("HTTPConnectionPool", "urlopen", "blocking"),)),
    "lm15.transports": ("lm15", _LM15),
    "dspy._vendor.lm15.transports": ("lm15", _LM15),
}
# Library -> what closes connections that an answer may be on its way over.
_HTTPX_OWNERS = (
    ("HTTPTransport", "close", owners.closing),
    ("HTTPTransport", "__exit__", owners.closing),
    ("AsyncHTTPTransport", "aclose", owners.aclosing),
    ("AsyncHTTPTransport", "__aexit__", owners.aclosing),
)
_OWNERS: dict[str, tuple[tuple[str, str, Callable[[Any], Any]], ...]] = {
    "httpx": _HTTPX_OWNERS,
    "httpx2": _HTTPX_OWNERS,
    "aiohttp": (("ClientSession", "close", owners.aclosing),),
}

_restores: list[Callable[[], None]] = []


def install(module: ModuleType, gate: Any) -> None:
    """Replace the methods through which a library's clients reach the network."""
    ours, methods = _SEAMS[module.__name__]

    def replacement(kind: str) -> Callable[[Any], Any]:
        def make(original: Any) -> Any:
            return getattr(importlib.import_module(f"{__name__}.{ours}"), kind)(module, gate, original)

        return make

    for owner, method, kind in methods:
        _restores.append(patch.replace(getattr(module, owner), method, replacement(kind)))
    for owner, method, make in _OWNERS.get(module.__name__, ()):
        _restores.append(patch.replace(getattr(module, owner), method, make))


def prepare() -> None:
    """Import what runs in place of methods that were replaced, before the first call has to wait for it."""
    for name, (ours, _) in _SEAMS.items():
        if name in sys.modules:
            importlib.import_module(f"{__name__}.{ours}")


def uninstall() -> None:
    """Give every class its own method back."""
    while _restores:
        _restores.pop()()


HOOKS: dict[str, Callable[[ModuleType, Any], None]] = dict.fromkeys(_SEAMS, install)
