"""The live-call guard: connections that Python code opens to a provider, past every adapter.

It stands where a name is looked up and where a socket connects: at functions, not in an audit hook, which would make
`id()` and with it `copy.deepcopy` several times slower for the rest of the process (docs/decisions/0007).
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from pytest_lmcache import callsite
from pytest_lmcache.adapters.nesting import INSIDE
from pytest_lmcache.seam import Gate

NAME = "guard"
_OURS = "lmcache_replacement"

_restores: list[Callable[[], None]] = []


class Judged(str):
    """The name of a host that was judged in the event loop, on its way to the thread that looks it up."""

    __slots__ = ()


def sockets(module: ModuleType, gate: Gate) -> None:
    """Stand at the look-up of names, and at the two methods that connect a socket."""
    look_up, connect, connect_ex = module.getaddrinfo, module.socket.connect, module.socket.connect_ex

    def getaddrinfo(host: Any, port: Any, *args: Any, **options: Any) -> Any:
        _judge(gate, host, port)
        return look_up(host, port, *args, **options)

    def connecting(sock: Any, address: Any) -> Any:
        _judge_address(gate, address)
        return connect(sock, address)

    def connecting_ex(sock: Any, address: Any) -> Any:
        _judge_address(gate, address)
        return connect_ex(sock, address)

    _replace(module, "getaddrinfo", getaddrinfo)
    _replace(module.socket, "connect", connecting)
    _replace(module.socket, "connect_ex", connecting_ex)


def loops(module: ModuleType, gate: Gate) -> None:
    """Stand at the look-up of an event loop: the thread that does it knows neither the caller nor the call."""
    original = module.BaseEventLoop.getaddrinfo

    async def getaddrinfo(loop: Any, host: Any, port: Any, **options: Any) -> Any:
        if _judge(gate, host, port):
            host = Judged(_text(host))
        return await original(loop, host, port, **options)

    _replace(module.BaseEventLoop, "getaddrinfo", getaddrinfo)


def uninstall() -> None:
    """Put every function back that is still ours."""
    while _restores:
        _restores.pop()()


HOOKS: dict[str, Callable[[ModuleType, Gate], None]] = {"socket": sockets, "asyncio.base_events": loops}


def _judge_address(gate: Gate, address: Any) -> None:
    if isinstance(address, tuple) and len(address) > 1:
        _judge(gate, address[0], address[1])


def _judge(gate: Gate, host: Any, port: Any) -> bool:
    """Whether a provider answers there at all. Raises LiveCall when it may not be reached."""
    if not isinstance(host, str | bytes | bytearray):
        return False
    name, number = _text(host), _number(port)
    if not gate.guards(name, number):
        return False
    if not INSIDE.get() and not isinstance(host, Judged):
        gate.connects(name, number, callsite.site_of(sys._getframe(1)))
    return True


def _text(host: str | bytes | bytearray) -> str:
    return str(host) if isinstance(host, str) else bytes(host).decode("latin-1")


def _number(port: Any) -> int | None:
    """A port as a number; a service by its name, such as `https`, has none here."""
    try:
        return int(port)
    except (TypeError, ValueError):
        return None


def _replace(owner: Any, name: str, replacement: Any) -> None:
    """Put a function of ours in the place of another, which may be a base class's; one of ours is left alone."""
    original, inherited = getattr(owner, name), name not in vars(owner)
    if hasattr(original, _OURS):
        return
    setattr(functools.wraps(original)(replacement), _OURS, True)
    setattr(owner, name, replacement)

    def restore() -> None:
        # Somebody who replaced it after us puts back what is found there, and that is the original from now on.
        if vars(owner).get(name) is not replacement:
            return
        if inherited:
            delattr(owner, name)
        else:
            setattr(owner, name, original)

    _restores.append(restore)
