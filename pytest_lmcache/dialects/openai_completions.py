"""OpenAI text completions, the older way: a prompt and what follows it."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_lmcache.call import Request
from pytest_lmcache.dialects.asking import OPENAI_LABELS, before, json_object, request_of
from pytest_lmcache.dialects.openai_chat import USAGE, finished
from pytest_lmcache.dialects.telling import at, counted, is_events, payloads, text_at
from pytest_lmcache.dialects.wire import Answer, Event, Reading, Wire

ELSEWHERE = ("/chat/completions", "/fim/completions", "/agents/completions")


class OpenAICompletions:
    """`POST .../completions` with a model and a `prompt`."""

    name = "openai-completions"
    tails = frozenset({"completions"})

    def recognise(self, wire: Wire) -> Request | None:
        head = before(wire.url, "/completions")
        if head is None or f"{head}/completions".endswith(ELSEWHERE):
            return None
        body = json_object(wire.body)
        if body is None or not isinstance(body.get("prompt"), str | list):
            return None
        found = request_of(self.name, "text", body, ("prompt", "suffix"), head=head, labels=OPENAI_LABELS)
        return found if found and found.model else None

    def reading(self, request: Request, answer: Answer) -> Reading:
        chunks = payloads(answer) if is_events(answer, stream=request.stream) else [answer]
        choices = [at(chunk, "choices", 0) for chunk in chunks if at(chunk, "choices", 0, "index") in (0, None)]
        text = "".join(text_at(choice, "text") for choice in choices)
        reason = next(filter(None, (text_at(choice, "finish_reason") for choice in reversed(choices))), "")
        usages = (counted(at(chunk, "usage"), USAGE) for chunk in reversed(chunks))
        return Reading(text, (), reason, next(filter(None, usages), {}))

    def ended(self, request: Request, events: Sequence[Event]) -> bool:
        prompts = request.body.get("prompt")
        asked = len(prompts) if isinstance(prompts, list) and prompts and not isinstance(prompts[0], int) else 1
        count = request.body.get("n")
        return finished(payloads(events), asked * count if isinstance(count, int) else asked)
