"""One object of the SDK as JSON, and the object again: a whole answer, or one chunk of a stream.

    {"type": "EmbeddingResponse", "data": {...}, "hidden_params": {...}, "attributes": {...},
     "types": {"data/*": "Embedding"}}

`attributes` are what litellm hangs on an object beside its fields, `types` the classes of nested objects that the outer
class would not restore by itself. Nothing is believed to survive: what is written is rebuilt at once and compared,
class by class and field by field.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from typing import Any, cast

import ujson
from pydantic import BaseModel

from pytest_lmcache.adapters.litellm import classes
from pytest_lmcache.adapters.litellm.nested import build_nested, differing, dumped, fields
from pytest_lmcache.call import JSON
from pytest_lmcache.errors import UnstorableResponse

_HIDDEN = ("custom_llm_provider", "response_cost", "model_id", "region_name")
_DIGEST = re.compile("[0-9a-f]{64}")
_HEADERS = ("x-ratelimit-", "llm_provider-x-ratelimit-", "x-request-id", "llm_provider-x-request-id", "request-id")


def encode(value: Any, *, compact: bool = True) -> dict[str, JSON]:
    """`value` as JSON that `decode` turns into an equal object. Raises UnstorableResponse when there is no such JSON.

    `compact` leaves out the None values that the class fills in again.
    """
    record = _encoded(value)
    failure = _difference(value, record)
    if failure is not None and isinstance(value, BaseModel):
        record, failure = _repaired(value, failure)
    if failure is not None:
        raise UnstorableResponse(f"{type(value).__name__}: {failure} does not survive being written down")
    if compact and isinstance(value, BaseModel):
        record = _compacted(value, record)
    hidden = hidden_params(value)
    if hidden:
        record["hidden_params"] = hidden
    return record


def decode(record: dict[str, Any]) -> Any:
    """The object that `encode` wrote down. `record` is used up."""
    kind, data = record["type"], record["data"]
    plain = _PLAIN.get(kind)
    if plain is not None:
        if "types" in record:
            build_nested(data, record["types"])
        return plain(data)
    if kind == "HttpxBinaryResponseContent":
        value = classes.binary(base64.b64decode(data), record.get("content_type", ""))
    else:
        value = _built(classes.named(kind), data, record)
    if "attributes" in record:
        vars(value).update(record["attributes"])
    hidden = record.get("hidden_params")
    if hidden is not None:
        value._hidden_params = classes.hidden(kind, hidden)
        headers = hidden.get("additional_headers")
        if headers and hasattr(value, "_response_headers"):
            value._response_headers = {name.removeprefix("llm_provider-"): item for name, item in headers.items()}
    return value


def hidden_params(value: Any) -> dict[str, JSON]:
    """What is worth keeping of litellm's `_hidden_params`: no endpoint, no address, no time of day."""
    hidden = getattr(value, "_hidden_params", None)
    if isinstance(hidden, BaseModel):
        hidden = fields(hidden)
    if not isinstance(hidden, dict):
        return {}
    kept: dict[str, JSON] = {name: hidden[name] for name in _HIDDEN if isinstance(hidden.get(name), str | int | float)}
    if _DIGEST.fullmatch(str(kept.get("model_id", ""))):
        # Made by a Router of the deployment's parameters, its credentials among them.
        del kept["model_id"]
    usage = hidden.get("usage")
    if isinstance(usage, BaseModel):
        # On the last chunk of a stream, for whoever puts the chunks together.
        kept["usage"] = usage.model_dump(exclude_none=True, warnings=False)
    headers = hidden.get("additional_headers")
    if isinstance(headers, dict):
        wanted = {str(name): str(item) for name, item in headers.items() if str(name).startswith(_HEADERS)}
        if wanted:
            kept["additional_headers"] = cast("dict[str, JSON]", wanted)
    return kept


_PLAIN: dict[str, Any] = {
    "dict": lambda data: data,
    "list": lambda data: [decode(item) for item in data],
    "text": lambda data: data,
    "bytes": lambda data: data.encode(),
    "base64": base64.b64decode,
}


def _encoded(value: Any) -> dict[str, JSON]:
    if isinstance(value, BaseModel):
        record: dict[str, JSON] = {"type": classes.name_of(type(value)), "data": value.model_dump(warnings=False)}
        attributes = _attributes(value)
        return {**record, "attributes": attributes} if attributes else record
    if isinstance(value, bytes):
        try:
            return {"type": "bytes", "data": value.decode()}
        except UnicodeDecodeError:
            return {"type": "base64", "data": base64.b64encode(value).decode()}
    if isinstance(value, str):
        return {"type": "text", "data": value}
    if isinstance(value, dict):
        types: dict[str, JSON] = {}
        return {"type": "dict", "data": dumped(value, (), types), **({"types": types} if types else {})}
    if isinstance(value, list):
        return {"type": "list", "data": [encode(item) for item in value]}
    if classes.is_binary(value):
        record = {"type": "HttpxBinaryResponseContent", "data": base64.b64encode(value.content).decode()}
        content_type = value.response.headers.get("content-type")
        return {**record, "content_type": content_type} if content_type else record
    raise UnstorableResponse(f"an answer of type {type(value).__module__}.{type(value).__qualname__} is not known here")


