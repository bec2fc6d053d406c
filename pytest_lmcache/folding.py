"""The chunks of a stream as JSON with what they share written once, and the chunks again: pure functions.

    shared: {"type": "ModelResponseStream", "data": {"id": "c-1", "choices": [{"index": 0, "delta": {"role": null}}]}}
    chunks: [{"data": {"choices": [{"delta": {"content": "Hel"}}]}}, ...]

A chunk is the shared part with its own laid over it. Objects are merged, and so are lists of one object each; anything
else of the chunk replaces what is shared. What a chunk lacks of the shared part it names in `$without`.

The names of a chunk come in the order of the shared part, its own after them. Where a chunk has them in another order,
`$order` lists them: in the shared part when one list says it for most chunks, else in the chunk.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import Any

WITHOUT, ORDER = "$without", "$order"


def fold(chunks: list[dict[str, Any]]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The shared part and what each chunk has of its own; nothing is shared when the chunks do not come back equal."""
    shared = _shared(chunks)
    own = [_own(shared, chunk) for chunk in chunks]
    if _text([unfold(shared, item) for item in own]) == _text(chunks):
        return shared, own
    return {}, chunks


def unfold(shared: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """One chunk, that shares nothing mutable with another; names in the order of the shared part, then its own."""
    if ORDER in shared or ORDER in own:
        return _ordered(shared, own)
    merged: dict[str, Any] = {}
    for name, value in shared.items():
        if name not in own:
            merged[name] = _copy(value) if type(value) in _CONTAINERS else value
        elif type(own[name]) in _CONTAINERS:
            merged[name] = _over(value, own[name])
        else:
            merged[name] = own[name]
    if not own.keys() <= shared.keys():
        merged |= {name: value for name, value in own.items() if name not in shared}
    if WITHOUT in merged:
        for name in merged.pop(WITHOUT):
            merged.pop(name, None)
    return merged


def _ordered(shared: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """The same for names that stand in an order of their own; those it does not list come last."""
    order = own[ORDER] if ORDER in own else shared[ORDER]
    left_out = {ORDER, WITHOUT, *own.get(WITHOUT, ())}
    merged: dict[str, Any] = {}
    for name in dict.fromkeys((*order, *shared, *own)):
        if name in left_out:
            continue
        if name in own:
            value = own[name]
            merged[name] = _over(shared.get(name), value) if type(value) in _CONTAINERS else value
        elif name in shared:
            value = shared[name]
            merged[name] = _copy(value) if type(value) in _CONTAINERS else value
    return merged


_CONTAINERS = (dict, list)


def _over(base: Any, value: Any) -> Any:
    if type(value) is dict and type(base) is dict:
        return unfold(base, value)
    if _one_object(value) and _one_object(base):
        return [unfold(base[0], value[0])]
    return value


def _shared(chunks: list[dict[str, Any]]) -> dict[str, Any]:
    shared: dict[str, Any] = {}
    order = _common_order(chunks)
    for name in order:
        values = [chunk[name] for chunk in chunks if name in chunk]
        if len(values) * 2 <= len(chunks):
            continue
        objects = [value for value in values if isinstance(value, dict)]
        singles = [value[0] for value in values if _one_object(value)]
        if len(objects) * 2 > len(values):
            shared[name] = _shared(objects)
        elif len(singles) * 2 > len(values):
            shared[name] = [_shared(singles)]
        else:
            text, count = Counter(map(_text, values)).most_common(1)[0]
            if count * 2 > len(values):
                shared[name] = json.loads(text)
    if shared and any([*chunk] != _plain_order(shared, chunk) for chunk in chunks):
        shared[ORDER] = order
    return shared


def _common_order(chunks: Iterable[dict[str, Any]]) -> list[str]:
    """All names of the chunks, each after those that it follows in a chunk; the order in a chunk that contradicts what
    more chunks agree on does not count.
    """
    follows: dict[str, list[str]] = {}
    order: list[str] = []
    for names, _ in Counter(map(tuple, chunks)).most_common():
        if order and [*names] == [name for name in order if name in names]:
            continue
        more = {name: [*earlier] for name, earlier in follows.items()} | {
            name: [*follows.get(name, ())] for name in names
        }
        for earlier, later in pairwise(names):
            more[later].append(earlier)
        with suppress(CycleError):
            order, follows = [*TopologicalSorter(more).static_order()], more
    return order


def _plain_order(shared: dict[str, Any], chunk: dict[str, Any]) -> list[str]:
    """The names of a chunk as they come back where no order is told."""
    return [*(name for name in shared if name in chunk), *(name for name in chunk if name not in shared)]


def _own(shared: dict[str, Any], chunk: dict[str, Any]) -> dict[str, Any]:
    own: dict[str, Any] = {}
    for name, value in chunk.items():
        if name not in shared:
            own[name] = value
            continue
        base = shared[name]
        if isinstance(value, dict) and isinstance(base, dict):
            difference = _own(base, value)
            if difference:
                own[name] = difference
        elif _one_object(value) and _one_object(base):
            difference = _own(base[0], value[0])
            if difference:
                own[name] = [difference]
        elif not _same(value, base):
            own[name] = value
    missing = [name for name in shared if name not in chunk and name != ORDER]
    if missing:
        own[WITHOUT] = missing
    if ORDER in shared and [*chunk] != [name for name in shared[ORDER] if name in chunk]:
        own[ORDER] = [*chunk]
    return own


def _same(one: Any, other: Any) -> bool:
    if type(one) is not type(other) or one != other:
        return False
    # As text, since [1] and [True] are equal, and so are objects with their names in another order.
    return type(one) not in _CONTAINERS or _text(one) == _text(other)


def _text(value: Any) -> str:
    return json.dumps(value)


def _one_object(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict)


def _copy(value: Any) -> Any:
    kind = type(value)
    if kind is dict:
        copied = {name: _copy(item) if type(item) in _CONTAINERS else item for name, item in value.items()}
        copied.pop(ORDER, None)
        return copied
    if kind is list:
        return [_copy(item) if type(item) in _CONTAINERS else item for item in value]
    return value
