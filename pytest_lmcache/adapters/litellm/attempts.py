"""One try of a call, below litellm's own code that tries again: retries, fallbacks, a Router's choice of deployments.

While a test injects faults, each try is a call of its own. What a try meets is raised in the innermost function, so
that litellm logs it, cools deployments down and tries again as it does live.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from pytest_lmcache.adapters.litellm import faults
from pytest_lmcache.adapters.litellm.swap import Hook
from pytest_lmcache.adapters.nesting import INSIDE

# pytest shows no frame of a module that says so, and none of its locals: a credential may be among them.
__tracebackhide__ = True

Named = dict[str, Any]


class Fate:
    """An error on its way to the innermost function, and the hook for the tries after it."""

    def __init__(self, error: Exception, hook: Hook) -> None:
        assert isinstance(error, faults.Unmapped)
        self.error = error
        self.hook = hook
        self.met = False


_fate: ContextVar[Fate | None] = ContextVar("lmcache_fate", default=None)
# What a Router was asked, while it tries.
_routed: ContextVar[Named | None] = ContextVar("lmcache_routed", default=None)


def doomed() -> bool:
    """Whether this is the inside of a call that is still to meet its error."""
    fate = _fate.get()
    return fate is not None and not fate.met


def routing() -> bool:
    """Whether this is the inside of a Router that tries."""
    return _routed.get() is not None


def dispatches(named: Named) -> bool:
    """Whether a call only makes others, one for each model until one answers."""
    return bool(named.get("fallbacks"))


def named_as(named: Named) -> Named:
    """The arguments of a try: those the Router was asked with, of the model group that is tried."""
    asked = _routed.get()
    if asked is None:
        return named
    metadata = {**(named.get("litellm_metadata") or {}), **(named.get("metadata") or {})}
    return {**asked, "model": metadata.get("model_group", asked.get("model"))}


def routed(original: Callable[..., Any], args: tuple[Any, ...], kwargs: Named, named: Named) -> Any:
    """Let a Router try."""
    with _set(_routed, named):
        return original(*args, **kwargs)


async def arouted(original: Callable[..., Any], args: tuple[Any, ...], kwargs: Named, named: Named) -> Any:
    """The same, awaited."""
    with _set(_routed, named):
        return await original(*args, **kwargs)


def failing(original: Callable[..., Any], args: tuple[Any, ...], kwargs: Named, fate: Fate) -> Any:
    """Call a function that meets its fate."""
    with _set(_fate, fate):
        return original(*args, **kwargs)


async def afailing(original: Callable[..., Any], args: tuple[Any, ...], kwargs: Named, fate: Fate) -> Any:
    """The same, awaited."""
    with _set(_fate, fate):
        return await original(*args, **kwargs)


def innermost(names: tuple[str, ...], original: Callable[..., Any]) -> Hook:
    """The hook of an innermost function, whose positional arguments have these names: there an error is met.

    Some of litellm's retries call this function again, and not the public one.
    """

    def run(args: tuple[Any, ...], kwargs: Named) -> Any:
        fate = _fate.get()
        named = {**dict(zip(names, args, strict=False)), **kwargs}
        if fate is None or INSIDE.get() or dispatches(named):
            return original(*args, **kwargs)
        if fate.met:
            return fate.hook(args, kwargs)
        fate.met = True
        raise faults.mapped(fate.error, str(named.get("model", "")), named.get("custom_llm_provider"))

    return run


@contextmanager
def _set(variable: ContextVar[Any], value: Any) -> Iterator[None]:
    token = variable.set(value)
    try:
        yield
    finally:
        variable.reset(token)
