"""A plugin for pytest, loaded before anything else: connecting and looking up names is counted, refused and told."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

_LOOK_UPS = {
    "socket.getaddrinfo",
    "socket.gethostbyaddr",
    "socket.gethostbyname",
    "socket.getnameinfo",
}
_SENDS = {"socket.connect", "socket.sendto", "socket.sendmsg"}


def _refuse(event: str, args: tuple[Any, ...]) -> None:
    # A socket between two parts of one machine has a path for an address, or none.
    if event in _LOOK_UPS or (event in _SENDS and isinstance(args[-1], tuple)):
        with Path(os.environ["NETWORK_LOG"]).open("a") as log:
            log.write(f"{event} {args!r}\n")
        raise PermissionError(f"no network: {event}")


sys.addaudithook(_refuse)
