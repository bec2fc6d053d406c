"""OpenAI images: made from a prompt, and edited (a form with the images in it)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_lmcache.call import Request
from pytest_lmcache.dialects import multipart
from pytest_lmcache.dialects.asking import OPENAI_LABELS, before, json_object, request_of
from pytest_lmcache.dialects.openai_chat import USAGE
from pytest_lmcache.dialects.telling import at, counted, is_events, objects_at, payloads, text_at
from pytest_lmcache.dialects.wire import Answer, Event, Reading, Wire

DONE = ("image_generation.completed", "image_edit.completed")


@dataclass(frozen=True)
class Images:
    """`POST .../images/generations` with a `prompt`, or a form with `image` and `prompt` to `.../images/edits`."""

    name: str
    operation: str
    tails: frozenset[str]

    def recognise(self, wire: Wire) -> Request | None:
        edits = self.operation == "image-edit"
        head = before(wire.url, "/images/edits" if edits else "/images/generations")
        if head is None:
            return None
        body = multipart.fields(wire.content_type, wire.body) if edits else json_object(wire.body)
        if body is None or not isinstance(body.get("prompt"), str):
            return None
        if not edits:
            return request_of(
                self.name, self.operation, body, ("prompt", "response_format"), head=head, labels=OPENAI_LABELS
            )
        if not {"image", "image[]"} & body.keys():
            return None
        stream = body.pop("stream", "false") == "true"
        conversation = ("image", "image[]", "mask", "prompt", "response_format")
        return request_of(self.name, self.operation, body, conversation, head=head, stream=stream, labels=OPENAI_LABELS)

    def reading(self, request: Request, answer: Answer) -> Reading:
        events = payloads(answer) if is_events(answer, stream=request.stream) else []
        last = next((data for data in reversed(events) if at(data, "type") in DONE), answer)
        prompts = filter(None, (text_at(image, "revised_prompt") for image in objects_at(last, "data")))
        return Reading("\n".join(prompts), usage=counted(at(last, "usage"), USAGE))

    def ended(self, request: Request, events: Sequence[Event]) -> bool:
        return any(at(data, "type") in DONE for data in payloads(events))
