"""OpenAI's chat completions and text completions, whole and streamed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from provider.answers import answer
from provider.conversation import Answer, Asked, Reader, Tool, pieces
from provider.wire import Object, Received, Reply, Turn, as_events, as_json

_ANY_OBJECT: Object = {"type": "object", "properties": {"answer": {"type": "string"}}, "required": ["answer"]}


def chat(received: Received, turn: Turn) -> Reply:
    """POST /v1/chat/completions."""
    body = received.body
    asked = read(body)
    limit = body.get("max_completion_tokens") or body.get("max_tokens")
    answers = [
        answer(asked, f"{turn.mark}.{index}" if index else turn.mark, reasons="reason" in received.model, limit=limit)
        for index in range(body.get("n") or 1)
    ]
    head = {"id": f"chatcmpl-{turn.mark}", "created": turn.now, "model": received.model, "service_tier": "default"}
    head["system_fingerprint"] = "fp_local"
    spent = usage(asked.tokens, answers)
    top = (body.get("top_logprobs") or 0) if body.get("logprobs") else None
    if body.get("stream"):
        counted = bool((body.get("stream_options") or {}).get("include_usage"))
        return as_events(_chunks(head, answers, spent if counted else None, turn, top), done=True)
    choices = [_choice(index, each, turn, top) for index, each in enumerate(answers)]
    whole = {**head, "object": "chat.completion", "choices": choices, "usage": spent}
    return as_json(whole, headers={"x-request-id": f"req_{turn.mark}", "x-ratelimit-remaining-requests": "9999"})


def complete(received: Received, turn: Turn) -> Reply:
    """POST /v1/completions."""
    body = received.body
    prompts = body["prompt"] if isinstance(body.get("prompt"), list) else [body.get("prompt", "")]
    answers: list[tuple[Asked, Answer]] = []
    for prompt in prompts * (body.get("n") or 1):
        reader = Reader()
        reader.said(prompt if isinstance(prompt, str) else f"{len(prompt)} tokens")
        asked = reader.asked(tools=(), choice="none", parallel=True, schema=None)
        answers.append((asked, answer(asked, f"{turn.mark}.{len(answers)}", limit=body.get("max_tokens"))))
    head = {"id": f"cmpl-{turn.mark}", "object": "text_completion", "created": turn.now, "model": received.model}
    spent = usage(sum(asked.tokens for asked, _ in answers), [each for _, each in answers])

    def choice(index: int, text: str, finish: str | None) -> Object:
        return {"index": index, "text": text, "logprobs": None, "finish_reason": finish}

    ends = ["length" if each.cut else "stop" for _, each in answers]
    if not body.get("stream"):
        choices = [choice(index, each.text, ends[index]) for index, (_, each) in enumerate(answers)]
        return as_json({**head, "choices": choices, "usage": spent})
    chunks: list[Object] = []
    for index, (_, each) in enumerate(answers):
        chunks += [{**head, "choices": [choice(index, piece, None)]} for piece in pieces(each.text)]
        chunks.append({**head, "choices": [choice(index, "", ends[index])]})
    if (body.get("stream_options") or {}).get("include_usage"):
        chunks.append({**head, "choices": [], "usage": spent})
    return as_events(chunks, done=True)


def read(body: Object) -> Asked:
    """The request of a chat, in words of no dialect."""
    reader = Reader()
    for message in body.get("messages", ()):
        role, content = message.get("role"), message.get("content")
        if role in ("system", "developer"):
            reader.system.append(reader.text_of(content))
        elif role == "user":
            reader.said(content)
        elif role == "tool":
            reader.results.append(reader.text_of(content))
        else:
            reader.text_of(content)
            reader.called += [call["function"]["name"] for call in message.get("tool_calls") or ()]
    form = body.get("response_format") or {}
    schema = form.get("json_schema", {}).get("schema") if form.get("type") == "json_schema" else None
    return reader.asked(
        tools=tuple(tool_of(tool["function"]) for tool in body.get("tools") or () if "function" in tool),
        choice=choice_of(body.get("tool_choice")),
        parallel=body.get("parallel_tool_calls") is not False,
        schema=_ANY_OBJECT if form.get("type") == "json_object" else schema,
    )


def tool_of(function: Object) -> Tool:
    """A tool as OpenAI describes one."""
    return Tool(function["name"], function.get("description") or "", function.get("parameters") or {"type": "object"})


def choice_of(choice: Any) -> str:
    """The `tool_choice` of a request as one word."""
    if isinstance(choice, dict):
        return str(choice.get("function", choice).get("name", "required"))
    # Mistral says "any" where OpenAI says "required".
    return "required" if choice == "any" else str(choice or "auto")


def usage(prompt_tokens: int, answers: list[Answer]) -> Object:
    """The token counts. From 1,024 tokens on, all full blocks of 128 come out of the prompt cache."""
    written = sum(each.tokens for each in answers)
    thought = sum(Answer(reasoning=each.reasoning).tokens for each in answers)
    cached = prompt_tokens // 128 * 128 if prompt_tokens > 1024 else 0
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": written,
        "total_tokens": prompt_tokens + written,
        "prompt_tokens_details": {"cached_tokens": cached, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": thought, "audio_tokens": 0},
    }


def _finish(each: Answer) -> str:
    return "tool_calls" if each.calls else "length" if each.cut else "stop"


def _tool_calls(each: Answer, choice: int, turn: Turn) -> list[Object]:
    return [
        {
            "id": f"call_{turn.mark}_{choice}{index}",
            "type": "function",
            "function": {"name": call.name, "arguments": json.dumps(call.arguments, ensure_ascii=False)},
        }
        for index, call in enumerate(each.calls)
    ]


def _choice(index: int, each: Answer, turn: Turn, top: int | None) -> Object:
    message: Object = {"role": "assistant", "content": each.text or None, "refusal": None, "annotations": []}
    if each.reasoning:
        message["reasoning_content"] = each.reasoning
    if each.calls:
        message["tool_calls"] = _tool_calls(each, index, turn)
    return {"index": index, "message": message, "logprobs": _logprobs(each.text, top), "finish_reason": _finish(each)}


def _logprobs(text: str, top: int | None) -> Object | None:
    if top is None or not text:
        return None

    def token(piece: str, rank: int) -> Object:
        return {"token": piece, "logprob": -0.01 * len(piece) - 2.5 * rank, "bytes": list(piece.encode())}

    others = (" the", " a", " it", " so", " is")
    return {
        "content": [
            {**token(piece, 0), "top_logprobs": [token(each, rank) for rank, each in enumerate((piece, *others)[:top])]}
            for piece in pieces(text)
        ],
        "refusal": None,
    }


def _chunks(head: Object, answers: list[Answer], spent: Object | None, turn: Turn, top: int | None) -> Iterator[Object]:
    head = {**head, "object": "chat.completion.chunk", **({"usage": None} if spent else {})}

    def chunk(index: int, delta: Object, finish: str | None = None, logprobs: Object | None = None) -> Object:
        return {**head, "choices": [{"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": finish}]}

    for index, each in enumerate(answers):
        yield chunk(index, {"role": "assistant", "content": None if each.calls else "", "refusal": None})
        for piece in pieces(each.reasoning):
            yield chunk(index, {"reasoning_content": piece})
        for piece in pieces(each.text):
            yield chunk(index, {"content": piece}, logprobs=_logprobs(piece, top))
        for number, call in enumerate(_tool_calls(each, index, turn)):
            if "mistral" in head["model"]:
                yield chunk(index, {"tool_calls": [{**call, "index": number}]})
                continue
            empty = {**call["function"], "arguments": ""}
            yield chunk(index, {"tool_calls": [{**call, "index": number, "function": empty}]})
            for piece in pieces(call["function"]["arguments"]):
                yield chunk(index, {"tool_calls": [{"index": number, "function": {"arguments": piece}}]})
        yield chunk(index, {}, _finish(each))
    if spent:
        yield {**head, "choices": [], "usage": spent}
