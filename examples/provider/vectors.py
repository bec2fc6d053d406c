"""Embeddings and reranking: texts that share words are near each other."""

from __future__ import annotations

import base64
import hashlib
import math
import re
import struct
from typing import Any

from provider.conversation import count_tokens
from provider.wire import Object, Received, Reply, Turn, as_json

_COMMON = re.compile(
    r"\b(?:a|an|and|are|as|at|be|by|can|do|does|for|from|have|how|i|in|is|it|my|not|of|on|or|the|to|was|what|with|you)\b"
)


def embed(received: Received, turn: Turn) -> Reply:
    """POST /v1/embeddings, as floats or base64."""
    body = received.body
    texts = _texts(body.get("input"))
    dimensions = body.get("dimensions") or (3072 if "large" in received.model else 1536)
    data: list[Object] = []
    for index, text in enumerate(texts):
        # The last component tells this answer from others, too small to move a direction.
        values = [*vector(text, dimensions - 1), turn.serial % 1000 * 1e-6]
        data.append(_embedding(body, index, values))
    tokens = count_tokens(*texts)
    spent = {"prompt_tokens": tokens, "total_tokens": tokens}
    named = {"id": f"embd-{turn.mark}"} if "mistral" in received.model else {}
    return as_json({**named, "object": "list", "data": data, "model": received.model, "usage": spent})


def embed_voyage(received: Received, turn: Turn) -> Reply:
    """POST /v1/multimodalembeddings, where an input has contents, and /v1/contextualizedembeddings, where it has chunks
    with a vector each.
    """
    data: list[Object] = []
    everything: list[str] = []
    for index, each in enumerate(received.body["inputs"]):
        contents = each["content"] if isinstance(each, dict) else None
        texts = each if contents is None else [" ".join(str(part.get("text", "")) for part in contents)]
        made = [_embedding(received.body, place, numbered(text, turn)) for place, text in enumerate(texts)]
        data.append(
            {"object": "list", "index": index, "data": made} if contents is None else made[0] | {"index": index}
        )
        everything += texts
    spent = {"total_tokens": count_tokens(*everything)}
    more = (
        {"text_tokens": spent["total_tokens"], "image_pixels": 0, "video_pixels": 0}
        if "multimodal" in received.path
        else {}
    )
    return as_json({"object": "list", "data": data, "model": received.model, "usage": {**spent, **more}})


def _embedding(body: Object, index: int, values: list[float]) -> Object:
    """A vector among others, as floats, or as base64 of them where the body asks for that."""
    given: Any = values
    if body.get("encoding_format") == "base64":
        given = base64.b64encode(struct.pack(f"<{len(values)}f", *values)).decode()
    return {"object": "embedding", "index": index, "embedding": given}


def embed_bare(received: Received, turn: Turn) -> Reply:
    """POST /embed of text-embeddings-inference: `inputs`, answered by a list of vectors and nothing else."""
    return as_json([numbered(text, turn) for text in _texts(received.body["inputs"])])


def numbered(text: str, turn: Turn, dimensions: int = 64) -> list[float]:
    """A vector of a text that is never the same twice: its last component, too small to move it, is of this turn."""
    return [*vector(text, dimensions - 1), turn.serial % 1000 * 1e-6]


def rerank(received: Received, turn: Turn) -> Reply:
    """POST /v1/rerank and /v2/rerank, with the fields of Cohere's protocol and of the servers that imitate it; those
    of text-embeddings-inference where the body has `texts`.
    """
    body = received.body
    bare = "texts" in body
    given = body["texts"] if bare else body["documents"]
    texts = [each if isinstance(each, str) else str(each.get("text", "")) for each in given]
    query = vector(body["query"], 512)
    scores = [sum(a * b for a, b in zip(query, vector(text, 512), strict=True)) for text in texts]
    order = sorted(range(len(texts)), key=lambda index: -scores[index])[: body.get("top_n") or None]
    if bare:
        return as_json([{"index": index, "score": scores[index] + turn.serial * 1e-9} for index in order])
    results: list[Object] = [{"index": index, "relevance_score": round(max(scores[index], 0), 6)} for index in order]
    if body.get("return_documents") or "/v1/" not in received.path:
        for result in results:
            result["document"] = {"text": texts[result["index"]]}
    tokens = count_tokens(str(body["query"]), *texts)
    billed = {"api_version": {"version": "2"}, "billed_units": {"search_units": 1}}
    head = {"id": f"rerank-{turn.mark}", "model": received.model}
    return as_json({**head, "results": results, "data": results, "meta": billed, "usage": {"total_tokens": tokens}})


def vector(text: str, dimensions: int) -> list[float]:
    """A unit vector of a text: each word, and more faintly each of its trigrams, falls on a place of its own."""
    values = [0.0] * dimensions
    for word in re.findall(r"\w+", _COMMON.sub(" ", text.lower())):
        parts = [(word[:5], 1.0), *((word[start : start + 3], 0.3) for start in range(len(word) - 2))]
        for part, weight in parts:
            digest = int.from_bytes(hashlib.blake2b(part.encode(), digest_size=8).digest())
            values[digest // 2 % dimensions] += weight if digest % 2 else -weight
    length = math.sqrt(sum(value * value for value in values)) or 1.0
    return [round(value / length, 8) for value in values]


def _texts(given: Any) -> list[str]:
    """The texts to embed. Tokens, which are numbers, are taken as words."""
    if not isinstance(given, list):
        return [str(given or "")]
    if given and all(isinstance(each, int) for each in given):
        return [" ".join(map(str, given))]
    return [each if isinstance(each, str) else " ".join(map(str, each)) for each in given]
