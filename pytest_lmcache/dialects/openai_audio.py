"""OpenAI audio: from speech to text (a form with the file in it) and from text to speech."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_lmcache.call import Request
from pytest_lmcache.dialects import multipart
from pytest_lmcache.dialects.asking import OPENAI_LABELS, before, json_object, request_of
from pytest_lmcache.dialects.openai_chat import USAGE
from pytest_lmcache.dialects.telling import at, counted, is_events, payloads, text_at
from pytest_lmcache.dialects.wire import Answer, Event, Reading, Wire


@dataclass(frozen=True)
class Transcriptions:
    """A form with `file` and `model` to `.../audio/transcriptions` or `.../audio/translations`."""

    name: str
    tails: frozenset[str]

    def recognise(self, wire: Wire) -> Request | None:
        (tail,) = self.tails
        head = before(wire.url, f"/audio/{tail}")
        body = None if head is None else multipart.fields(wire.content_type, wire.body)
        if head is None or body is None or "file" not in body:
            return None
        stream = body.pop("stream", "false") == "true"
        return request_of(
            self.name,
            "transcription",
            body,
            ("file", "prompt", "response_format"),
            head=head,
            stream=stream,
            labels=OPENAI_LABELS,
        )

    def reading(self, request: Request, answer: Answer) -> Reading:
        if not is_events(answer, stream=request.stream):
            text = answer if isinstance(answer, str) else text_at(answer, "text")
            return Reading(text, usage=counted(at(answer, "usage"), USAGE))
        events = payloads(answer)
        done = next((data for data in reversed(events) if at(data, "type") == "transcript.text.done"), None)
        text = "".join(text_at(data, "delta") for data in events if at(data, "type") == "transcript.text.delta")
        return Reading(text_at(done, "text") or text, usage=counted(at(done, "usage"), USAGE))

    def ended(self, request: Request, events: Sequence[Event]) -> bool:
        return any(at(data, "type") == "transcript.text.done" for data in payloads(events))


class Speech:
    """`POST .../audio/speech` with a model and `input`; the answer is sound, or a stream of it in events."""

    name = "openai-speech"
    tails = frozenset({"speech"})

    def recognise(self, wire: Wire) -> Request | None:
        head = before(wire.url, "/audio/speech")
        body = None if head is None else json_object(wire.body)
        if head is None or body is None or not isinstance(body.get("input"), str):
            return None
        stream = body.get("stream_format") == "sse"
        found = request_of(
            self.name, "speech", body, ("input", "response_format"), head=head, stream=stream, labels=OPENAI_LABELS
        )
        return found if found and found.model else None

    def reading(self, request: Request, answer: Answer) -> Reading:
        events = payloads(answer) if is_events(answer, stream=request.stream) else []
        return Reading(usage=counted(at(events[-1], "usage") if events else None, USAGE))

    def ended(self, request: Request, events: Sequence[Event]) -> bool:
        return any(at(data, "type") == "speech.audio.done" for data in payloads(events))
