"""Reranking as Cohere, Jina, Voyage and servers of one's own do it."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_lmcache.call import Request
from pytest_lmcache.dialects.asking import OPENAI_LABELS, before, json_object, request_of
from pytest_lmcache.dialects.telling import at, counted, objects_at
from pytest_lmcache.dialects.wire import Answer, Event, Reading, Wire

USAGE = {
    "prompt_tokens": (
        ("usage", "prompt_tokens"),
        ("usage", "total_tokens"),
        ("meta", "tokens", "input_tokens"),
    )
}


class Rerank:
    """`POST .../rerank` with a model, a `query` and `documents`."""

    name = "rerank"
    tails = frozenset({"rerank"})

    def recognise(self, wire: Wire) -> Request | None:
        head = before(wire.url, "/rerank")
        body = None if head is None else json_object(wire.body)
        if head is None or body is None or not isinstance(body.get("documents"), list):
            return None
        if not isinstance(body.get("query"), str | dict):
            return None
        found = request_of(
            self.name, "rerank", body, ("query", "documents"), head=head, stream=False, labels=OPENAI_LABELS
        )
        return found if found and found.model else None

    def reading(self, request: Request, answer: Answer) -> Reading:
        results = objects_at(answer, "results") or objects_at(answer, "data")
        scores = [(at(result, "index"), at(result, "relevance_score")) for result in results]
        return Reading(", ".join(f"{index}: {score}" for index, score in scores), usage=counted(answer, USAGE))

    def ended(self, request: Request, events: Sequence[Event]) -> bool:
        return False
