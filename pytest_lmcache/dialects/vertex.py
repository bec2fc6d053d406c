"""The `predict` of Vertex AI, as Google's own models take it: embeddings of texts, and images of a prompt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pytest_lmcache.call import JSON, Request
from pytest_lmcache.dialects.asking import json_object, path_of, request_of
from pytest_lmcache.dialects.gemini import model_called
from pytest_lmcache.dialects.telling import at, objects_at, text_at
from pytest_lmcache.dialects.wire import Answer, Event, Reading, Wire


class VertexPredict:
    """`POST .../publishers/google/models/<model>:predict` with `instances`, each with a `content` or a `prompt`; the
    images also without a publisher, on the Gemini API.

    Models of one's own are asked in the same way, with instances of any kind: those are left alone.
    """

    name = "vertex-predict"
    tails = frozenset({"predict"})

    def recognise(self, wire: Wire) -> Request | None:
        model, _ = model_called(wire.url)
        body = json_object(wire.body) if model else None
        if body is None:
            return None
        published = "/publishers/google/" in path_of(wire.url)
        if published and _each_has(body, "content", "image"):
            operation = "embedding"
        elif (published or model.startswith("imagen")) and _each_has(body, "prompt"):
            operation = "image"
        else:
            return None
        return request_of(self.name, operation, body, ("instances",), model=model, stream=False, labels={"labels"})

    def reading(self, request: Request, answer: Answer) -> Reading:
        predictions = objects_at(answer, "predictions")
        counts = [at(each, "embeddings", "statistics", "token_count") for each in predictions]
        tokens = sum(int(count) for count in counts if isinstance(count, int | float))
        prompts = filter(None, (text_at(each, "prompt") for each in predictions))
        return Reading("\n".join(prompts), usage={"prompt_tokens": tokens} if tokens > 0 else {})

    def ended(self, request: Request, events: Sequence[Event]) -> bool:
        return False


def _each_has(body: dict[str, JSON], *names: str) -> bool:
    instances: Any = body.get("instances")
    if not isinstance(instances, list) or not instances:
        return False
    return all(isinstance(each, dict) and any(name in each for name in names) for each in instances)
