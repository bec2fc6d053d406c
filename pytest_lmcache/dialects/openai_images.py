"""OpenAI images: made from a prompt, edited, and varied. What has images in it is a form, or JSON that names them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_lmcache.call import Request
from pytest_lmcache.dialects import multipart
from pytest_lmcache.dialects.asking import OPENAI_LABELS, before, json_object, request_of
from pytest_lmcache.dialects.openai_chat import USAGE
from pytest_lmcache.dialects.telling import at, counted, is_events, objects_at, payloads, text_at
from pytest_lmcache.dialects.wire import Answer, Event, Reading, Wire

IMAGES = frozenset({"image", "image[]", "images"})
DONE = ("image_generation.completed", "image_edit.completed")


@dataclass(frozen=True)
class Images:
    """`POST .../images/<tail>`: `generations` of a `prompt`, `edits` of images by a `prompt`, `variations` of one."""

    name: str
    operation: str
    tail: str

    @property
    def tails(self) -> frozenset[str]:
        return frozenset({self.tail})

    def recognise(self, wire: Wire) -> Request | None:
        head = before(wire.url, f"/images/{self.tail}")
        if head is None:
            return None
        body = multipart.fields(wire.content_type, wire.body)
        if body is not None:
            body["stream"] = body.get("stream") == "true"
        elif self.tail != "variations":
            body = json_object(wire.body)
        if body is None or (self.tail != "variations" and not isinstance(body.get("prompt"), str)):
            return None
        if self.tail != "generations" and not body.keys() & IMAGES:
            return None
        conversation = ("image", "image[]", "images", "mask", "prompt", "response_format")
        return request_of(self.name, self.operation, body, conversation, head=head, labels=OPENAI_LABELS)

    def reading(self, request: Request, answer: Answer) -> Reading:
        events = payloads(answer) if is_events(answer, stream=request.stream) else []
        last = next((data for data in reversed(events) if at(data, "type") in DONE), answer)
        prompts = filter(None, (text_at(image, "revised_prompt") for image in objects_at(last, "data")))
        return Reading("\n".join(prompts), usage=counted(at(last, "usage"), USAGE))

    def ended(self, request: Request, events: Sequence[Event]) -> bool:
        return any(at(data, "type") in DONE for data in payloads(events))
