"""Rows of openai beside the chat: responses, media, and what its helpers make of an answer. Each sync and async."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from importlib import import_module
from typing import Any

from calls import CHAT, KEY, MESSAGES, TOOLS, WEATHER, Table, all_from, all_of, dumped
from pydantic import BaseModel

TABLE = Table()
SOUND = ("hello.wav", b"RIFF0000WAVEfmt ", "audio/wav")
PICTURE = ("cat.png", b"\x89PNG\r\n\x1a\n0000", "image/png")
ASKED = {"model": "gpt-4o", "input": "Hello"}


class City(BaseModel):
    name: str
    inhabitants: int


def client(url: str, name: str = "OpenAI") -> Any:
    return getattr(import_module("openai"), name)(base_url=f"{url}/v1", api_key=KEY)


def both(form: str, *, counted: bool = True) -> Callable[[Callable[[Any], Any]], None]:
    """A row of each way, of one function from a client to what it was answered."""

    def add(ask: Callable[[Any], Any]) -> None:
        @TABLE.row("openai", "sync", form, "openai", counted=counted)
        def _sync(url: str) -> Any:
            result = ask(client(url))
            return all_of(result) if form.endswith("stream") else told(result)

        @TABLE.row("openai", "async", form, "openai", counted=counted)
        async def _async(url: str) -> Any:
            result = await ask(client(url, "AsyncOpenAI"))
            return await all_from(result) if form.endswith("stream") else told(result)

    return add


def told(result: Any) -> Any:
    return result.content if hasattr(result, "iter_bytes") else dumped(result)


both("responses")(lambda made: made.responses.create(**ASKED))
both("responses stream")(lambda made: made.responses.create(**ASKED, stream=True))
both("responses tools")(
    lambda made: made.responses.create(
        model="gpt-4o", input=WEATHER, tools=[{"type": "function", **TOOLS[0]["function"], "strict": False}]
    )
)
both("responses.parse")(lambda made: made.responses.parse(**ASKED, text_format=City))
both("responses.input_tokens", counted=False)(lambda made: made.responses.input_tokens.count(**ASKED))
both("responses.compact")(lambda made: made.responses.compact(model="gpt-5", input=WEATHER))
both("chat.parse")(lambda made: made.chat.completions.parse(**CHAT, response_format=City))
both("completions")(lambda made: made.completions.create(model="gpt-3.5-turbo-instruct", prompt="Hello"))
both("completions stream", counted=False)(
    lambda made: made.completions.create(model="gpt-3.5-turbo-instruct", prompt="Hello", stream=True)
)
both("embeddings base64")(
    lambda made: made.embeddings.create(model="text-embedding-3-small", input="a", encoding_format="base64")
)
both("moderations", counted=False)(lambda made: made.moderations.create(input="Hello"))
both("images")(lambda made: made.images.generate(prompt="A cat", model="dall-e-3", response_format="b64_json"))
both("image edits")(lambda made: made.images.edit(image=PICTURE, prompt="A hat", model="gpt-image-1"))
both("image variations")(lambda made: made.images.create_variation(image=PICTURE, response_format="b64_json"))
both("speech", counted=False)(lambda made: made.audio.speech.create(model="tts-1", voice="alloy", input="Hello"))
both("transcriptions", counted=False)(lambda made: made.audio.transcriptions.create(model="whisper-1", file=SOUND))


@TABLE.row("openai", "sync", "chat.stream", "openai", counted=False)
def _helper(url: str) -> Any:
    with client(url).chat.completions.stream(**CHAT) as stream:
        return all_of(stream), dumped(stream.get_final_completion())


@TABLE.row("openai", "async", "chat.stream", "openai", counted=False)
async def _ahelper(url: str) -> Any:
    async with client(url, "AsyncOpenAI").chat.completions.stream(**CHAT) as stream:
        return await all_from(stream), dumped(await stream.get_final_completion())


@TABLE.row("openai", "sync", "responses.stream", "openai")
def _responses_helper(url: str) -> Any:
    with client(url).responses.stream(**ASKED) as stream:
        return all_of(stream), dumped(stream.get_final_response())


@TABLE.row("openai", "async", "responses.stream", "openai")
async def _aresponses_helper(url: str) -> Any:
    async with client(url, "AsyncOpenAI").responses.stream(**ASKED) as stream:
        return await all_from(stream), dumped(await stream.get_final_response())


def seen(raw: Any, parsed: Any) -> Any:
    assert raw.elapsed.total_seconds() >= 0
    kept = {name: raw.headers[name] for name in ("content-type", "x-request-id", "x-ratelimit-remaining-requests")}
    return kept, raw.status_code, raw.http_version, raw.text, dumped(parsed), parsed._request_id, raw.retries_taken


@TABLE.row("openai", "sync", "with_raw_response", "openai")
def _raw(url: str) -> Any:
    raw = client(url).chat.completions.with_raw_response.create(**CHAT)
    return seen(raw, raw.parse())


@TABLE.row("openai", "async", "with_raw_response", "openai")
async def _araw(url: str) -> Any:
    raw = await client(url, "AsyncOpenAI").chat.completions.with_raw_response.create(**CHAT)
    parsed = raw.parse()
    return seen(raw, await parsed if inspect.isawaitable(parsed) else parsed)


@TABLE.row("openai", "sync", "with_streaming_response", "openai")
def _streaming(url: str) -> Any:
    with client(url).chat.completions.with_streaming_response.create(**CHAT) as raw:
        return b"".join(raw.iter_bytes())


@TABLE.row("openai", "async", "with_streaming_response", "openai")
async def _astreaming(url: str) -> Any:
    async with client(url, "AsyncOpenAI").chat.completions.with_streaming_response.create(**CHAT) as raw:
        return b"".join([piece async for piece in raw.iter_bytes()])


@TABLE.row("openai", "sync", "speech with_streaming_response", "openai", counted=False)
def _speech(url: str) -> Any:
    asked = {"model": "tts-1", "voice": "alloy", "input": "Hello"}
    with client(url).audio.speech.with_streaming_response.create(**asked) as raw:
        return b"".join(raw.iter_bytes(100))


@TABLE.row("openai", "sync", "chat of pieces", "openai")
def _pieces(url: str) -> Any:
    """A picture, and a setting that no release knows."""
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}
    content = [{"type": "text", "text": MESSAGES[0]["content"]}, picture]
    said = [{"role": "user", "content": content}]
    return dumped(client(url).chat.completions.create(model="gpt-4o", messages=said, extra_body={"top_k": 3}))
