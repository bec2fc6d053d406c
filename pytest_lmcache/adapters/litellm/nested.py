"""Objects within objects: told apart by class and field, dumped with the names of their classes, and built again.

A place is written as a path through the data, `choices/0/message`; `*` stands for every item of a list.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from pytest_lmcache.adapters.litellm import classes
from pytest_lmcache.call import JSON

# pytest shows no frame of a module that says so, and none of its locals: a credential may be among them.
__tracebackhide__ = True

_SCALARS = frozenset((float, int, str, bool))


def dumped(value: Any, path: tuple[str, ...], types: dict[str, JSON]) -> Any:
    """Plain containers as they are, the models in them dumped and noted in `types`."""
    if isinstance(value, BaseModel):
        types["/".join(path)] = classes.name_of(type(value))
        return value.model_dump(warnings=False, serialize_as_any=True)
    if isinstance(value, dict):
        return {name: dumped(item, (*path, str(name)), types) for name, item in value.items()}
    if isinstance(value, list):
        return [dumped(item, (*path, str(index)), types) for index, item in enumerate(value)]
    return value


def differing(a: Any, b: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The places where two objects differ, and what the first has there; a place within a differing class is none."""
    if isinstance(a, BaseModel):
        if type(a) is not type(b):
            yield path, a
            return
        yield from differing(fields(a), fields(b), path)
    elif isinstance(a, dict) and isinstance(b, dict):
        for name in {**a, **b}:
            if name not in a or name not in b:
                yield (*path, str(name)), a.get(name)
            else:
                yield from differing(a[name], b[name], (*path, str(name)))
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        if _SCALARS.issuperset(map(type, a)) and a == b and [*map(type, a)] == [*map(type, b)]:
            return
        for index, (left, right) in enumerate(zip(a, b, strict=True)):
            yield from differing(left, right, (*path, str(index)))
    elif a != b or isinstance(b, BaseModel) or isinstance(a, bool) is not isinstance(b, bool):
        yield path, a


def fields(model: BaseModel) -> dict[str, Any]:
    own = {name: item for name, item in vars(model).items() if not name.startswith("_")}
    return {**own, **(model.__pydantic_extra__ or {})}


def build_nested(data: Any, types: dict[str, str]) -> None:
    """Build the nested objects that `types` names, the innermost first."""
    for place, name in sorted(types.items(), key=lambda item: item[0].count("/"), reverse=True):
        cls = classes.named(name)
        for holder, key in list(_holders(data, place.split("/"))):
            if isinstance(holder[key], dict):
                holder[key] = classes.constructed(cls, holder[key])


def _holders(data: Any, parts: list[str]) -> Iterator[tuple[Any, Any]]:
    head, *rest = parts
    keys: list[Any] = []
    if isinstance(data, list):
        keys = list(range(len(data))) if head == "*" else [int(head)]
    elif isinstance(data, dict) and head in data:
        keys = [head]
    for key in keys:
        if rest:
            yield from _holders(data[key], rest)
        else:
            yield data, key
