"""A recording as one line of JSON, for the places that are ours alone: the local disk and a saved memory cache.

`loads(dumps(recording)) == recording`, to the last character. What `dumps` did not write is a ValueError, never code
that runs and never a recording with a field of the wrong type.
"""

from __future__ import annotations

import json
from typing import Any

from pytest_lmcache.call import Key, Recording, Request, Take

VERSION = 1


def dumps(recording: Recording) -> str:
    """The recording as compact JSON text that UTF-8 can say."""
    key, request = recording.key, recording.request
    envelope: dict[str, Any] = {
        "version": VERSION,
        "key": [key.digest, key.strategy, key.operation, key.slug],
        "request": {
            "adapter": request.adapter,
            "operation": request.operation,
            "model": request.model,
            "body": request.body,
            "conversation": request.conversation,
            "stream": request.stream,
        },
        "takes": [[take.response, take.latency, take.usage, take.cost] for take in recording.takes],
        "recorded_at": recording.recorded_at,
        "recorded_by": recording.recorded_by,
        "run": recording.run,
    }
    if recording.allowed:
        envelope["allowed"] = list(recording.allowed)
    text = json.dumps(envelope, ensure_ascii=False, separators=(",", ":"))
    try:
        text.encode()
    except UnicodeEncodeError:
        # Half a surrogate pair, which some models do answer.
        return json.dumps(envelope, separators=(",", ":"))
    return text


def loads(text: str) -> Recording:
    """The recording `dumps` wrote. Raises ValueError for any other text."""
    try:
        envelope = json.loads(text)
    except RecursionError:
        raise ValueError("nested too deep") from None
    try:
        if envelope["version"] != VERSION:
            raise ValueError(f"version {envelope['version']!r} instead of {VERSION}")
        asked = envelope["request"]
        return Recording(
            key=Key(*_list(envelope["key"], str, 4)),
            request=Request(
                adapter=_is(asked["adapter"], str),
                operation=_is(asked["operation"], str),
                model=_is(asked["model"], str),
                body=_is(asked["body"], dict),
                conversation=tuple(_list(asked["conversation"], str)),
                stream=_is(asked["stream"], bool),
            ),
            takes=tuple(_take(*_list(take, object, 4)) for take in _is(envelope["takes"], list)),
            recorded_at=_is(envelope["recorded_at"], str),
            recorded_by=_is(envelope["recorded_by"], str),
            run=_is(envelope["run"], str),
            allowed=tuple(_list(envelope.get("allowed", []), str)),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"not the shape of a recording ({error})") from None


def _take(response: object, latency: object, usage: object, cost: Any) -> Take:
    tokens = _is(usage, dict)
    _list(list(tokens.values()), int)
    if cost is not None:
        _is(cost, (int, float))
    return Take(_is(response, str), _is(latency, (int, float)), tokens, cost)


def _is(value: Any, kind: type | tuple[type, ...]) -> Any:
    if not isinstance(value, kind):
        raise TypeError(f"{type(value).__name__} out of place")
    return value


def _list(value: object, kind: type, length: int | None = None) -> list[Any]:
    items: list[Any] = _is(value, list)
    if length is not None and len(items) != length:
        raise TypeError(f"{len(items)} items instead of {length}")
    return [_is(item, kind) for item in items]
