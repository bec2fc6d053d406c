"""HTTP at the transports of httpx, httpx2, aiohttp and urllib3: every SDK above them, unchanged and unaware.

None of the four is required, and none is imported here: each is patched once the user's code has imported it.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

NAME = "http"

_restores: list[Callable[[], None]] = []


def install_httpx(module: ModuleType, gate: Any) -> None:
    """Patch `httpx` or `httpx2`."""
    from pytest_lmcache.adapters.http import httpx

    _restores.extend(httpx.install(module, gate))


def install_aiohttp(module: ModuleType, gate: Any) -> None:
    """Patch `aiohttp`."""
    from pytest_lmcache.adapters.http import aiohttp

    _restores.extend(aiohttp.install(module, gate))


def install_urllib3(module: ModuleType, gate: Any) -> None:
    """Patch `urllib3.connectionpool`."""
    from pytest_lmcache.adapters.http import urllib3

    _restores.extend(urllib3.install(module, gate))


def uninstall() -> None:
    """Give every class its own method back."""
    while _restores:
        _restores.pop()()


HOOKS: dict[str, Callable[[ModuleType, Any], None]] = {
    "httpx": install_httpx,
    "httpx2": install_httpx,
    "aiohttp": install_aiohttp,
    "urllib3.connectionpool": install_urllib3,
}
