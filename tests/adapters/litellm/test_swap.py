"""A function whose code is swapped keeps its identity, and gets all of itself back."""

from __future__ import annotations

import asyncio
import inspect
import sys
import types
from typing import Any

import pytest

from pytest_lmcache.adapters.litellm.swap import parameters, swap


def module() -> Any:
    made: Any = types.SimpleNamespace()
    greeting = "hello"

    def plain(name: str, /, *rest: str, mark: str = "!") -> str:
        return f"{greeting} {name}{''.join(rest)}{mark}"

    async def awaited(name: str = "you") -> str:
        return f"{greeting} {name}"

    made.plain, made.awaited, made.built_in = plain, awaited, len
    return made


def shouting(original: Any) -> Any:
    return lambda args, kwargs: original(*args, **kwargs).upper()


async def _upper(result: Any) -> str:
    return str(await result).upper()


def test_names_bound_before_the_swap_see_it() -> None:
    home = module()
    early = home.plain
    restore = swap(home, "plain", shouting)
    assert early("a", "b", mark="?") == "HELLO AB?"
    restore()
    assert early("a", "b", mark="?") == "hello ab?"


def test_signature_and_coroutine_nature_stay() -> None:
    home = module()
    before = inspect.signature(home.plain), inspect.signature(home.awaited)
    restores = [
        swap(home, "plain", shouting),
        swap(home, "awaited", lambda original: lambda args, kwargs: _upper(original(*args, **kwargs))),
    ]
    assert (inspect.signature(home.plain), inspect.signature(home.awaited)) == before
    assert inspect.iscoroutinefunction(home.awaited)
    assert not inspect.iscoroutinefunction(home.plain)
    assert asyncio.run(home.awaited()) == "HELLO YOU"
    for restore in restores:
        restore()
    assert "__signature__" not in vars(home.plain)
    assert asyncio.run(home.awaited()) == "hello you"


def test_a_debugger_may_read_the_locals_of_a_swapped_function() -> None:
    home = module()
    restore = swap(home, "plain", shouting)
    seen: list[Any] = []
    old = sys.gettrace()
    sys.settrace(lambda frame, event, arg: seen.append(dict(frame.f_locals)))
    try:
        home.plain("a")
    finally:
        sys.settrace(old)
        restore()
    assert seen


def test_what_is_not_plain_python_is_replaced_by_attribute() -> None:
    home = module()
    restore = swap(home, "built_in", lambda original: lambda args, kwargs: original(*args) + 1)
    assert home.built_in("abc") == 4
    restore()
    assert home.built_in is len


def test_parameters_are_those_of_the_innermost_function() -> None:
    def inner(model: str, messages: list[Any]) -> None: ...

    def outer(*args: Any, **kwargs: Any) -> None: ...

    outer.__wrapped__ = inner  # type: ignore[attr-defined]
    assert parameters(outer) == ("model", "messages")


@pytest.mark.parametrize("bad", [1, "text"])
def test_parameters_of_what_is_no_function_are_none(bad: Any) -> None:
    assert parameters(bad) == ()
