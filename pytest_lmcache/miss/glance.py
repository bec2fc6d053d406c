"""Any value of a request in a few words: a message, an image, a tool, a schema, a list of numbers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from pytest_lmcache.call import JSON
from pytest_lmcache.miss.worddiff import visible

WIDTH = 70

_DATA_URL = re.compile(r"data:[\w.+-]+/(?P<kind>[\w.+-]+)(?:;[\w=.-]+)*;base64,")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{256,}={0,2}")


def glance(value: JSON, width: int = WIDTH) -> str:
    """A value as a reader would call it, on one line of about `width` characters."""
    if isinstance(value, str):
        return payload(value) or quoted(value, width)
    if isinstance(value, dict) and value:
        return payload(value) or _thing(value, width) or _clipped(_json(value), width)
    if isinstance(value, list) and value:
        return _list(value, width)
    return json.dumps(value)


def quoted(text: str, width: int = WIDTH) -> str:
    """The first words of a text in quotation marks, on one line."""
    return f'"{_clipped(" ".join(text[: 20 * width].split()), width)}"'


def payload(value: JSON) -> str:
    """What a binary value is and how large, as `<png 12 kB>`; empty for anything else."""
    if isinstance(value, dict):
        match value:
            case {"$bytes": {"size": int(size)}}:
                return f"<file {_size(size)}>"
            case {"$blob": str(name)}:
                return f"<{name.rpartition('.')[2]}>"
        return ""
    if not isinstance(value, str) or len(value) < 20:
        return ""
    if url := _DATA_URL.match(value):
        return f"<{url['kind']} {_size((len(value) - url.end()) * 3 // 4)}>"
    head = value[:256]
    mixed = all(any(map(test, head)) for test in (str.isupper, str.islower, str.isdigit))
    return f"<base64 {_size(len(value) * 3 // 4)}>" if mixed and _BASE64.fullmatch(value) else ""


def spoken(message: dict[str, JSON], width: int = WIDTH) -> str:
    """What a message says: its text, then what else is in it (`+ image <png 12 kB>`, `calls get_weather`)."""
    said: list[str] = []
    attached: list[str] = []
    for part in _parts(message):
        if isinstance(part, str):
            said.append(part)
        else:
            attached.append(_attachment(part))
    text = quoted(" ".join(said), width) if any(said) else ""
    return " + ".join(filter(None, (text, *attached))) or "nothing"


def who(message: dict[str, JSON]) -> str:
    """The role of a message, or the type of an item that has none."""
    return visible(str(message.get("role") or message.get("type") or "item"))


def is_message(value: JSON) -> bool:
    """Whether a value is one turn of a conversation, in any of the providers' shapes."""
    said = {"content", "parts", "tool_calls", "output", "arguments"}
    return isinstance(value, dict) and bool({"role", "type"} & value.keys()) and bool(said & value.keys())


def _parts(message: dict[str, JSON]) -> Iterator[str | dict[str, JSON]]:
    """The pieces of a message: its texts as strings, everything else as the object it is."""
    for name in ("content", "parts", "output"):
        content = message.get(name)
        for part in content if isinstance(content, list) else [content]:
            if isinstance(part, dict) and isinstance(text := part.get("text"), str):
                yield text
            elif isinstance(part, str | dict):
                yield part
    calls = message.get("tool_calls")
    yield from (call for call in calls if isinstance(call, dict)) if isinstance(calls, list) else ()
    if "arguments" in message:
        yield message


def _attachment(part: dict[str, JSON]) -> str:
    function = part.get("function", part.get("functionCall", part))
    if isinstance(function, dict) and {"arguments", "input", "args"} & function.keys():
        return f"calls {visible(str(function.get('name', 'a tool')))}"
    kind = visible(str(part.get("type", next(iter(part), "part"))))
    if kind == "tool_result" and is_message(part):
        return f"tool result {spoken(part, WIDTH // 2)}"
    return " ".join(filter(None, (re.sub(r"^input_|_url$", "", kind), next(_named(part), ""))))


def _named(value: JSON) -> Iterator[str]:
    """What can be said of the content of a part: a payload, an address, a file name."""
    if isinstance(value, dict):
        if shown := payload(value):
            yield shown
        for name in ("filename", "file_id", "url", "data", "file_data"):
            content = value.get(name)
            if isinstance(content, str):
                yield payload(content) or _clipped(content, WIDTH)
        for item in value.values():
            yield from _named(item)
    elif isinstance(value, str) and (shown := payload(value)):
        yield shown


def _thing(value: dict[str, JSON], width: int) -> str:
    """The objects that have a name of their own: messages, tools, schemas; empty for any other."""
    if is_message(value):
        return f"{who(value)}, {spoken(value, width)}"
    match value:
        case {"type": "text", "text": str(text)}:
            return f"text {quoted(text, width)}"
        case {"function": {"name": str(name)}}:
            return f"tool {visible(name)}"
        case {"name": str(name), **rest} if {"parameters", "input_schema"} & rest.keys():
            return f"tool {visible(name)}"
        case {"$model": {"name": str(name)}} | {"json_schema": {"name": str(name)}}:
            return f"schema {visible(name)}"
    return _attachment(value) if next(_named(value), "") else ""


def _list(value: list[JSON], width: int) -> str:
    text = "" if any(isinstance(item, dict | list) for item in value) else _json(value)
    if text and len(text) <= width:
        return visible(text)
    if all(isinstance(item, int | float) for item in value):
        return f"{len(value):,} numbers, {', '.join(str(item) for item in value[:4])} …"
    first = glance(value[0], width // 2)
    return f"[{first}]" if len(value) == 1 else f"{len(value):,} items, first one {first}"


def _json(value: JSON) -> str:
    return json.dumps(value, ensure_ascii=False)


def _clipped(text: str, width: int) -> str:
    text = visible(text[: width + 1])
    return text if len(text) <= width else f"{text[: width - 1].rstrip()}…"


def _size(count: int) -> str:
    for unit in ("B", "kB", "MB"):
        if count < 1000 or unit == "MB":
            break
        count = round(count / 1000)
    return f"{count:,} {unit}"
