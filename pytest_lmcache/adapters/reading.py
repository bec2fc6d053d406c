"""What a recorded answer says, for people, whichever adapter wrote it down. No SDK is imported for it.

litellm's answers have the shapes of the providers it imitates, so that the dialects of the wire read them as well.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import ujson

from pytest_lmcache import dialects
from pytest_lmcache.call import JSON, Request, Take
from pytest_lmcache.dialects.telling import payloads, text_at
from pytest_lmcache.folding import unfold

_HTTP = "http/"
# The operations of litellm, and the dialect that its answers to each are like.
_LIKE = {
    "chat": "openai-chat",
    "text": "openai-completions",
    "responses": "openai-responses",
    "messages": "anthropic-messages",
}
# Where an answer has several alternatives beside each other.
_ALTERNATIVES = ("choices", "candidates")
# Where an answer, or an event of a stream, names its model: in most dialects, Gemini, Anthropic's streams, and those of
# OpenAI's responses.
_MODEL = (("model",), ("modelVersion",), ("message", "model"), ("response", "model"))


@dataclass(frozen=True, slots=True)
class Told:
    """What one take says. `readings` has one for each alternative (`n`); `error` is what an error says of itself.

    `content` is the answer as plain JSON where it is one that no reading tells: vectors, pictures, scores.
    """

    readings: tuple[dialects.Reading, ...] = ()
    error: str = ""
    content: JSON = None


def told(request: Request, take: Take) -> Told:
    """What a take of a request says. Nothing is raised for an answer that was edited into something odd."""
    response = ujson.loads(take.response)
    error = _error(response)
    if error:
        return Told(error=error)
    answer = _answer(response)
    name = request.adapter if request.adapter.startswith(_HTTP) else _HTTP + _LIKE.get(request.operation, "")
    asked = replace(request, adapter=name)
    readings = tuple(dialects.reading(asked, each) for each in _each(answer))
    if any(reading.text or reading.tool_calls for reading in readings):
        return Told(readings)
    return Told(readings, content=_bare(answer))


def answering_model(take: Take) -> str:
    """The model that an answer is of by its own words: where an alias was asked for, a dated version, as a rule.

    Empty for an error, and where none is named.
    """
    response = ujson.loads(take.response)
    answer = None if _error(response) else _answer(response)
    pieces = payloads(answer) if isinstance(answer, list) else [answer]
    named = (text_at(piece, *place) for piece in pieces for place in _MODEL)
    return " ".join(next(filter(None, named), "").split())


def _error(response: dict[str, Any]) -> str:
    """What an error says, empty for an answer that is none."""
    if response.get("type") == "error":
        attributes = response.get("attributes")
        text = attributes.get("message") if isinstance(attributes, dict) else None
        return f"{response.get('class', 'error')}: {text}"
    status = response.get("status")
    if isinstance(status, int) and not 200 <= status < 300:
        return f"HTTP {status}: {_said(response)}"
    return ""


def _said(response: dict[str, Any]) -> str:
    body = response.get("body", response.get("text", ""))
    error = body.get("error", body) if isinstance(body, dict) else body
    message = error.get("message", error) if isinstance(error, dict) else error
    return message if isinstance(message, str) else ujson.dumps(message, ensure_ascii=False)


def _answer(response: dict[str, Any]) -> Any:
    """The answer as the dialects know it: parsed JSON, text, or the events of a stream."""
    if "chunks" in response:
        shared = response.get("shared", {})
        chunks = [unfold(shared, chunk) for chunk in response["chunks"]]
        return chunks if response.get("type") == "http-stream" else list(_events(chunks))
    for name in ("body", "text", "base64", "data"):
        if name in response:
            return response[name]
    return None


def _events(chunks: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The chunks of litellm as events; some of its streams hand on the bytes of the provider."""
    raw = b""
    for chunk in chunks:
        kind, data = chunk.get("type"), chunk.get("data")
        if kind in ("bytes", "text") and isinstance(data, str):
            raw += data.encode()
        elif kind == "base64" and isinstance(data, str):
            raw += base64.b64decode(data)
        else:
            yield {"data": data}
    if raw:
        splitter = dialects.splitter("sse")
        yield from (dialects.decode("sse", frame) for frame in (*splitter.feed(raw), splitter.rest) if frame)


def _each(answer: Any) -> Iterator[Any]:
    """The answer with one of its alternatives at a time, in their order."""
    for name in _ALTERNATIVES:
        count = _count(answer, name)
        if count > 1:
            yield from (_only(answer, name, index) for index in range(count))
            return
    yield answer


def _count(answer: Any, name: str) -> int:
    if isinstance(answer, list):
        return max((_count(event.get("data"), name) for event in answer if isinstance(event, dict)), default=0)
    choices = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(choices, list):
        return 0
    return max((_index(choice, at) + 1 for at, choice in enumerate(choices)), default=0)


def _only(answer: Any, name: str, index: int) -> Any:
    if isinstance(answer, list):
        return [{**event, "data": _only(event.get("data"), name, index)} for event in answer if isinstance(event, dict)]
    choices = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(choices, list):
        return answer
    kept = [choice for at, choice in enumerate(choices) if _index(choice, at) == index]
    return {**answer, name: [{**choice, "index": 0} if isinstance(choice, dict) else choice for choice in kept]}


def _index(choice: Any, position: int) -> int:
    index = choice.get("index", position) if isinstance(choice, dict) else position
    return index if isinstance(index, int) and 0 <= index < 1000 else position


def _bare(answer: Any) -> Any:
    """An answer in one piece without what says nothing of its content."""
    if not isinstance(answer, dict):
        return answer
    dull = ("id", "object", "created", "model", "usage", "system_fingerprint")
    return {name: value for name, value in answer.items() if name not in dull and value is not None}
