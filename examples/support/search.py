"""Search of the help pages by meaning."""

from __future__ import annotations

import math
from collections.abc import Sequence

import litellm

from support import EMBEDDING_MODEL

DIMENSIONS = 64


class HelpIndex:
    """Help pages with their embeddings. Building one costs a single call, every search another."""

    def __init__(self, pages: Sequence[str]) -> None:
        self.pages = tuple(pages)
        self._vectors = _embed(self.pages)

    def search(self, question: str, *, limit: int = 3) -> list[tuple[str, float]]:
        """The pages nearest to a question with their cosine similarity, best first."""
        (wanted,) = _embed([question])
        scored = [(page, _cosine(wanted, vector)) for page, vector in zip(self.pages, self._vectors, strict=True)]
        return sorted(scored, key=lambda found: -found[1])[:limit]


def _embed(texts: Sequence[str]) -> list[list[float]]:
    response = litellm.embedding(EMBEDDING_MODEL, input=list(texts), dimensions=DIMENSIONS)
    return [item["embedding"] for item in response.data]


def _cosine(a: list[float], b: list[float]) -> float:
    dot = sum(x * y for x, y in zip(a, b, strict=True))
    return dot / (math.hypot(*a) * math.hypot(*b))
