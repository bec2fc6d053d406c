"""A function whose code is replaced in place, so that every name bound to it, however early, is caught.

The function object stays the same: its code becomes a trampoline that hands the arguments to a hook, and a clone
with the old code, defaults and cells goes on working as the original.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from types import CodeType, FunctionType
from typing import Any, TypeAlias

Hook: TypeAlias = Callable[[tuple[Any, ...], dict[str, Any]], Any]
Restore: TypeAlias = Callable[[], None]

_BY_PLACE = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_PLACE = "the hook stands here"
# The free variables are named after the return so that the trampoline has the very cells its function closes over:
# a code object that only claims to have them crashes the interpreter as soon as a debugger reads its locals.
_SOURCE = """
def cells({free}):
    {kind} trampoline(*args, **kwargs):
        __tracebackhide__ = True
        hook = "{place}"
        return {wait} hook(args, kwargs)
        ({free})
    return trampoline
"""


def swap(owner: Any, name: str, make: Callable[[Callable[..., Any]], Hook]) -> Restore:
    """Replace what `owner.name` does by the hook that `make(original)` gives; the result puts it back.

    A function that is not plain Python has no code to replace: its attribute is replaced instead.
    """
    function = getattr(owner, name)
    code = _trampoline(function) if isinstance(function, FunctionType) else None
    if code is None:
        return _swap_attribute(owner, name, function, make)
    own_code, own_signature = function.__code__, _keep_signature(function)
    function.__code__ = _with_hook(code, make(_clone(function)))

    def restore() -> None:
        function.__code__ = own_code
        if own_signature:
            del function.__signature__

    return restore


def parameters(function: Callable[..., Any]) -> tuple[str, ...]:
    """The names its positional arguments bind to, decorators looked through; empty when there are none to see."""
    innermost = inspect.unwrap(function)
    kept = getattr(innermost, "__signature__", None)
    if kept is not None:
        return tuple(name for name, parameter in kept.parameters.items() if parameter.kind in _BY_PLACE)
    code = getattr(innermost, "__code__", None)
    return code.co_varnames[: code.co_argcount] if code else ()


def _trampoline(function: FunctionType) -> CodeType | None:
    own = function.__code__
    awaited = inspect.iscoroutinefunction(function)
    source = _SOURCE.format(
        free=", ".join(own.co_freevars),
        kind="async def" if awaited else "def",
        wait="await" if awaited else "",
        place=_PLACE,
    )
    namespace: dict[str, Any] = {}
    exec(compile(source, own.co_filename, "exec"), namespace)  # noqa: S102 - the text is the constant above
    code: CodeType = namespace["cells"](*own.co_freevars).__code__
    if code.co_freevars != own.co_freevars or _PLACE not in code.co_consts:
        return None
    return code.replace(co_name=own.co_name, co_qualname=own.co_qualname, co_firstlineno=own.co_firstlineno)


def _with_hook(code: CodeType, hook: Hook) -> CodeType:
    return code.replace(co_consts=tuple(hook if value == _PLACE else value for value in code.co_consts))


def _clone(function: FunctionType) -> FunctionType:
    clone = FunctionType(
        function.__code__, function.__globals__, function.__name__, function.__defaults__, function.__closure__
    )
    clone.__kwdefaults__ = function.__kwdefaults__
    clone.__qualname__ = function.__qualname__
    return clone


def _keep_signature(function: FunctionType) -> bool:
    """Whether a `__signature__` was left on a function that would otherwise show the trampoline's."""
    if hasattr(function, "__wrapped__") or hasattr(function, "__signature__"):
        return False
    try:
        function.__signature__ = inspect.signature(function)  # type: ignore[attr-defined]
    except (NameError, TypeError, ValueError):
        return False
    return True


def _swap_attribute(
    owner: Any, name: str, original: Callable[..., Any], make: Callable[[Callable[..., Any]], Hook]
) -> Restore:
    hook = make(original)

    def replacement(*args: Any, **kwargs: Any) -> Any:
        return hook(args, kwargs)

    async def awaited_replacement(*args: Any, **kwargs: Any) -> Any:
        return await hook(args, kwargs)

    chosen = awaited_replacement if inspect.iscoroutinefunction(original) else replacement
    setattr(owner, name, functools.update_wrapper(chosen, original))

    def restore() -> None:
        setattr(owner, name, original)

    return restore
