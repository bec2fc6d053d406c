"""The methods of litellm's Router that make calls: the Router's answer is the recording, and its model is the group.

A Router picks deployments at random and tries others after an error, none of which belongs to a recording.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any

from pytest_lmcache.adapters.litellm.adapter import AWAITED, BLOCKING
from pytest_lmcache.adapters.litellm.functions import OPERATIONS, bound
from pytest_lmcache.adapters.litellm.hooks import hook, within
from pytest_lmcache.adapters.litellm.swap import Hook, Restore, parameters, swap
from pytest_lmcache.seam import Gate

# pytest shows no frame of a module that says so, and none of its locals: a credential may be among them.
__tracebackhide__ = True

# Through these a Router forwards the functions it has no method for; the function says which operation it is.
_FORWARDERS = (
    "_ageneric_api_call_with_fallbacks",
    "_generic_api_call_with_fallbacks",
    "_pass_through_moderation_endpoint_factory",
)
# What the blocking methods run, from inside an event loop in a thread without our context.
_STEPS = ("_completion", "_embedding", "_image_generation")
_FORWARDING = frozenset({"original_function", "attempt_function", "passthrough_on_no_deployment"})

_swapped: list[Restore] = []


def install(module: ModuleType, gate: Gate) -> None:
    """Hook the methods of `module.Router` that this release has; a second time does nothing."""
    router = getattr(module, "Router", None)
    if _swapped or router is None:
        return
    methods = vars(router)
    _swapped.extend(
        swap(router, name, _maker(methods[name], OPERATIONS.get(name), gate))
        for name in (*OPERATIONS, *_FORWARDERS)
        if name in methods
    )
    _swapped.extend(swap(router, name, within) for name in _STEPS if name in methods)


def uninstall() -> None:
    """Put back what `install` replaced."""
    while _swapped:
        _swapped.pop()()


def _maker(method: Callable[..., Any], operation: str | None, gate: Gate) -> Callable[[Callable[..., Any]], Hook]:
    names = parameters(method)[1:]

    def asked(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
        router, *rest = args
        if _is_mocked(router):
            return None
        by_name = bound(names, tuple(rest), kwargs)
        if operation is not None:
            return operation, by_name
        forwarded = OPERATIONS.get(getattr(by_name["original_function"], "__name__", ""))
        if forwarded is None:
            return None
        return forwarded, {name: value for name, value in by_name.items() if name not in _FORWARDING}

    return lambda original: hook(
        original,
        gate=gate,
        adapters=(BLOCKING, AWAITED),
        asked=asked,
        awaited=inspect.iscoroutinefunction(method),
        routes=True,
    )


def _is_mocked(router: Any) -> bool:
    """Whether a deployment answers from `mock_response`: then the calls it makes inside are looked at."""
    deployments = getattr(router, "model_list", None) or ()
    return any("mock_response" in (deployment.get("litellm_params") or {}) for deployment in deployments)
