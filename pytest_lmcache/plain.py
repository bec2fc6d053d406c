"""Plain JSON from what people pass to an SDK: faithful, the same on every machine, or a refusal that says where.

Equal JSON on the wire gives equal plain JSON (a tuple is a list, a model is its fields, the key 1 is the key "1");
what JSON cannot say is tagged (`{"$bytes": ...}`, `{"$set": ...}`). Nothing is dropped in silence, and nothing depends
on `id()`, `repr()`, the hash seed or the order of keyword arguments.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import hashlib
import io
import json
import math
import os
import uuid
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from enum import Enum
from typing import Any, TypeAlias

from pytest_lmcache.call import JSON
from pytest_lmcache.errors import UnkeyableRequest

MAX_DEPTH = 200
# Where a value stands: the name of the whole, or a place and the step from there (spelled out only for an error).
# A step is an index, a name, or None for an item of a set.
Place: TypeAlias = "str | tuple[Place, int | str | None]"
TAGS = frozenset({"$bytes", "$set", "$model", "$datetime", "$decimal", "$uuid", "$literal"})


def plain(value: object, path: str) -> JSON:
    """`value` as plain JSON. Raises UnkeyableRequest, naming the place below `path`, where there is no such form."""
    return _plain(value, path, 0)


def _plain(value: Any, path: Place, depth: int) -> JSON:
    kind = type(value)
    if kind is str:
        return value if value.isascii() else _text(value, path)
    if value is None or kind is bool or kind is int:
        return value  # type: ignore[no-any-return]
    if kind is float:
        if not math.isfinite(value):
            raise _unkeyable(path, f"{value}, which JSON has no number for")
        return value  # type: ignore[no-any-return]
    if depth > MAX_DEPTH:
        raise _unkeyable(path, f"nested more than {MAX_DEPTH} deep")
    if kind is list or kind is tuple:
        return [_plain(item, (path, index), depth + 1) for index, item in enumerate(value)]
    if kind is dict:
        return _mapping(value, path, depth)
    return _special(value, path, depth)


def _text(value: str, path: Place) -> str:
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise _unkeyable(path, "text with half a surrogate pair, which UTF-8 cannot say") from None
    return value


def _mapping(value: Mapping[Any, Any], path: Place, depth: int) -> JSON:
    result: dict[str, JSON] = {}
    for key, item in value.items():
        name = key if type(key) is str and key.isascii() else _key(key, path)
        if name in result:
            raise _unkeyable(path, f"a mapping with two keys that are both {name!r} in JSON")
        result[name] = _plain(item, (path, name), depth + 1)
    if not TAGS.isdisjoint(result):
        return {"$literal": [[name, item] for name, item in sorted(result.items())]}
    return result


def _key(key: object, path: Place) -> str:
    if isinstance(key, Enum):
        key = key.value
    if type(key) is int:
        return str(key)
    if not isinstance(key, str):
        raise _unkeyable(path, f"a mapping with a key of type {type(key).__name__}; JSON has text keys only")
    return _text(str.__str__(key), path)


def _special(value: Any, path: Place, depth: int) -> JSON:  # noqa: C901 - one line a type
    if isinstance(value, type):
        return _class(value, path, depth)
    if isinstance(value, Enum):
        return _plain(value.value, path, depth + 1)
    if isinstance(value, str):
        return _text(str.__str__(value), path)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float):
        return _plain(float(value), path, depth)
    if isinstance(value, bytes | bytearray | memoryview):
        return _digest(bytes(value))
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return {"$datetime": value.isoformat()}
    if isinstance(value, decimal.Decimal):
        return {"$decimal": str(value)}
    if isinstance(value, uuid.UUID):
        return {"$uuid": str(value)}
    if isinstance(value, Mapping):
        return _mapping(value, path, depth)
    if isinstance(value, AbstractSet):
        return {"$set": sorted((_plain(item, (path, None), depth + 1) for item in value), key=_order)}
    if isinstance(value, os.PathLike):
        return _file_at(value, path)
    if callable(getattr(value, "read", None)):
        return _open_file(value, path)
    if type(value).__module__ == "numpy" and callable(getattr(value, "tolist", None)):
        return _plain(value.tolist(), path, depth + 1)
    fields = _fields(value)
    if fields is not None:
        return _mapping(fields, path, depth)
    if isinstance(value, Sequence):
        return [_plain(item, (path, index), depth + 1) for index, item in enumerate(value)]
    raise _unkeyable(path, f"of type {type(value).__module__}.{type(value).__qualname__}, which JSON cannot say")


def _fields(value: Any) -> dict[str, Any] | None:
    """The fields of a pydantic model or dataclass, or None. Fields that are None stand for absent ones in models, so
    that a release of an SDK which adds an optional field does not move the key of an old conversation.
    """
    if hasattr(type(value), "model_fields") or hasattr(type(value), "__pydantic_fields__"):
        extra = getattr(value, "__pydantic_extra__", None) or {}
        return {name: item for name, item in {**vars(value), **extra}.items() if item is not None}
    if dataclasses.is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return None


def _class(value: type, path: Place, depth: int) -> JSON:
    schema = getattr(value, "model_json_schema", None)
    if schema is None:
        raise _unkeyable(path, f"the class {value.__qualname__}, which is no pydantic model")
    return {"$model": {"name": value.__name__, "schema": _plain(schema(), path, depth + 1)}}


def _order(item: JSON) -> str:
    return json.dumps(item, sort_keys=True)


def _digest(data: bytes) -> JSON:
    return {"$bytes": {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}}


def _file_at(value: os.PathLike[Any], path: Place) -> JSON:
    try:
        with open(value, "rb") as file:
            return _digest(file.read())
    except OSError as error:
        raise _unkeyable(path, f"the path of a file that cannot be read ({error.strerror})") from None


def _open_file(value: Any, path: Place) -> JSON:
    """The digest of an open file from where it stands; it stands there again afterwards."""
    try:
        position = value.tell()
        data = value.read()
        value.seek(position)
    except (OSError, ValueError, AttributeError, io.UnsupportedOperation):
        raise _unkeyable(path, "an open file that cannot be read twice") from None
    return _digest(data.encode() if isinstance(data, str) else data)


def _unkeyable(place: Place, cause: str) -> UnkeyableRequest:
    steps = []
    while isinstance(place, tuple):
        place, step = place
        steps.append("{}" if step is None else f"[{step}]" if isinstance(step, int) else f".{step}")
    return UnkeyableRequest(place + "".join(reversed(steps)), cause)
