"""Gemini, on the Gemini API and on Vertex AI: the model and what to do with it stand in the path."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import unquote

from pytest_lmcache.call import Request
from pytest_lmcache.dialects.asking import json_object, path_of, query_of, request_of
from pytest_lmcache.dialects.telling import (
    at,
    counted,
    counted_apart,
    is_events,
    objects_at,
    payloads,
    text_at,
    tool_call,
)
from pytest_lmcache.dialects.wire import Answer, Event, Reading, Wire

GENERATE = frozenset({"generateContent", "streamGenerateContent"})
EMBED = frozenset({"embedContent", "batchEmbedContents"})
CONVERSATION = ("systemInstruction", "system_instruction", "contents", "cachedContent", "$alt")
USAGE = {
    "prompt_tokens": (("promptTokenCount",),),
    "completion_tokens": (("candidatesTokenCount",), ("responseTokenCount",)),
    "cached_tokens": (("cachedContentTokenCount",),),
}
# Thoughts, and the results of Google's own tools.
APART = {"completion_tokens": "thoughtsTokenCount", "prompt_tokens": "toolUsePromptTokenCount"}


class Gemini:
    """`POST .../models/<model>:generateContent` and `:streamGenerateContent` with `contents`."""

    name = "gemini"
    tails = GENERATE

    def recognise(self, wire: Wire) -> Request | None:
        model, verb = model_called(wire.url)
        body = json_object(wire.body) if model else None
        if body is None or not isinstance(body.get("contents"), list | dict | str) or not body["contents"]:
            return None
        stream = verb.startswith("stream")
        form = form_of(wire.url, usual="sse" if stream else "json")
        if form is None or not same_model(body, model):
            return None
        number_calls(body["contents"])
        return request_of(
            self.name, "generate", {**body, **form}, CONVERSATION, model=model, stream=stream, labels={"labels"}
        )

    def reading(self, request: Request, answer: Answer) -> Reading:
        if is_events(answer, stream=request.stream):
            return _read(payloads(answer))
        return _read(answer if isinstance(answer, list) else [answer])

    def ended(self, request: Request, events: Sequence[Event]) -> bool:
        found = payloads(events)
        candidates = [candidate for data in found for candidate in objects_at(data, "candidates")]
        return any(text_at(candidate, "finishReason") for candidate in candidates) or any(
            text_at(data, "promptFeedback", "blockReason") for data in found
        )


class GeminiEmbeddings:
    """`POST .../models/<model>:embedContent` with `content`, `:batchEmbedContents` with `requests`."""

    name = "gemini-embeddings"
    tails = EMBED

    def recognise(self, wire: Wire) -> Request | None:
        model, verb = model_called(wire.url)
        body = json_object(wire.body) if model else None
        asked = "content" if verb == "embedContent" else "requests"
        if body is None or not isinstance(body.get(asked), list | dict) or not same_model(body, model):
            return None
        for each in objects_at(body, "requests"):
            same_model(each, model)
        form = form_of(wire.url, usual="json")
        if form is None:
            return None
        return request_of(self.name, "embedding", {**body, **form}, (asked, "$alt"), model=model, labels={"labels"})

    def reading(self, request: Request, answer: Answer) -> Reading:
        return Reading(usage=counted(at(answer, "usageMetadata"), USAGE))

    def ended(self, request: Request, events: Sequence[Event]) -> bool:
        return False


def model_called(url: str) -> tuple[str, str]:
    """The model of a path and the verb after it. A tuned model keeps what tells it from a published one."""
    resource, _, verb = path_of(url).rpartition(":")
    parent, _, model = unquote(resource).rpartition("/")
    kind = parent.rpartition("/")[2]
    if kind not in ("models", "tunedModels", "endpoints") or not model:
        return "", verb
    return model if kind == "models" else f"{kind}/{model}", verb


def form_of(url: str, *, usual: str) -> dict[str, str] | None:
    """The form of the answer where it is not the usual one, as part of every key; None for one that is no JSON."""
    query = query_of(url)
    form = query.get("$alt") or query.get("alt") or "json"
    if not form.startswith(("json", "sse")):
        return None
    return {} if form == usual else {"$alt": form}


def same_model(body: dict[str, Any], model: str) -> bool:
    """Whether a body names the model of the path, or none; the name is taken out, since the path has said it."""
    named = body.pop("model", None)
    if named is None or (isinstance(named, str) and f"/models/{named}".endswith(f"/models/{model}")):
        return True
    body["model"] = named
    return False


def number_calls(contents: Any) -> None:
    """Name the calls of functions by their order. Gemini does not need to name them, and where it did not, each
    framework invents names of its own, which would be others in the next run.
    """
    names: dict[str, str] = {}
    for content in contents if isinstance(contents, list) else [contents]:
        for part in objects_at(content, "parts"):
            for field in ("functionCall", "functionResponse"):
                said = part.get(field)
                if isinstance(said, dict) and isinstance(said.get("id"), str):
                    said["id"] = names.setdefault(said["id"], f"call-{len(names) + 1}")


def _read(responses: Sequence[Any]) -> Reading:
    text, reason = "", ""
    calls = []
    usage: dict[str, int] = {}
    for response in responses:
        for part in objects_at(response, "candidates", 0, "content", "parts"):
            if function := at(part, "functionCall"):
                calls.append(tool_call(at(function, "name"), at(function, "args") or {}, at(function, "id")))
            elif not part.get("thought"):
                text += text_at(part, "text")
        reason = text_at(response, "candidates", 0, "finishReason") or reason
        reason = reason or text_at(response, "promptFeedback", "blockReason")
        usage |= counted_apart(at(response, "usageMetadata"), USAGE, APART)
    return Reading(text, tuple(calls), reason, usage)
