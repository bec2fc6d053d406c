"""What the dialects share when they read an answer, which people may have edited: what is odd is left out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeGuard

from pytest_lmcache.dialects.jsontext import strict
from pytest_lmcache.dialects.wire import Event, ToolCall


def at(value: Any, *path: str | int) -> Any:
    """What stands at a path of names and positions, None where there is nothing."""
    for step in path:
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and -len(value) <= step < len(value) else None
        else:
            value = value.get(step) if isinstance(value, dict) else None
    return value


def text_at(value: Any, *path: str | int) -> str:
    """The text at a path: a string, or the `text` of the parts of a list joined; empty where there is neither."""
    found = at(value, *path)
    if isinstance(found, list):
        return "".join(part if isinstance(part, str) else text_at(part, "text") for part in found)
    return found if isinstance(found, str) else ""


def objects_at(value: Any, *path: str | int) -> list[dict[str, Any]]:
    """The objects in the list at a path."""
    found = at(value, *path)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def counted(usage: Any, places: Mapping[str, Iterable[tuple[str, ...]]]) -> dict[str, int]:
    """Token counts by our names, each from the first of its places that has one; zero is left out."""
    found: dict[str, int] = {}
    if not isinstance(usage, dict):
        return found
    for name, paths in places.items():
        for path in paths:
            value = at(usage, *path)
            if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
                found[name] = int(value)
                break
    return found


def counted_apart(
    usage: Any, places: Mapping[str, Iterable[tuple[str, ...]]], apart: Mapping[str, str]
) -> dict[str, int]:
    """The same, with what is counted apart from a name added to it: `apart` has the field of each."""
    found = counted(usage, places)
    for name, field in apart.items():
        more = at(usage, field)
        if isinstance(more, int) and more > 0:
            found[name] = found.get(name, 0) + more
    return found


def tool_call(name: Any, arguments: Any, identity: Any = "") -> ToolCall:
    """A tool call from whatever the provider gave; arguments that are JSON text are parsed."""
    if isinstance(arguments, str):
        with suppress(ValueError):
            arguments = strict(arguments) if arguments else {}
    return ToolCall(str(name or ""), arguments, str(identity or ""))


def payloads(events: Sequence[Event]) -> list[dict[str, Any]]:
    """The JSON objects that the events of a stream carry, in their order."""
    return [data for event in events if (data := payload(event))]


def payload(event: Event) -> dict[str, Any]:
    """The JSON object an event carries, empty when it carries something else."""
    data = at(event, "data")
    if isinstance(data, dict):
        return data
    text = data if isinstance(data, str) else _data_lines(at(event, "raw"))
    if not text.lstrip().startswith("{"):
        return {}
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def data_of(event: Event) -> str:
    """The data of an event as text where it is no JSON: `[DONE]`, for one."""
    data = at(event, "data")
    return data if isinstance(data, str) else _data_lines(at(event, "raw")) if data is None else ""


def is_events(answer: Any, *, stream: bool) -> TypeGuard[Sequence[Event]]:
    """Whether an answer is the events of a stream: a server that was asked for one may give a whole answer."""
    return stream and isinstance(answer, list | tuple)


def _data_lines(raw: Any) -> str:
    if not isinstance(raw, str):
        return ""
    lines = [line[5:].removeprefix(" ") for line in raw.splitlines() if line.startswith("data:")]
    return "\n".join(lines) if lines else raw.strip()
