"""What runs in place of a public function: whether the call is ours, and who performs it.

The outermost call wins. While it really runs, the public functions it calls inside (acompletion -> completion,
text_completion -> completion, Router -> acompletion, fallbacks, bridges) pass straight through.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pytest_lmcache.adapters.litellm import attempts
from pytest_lmcache.adapters.litellm.swap import Hook
from pytest_lmcache.adapters.nesting import INSIDE
from pytest_lmcache.seam import Adapter, Gate

# pytest shows no frame of a module that says so, and none of its locals: a credential may be among them.
__tracebackhide__ = True


def hook(
    original: Callable[..., Any],
    *,
    gate: Gate,
    adapters: tuple[Adapter, Adapter],
    asked: Callable[[tuple[Any, ...], dict[str, Any]], tuple[str, dict[str, Any]] | None],
    awaited: bool,
    routes: bool = False,
) -> Hook:
    """The hook of one function. `asked` gives the operation and its arguments by name, or None for a call that is not
    ours; `adapters` are the one for blocking and the one for awaited calls. A function that `routes` makes others
    of several, of which each is a call while faults are injected.
    """
    blocking_adapter, awaited_adapter = adapters

    def run(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if INSIDE.get() or (recorder := gate()) is None or (question := asked(args, kwargs)) is None:
            return original(*args, **kwargs)
        operation, named = question
        if recorder.injects:
            if attempts.doomed() or attempts.dispatches(named) or (routes and attempts.routing()):
                return original(*args, **kwargs)
            if routes:
                return (attempts.arouted if awaited else attempts.routed)(original, args, kwargs, named)
            named = attempts.named_as(named)
        if awaited:
            return recorder.aperform(
                awaited_adapter,
                operation,
                (),
                named,
                lambda: _awaited(original, args, kwargs),
                lambda error: attempts.afailing(original, args, kwargs, attempts.Fate(error, run)),
            )
        return recorder.perform(
            blocking_adapter,
            operation,
            (),
            named,
            lambda: _called(original, args, kwargs),
            lambda error: attempts.failing(original, args, kwargs, attempts.Fate(error, run)),
        )

    return run


def within(original: Callable[..., Any]) -> Hook:
    """A hook that only marks its span as the inside of a call; for steps litellm moves to a bare thread."""

    def run(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return original(*args, **kwargs) if attempts.routing() else _called(original, args, kwargs)

    return run


def _called(original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    token = INSIDE.set(True)
    try:
        return original(*args, **kwargs)
    finally:
        INSIDE.reset(token)


async def _awaited(original: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    token = INSIDE.set(True)
    try:
        return await original(*args, **kwargs)
    finally:
        INSIDE.reset(token)
