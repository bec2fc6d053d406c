"""Functions whose results are JSON (a search, a tool, a clock), recorded as a model's answers are."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Awaitable, Callable
from types import ModuleType
from typing import Any, ParamSpec, TypeVar, overload

from pytest_lmcache.adapters.nesting import INSIDE, inside
from pytest_lmcache.call import JSON, Request
from pytest_lmcache.errors import BadOption, Refusal
from pytest_lmcache.plain import plain
from pytest_lmcache.seam import Answer, Gate, Pending, Recorder
from pytest_lmcache.whatif import Fault

P = ParamSpec("P")
R = TypeVar("R")

OPERATION = "function"
_CONVERSATION = ("function", "arguments")
# The gates of the runs of this process, innermost last: pytest may be run within pytest.
_gates: list[Gate] = []


def install(module: ModuleType, gate: Gate) -> None:
    """Wrapped functions ask this gate from now on."""
    _gates.append(gate)


def uninstall() -> None:
    """Wrapped functions ask the gate before it again, or none."""
    _gates.pop()


# This module is at work as soon as it is imported.
HOOKS = {__name__: install}


@overload
def recorded(function: Callable[P, R]) -> Callable[P, R]: ...


@overload
def recorded(*, name: str = ...) -> Callable[[Callable[P, R]], Callable[P, R]]: ...


def recorded(function: Callable[..., Any] | None = None, *, name: str = "") -> Callable[..., Any]:
    """`function` with its calls replayed, recorded or refused as those of models are; untouched where no test asks.

    Sync or async; what it returns must be JSON. The key is made of `name` (module and qualified name, if not given) and
    the arguments by their names, `self` and `cls` aside. Raises BadOption for a function that cannot be recorded.
    """
    return functools.partial(_recorded, name=name) if function is None else _recorded(function, name=name)


def _recorded(function: Callable[..., Any], *, name: str) -> Callable[..., Any]:
    adapter = Functions(function, name or _name(function))

    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def awaiting(*args: Any, **kwargs: Any) -> Any:
            recorder = _recorder()
            if recorder is None:
                return await function(*args, **kwargs)
            return await recorder.aperform(adapter, OPERATION, args, kwargs, lambda: _awaited(adapter, args, kwargs))

        return awaiting

    @functools.wraps(function)
    def blocking(*args: Any, **kwargs: Any) -> Any:
        recorder = _recorder()
        if recorder is None:
            return function(*args, **kwargs)
        return recorder.perform(adapter, OPERATION, args, kwargs, lambda: _called(adapter, args, kwargs))

    return blocking


class Functions:
    """One function, as the recorder sees an SDK."""

    def __init__(self, function: Callable[..., Any], name: str) -> None:
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            raise BadOption(f"{name} is a generator; only a function that returns can be recorded")
        # Two functions share nothing, not even the fingerprints of their arguments.
        self.name = f"function/{name}"
        self.function = function
        self.shown = name
        self._signature = inspect.signature(function)

    def describe(self, operation: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Request:
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        named = dict(bound.arguments)
        first = next(iter(named), "")
        if first in ("self", "cls") and "." in self.shown:
            del named[first]
        body: dict[str, JSON] = {"function": self.shown, "arguments": plain(named, "arguments")}
        return Request("function", operation, "", body, _CONVERSATION)

    def is_stream(self, result: object) -> bool:
        return False

    def dump(self, result: Any) -> Answer:
        return Answer({"type": "json", "data": result})

    def dump_error(self, error: Exception) -> None:
        return None

    def build(self, response: dict[str, Any]) -> object:
        return response["data"]

    def inject(self, fault: Fault, request: Request, response: dict[str, JSON] | None) -> object:
        raise AssertionError("no provider is asked")

    def tee(self, stream: object, pending: Pending) -> object:
        raise AssertionError(f"{self.shown} returns no stream")

    def checked(self, result: Any) -> Any:
        """The result itself. Raises Refusal, which the test cannot miss, when it would not come back as it is."""
        if found := _not_json(result, "result", 0):
            path, cause = found
            text = (
                f"lmcache: what {self.shown} returned cannot be recorded: {path} is {cause}. "
                f"Return plain JSON (dict, list, str, int, float, bool, None), or wrap a function that does."
            )
            raise _gates[-1].refused(Refusal(text))
        return result


def _recorder() -> Recorder | None:
    return None if not _gates or INSIDE.get() else _gates[-1]()


def _called(adapter: Functions, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    with inside():
        return adapter.checked(adapter.function(*args, **kwargs))


async def _awaited(adapter: Functions, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    with inside():
        result: Awaitable[Any] = adapter.function(*args, **kwargs)
        return adapter.checked(await result)


def _name(function: Callable[..., Any]) -> str:
    name = getattr(function, "__qualname__", "")
    if not name or name.endswith("<lambda>"):
        raise BadOption(f"{function!r} has no name of its own, which its recordings need; give it one with name=...")
    return f"{function.__module__}.{name}"


def _not_json(value: Any, path: str, depth: int) -> tuple[str, str] | None:
    """Where a value is not exactly JSON, and what stands there; None where it would come back as it is."""
    kind = type(value)
    if value is None or kind in (str, int, bool):
        return None
    if kind is float:
        return None if math.isfinite(value) else (path, f"{value}, which JSON has no number for")
    if depth > 200:
        return path, "nested more than 200 deep"
    if kind is list:
        places = ((item, f"{path}[{index}]") for index, item in enumerate(value))
    elif kind is dict:
        for name in value:
            if type(name) is not str:
                return path, f"a dict with a key of type {type(name).__name__}; JSON has text keys only"
        places = ((item, f"{path}.{name}") for name, item in value.items())
    else:
        return path, f"of type {kind.__module__}.{kind.__qualname__}, which is no JSON".replace("builtins.", "")
    return next(filter(None, (_not_json(item, place, depth + 1) for item, place in places)), None)
