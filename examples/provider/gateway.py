"""A gateway of a company's own, in a protocol that nobody else speaks: a question in, a reply out."""

from __future__ import annotations

from provider.answers import answer
from provider.conversation import Reader, count_tokens
from provider.wire import Received, Reply, Turn, as_json


def ask(received: Received, turn: Turn) -> Reply:
    """POST /ask."""
    body = received.body
    reader = Reader()
    reader.said(body["question"])
    made = answer(reader.asked(tools=(), choice="none", parallel=False, schema=None), turn.mark)
    tokens = {"in": count_tokens(body["question"]), "out": count_tokens(made.text)}
    return as_json({"reply": made.text, "tokens": tokens})
