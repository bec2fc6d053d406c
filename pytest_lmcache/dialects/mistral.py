"""What Mistral has beside the chat completions of OpenAI: agents, and code that fits between two pieces."""

from __future__ import annotations

from pytest_lmcache.call import Request
from pytest_lmcache.dialects.asking import OPENAI_LABELS, before, json_object, request_of, said
from pytest_lmcache.dialects.openai_chat import OpenAIChat
from pytest_lmcache.dialects.telling import text_at
from pytest_lmcache.dialects.wire import Wire


class MistralAgents(OpenAIChat):
    """`POST .../agents/completions` with an agent in place of the model."""

    name = "mistral-agents"

    def recognise(self, wire: Wire) -> Request | None:
        body = None if before(wire.url, "/agents/completions") is None else json_object(wire.body)
        if body is None or not said(body.get("messages")) or not isinstance(body.get("agent_id"), str):
            return None
        agent = text_at(body, "agent_id")
        return request_of(self.name, "chat", body, ("messages",), model=agent, labels=OPENAI_LABELS)


class MistralFim(OpenAIChat):
    """`POST .../fim/completions` with a model, a `prompt` and what shall follow it; answered like a chat."""

    name = "mistral-fim"

    def recognise(self, wire: Wire) -> Request | None:
        head = before(wire.url, "/fim/completions")
        body = None if head is None else json_object(wire.body)
        if head is None or body is None or not isinstance(body.get("prompt"), str):
            return None
        found = request_of(self.name, "text", body, ("prompt", "suffix"), head=head, labels=OPENAI_LABELS)
        return found if found and found.model else None
