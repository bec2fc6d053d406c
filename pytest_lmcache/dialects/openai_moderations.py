"""Moderations as OpenAI gives them; Mistral judges single texts and whole chats, at two paths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_lmcache.call import Request
from pytest_lmcache.dialects.asking import OPENAI_LABELS, before, json_object, request_of
from pytest_lmcache.dialects.telling import objects_at
from pytest_lmcache.dialects.wire import Answer, Event, Reading, Wire


@dataclass(frozen=True)
class Moderations:
    """`POST .../moderations` with `input`; the model may be left to the provider."""

    name: str
    of_chats: bool = False
    tails: frozenset[str] = frozenset({"moderations"})

    def recognise(self, wire: Wire) -> Request | None:
        head = before(wire.url, "/moderations")
        if head is None or head.endswith("/chat") is not self.of_chats:
            return None
        body = json_object(wire.body)
        if body is None or not isinstance(body.get("input"), str | list):
            return None
        return request_of(self.name, "moderation", body, ("input",), head=head, labels=OPENAI_LABELS)

    def reading(self, request: Request, answer: Answer) -> Reading:
        flagged = [
            [name for name, value in result["categories"].items() if value is True]
            for result in objects_at(answer, "results")
            if isinstance(result.get("categories"), dict)
        ]
        return Reading("; ".join("flagged: " + ", ".join(names) if names else "not flagged" for names in flagged))

    def ended(self, request: Request, events: Sequence[Event]) -> bool:
        return False
