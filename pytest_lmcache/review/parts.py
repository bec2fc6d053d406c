"""What the messages of all providers are made of, as a person would name it: text, a tool call, a result, a picture.

The shapes are those of OpenAI (chat and responses), Anthropic, Gemini, Bedrock, Cohere and Ollama. What has none of
them is shown as JSON, so that nothing that was asked stays unseen.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from pytest_lmcache.call import JSON
from pytest_lmcache.dialects.jsontext import strict
from pytest_lmcache.review import amounts, pictures

MISSING = b"lmcache: this blob is not here: "
"""What stands for the content of a blob that is not at hand; its name follows."""

_DATA_URL = re.compile(r"data:([\w.+-]+/[\w.+-]+)?(?:;[\w=.-]+)*;base64,")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{256,}={0,2}")
_MOST_NUMBERS = 24
_MIME = ("media_type", "mimeType", "mime_type", "format")


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a message. `kind` is `text`, `thinking`, `call`, `result`, `payload` or `json`; `label` what it is
    called, a tool's name for one; `text` its content, of any number of lines.
    """

    kind: str
    text: str
    label: str = ""


def parts(content: Any) -> Iterator[Part]:
    """The pieces of a message's content: a text, a list of pieces, or one piece."""
    if isinstance(content, str):
        shown = payload(content)
        yield Part("payload", shown) if shown else Part("text", content)
    elif isinstance(content, list):
        for item in content:
            yield from parts(item)
    elif isinstance(content, dict):
        yield from _piece(content)
    elif content is not None:
        yield Part("json", pretty(content))


def call(name: Any, arguments: Any, identity: Any = "") -> Part:
    """A tool that is called, as `look_up(order_id="A-1")` or, where that is too long, with its arguments below."""
    if isinstance(arguments, str):
        with suppress(ValueError):
            arguments = strict(arguments)
    label = f"{name} ({identity})" if identity else str(name)
    return Part("call", pretty(arguments), label)


def pretty(value: JSON, width: int = 96) -> str:
    """JSON for people: what fits stands on one line; payloads are named, and long vectors cut."""
    return _laid_out(_legible(value), width)


def _laid_out(value: Any, width: int, taken: int = 0) -> str:
    line = json.dumps(value, ensure_ascii=False)
    if taken + len(line) <= width or not isinstance(value, dict | list) or not value:
        return line
    if isinstance(value, dict):
        names = [f"{json.dumps(name, ensure_ascii=False)}: " for name in value]
        rows = [name + _laid_out(item, width - 2, len(name)) for name, item in zip(names, value.values(), strict=True)]
        opening, closing = "{", "}"
    else:
        rows = [_laid_out(item, width - 2) for item in value]
        opening, closing = "[", "]"
    body = ",\n".join(rows).replace("\n", "\n  ")
    return f"{opening}\n  {body}\n{closing}"


def payload(text: str, kind: str = "") -> str:
    """What a text is that holds no words but a file, empty for words."""
    url = _DATA_URL.match(text)
    encoded = text[url.end() :] if url else text
    if not url and not (kind or _BASE64.fullmatch(text)):
        return ""
    try:
        data = base64.b64decode(encoded, validate=True)
    except ValueError:
        return ""
    if data.startswith(MISSING):
        return f"blob {data.removeprefix(MISSING).decode('ascii', 'replace')}"
    return pictures.described(data, kind or (url[1] if url and url[1] else ""))


def _piece(piece: dict[str, Any]) -> Iterator[Part]:  # noqa: C901 - one line a shape
    match piece:
        case {"text": str(text), **rest} if rest.get("type", "text") in _TEXTS:
            yield Part("thinking" if rest.get("thought") is True else "text", text)
        case {"type": "thinking", "thinking": str(text)}:
            yield Part("thinking", text)
        case {"reasoningContent": {"reasoningText": {"text": str(text)}}}:
            yield Part("thinking", text)
        case {"refusal": str(text)}:
            yield Part("text", text, "refusal")
        case {"type": "tool_use", "name": name, "input": given}:
            yield call(name, given, piece.get("id"))
        case {"function": {"name": name} as function}:
            yield call(name, function.get("arguments"), piece.get("id"))
        case {"type": "function_call" | "custom_tool_call", "name": name}:
            yield call(name, piece.get("arguments", piece.get("input")), piece.get("call_id"))
        case {"functionCall": {"name": name, **rest}} | {"function_call": {"name": name, **rest}}:
            yield call(name, rest.get("args", {}), rest.get("id"))
        case {"toolUse": {"name": name, **rest}}:
            yield call(name, rest.get("input", {}), rest.get("toolUseId"))
        case {"type": "tool_result", **rest}:
            yield from _result(rest.get("content"), rest.get("tool_use_id"))
        case {"type": "function_call_output" | "custom_tool_call_output", "output": output}:
            yield from _result(output, piece.get("call_id"))
        case {"functionResponse": {"name": name, **rest}} | {"function_response": {"name": name, **rest}}:
            yield from _result(rest.get("response"), name)
        case {"toolResult": {"content": content, **rest}}:
            yield from _result(content, rest.get("toolUseId"))
        case {"json": value, **rest} if not rest:
            yield Part("json", pretty(value))
        case {"type": "message", "content": content}:
            yield from parts(content)
        case _:
            shown = _named(piece)
            yield Part("payload", shown) if shown else Part("json", pretty(piece))


_TEXTS = ("text", "input_text", "output_text", "summary_text")


def _result(content: Any, identity: Any) -> Iterator[Part]:
    inner = list(parts(content))
    texts = [f"[{part.text}]" if part.kind == "payload" else part.text for part in inner]
    yield Part("result", "\n".join(_tidied(text) for text in texts), str(identity or ""))


def _tidied(text: str) -> str:
    """A tool's result is often JSON as text."""
    if text[:1] in ("{", "["):
        with suppress(ValueError):
            return pretty(strict(text))
    return text


def _named(piece: dict[str, Any]) -> str:
    """What a picture, a sound or a file in a message is, empty when a piece is none of them."""
    name = next((value for key in ("filename", "file_name", "file_id", "name") if (value := _at(piece, key))), "")
    kind = next((value for key in _MIME if (value := _at(piece, key))), "")
    for key in ("url", "image_url", "data", "bytes", "file_data", "b64_json", "file_uri", "fileUri"):
        value = _at(piece, key)
        if value:
            shown = payload(value, kind if key in ("data", "bytes", "b64_json") else "") or value
            return f"{name}: {shown}" if name and name != shown else shown
    match piece:
        case {"$bytes": {"sha256": str(digest), "size": int(size)}}:
            return f"file, {amounts.size(size)}, {digest[:8]}"
    return f"file {name}" if name and piece.get("type") in ("file", "input_file", "document") else ""


def _at(value: Any, name: str) -> str:
    """The first text of that name in a piece, at any depth."""
    if not isinstance(value, dict):
        return ""
    own = value.get(name)
    if isinstance(own, str):
        return own
    return next((found for item in value.values() if (found := _at(item, name))), "")


def _legible(value: Any) -> Any:
    if isinstance(value, str):
        shown = payload(value) if len(value) > 256 or value.startswith("data:") else ""
        return f"[{shown}]" if shown else value
    if isinstance(value, list):
        if len(value) > _MOST_NUMBERS and all(isinstance(item, int | float) for item in value):
            return [*value[:4], f"… {len(value):,} numbers"]
        return [_legible(item) for item in value]
    if isinstance(value, dict):
        return {name: _legible(item) for name, item in value.items()}
    return value
