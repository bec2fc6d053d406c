"""The shape of JSON, which programs rely on: its keys, and the kinds of its values. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from pytest_lmcache.call import JSON

_ITEM = "[]"
_Shape: TypeAlias = "dict[tuple[str, ...], set[str]]"


def changes(old: JSON, new: JSON, path: str) -> list[str]:
    """Where the shapes of two values differ, a line each; paths into them begin with `path`.

    All items of a list count together, however many there are: what only some items have is of their shape. An empty
    list is of any shape. Whole numbers and others are of one kind.
    """
    before, after = _shape(old), _shape(new)
    return [f"{_written(path, place)}{change}" for place, change in sorted(_changes(before, after))]


def kind(value: JSON) -> str:
    """What a value is, in a word."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, int | float):
        return "number"
    return "text" if isinstance(value, str) else "list" if isinstance(value, list) else "object"


def _changes(before: _Shape, after: _Shape) -> Iterator[tuple[tuple[str, ...], str]]:
    for place, kinds in before.items():
        if place not in after:
            if _is_missing(place, after):
                yield place, " is gone"
        elif not after[place] <= kinds:
            yield place, f": {_named(kinds)} → {_named(after[place])}"
    for place in after:
        if place not in before and _is_missing(place, before):
            yield place, " is new"


def _is_missing(place: tuple[str, ...], other: _Shape) -> bool:
    """Whether an object of the other value lacks a key, and not something further out."""
    return place[-1] != _ITEM and "object" in other.get(place[:-1], ())


def _shape(value: JSON) -> _Shape:
    found: _Shape = {}
    left: list[tuple[tuple[str, ...], JSON]] = [((), value)]
    while left:
        place, each = left.pop()
        found.setdefault(place, set()).add(kind(each))
        if isinstance(each, dict):
            left += [((*place, f".{name}"), item) for name, item in each.items()]
        elif isinstance(each, list):
            left += [((*place, _ITEM), item) for item in each]
    return found


def _named(kinds: set[str]) -> str:
    return " or ".join(sorted(kinds))


def _written(path: str, place: tuple[str, ...]) -> str:
    return f"{path}{''.join(place)}"
