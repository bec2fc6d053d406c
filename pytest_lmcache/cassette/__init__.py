"""The file format of a recording: loads, dumps, and the number that says which format it is.

A file is JSON for people: keys sorted where their order means nothing, text with line breaks one line an element,
one chunk of a stream a line, long base64 in files of its own. Reading is strict, and what cannot be read is one
BadRecording that names the file, the cause and the remedy.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any, TypeGuard

import ujson

from pytest_lmcache.call import JSON, Key, Recording, Request, Take
from pytest_lmcache.cassette import blobs
from pytest_lmcache.cassette.layout import laid_out
from pytest_lmcache.errors import BadRecording

FORMAT = 1
MAX_BYTES = 64 * 1024 * 1024
MAX_DEPTH = 250
# Empty lists take twenty times the memory of their text.
MAX_PARTS = 1_000_000

_AGAIN = "Restore it from version control, or delete it and record it again with --lmcache=record"
_TYPES: dict[str, type | tuple[type, ...]] = {
    "adapter": str,
    "conversation": list,
    "format": int,
    "key": str,
    "model": str,
    "operation": str,
    "recorded_at": str,
    "recorded_by": str,
    "request": dict,
    "responses": list,
    "strategy": str,
    "stream": bool,
}
# What else made the key; fields that are there when they say something.
_RULES = ("ignore", "normalize")


def dumps(recording: Recording) -> tuple[str, dict[str, bytes]]:
    """The text of a recording's file, and the blobs it refers to by name."""
    found: dict[str, bytes] = {}
    responses: list[JSON] = []
    for take in recording.takes:
        response: dict[str, JSON] = {"answer": _folded(ujson.loads(take.response), found)}
        if take.cost is not None:
            response["cost_usd"] = take.cost
        response["latency_s"] = take.latency
        if take.usage:
            response["tokens"] = dict(sorted(take.usage.items()))
        responses.append(response)
    document: dict[str, JSON] = {
        "format": FORMAT,
        "key": recording.key.digest,
        "strategy": recording.key.strategy,
        **{name: list(entries) for name in _RULES if (entries := getattr(recording.key, name))},
        "adapter": recording.request.adapter,
        "operation": recording.request.operation,
        "model": recording.request.model,
        "stream": recording.request.stream,
        "recorded_at": recording.recorded_at,
        "recorded_by": recording.recorded_by,
        "conversation": list(recording.request.conversation),
        "request": _sorted(_folded(recording.request.body, found)),
        "responses": responses,
    }
    if recording.allowed:
        document["allow_secrets"] = list(recording.allowed)
    return laid_out(document), found


def loads(data: bytes, path: str, blob: Callable[[str], bytes]) -> Recording:
    """The recording in a file's bytes. `path` is how errors call the file, `blob` reads a blob by name.

    Raises BadRecording for whatever is not exactly a recording of a known format.
    """
    return opened(data, path, blob)[0]


def opened(data: bytes, path: str, blob: Callable[[str], bytes]) -> tuple[Recording, list[dict[str, JSON]]]:
    """The same, and what its takes answer, as plain JSON."""
    document = _parsed(data, path, _bounded(blob, path))
    if not isinstance(document, dict):
        raise BadRecording(path, "holds no recording (it is not a JSON object)", _AGAIN)
    number = document.get("format")
    if type(number) is int and number != FORMAT:
        remedy = "Upgrade pytest-lmcache to read it" if number > FORMAT else _AGAIN
        raise BadRecording(path, f"has format {number}, and this version reads format {FORMAT}", remedy)
    for name, kind in _TYPES.items():
        if type(document.get(name)) is not kind:
            raise BadRecording(path, f"its field {name!r} is missing or of the wrong type", _AGAIN)
    takes = tuple(_take(item, path) for item in document["responses"])
    if not takes:
        raise BadRecording(path, "holds no response", _AGAIN)
    conversation = _names(document["conversation"], "conversation", path)
    operation = document["operation"]
    request = Request(
        adapter=document["adapter"],
        operation=operation,
        model=document["model"],
        body=document["request"],
        conversation=conversation,
        stream=document["stream"],
    )
    ignore, normalize = (_names(document.get(name, []), name, path) for name in _RULES)
    key = Key(document["key"], document["strategy"], operation, "", ignore, normalize)
    allowed = _names(document.get("allow_secrets", []), "allow_secrets", path)
    recording = Recording(key, request, takes, document["recorded_at"], document["recorded_by"], allowed=allowed)
    return recording, [item["answer"] for item in document["responses"]]


