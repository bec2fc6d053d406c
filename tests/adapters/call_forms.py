"""Every way in which litellm is called, a row each: a name, and a function that makes the call.

To cover one more form, add one row. A row whose call makes other than one request to the provider says how many.
"""

from __future__ import annotations

import base64
import io
import os
import wave
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import litellm
from litellm import acompletion as early_acompletion
from litellm import completion as early_completion
from pydantic import BaseModel

CHAT, CLAUDE, REASONER = "openai/gpt-4o-mini", "anthropic/claude-sonnet-4-5", "openai/reasoner"
MESSAGES = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "What is the capital of France?"}]
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "The weather in a city",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        },
    }
]
FLAT_TOOLS = [{"type": "function", **TOOLS[0]["function"]}]
WEATHER = [{"role": "user", "content": "What is the weather in Oslo and in Rome?"}]
PIXEL = base64.b64encode(b"\x89PNG\r\n\x1a\n a picture of one pixel").decode()


class Ticket(BaseModel):
    category: Literal["billing", "technical", "other"]
    urgent: bool
    summary: str


@dataclass(frozen=True)
class Form:
    name: str
    call: Callable[[], Any]
    awaited: bool = False
    requests: int = 1
    needs: str = ""


def forms(
    name: str, blocking: Callable[..., Any] | None, awaited: Callable[..., Any] | None, **asked: Any
) -> list[Form]:
    """The same question asked through a blocking function and through an awaited one."""
    made = []
    if blocking is not None:
        made.append(Form(name, lambda: blocking(**asked)))
    if awaited is not None:
        made.append(Form(f"{name}, awaited", lambda: awaited(**asked), awaited=True))
    return made


async def anthropic_messages(**asked: Any) -> Any:
    """Older releases of litellm do not look for the endpoint of this call in the environment."""
    return await litellm.anthropic_messages(api_base=os.environ.get("ANTHROPIC_API_BASE"), **asked)


def chat(name: str, **asked: Any) -> list[Form]:
    """A chat in its four forms: whole and streamed, blocking and awaited."""
    asked = {"model": CHAT, "messages": MESSAGES, **asked}
    return [
        *forms(f"chat, {name}", litellm.completion, litellm.acompletion, **asked),
        *forms(f"chat, {name}, streamed", litellm.completion, litellm.acompletion, **asked, stream=True),
    ]


def said(*parts: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"role": "user", "content": [{"type": "text", "text": "What is this?"}, *parts]}]


def cached(text: str) -> list[dict[str, Any]]:
    part = {"type": "text", "text": text, "cache_control": {"type": "ephemeral"}}
    return [{"role": "system", "content": [part]}, MESSAGES[1]]


def sound() -> tuple[str, bytes]:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as out:
        out.setparams((1, 2, 8000, 0, "NONE", ""))
        out.writeframes(b"\0\0" * 80)
    return "note.wav", buffer.getvalue()


def router(model: str = CHAT, **options: Any) -> litellm.Router:
    groups = {"group": model, "spare": CHAT, "vectors": "openai/text-embedding-3-small"}
    deployments = [{"model_name": name, "litellm_params": {"model": each}} for name, each in groups.items()]
    return litellm.Router(model_list=deployments, num_retries=0, **options)


def routed(method: str, *, failing: bool = False, **asked: Any) -> Callable[[], Any]:
    model = "openai/error-400" if failing else CHAT
    options = {"fallbacks": [{"group": ["spare"]}]} if failing else {}
    return lambda: getattr(router(model, **options), method)(**{"model": "group", "messages": MESSAGES, **asked})


RERANK = {
    "model": "cohere/rerank-v3.5",
    "query": "broken lamp",
    "documents": ["a chair", "my lamp is broken"],
    "top_n": 1,
}


def reranked(function: Callable[..., Any]) -> Callable[[], Any]:
    return lambda: function(**RERANK, api_base=os.environ.get("COHERE_API_BASE"))


TEXT = litellm.text_completion, litellm.atext_completion
EMBED = litellm.embedding, litellm.aembedding
RESPOND = litellm.responses, litellm.aresponses
DRAW = litellm.image_generation, litellm.aimage_generation
HEAR = litellm.transcription, litellm.atranscription