def _difference(value: Any, record: dict[str, JSON]) -> str | None:
    """Where the rebuilt object is not the original, None when it is."""
    try:
        rebuilt = decode(_written(record))
    except (TypeError, ValueError, OverflowError) as error:
        return f"it ({str(error).splitlines()[0]})"
    if classes.is_binary(value):
        return None if value.content == rebuilt.content else "its content"
    place = next(differing(value, rebuilt, ()), None)
    if place is not None:
        return "/".join(place[0]) or "it"
    if isinstance(value, BaseModel) and value.model_dump(warnings=False) != rebuilt.model_dump(warnings=False):
        return "the set of its fields"
    return None


def _written(record: dict[str, JSON]) -> dict[str, Any]:
    text = ujson.dumps(record, ensure_ascii=False, escape_forward_slashes=False, allow_nan=False)
    written: dict[str, Any] = ujson.loads(text)
    return written


def _attributes(model: BaseModel) -> dict[str, JSON]:
    """What litellm put beside the fields: the number of an event, how long the answer took (whole milliseconds)."""
    declared = type(model).model_fields
    found: dict[str, JSON] = {
        name: item
        for name, item in vars(model).items()
        if name not in declared and not name.startswith("_") and isinstance(item, str | int | float | None)
    }
    taken = vars(model).get("_response_ms")
    return {**found, "_response_ms": round(taken)} if isinstance(taken, int | float) else found


def _repaired(value: BaseModel, failure: str) -> tuple[dict[str, JSON], str | None]:
    """The record with what the class alone does not restore: nested objects of other classes than it declares, dumped
    as what they are, or no validation at all.
    """
    whole = {**_encoded(value), "data": value.model_dump(warnings=False, serialize_as_any=True)}
    for extra in ({}, {"unchecked": True}):
        attempt: dict[str, JSON] = {**whole, **extra}
        for _ in range(8):
            if _difference(value, attempt) is None:
                return attempt, None
            found = _missing_types(value, attempt)
            if not found:
                break
            attempt["types"] = {**cast("dict[str, JSON]", attempt.get("types", {})), **found}
    return whole, failure


def _missing_types(value: BaseModel, record: dict[str, JSON]) -> dict[str, JSON]:
    try:
        rebuilt = decode(_written(record))
    except (TypeError, ValueError, OverflowError):
        return {}
    known = cast("dict[str, JSON]", record.get("types", {}))
    found: dict[str, JSON] = {}
    for path, original in differing(value, rebuilt, ()):
        if isinstance(original, BaseModel):
            exact, any_item = "/".join(path), "/".join("*" if part.isdigit() else part for part in path)
            name = classes.name_of(type(original))
            place = exact if known.get(any_item, found.get(any_item, name)) != name or any_item in known else any_item
            if place not in known:
                found[place] = name
    return found


def _built(cls: type[BaseModel], data: dict[str, Any], record: dict[str, Any]) -> Any:
    types: dict[str, str] | None = record.get("types")
    if types is None and "unchecked" not in record:
        return classes.constructed(cls, data)
    types = types or {}
    build_nested(data, types)
    if "unchecked" in record:
        return classes.unchecked(cls, data)
    # What does not pass for its field's class was set after the object was made, by litellm too.
    later = {name: data.pop(name) for name in types if name in data}
    value = classes.constructed(cls, data)
    for name, item in later.items():
        setattr(value, name, item)
    return value


def _compacted(value: BaseModel, record: dict[str, JSON]) -> dict[str, JSON]:
    """The record without those None values that come back by themselves."""
    for place in sorted(set(_nulls(record["data"], ()))):
        attempt = {**record, "data": _without(record["data"], place)}
        if _difference(value, attempt) is None:
            record = attempt
    return record


def _nulls(data: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if isinstance(data, dict):
        for name, item in data.items():
            if item is None:
                yield (*path, name)
            else:
                yield from _nulls(item, (*path, name))
    elif isinstance(data, list) and data and isinstance(data[0], dict | list):
        for item in data:
            yield from _nulls(item, (*path, "*"))


def _without(data: Any, place: tuple[str, ...]) -> Any:
    head, *rest = place
    if isinstance(data, list):
        return [_without(item, tuple(rest)) for item in data]
    if not isinstance(data, dict) or head not in data:
        return data
    if not rest:
        return {name: item for name, item in data.items() if name != head or item is not None}
    return {**data, head: _without(data[head], tuple(rest))}
