"""Sorting of incoming tickets: a category, a priority and what else the desk wants to know, as a typed object."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

import litellm
from pydantic import BaseModel, Field

from support import MODEL

INSTRUCTIONS = """\
You sort the tickets of an online shop.
Choose the category by what the customer wants solved, not by the words alone.
A ticket is urgent when several people cannot work; it is high when one customer lost money or access."""


class Ticket(BaseModel):
    """What is known of a ticket after sorting."""

    category: Literal["billing", "technical", "account", "shipping", "other"]
    priority: Literal["low", "normal", "high", "urgent"]
    sentiment: Literal["positive", "neutral", "negative"]
    order_id: str | None = Field(description="the order the customer names, such as A-1042")
    summary: str = Field(description="the ticket in one sentence")


def classify(text: str, *, model: str = MODEL) -> Ticket:
    """Sort one ticket."""
    response = litellm.completion(model, _messages(text), response_format=Ticket, temperature=0)
    return Ticket.model_validate_json(response.choices[0].message.content)


async def classify_all(texts: list[str], *, model: str = MODEL) -> list[Ticket]:
    """Sort many tickets at once, in their order."""
    calls = [litellm.acompletion(model, _messages(text), response_format=Ticket, temperature=0) for text in texts]
    responses = await asyncio.gather(*calls)
    return [Ticket.model_validate_json(response.choices[0].message.content) for response in responses]


def _messages(text: str) -> list[dict[str, Any]]:
    return [{"role": "system", "content": INSTRUCTIONS}, {"role": "user", "content": text}]
