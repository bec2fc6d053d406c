"""The dialects that are known, and which of them a request is in."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_lmcache.call import Request
from pytest_lmcache.dialects import (
    bare,
    cohere,
    gemini,
    gemini_interactions,
    mistral,
    mistral_conversations,
    mistral_ocr,
    ollama,
    token_counts,
    vertex,
    voyage,
)
from pytest_lmcache.dialects.anthropic import AnthropicMessages
from pytest_lmcache.dialects.asking import parent_of, tail_of
from pytest_lmcache.dialects.bedrock_converse import BedrockConverse
from pytest_lmcache.dialects.bedrock_invoke import BedrockInvoke
from pytest_lmcache.dialects.openai_audio import Speech, Transcriptions
from pytest_lmcache.dialects.openai_chat import OpenAIChat
from pytest_lmcache.dialects.openai_completions import OpenAICompletions
from pytest_lmcache.dialects.openai_embeddings import OpenAIEmbeddings
from pytest_lmcache.dialects.openai_images import Images
from pytest_lmcache.dialects.openai_moderations import Moderations
from pytest_lmcache.dialects.openai_responses import OpenAICompactions, OpenAIResponses
from pytest_lmcache.dialects.rerank import Rerank
from pytest_lmcache.dialects.telling import data_of
from pytest_lmcache.dialects.wire import Answer, Dialect, Event, Reading, Wire

BUILT_IN: tuple[Dialect, ...] = (
    OpenAIChat(),
    OpenAIResponses(),
    OpenAICompactions(),
    OpenAICompletions(),
    OpenAIEmbeddings(),
    Moderations("openai-moderations"),
    Moderations("mistral-chat-moderations", of_chats=True),
    Images("openai-images", "image", "generations"),
    Images("openai-image-edits", "image-edit", "edits"),
    Images("openai-image-variations", "image-variation", "variations"),
    Transcriptions("openai-transcriptions", frozenset({"transcriptions"})),
    Transcriptions("openai-translations", frozenset({"translations"})),
    Speech(),
    mistral.MistralAgents(),
    mistral.MistralFim(),
    mistral_conversations.MistralConversations(),
    mistral_ocr.MistralOcr(),
    *token_counts.ALL,
    AnthropicMessages(),
    gemini.Gemini(),
    gemini.GeminiEmbeddings(),
    gemini_interactions.GeminiInteractions(),
    vertex.VertexPredict(),
    BedrockConverse(),
    BedrockInvoke(),
    *ollama.ALL,
    cohere.CohereChat(),
    cohere.CohereEmbed(),
    Rerank(),
    voyage.VoyageEmbeddings(),
    *bare.ALL,
)
ADAPTER = "http/"
DONE = "[DONE]"

_FRAMINGS = {
    "text/event-stream": "sse",
    "application/x-ndjson": "ndjson",
    "application/ndjson": "ndjson",
    "application/jsonl": "ndjson",
    "application/x-jsonlines": "ndjson",
    "application/stream+json": "ndjson",
    "application/vnd.amazon.eventstream": "aws-event-stream",
}

_own: dict[str, Dialect] = {}
_known: dict[str, Dialect] = {}
_by_tail: dict[str, tuple[Dialect, ...]] = {}


def register(dialect: Dialect) -> None:
    """Add a dialect of the project's own. It is asked before the built-in ones, and takes the place of one of the same
    name.
    """
    _own[dialect.name] = dialect
    _index()


def unregister(name: str) -> None:
    """Forget a dialect of the project's own; nothing happens when there is none of that name."""
    _own.pop(name, None)
    _index()


def plausible(method: str, url: str) -> bool:
    """Whether a request may be one to a model by its method and path alone, before anything of its body is read."""
    return (method == "POST" or method.upper() == "POST") and bool(_shown(url))


def recognise(wire: Wire) -> Request | None:
    """What a request on the wire asks of a model, or None when it is no such request, which most are."""
    if not plausible(wire.method, wire.url):
        return None
    for dialect in _shown(wire.url):
        found = dialect.recognise(wire)
        if found is not None:
            return found
    return None


def reading(request: Request, answer: Answer) -> Reading:
    """What an answer says; nothing at all for a request of no dialect that is known."""
    dialect = _known.get(request.adapter.removeprefix(ADAPTER))
    return Reading() if dialect is None else dialect.reading(request, answer)


def framing(content_type: str, request: Request) -> str | None:
    """How the answer to a request is cut into events: `sse`, `ndjson`, `json-array` or `aws-event-stream`; None for
    an answer in one piece.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/json" and request.stream and request.adapter == "http/gemini":
        return "json-array"
    return _FRAMINGS.get(kind)


def ended(framing: str, request: Request, events: Sequence[Event]) -> bool:
    """Whether a stream ended by itself, as far as its events tell: one that was cut has lost its last one."""
    if framing == "sse" and any(data_of(event) == DONE for event in events):
        return True
    if framing == "json-array" and events and data_of(events[-1]) == "]":
        return True
    dialect = _known.get(request.adapter.removeprefix(ADAPTER))
    return dialect is not None and dialect.ended(request, events)


def _shown(url: str) -> tuple[Dialect, ...]:
    """The dialects that a path with such an end is shown to."""
    return _by_tail.get(tail_of(url)) or _by_tail.get(f"{parent_of(url)}/*", ())


def _index() -> None:
    _known.clear()
    _known.update(_own)
    _known.update({dialect.name: dialect for dialect in BUILT_IN if dialect.name not in _own})
    tails = {tail for dialect in _known.values() for tail in dialect.tails}
    _by_tail.clear()
    for tail in tails:
        _by_tail[tail] = tuple(dialect for dialect in _known.values() if tail in dialect.tails)


_index()
