"""Which dialect answers which path."""

from __future__ import annotations

from collections.abc import Callable

from provider import anthropic, chat, media, responses, vectors
from provider.wire import Received, Reply, Turn, as_json

# Found by how a path ends, in this order, so that any prefix (`/v1`, `/v2`, a gateway's own) will do.
_ROUTES: tuple[tuple[str, str, Callable[[Received, Turn], Reply]], ...] = (
    ("POST", "/chat/completions", chat.chat),
    ("POST", "/completions", chat.complete),
    ("POST", "/responses", responses.respond),
    ("POST", "/messages/count_tokens", anthropic.count_tokens_of),
    ("POST", "/messages", anthropic.message),
    ("POST", "/embeddings", vectors.embed),
    ("POST", "/rerank", vectors.rerank),
    ("POST", "/moderations", media.moderate),
    ("POST", "/images/generations", media.draw),
    ("POST", "/audio/speech", media.speak),
    ("POST", "/audio/transcriptions", media.transcribe),
    ("GET", "/models", media.models),
    ("GET", ".png", media.picture),
)


def answer_to(received: Received, turn: Turn) -> Reply:
    """The reply of the route that fits, or a 404 that names the path."""
    for method, ending, answer in _ROUTES:
        if received.method == method and received.path.endswith(ending):
            if method == "POST" and not isinstance(received.body, dict):
                return as_json({"error": {"message": "the body must be a JSON object"}}, status=400)
            try:
                return answer(received, turn)
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                message = f"the request is not understood: {error!r}"
                return as_json({"error": {"message": message, "type": "invalid_request_error"}}, status=400)
    return as_json({"error": {"message": f"no such path: {received.method} {received.path}"}}, status=404)
