"""Which dialect answers which path."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase

from provider import (
    anthropic,
    bedrock,
    chat,
    cohere,
    gateway,
    gemini,
    interactions,
    media,
    mistral,
    ollama,
    responses,
    vectors,
)
from provider.wire import Received, Reply, Turn, as_json

# Found by how a path ends, in this order, so that any prefix (`/v1`, `/v2`, a gateway's own) will do. A star stands for
# any text.
_ROUTES: tuple[tuple[str, str, Callable[[Received, Turn], Reply]], ...] = (
    ("POST", "/ask", gateway.ask),
    ("POST", "/agents/completions", chat.chat),
    ("POST", "/fim/completions", mistral.fill),
    ("POST", "/conversations", mistral.converse),
    ("POST", "/conversations/*", mistral.converse),
    ("POST", "/ocr", mistral.read),
    ("POST", "/invocations", chat.chat),
    ("POST", "/api/chat", ollama.chat),
    ("POST", "/api/generate", ollama.generate),
    ("POST", "/api/embed", ollama.embed),
    ("POST", "/v2/chat", cohere.chat),
    ("POST", "/v2/embed", cohere.embed),
    ("POST", "/embed", vectors.embed_bare),
    ("POST", ":generateContent", gemini.generate),
    ("POST", ":streamGenerateContent", gemini.generate),
    ("POST", ":embedContent", gemini.embed),
    ("POST", ":batchEmbedContents", gemini.embed),
    ("POST", ":predict", gemini.predict),
    ("POST", "/interactions", interactions.interact),
    ("POST", ":countTokens", gemini.count_tokens_of),
    ("POST", ":computeTokens", gemini.compute_tokens_of),
    ("POST", "/count-tokens:rawPredict", anthropic.count_tokens_of),
    ("POST", ":rawPredict", anthropic.message),
    ("POST", ":streamRawPredict", anthropic.message),
    ("POST", "/count-tokens", bedrock.count_tokens_of),
    ("POST", "/converse", bedrock.converse),
    ("POST", "/converse-stream", bedrock.converse),
    ("POST", "/invoke", bedrock.invoke),
    ("POST", "/invoke-with-response-stream", bedrock.invoke),
    ("POST", "/chat/completions", chat.chat),
    ("POST", "/completions", chat.complete),
    ("POST", "/responses", responses.respond),
    ("POST", "/responses/compact", responses.compact),
    ("POST", "/responses/input_tokens", responses.count_tokens_of),
    ("POST", "/messages/count_tokens", anthropic.count_tokens_of),
    ("POST", "/messages", anthropic.message),
    ("POST", "/embeddings", vectors.embed),
    ("POST", "/multimodalembeddings", vectors.embed_voyage),
    ("POST", "/contextualizedembeddings", vectors.embed_voyage),
    ("POST", "/rerank", vectors.rerank),
    ("POST", "/moderations", media.moderate),
    ("POST", "/images/generations", media.draw),
    ("POST", "/images/edits", media.draw),
    ("POST", "/images/variations", media.draw),
    ("POST", "/audio/speech", media.speak),
    ("POST", "/audio/transcriptions", media.transcribe),
    ("GET", "/models", media.models),
    ("GET", ".png", media.picture),
)


def answer_to(received: Received, turn: Turn) -> Reply:
    """The reply of the route that fits, or a 404 that names the path."""
    for method, ending, answer in _ROUTES:
        if received.method == method and fnmatchcase(received.path, f"*{ending}"):
            if method == "POST" and not isinstance(received.body, dict):
                return as_json({"error": {"message": "the body must be a JSON object"}}, status=400)
            try:
                return answer(received, turn)
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                message = f"the request is not understood: {error!r}"
                return as_json({"error": {"message": message, "type": "invalid_request_error"}}, status=400)
    return as_json({"error": {"message": f"no such path: {received.method} {received.path}"}}, status=404)
