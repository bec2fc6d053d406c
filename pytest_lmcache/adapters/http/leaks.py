"""Requests that carry one of our placeholder keys: none of them may leave the process."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pytest_lmcache.adapters.http.targets import target_of
from pytest_lmcache.errors import LeakedPlaceholder
from pytest_lmcache.placeholders import VALUE
from pytest_lmcache.seam import Gate

_BYTES = VALUE.encode()
# Where SDKs send what they trace, by a key they find in the environment: openai-agents.
_TELEMETRY = ("/v1/traces/ingest",)


def is_telemetry(target: str) -> bool:
    """Whether a request only tells a provider what the client did; no test waits for its answer."""
    return target.endswith(_TELEMETRY)


def stop(gate: Gate, method: str, target: str, headers: Iterable[tuple[Any, Any]]) -> None:
    """Raise LeakedPlaceholder, and have it remembered, when a request that goes live carries a placeholder.

    `target` is the URL, or what follows the host in it; names and values of `headers` are text or bytes.
    """
    for _, value in headers:
        if (_BYTES if isinstance(value, bytes) else VALUE) in value:
            break
    else:
        if VALUE not in target:
            return
    raise gate.refused(LeakedPlaceholder(_text(f"{method} {target_of(target).partition('?')[0]}")))


def _text(operation: str) -> str:
    return (
        f"lmcache: the request {operation} carries a placeholder key, and was stopped before it left this process.\n"
        "The key was set for this run because it replays, so that clients which refuse to start without one do start; "
        "no recording answers this request (it is not a model call, or lmcache is off for this test).\n"
        "Give the client a key of its own, or run with a real key in the environment, or replace the call by a stub; "
        "a model call is recorded with --lmcache=record."
    )
