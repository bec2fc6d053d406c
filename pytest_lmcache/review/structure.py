"""A recording as plain JSON in which what was said stands as such: for programs, and to be compared as structure."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from pytest_lmcache.adapters.reading import told
from pytest_lmcache.call import JSON, Recording, Request, Take
from pytest_lmcache.dialects.jsontext import strict


def structured(recording: Recording) -> dict[str, JSON]:
    """What was asked and what each take says; answers without the provider's wrapping."""
    request = recording.request
    return {
        "key": recording.key.digest,
        "strategy": recording.key.strategy,
        "adapter": request.adapter,
        "operation": request.operation,
        "model": request.model,
        "stream": request.stream,
        "recorded_at": recording.recorded_at,
        "recorded_by": recording.recorded_by,
        "request": request.body,
        "takes": [
            {
                **answer(request, take),
                "tokens": dict(take.usage),
                "cost_usd": take.cost,
                "latency_s": take.latency,
            }
            for take in recording.takes
        ],
    }


def answer(request: Request, take: Take) -> dict[str, JSON]:
    """What one take says: `text` (parsed where it is JSON), `tool_calls`, `finish_reason`; or `error`, or `content`.

    An answer of several alternatives has them as a list under `alternatives`.
    """
    said = told(request, take)
    if said.error:
        return {"error": said.error}
    found = [_reading(reading) for reading in said.readings]
    result: dict[str, Any] = found[0] if len(found) == 1 else {"alternatives": found}
    return {**result, "content": said.content} if said.content is not None else result


def _reading(reading: Any) -> dict[str, Any]:
    result: dict[str, Any] = {}
    if reading.text:
        result["text"] = _parsed(reading.text)
    if reading.tool_calls:
        result["tool_calls"] = [{"name": call.name, "arguments": call.arguments} for call in reading.tool_calls]
    if reading.finish_reason:
        result["finish_reason"] = reading.finish_reason
    return result


def _parsed(text: str) -> JSON:
    if text[:1] in ("{", "["):
        with suppress(ValueError):
            return strict(text)
    return text
