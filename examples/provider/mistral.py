"""What Mistral has beside OpenAI's chat: code that fits between two pieces, conversations, pages read as text."""

from __future__ import annotations

import re
import uuid

from provider import chat
from provider.answers import answer
from provider.conversation import Reader
from provider.wire import Object, Received, Reply, Turn, as_events, as_json


def fill(received: Received, turn: Turn) -> Reply:
    """POST /v1/fim/completions: answered like a chat, whole and streamed."""
    body = received.body
    said = [{"role": "user", "content": f"{body['prompt']} {body.get('suffix') or ''}"}]
    asked = Received(received.method, received.path, {**body, "messages": said}, received.headers)
    return chat.chat(asked, turn)


def converse(received: Received, turn: Turn) -> Reply:
    """POST /v1/conversations, /v1/conversations/<id> and /v1/conversations/<id>/restart: a turn of a conversation. What
    was said before is not remembered.
    """
    body = received.body
    given = body["inputs"]
    reader = Reader()
    for each in given if isinstance(given, list) else [{"content": given}]:
        reader.said(each.get("content"))
    asked = reader.asked(tools=(), choice="none", parallel=True, schema=None)
    made = answer(asked, turn.mark)
    counts = {"prompt_tokens": asked.tokens, "completion_tokens": made.tokens}
    usage = {**counts, "total_tokens": asked.tokens + made.tokens}
    named = re.search(r"/conversations/(\w+)\Z", received.path)
    conversation = named[1] if named else f"conv_{uuid.uuid4().hex}"
    entry = {"id": f"msg_{turn.mark}", "model": received.model, "role": "assistant"}
    if body.get("stream"):
        at = {"created_at": "2026-01-01T00:00:00Z", "output_index": 0, "content_index": 0}
        events: list[Object] = [
            {"type": "conversation.response.started", "conversation_id": conversation},
            {"type": "message.output.delta", **at, **entry, "content": made.text},
            {"type": "conversation.response.done", "usage": usage},
        ]
        return as_events(events, named=True)
    output = {"object": "entry", "type": "message.output", **entry, "content": made.text}
    head = {"object": "conversation.response", "conversation_id": conversation}
    return as_json({**head, "outputs": [output], "usage": usage})


def read(received: Received, turn: Turn) -> Reply:
    """POST /v1/ocr: one page, whatever the document."""
    page = {"index": 0, "markdown": f"# A page (answer {turn.mark})", "images": [], "dimensions": None}
    usage = {"pages_processed": 1, "doc_size_bytes": 100}
    return as_json({"pages": [page], "model": received.model, "usage_info": usage})
