"""What Voyage has beside the embeddings of OpenAI: those of texts with pictures, and of chunks of documents."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_lmcache.call import Request
from pytest_lmcache.dialects.asking import before, json_object, request_of
from pytest_lmcache.dialects.openai_embeddings import USAGE
from pytest_lmcache.dialects.telling import at, counted
from pytest_lmcache.dialects.wire import Answer, Event, Reading, Wire

TAILS = ("multimodalembeddings", "contextualizedembeddings")


class VoyageEmbeddings:
    """`POST .../multimodalembeddings` and `.../contextualizedembeddings` with a model and `inputs`."""

    name = "voyage-embeddings"
    tails = frozenset(TAILS)

    def recognise(self, wire: Wire) -> Request | None:
        if all(before(wire.url, f"/{tail}") is None for tail in TAILS):
            return None
        body = json_object(wire.body)
        if body is None or not isinstance(body.get("inputs"), list):
            return None
        found = request_of(self.name, "embedding", body, ("inputs", "encoding_format", "output_encoding"), stream=False)
        return found if found and found.model else None

    def reading(self, request: Request, answer: Answer) -> Reading:
        return Reading(usage=counted(at(answer, "usage"), USAGE))

    def ended(self, request: Request, events: Sequence[Event]) -> bool:
        return False
