"""What DSPy caches, as JSON text, and the same value again: pure functions, and no pickle.

    {"plain": <JSON>}                                     the value is JSON as it stands
    {"tagged": {"answer": {"$tuple": [1, 2]}, ...}}       parts of it are not, and are tagged

A tag is an object with one name that begins with `$`. A value is taken apart by its exact type, so that what comes back
is equal and of the same types; anything else is refused.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Callable
from typing import Any

import orjson

from pytest_lmcache.call import JSON
from pytest_lmcache.dspy import answers
from pytest_lmcache.dspy.classes import Classes, rebuilt, state_of
from pytest_lmcache.errors import UnstorableResponse

MAX_DEPTH = 200
_LOWEST, _HIGHEST = -(2**63), 2**64
_NUMBERS = "biufc"


def dumps(value: Any, classes: Classes) -> str:
    """A value as text. Raises UnstorableResponse when no text gives the same value again."""
    packing = _Packing(classes)
    packed = packing.pack(value, 0)
    document = {"tagged" if packing.tagged else "plain": packed}
    try:
        text: str = orjson.dumps(document).decode()
    except TypeError:
        # Half a surrogate pair, or deeper than orjson goes.
        text = json.dumps(document, allow_nan=False)
    return text


def loads(text: str, classes: Classes) -> Any:
    """The value `dumps` wrote; a new object each time. Raises ValueError, TypeError or KeyError for any other text."""
    try:
        document = orjson.loads(text)
    except ValueError:
        document = json.loads(text)
    if type(document) is dict and len(document) == 1:
        if "plain" in document:
            return document["plain"]
        if "tagged" in document:
            return _unpacked(document["tagged"], classes)
    raise ValueError("not the text of a value")


class _Packing:
    """A value being taken apart; `tagged` says whether any part of it was no JSON."""

    def __init__(self, classes: Classes) -> None:
        self.tagged = False
        self._classes = classes

    def pack(self, value: Any, depth: int) -> JSON:  # noqa: C901 - one line a type
        kind = type(value)
        if kind is str or kind is bool or value is None:
            return value  # type: ignore[no-any-return]
        if kind is int:
            return value if _LOWEST <= value < _HIGHEST else self._tag("int", str(value))
        if kind is float:
            return value if math.isfinite(value) else self._tag("float", repr(value))
        if depth > MAX_DEPTH:
            raise UnstorableResponse(f"it is nested more than {MAX_DEPTH} deep.")
        if kind is list:
            return self._items(value, depth)
        if kind is dict:
            if all(type(name) is str and name[:1] != "$" for name in value):
                return {name: self.pack(item, depth + 1) for name, item in value.items()}
            return self._tag("dict", [self._items([name, item], depth) for name, item in value.items()])
        if kind is tuple:
            return self._tag("tuple", self._items(value, depth))
        if kind is set or kind is frozenset:
            return self._tag(kind.__name__, self._items(list(value), depth))
        if kind is bytes:
            return self._tag("bytes", base64.b64encode(value).decode())
        if kind.__module__ == "numpy":
            return self._tag("array", _array(value))
        if answers.is_one(kind):
            return self._tag("answer", self._answer(value, depth))
        return self._object(value, depth)

    def _items(self, items: Any, depth: int) -> list[JSON]:
        if set(map(type, items)) == {float} and all(map(math.isfinite, items)):
            return list(items)
        return [self.pack(item, depth + 1) for item in items]

    def _answer(self, value: Any, depth: int) -> JSON:
        """What the answer holds; what is tagged of it is kept apart, so that reading looks at nothing else."""
        state = answers.state_of(value)
        nested: dict[str, JSON] = {}
        for part in answers.PARTS:
            plain, tagged = self._split(state[part], depth) if state[part] is not None else (None, {})
            state[part] = plain
            if tagged:
                nested[part] = tagged
        return [*state.values(), nested]

    def _split(self, fields: dict[str, Any], depth: int) -> tuple[dict[str, JSON], dict[str, JSON]]:
        plain: dict[str, JSON] = {}
        tagged: dict[str, JSON] = {}
        for name, item in fields.items():
            self.tagged = False
            packed = self.pack(item, depth + 1)
            # The place is kept: the order of the fields is part of what an object prints.
            plain[name] = None if self.tagged else packed
            if self.tagged:
                tagged[name] = packed
        return plain, tagged

    def _object(self, value: Any, depth: int) -> JSON:
        found = state_of(value)
        if found is None:
            cls = type(value)
            raise UnstorableResponse(f"no text can say an object of {cls.__module__}.{cls.__qualname__}.")
        kind, state = found
        return self._tag("object", [kind, self._classes.name_of(type(value)), self.pack(state, depth + 1)])

    def _tag(self, name: str, item: Any) -> JSON:
        self.tagged = True
        return {f"${name}": item}


def _unpacked(value: Any, classes: Classes) -> Any:
    """What a list or an object of JSON stands for."""
    if type(value) is list:
        return _unpacked_items(value, classes)
    if len(value) == 1:
        ((name, item),) = value.items()
        if name[:1] == "$":
            if name not in _TAGS:
                raise ValueError(f"an unknown tag {name!r}")
            return _TAGS[name](item, classes)
    return {name: item if type(item) not in _CONTAINERS else _unpacked(item, classes) for name, item in value.items()}


def _unpacked_items(items: Any, classes: Classes) -> list[Any]:
    if type(items) is not list:
        raise ValueError("a list is missing")
    if _CONTAINERS.isdisjoint(map(type, items)):
        return items
    return [item if type(item) not in _CONTAINERS else _unpacked(item, classes) for item in items]


def _as_dict(pairs: Any, classes: Classes) -> dict[Any, Any]:
    return dict(_unpacked_items(pair, classes) for pair in pairs)


def _as_answer(parts: Any, classes: Classes) -> Any:
    name, fields, extra, private, fields_set, hidden, nested = parts
    if type(nested) is not dict:
        raise ValueError("the parts of an answer are missing")
    unpacked = {part: _unpacked(items, classes) for part, items in nested.items()}
    return answers.rebuilt(name, fields, extra, private, fields_set, hidden, unpacked)


def _as_object(parts: Any, classes: Classes) -> Any:
    kind, name, state = _unpacked_items(parts, classes)
    return rebuilt(kind, classes.named(name), state)


def _array(value: Any) -> JSON:
    """The type, shape and bytes of numpy's array, or of a single number of its (without a shape)."""
    import numpy as np

    if not isinstance(value, np.ndarray | np.generic) or value.dtype.kind not in _NUMBERS:
        raise UnstorableResponse("an array of numpy that holds no numbers.")
    shape: JSON = list(value.shape) if isinstance(value, np.ndarray) else None
    return [value.dtype.str, shape, base64.b64encode(value.tobytes()).decode()]


def _as_array(item: Any, _: Classes) -> Any:
    import numpy as np

    kind, shape, text = item
    dtype = np.dtype(kind) if isinstance(kind, str) else None
    if dtype is None or dtype.kind not in _NUMBERS:
        raise ValueError("an array that holds no numbers")
    array = np.frombuffer(base64.b64decode(text, validate=True), dtype)
    return array[0] if shape is None else array.reshape(shape).copy()


_CONTAINERS = frozenset((dict, list))
_TAGS: dict[str, Callable[[Any, Classes], Any]] = {
    "$int": lambda text, _: int(text),
    "$float": lambda text, _: float(text),
    "$dict": _as_dict,
    "$tuple": lambda items, classes: tuple(_unpacked_items(items, classes)),
    "$set": lambda items, classes: set(_unpacked_items(items, classes)),
    "$frozenset": lambda items, classes: frozenset(_unpacked_items(items, classes)),
    "$bytes": lambda text, _: base64.b64decode(text, validate=True),
    "$array": _as_array,
    "$answer": _as_answer,
    "$object": _as_object,
}
