"""Embeddings as OpenAI, Mistral, Voyage, Jina and most servers of one's own give them."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_lmcache.call import Request
from pytest_lmcache.dialects.asking import OPENAI_LABELS, before, json_object, request_of, served
from pytest_lmcache.dialects.telling import at, counted
from pytest_lmcache.dialects.wire import Answer, Event, Reading, Wire

USAGE = {"prompt_tokens": (("prompt_tokens",), ("total_tokens",))}


class OpenAIEmbeddings:
    """`POST .../embeddings` with a model and `input`; Databricks has `/serving-endpoints/<model>/invocations`, too."""

    name = "openai-embeddings"
    tails = frozenset({"embeddings", "invocations"})

    def recognise(self, wire: Wire) -> Request | None:
        head = before(wire.url, "/embeddings")
        if head is None:
            head = served(wire.url)
        body = None if head is None else json_object(wire.body)
        if head is None or body is None or not isinstance(body.get("input"), str | list | dict):
            return None
        found = request_of(self.name, "embedding", body, ("input", "encoding_format"), head=head, labels=OPENAI_LABELS)
        return found if found and found.model else None

    def reading(self, request: Request, answer: Answer) -> Reading:
        return Reading(usage=counted(at(answer, "usage"), USAGE))

    def ended(self, request: Request, events: Sequence[Event]) -> bool:
        return False