FORMS = [
    *chat("plain"),
    *chat("usage at the end of a stream", stream_options={"include_usage": True}),
    *chat("several answers", n=2, temperature=0.7),
    *chat("logprobs", logprobs=True, top_logprobs=2),
    *chat("tools", messages=WEATHER, tools=TOOLS, tool_choice="auto"),
    *chat("a pydantic class as schema", response_format=Ticket),
    *chat("any JSON object", response_format={"type": "json_object"}),
    *chat("an image", messages=said({"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}})),
    *chat("a sound", messages=said({"type": "input_audio", "input_audio": {"data": PIXEL, "format": "wav"}})),
    *chat("reasoning", model=REASONER),
    *chat("a long prompt the provider has cached", messages=[{"role": "user", "content": "word " * 1500}]),
    *chat("cut at its limit", max_tokens=2),
    *chat("anthropic", model=CLAUDE),
    *chat("anthropic, tools", model=CLAUDE, messages=WEATHER, tools=TOOLS),
    *chat("anthropic, thinking", model=CLAUDE, thinking={"type": "enabled", "budget_tokens": 1024}, max_tokens=2048),
    *chat("anthropic, prompt cache", model=CLAUDE, messages=cached("Long rules. " * 400)),
    *chat("provider options nobody knows", extra_body={"a_new_option": {"depth": 3}}),
    Form("chat, by position", lambda: litellm.completion(CHAT, MESSAGES)),
    Form("chat, name bound early", lambda: early_completion(model=CHAT, messages=MESSAGES)),
    Form("chat, name bound early, awaited", lambda: early_acompletion(model=CHAT, messages=MESSAGES), awaited=True),
    Form("chat, litellm.main", lambda: litellm.main.completion(model=CHAT, messages=MESSAGES)),
    Form("chat, a client", lambda: litellm.LiteLLM().chat.completions.create(model=CHAT, messages=MESSAGES)),
    Form(
        "batch",
        lambda: litellm.batch_completion(model=CHAT, messages=[MESSAGES, WEATHER, MESSAGES]),
        requests=2,
    ),
    *forms("text", *TEXT, model="openai/gpt-3.5-turbo-instruct", prompt="Once"),
    *forms(
        "text, several prompts", *TEXT,
        model="text-completion-openai/gpt-3.5-turbo-instruct", prompt=["Once", "Twice"],
    ),
    *forms(
        "text, streamed", *TEXT,
        model="text-completion-openai/gpt-3.5-turbo-instruct", prompt="Once", stream=True,
    ),
    *forms("text by a chat model", *TEXT, model=CLAUDE, prompt="Once"),
    *forms("text by a chat model, streamed", *TEXT, model=CLAUDE, prompt="Once", stream=True),
    *forms("embedding", *EMBED, model="text-embedding-3-small", input=["a lamp", "a chair"]),
    *forms("embedding, short", *EMBED, model="text-embedding-3-small", input="a", dimensions=8),
    *forms("responses", *RESPOND, model=CHAT, input="What is the capital of Italy?"),
    *forms("responses, streamed", *RESPOND, model=CHAT, input="Hello", stream=True),
    *forms("responses, tools", *RESPOND, model=CHAT, input=WEATHER, tools=FLAT_TOOLS),
    *forms(
        "responses, tools, streamed", *RESPOND,
        model=CHAT, input=WEATHER, tools=FLAT_TOOLS, stream=True,
    ),
    *forms("responses, reasoning", *RESPOND, model=REASONER, input="Hello"),
    *forms("responses by anthropic", *RESPOND, model=CLAUDE, input="Hello"),
    *forms("responses by anthropic, streamed", *RESPOND, model=CLAUDE, input="Hello", stream=True),
    *forms("messages", None, anthropic_messages, model=CLAUDE, messages=MESSAGES[1:], max_tokens=99),
    Form(
        "messages, streamed",
        lambda: anthropic_messages(model=CLAUDE, messages=MESSAGES[1:], max_tokens=99, stream=True),
        awaited=True,
        needs="fastapi",
    ),
    *forms("messages by openai", None, litellm.anthropic_messages, model=CHAT, messages=MESSAGES[1:], max_tokens=99),
    *forms(
        "messages by openai, streamed", None, litellm.anthropic_messages,
        model=CHAT, messages=MESSAGES[1:], max_tokens=99, stream=True,
    ),
    *forms("image", *DRAW, model="gpt-image-1", prompt="a red lamp"),
    *forms("image, a link", *DRAW, model="dall-e-3", prompt="a red lamp"),
    *forms("transcription", *HEAR, model="whisper-1", file=sound()),
    *forms(
        "transcription, verbose", *HEAR,
        model="whisper-1", file=sound(), response_format="verbose_json",
    ),
    *forms("speech", litellm.speech, litellm.aspeech, model="openai/tts-1", voice="alloy", input="Good morning"),
    Form("rerank", reranked(litellm.rerank)),
    Form("rerank, awaited", reranked(litellm.arerank), awaited=True),
    *forms("moderation", litellm.moderation, litellm.amoderation, model="omni-moderation-latest", input="hello"),
    Form("router", routed("completion")),
    Form("router, awaited", routed("acompletion"), awaited=True),
    Form("router, streamed", routed("completion", stream=True)),
    Form("router, streamed, awaited", routed("acompletion", stream=True), awaited=True),
    Form("router, fallback", routed("completion", failing=True), requests=2),
    Form("router, fallback, awaited", routed("acompletion", failing=True), awaited=True, requests=2),
    Form("router, fallback, streamed", routed("completion", failing=True, stream=True), requests=2),
    Form("router, embedding", lambda: router().embedding(model="vectors", input=["a lamp"])),
    Form("router, embedding, awaited", lambda: router().aembedding(model="vectors", input=["a lamp"]), awaited=True),
    Form("router, responses, awaited", lambda: router().aresponses(model="group", input="Hello"), awaited=True),
    Form("router, a client", lambda: router().chat.completions.create(model="group", messages=MESSAGES)),
]  # fmt: skip
