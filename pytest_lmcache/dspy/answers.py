"""Objects of litellm's and openai's classes: taken apart into what they hold, and put together without their code.

The classes are those that recordings may name. No constructor or validator runs, which is faster, and leaves a prepared
store nothing to run. litellm is imported when there is such an object, not before.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from pytest_lmcache.errors import LMCacheError, UnstorableResponse

PARTS = ("fields", "extra", "private")
_PREFIXES = ("litellm.", "openai.")
# Bookkeeping of a call, some of it secret. What is worth keeping of it is kept apart.
_ASIDE = ("_hidden_params", "_response_headers")


def is_one(cls: type[Any]) -> bool:
    """Whether a class is one of litellm's or openai's."""
    return cls.__module__.startswith(_PREFIXES)


def state_of(value: Any) -> dict[str, Any]:
    """The arguments of `rebuilt`, but for the last. Raises UnstorableResponse when the class is not known."""
    try:
        from pytest_lmcache.adapters.litellm.classes import name_of
        from pytest_lmcache.adapters.litellm.objects import hidden_params
    except ImportError:
        raise UnstorableResponse(f"a {type(value).__qualname__} needs litellm, which is not installed.") from None
    try:
        cls: Any = type(value)
        name = name_of(cls)
    except UnstorableResponse as error:
        raise UnstorableResponse(f"{error}.") from None
    private = value.__pydantic_private__
    return {
        "name": name,
        "fields": _without(vars(value)),
        "extra": value.__pydantic_extra__,
        "private": None if private is None else _without(private),
        "fields_set": sorted(value.__pydantic_fields_set__),
        "hidden": hidden_params(value) if getattr(value, "_hidden_params", None) is not None else None,
    }


def rebuilt(
    name: str, fields: Any, extra: Any, private: Any, fields_set: Any, hidden: Any, nested: dict[str, Any]
) -> Any:
    """The object again, with what is `nested` in its fields. Raises ValueError for what `state_of` does not give."""
    cls = _class(name)
    if not (type(fields) is dict and type(fields_set) is list and _optional(extra) and _optional(private)):
        raise ValueError(f"not the parts of a {name}")
    if nested:
        parts = {"fields": fields, "extra": extra, "private": private}
        for part, items in nested.items():
            parts[part].update(items)
    if hidden is not None:
        holder = private if private is not None and "_hidden_params" in cls.__private_attributes__ else fields
        holder["_hidden_params"] = _hidden_class()(name, hidden)
    value: Any = object.__new__(cls)
    _put(value, "__dict__", fields)
    _put(value, "__pydantic_extra__", extra)
    _put(value, "__pydantic_fields_set__", set(fields_set))
    _put(value, "__pydantic_private__", private)
    return value


_put = object.__setattr__


@lru_cache(maxsize=1024)
def _class(name: str) -> Any:
    from pytest_lmcache.adapters.litellm.classes import named

    try:
        return named(name)
    except LMCacheError as error:
        raise ValueError(str(error)) from None


@lru_cache(maxsize=1)
def _hidden_class() -> Callable[[str, dict[str, Any]], Any]:
    from pytest_lmcache.adapters.litellm.classes import hidden

    return hidden


def _optional(value: object) -> bool:
    return value is None or type(value) is dict


def _without(state: dict[str, Any]) -> dict[str, Any]:
    return {name: item for name, item in state.items() if name not in _ASIDE}
