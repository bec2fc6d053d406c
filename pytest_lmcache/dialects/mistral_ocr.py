"""Mistral's OCR: the pages of a document as text."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_lmcache.call import Request
from pytest_lmcache.dialects.asking import OPENAI_LABELS, before, json_object, request_of
from pytest_lmcache.dialects.telling import objects_at, text_at
from pytest_lmcache.dialects.wire import Answer, Event, Reading, Wire


class MistralOcr:
    """`POST .../ocr` with a model and a `document`. It counts pages, and no tokens."""

    name = "mistral-ocr"
    tails = frozenset({"ocr"})

    def recognise(self, wire: Wire) -> Request | None:
        body = None if before(wire.url, "/ocr") is None else json_object(wire.body)
        if body is None or not isinstance(body.get("document"), dict):
            return None
        body.pop("id", None)
        found = request_of(self.name, "ocr", body, ("document",), stream=False, labels=OPENAI_LABELS)
        return found if found and found.model else None

    def reading(self, request: Request, answer: Answer) -> Reading:
        return Reading("\n\n".join(text_at(page, "markdown") for page in objects_at(answer, "pages")))

    def ended(self, request: Request, events: Sequence[Event]) -> bool:
        return False