def _names(value: Any, name: str, path: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(type(item) is str for item in value):
        raise BadRecording(path, f"its field {name!r} must list names", _AGAIN)
    return tuple(value)


def _take(item: Any, path: str) -> Take:
    if not isinstance(item, dict) or not isinstance(item.get("answer"), dict):
        raise BadRecording(path, "one of its responses has no 'answer'", _AGAIN)
    latency, cost, usage = item.get("latency_s"), item.get("cost_usd"), item.get("tokens", {})
    counted = isinstance(usage, dict) and all(type(count) is int for count in usage.values())
    if not _finite(latency) or not (cost is None or _finite(cost)) or not counted:
        cause = "one of its responses has a 'latency_s', 'cost_usd' or 'tokens' that is no number"
        raise BadRecording(path, cause, _AGAIN)
    try:
        response = ujson.dumps(item["answer"], ensure_ascii=False, escape_forward_slashes=False, allow_nan=False)
    except UnicodeEncodeError:
        response = ujson.dumps(item["answer"], allow_nan=False)
    except (OverflowError, ValueError):
        raise BadRecording(path, "holds a number out of range", _AGAIN) from None
    return Take(response, float(latency), usage, cost)


def _finite(value: Any) -> TypeGuard[float]:
    return type(value) is int or (type(value) is float and math.isfinite(value))


def _parsed(data: bytes, path: str, blob: Callable[[str], bytes]) -> Any:
    if len(data) > MAX_BYTES:
        raise BadRecording(path, f"is larger than {MAX_BYTES // 2**20} MiB", _AGAIN)
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise BadRecording(path, f"is not UTF-8 (byte {error.start})", _AGAIN) from None
    folds = '"$' in text

    def pairs(members: list[tuple[str, Any]]) -> Any:
        result = dict(members)
        if len(result) != len(members):
            raise BadRecording(path, "has the same key twice in one object", _AGAIN)
        if folds and not FOLDS.isdisjoint(result):
            return _unfolded(result, path, blob)
        return result

    parts = _parts(text, path)
    try:
        value = json.JSONDecoder(object_pairs_hook=pairs, parse_constant=_no_constant).decode(text)
    except json.JSONDecodeError as error:
        _recognise(text, path)
        cause = f"is cut short or no JSON (line {error.lineno}, column {error.colno}: {error.msg})"
        raise BadRecording(path, cause, _AGAIN) from None
    except RecursionError:
        raise BadRecording(path, "is nested too deep", _AGAIN) from None
    except ValueError as error:
        raise BadRecording(path, f"is no strict JSON ({error})", _AGAIN) from None
    if parts > MAX_DEPTH and _deeper(value, MAX_DEPTH):
        raise BadRecording(path, "is nested too deep", _AGAIN)
    return value


def _parts(text: str, path: str) -> int:
    """How many lists and objects a text has at most. Raises BadRecording when these are too many."""
    parts = text.count("[") + text.count("{")
    if parts > MAX_PARTS:
        raise BadRecording(path, f"has more than {MAX_PARTS:,} lists and objects", _AGAIN)
    return parts


def _bounded(blob: Callable[[str], bytes], path: str) -> Callable[[str], bytes]:
    """Reads blobs, of all together no more bytes than a file may have: one of them can be named many times."""
    left = MAX_BYTES

    def read(name: str) -> bytes:
        nonlocal left
        data = blob(name)
        left -= len(data)
        if left < 0:
            raise BadRecording(path, f"names blobs of more than {MAX_BYTES // 2**20} MiB", _AGAIN)
        return data

    return read


def _deeper(value: Any, depth: int) -> bool:
    """Whether lists and objects are nested deeper than this."""
    level = [value]
    while level and depth:
        level = [
            inner
            for outer in level
            for inner in (outer.values() if type(outer) is dict else outer)
            if type(inner) is dict or type(inner) is list
        ]
        depth -= 1
    return bool(level)


def _recognise(text: str, path: str) -> None:
    """Name the accidents that version control makes of files, which a parser would only call bad syntax."""
    if not text.strip():
        raise BadRecording(path, "is empty", _AGAIN)
    if text.startswith("version https://git-lfs"):
        raise BadRecording(path, "is a Git LFS pointer, not the recording", "Fetch the content with: git lfs pull")
    if text.startswith("<<<<<<< ") or "\n<<<<<<< " in text or "\n>>>>>>> " in text:
        remedy = "Keep one side of it, or delete it and record it again with --lmcache=record"
        raise BadRecording(path, "has the markers of a merge conflict in it", remedy)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


FOLDS = frozenset({"$lines", "$blob", "$plain"})


def _folded(value: JSON, found: dict[str, bytes]) -> JSON:
    """`value` as it is laid down: text with line breaks as its lines, long base64 as the name of a blob."""
    if isinstance(value, str):
        blob = blobs.cut(value)
        if blob is not None:
            found[blob.name] = blob.data
            return {"$blob": blob.name, "prefix": blob.prefix} if blob.prefix else {"$blob": blob.name}
        return {"$lines": list(value.split("\n"))} if "\n" in value else value
    if isinstance(value, list):
        return [_folded(item, found) for item in value]
    if isinstance(value, dict):
        folded: dict[str, JSON] = {name: _folded(item, found) for name, item in value.items()}
        if not FOLDS.isdisjoint(folded):
            return {"$plain": [[name, item] for name, item in folded.items()]}
        return folded
    return value


def _unfolded(value: dict[str, Any], path: str, blob: Callable[[str], bytes]) -> Any:
    match value:
        case {"$lines": [*lines], **rest} if not rest and all(type(line) is str for line in lines):
            return "\n".join(lines)
        case {"$blob": str(name), "prefix": str(prefix), **rest} if not rest:
            return blobs.joined(prefix, blob(name))
        case {"$blob": str(name), **rest} if not rest:
            return blobs.joined("", blob(name))
        case {"$plain": [*members], **rest} if not rest:
            try:
                return dict(members)
            except (TypeError, ValueError):
                pass
    raise BadRecording(path, f"has a malformed {min(FOLDS & value.keys())!r}", _AGAIN)


def _sorted(value: JSON) -> JSON:
    if isinstance(value, dict):
        return {name: _sorted(value[name]) for name in sorted(value)}
    if isinstance(value, list):
        return [_sorted(item) for item in value]
    return value
