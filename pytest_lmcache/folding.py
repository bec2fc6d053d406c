"""The chunks of a stream as JSON with what they share written once, and the chunks again: pure functions.

    shared: {"type": "ModelResponseStream", "data": {"id": "c-1", "choices": [{"index": 0, "delta": {"role": null}}]}}
    chunks: [{"data": {"choices": [{"delta": {"content": "Hel"}}]}}, ...]

A chunk is the shared part with its own laid over it. Objects are merged, and so are lists of one object each; anything
else of the chunk replaces what is shared. What a chunk lacks of the shared part it names in `$without`.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

WITHOUT = "$without"


def fold(chunks: list[dict[str, Any]]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The shared part and what each chunk has of its own; nothing is shared when the chunks do not come back equal."""
    shared = _shared(chunks)
    own = [_own(shared, chunk) for chunk in chunks]
    # As text, since 1, 1.0 and True are equal and not the same.
    if _text([unfold(shared, item) for item in own]) == _text(chunks):
        return shared, own
    return {}, chunks


def unfold(shared: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """One chunk, that shares nothing mutable with another; names in the order of the shared part, then its own."""
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


_CONTAINERS = (dict, list)


def _over(base: Any, value: Any) -> Any:
    if type(value) is dict and type(base) is dict:
        return unfold(base, value)
    if _one_object(value) and _one_object(base):
        return [unfold(base[0], value[0])]
    return value


def _shared(chunks: list[dict[str, Any]]) -> dict[str, Any]:
    shared: dict[str, Any] = {}
    for name in dict.fromkeys(name for chunk in chunks for name in chunk):
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
    return shared


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
        elif value != base or type(value) is not type(base):
            own[name] = value
    missing = [name for name in shared if name not in chunk]
    if missing:
        own[WITHOUT] = missing
    return own


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _one_object(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict)


def _copy(value: Any) -> Any:
    kind = type(value)
    if kind is dict:
        return {name: _copy(item) if type(item) in _CONTAINERS else item for name, item in value.items()}
    if kind is list:
        return [_copy(item) if type(item) in _CONTAINERS else item for item in value]
    return value
