"""Summaries of long conversations, shown to the desk while they are being written."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import litellm

from support import MODEL


def summarise(text: str, *, model: str = MODEL) -> Iterator[str]:
    """The summary in the pieces it is written in."""
    for chunk in litellm.completion(model, _messages(text), stream=True):
        piece = chunk.choices[0].delta.content
        if piece:
            yield piece


async def asummarise(text: str, *, model: str = MODEL) -> AsyncIterator[str]:
    """The same, without blocking the event loop."""
    async for chunk in await litellm.acompletion(model, _messages(text), stream=True):
        piece = chunk.choices[0].delta.content
        if piece:
            yield piece


def _messages(text: str) -> list[dict[str, Any]]:
    return [
        {"role": "system", "content": "Summarise the conversation for a colleague in two sentences."},
        {"role": "user", "content": text},
    ]
