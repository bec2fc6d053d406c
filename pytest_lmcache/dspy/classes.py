"""The classes whose objects may be rebuilt from text, by name: those the user trusts, and those this process has put.

A name read from a store is looked up among these only. Nothing is imported because a store says so, and no code of a
class runs when one of its objects is rebuilt.
"""

from __future__ import annotations

import dataclasses
import sys
from enum import Enum
from typing import Any

from pytest_lmcache.errors import UnstorableResponse


class Classes:
    """An allow-list of classes. With `learns`, the class of every value that is put joins it."""

    def __init__(self, safe: tuple[type[Any], ...], *, learns: bool) -> None:
        for item in safe:
            if not isinstance(item, type):
                raise TypeError(f"safe_types entries must be types: {item!r} is none")
        self._by_name = {_name(item): item for item in safe}
        self._learns = learns

    def name_of(self, cls: type[Any]) -> str:
        """The name under which `named` finds this very class. Raises UnstorableResponse when it does not."""
        name = _name(cls)
        if self._by_name.get(name) is not cls:
            if not self._learns:
                raise UnstorableResponse(f"{name} is not in safe_types, and restrict_pickle is on.")
            if "<locals>" in name:
                raise UnstorableResponse(f"{name} is a class inside a function, which no name finds again.")
            self._by_name[name] = cls
        return name

    def named(self, name: object) -> type[Any]:
        """The class of this name. Raises ValueError when it is not in the list."""
        found = self._by_name.get(name) if isinstance(name, str) else None
        if found is None:
            raise ValueError(f"{name!r} is a class that this cache does not know; name it in safe_types")
        return found


def state_of(value: Any) -> tuple[str, Any] | None:
    """What kind of object it is and all that it holds, or None when its class is of no kind that can be rebuilt."""
    cls: Any = type(value)
    if isinstance(value, Enum):
        return "enum", value.name
    if cls.__new__ is not object.__new__:
        return None
    if dataclasses.is_dataclass(value):
        if hasattr(value, "__dict__"):
            return "dataclass", dict(vars(value))
        return "dataclass", {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if _is_model(cls):
        return "model", _base_model().__getstate__(value)
    return None


def rebuilt(kind: object, cls: type[Any], state: Any) -> Any:
    """The object `state_of` took apart. Raises ValueError when class and state are not of that kind."""
    if kind == "enum" and issubclass(cls, Enum) and isinstance(state, str) and state in cls.__members__:
        return cls.__members__[state]
    if kind == "dataclass" and dataclasses.is_dataclass(cls) and isinstance(state, dict):
        return _dataclass(cls, state)
    if kind == "model" and _is_model(cls) and isinstance(state, dict):
        value = object.__new__(cls)
        _base_model().__setstate__(value, state)
        return value
    raise ValueError(f"{_name(cls)} is no {kind!r}")


def _dataclass(cls: type[Any], state: dict[str, Any]) -> Any:
    value = object.__new__(cls)
    if hasattr(value, "__dict__"):
        vars(value).update(state)
        return value
    names = {field.name for field in dataclasses.fields(cls)}
    if names != state.keys():
        raise ValueError(f"not the fields of {_name(cls)}")
    for name in names:
        object.__setattr__(value, name, state[name])
    return value


def _name(cls: type[Any]) -> str:
    return f"{cls.__module__}:{cls.__qualname__}"


def _is_model(cls: type[Any]) -> bool:
    return "pydantic" in sys.modules and issubclass(cls, _base_model())


def _base_model() -> Any:
    from pydantic import BaseModel

    return BaseModel
