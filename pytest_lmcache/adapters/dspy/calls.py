"""What DSPy asks and does not send: which rollout a call is, and which of its `n` candidates an attempt is for.

    "dspy": {"rollout_id": 3}
    "dspy": {"candidate": 2, "n": 3}

DSPy's own engine asks for candidates one by one, in requests that are equal on the wire.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from pytest_lmcache.call import JSON
from pytest_lmcache.plain import plain
from pytest_lmcache.seam import UNSENT, Gate

FIELD = "dspy"


def blocking(gate: Gate, original: Callable[..., Any]) -> Callable[..., Any]:
    """What runs in place of `dspy.clients.execution._attempt`: one try for one candidate."""

    def _attempt(lm: Any, call: Any, backend: Any, request: Any, provider: Any, state: Any, results: list[Any]) -> Any:
        if gate() is None:
            return original(lm, call, backend, request, provider, state, results)
        token = UNSENT.set(unsent(call, request, results))
        try:
            return original(lm, call, backend, request, provider, state, results)
        finally:
            UNSENT.reset(token)

    return _attempt


def awaited(gate: Gate, original: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """What runs in place of `dspy.clients.execution._aattempt`."""

    async def _aattempt(
        lm: Any, call: Any, backend: Any, request: Any, provider: Any, state: Any, results: list[Any]
    ) -> Any:
        if gate() is None:
            return await original(lm, call, backend, request, provider, state, results)
        token = UNSENT.set(unsent(call, request, results))
        try:
            return await original(lm, call, backend, request, provider, state, results)
        finally:
            UNSENT.reset(token)

    return _aattempt


def unsent(call: Any, request: Any, results: list[Any]) -> dict[str, JSON] | None:
    """The field that is added to a request, None where all that is asked is sent.

    `request` is None for engines that ask for all candidates at once, `results` what the candidates before this one
    brought.
    """
    asked: dict[str, JSON] = {}
    rollout = call.legacy.get("rollout_id", call.kwargs.get("rollout_id"))
    if rollout is not None:
        asked["rollout_id"] = plain(rollout, "rollout_id")
    if request is not None and call.n > 1:
        asked |= {"n": call.n, "candidate": len(results) + 1}
    return {FIELD: asked} if asked else None
