"""The contract matrix: one row a call form of an SDK. Each takes the provider's URL and gives all the caller sees.

To add an SDK, add its rows. A function whose module is not installed is skipped.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

KEY = "fake-key-for-tests"
MESSAGES = [{"role": "user", "content": "What is the capital of France?"}]
WEATHER = [{"role": "user", "content": "What is the weather in Paris?"}]
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOLS = [{"type": "function", "function": {"name": "get_weather", "description": "Weather", "parameters": CITY}}]
CLAUDE = {"model": "claude-opus-4-1", "max_tokens": 100, "messages": MESSAGES}
CHAT = {"model": "gpt-4o", "messages": MESSAGES}


@dataclass(frozen=True)
class Row:
    """A cell of the matrix: an SDK over a transport, and a form of call."""

    name: str
    modules: tuple[str, ...]
    call: Callable[[str], Any]

    def __str__(self) -> str:
        return self.name


ROWS: list[Row] = []


def row(name: str, *modules: str) -> Callable[[Callable[[str], Any]], Callable[[str], Any]]:
    def add(call: Callable[[str], Any]) -> Callable[[str], Any]:
        ROWS.append(Row(name, modules, call))
        return call

    return add


def dumped(result: Any) -> Any:
    """A result as plain data, whatever the SDK made it of."""
    if hasattr(result, "model_dump"):
        return result.model_dump(warnings=False)
    return vars(result) if hasattr(result, "__dict__") and not isinstance(result, dict) else result


def all_of(stream: Iterable[Any]) -> list[Any]:
    return [dumped(item) for item in stream]


async def all_from(stream: AsyncIterator[Any]) -> list[Any]:
    return [dumped(item) async for item in stream]


def awaited(main: Callable[[str], Awaitable[Any]]) -> Callable[[str], Any]:
    return lambda url: asyncio.run(main(url))  # type: ignore[arg-type]


def openai_like(sdk: str, blocking: str, awaitable: str, path: str, *others: str, **options: Any) -> None:
    """The rows of an SDK that is called as openai's own is. `options` make its HTTP clients."""

    def client(name: str, url: str, http: Any) -> Any:
        named = {"http_client": http()} if http else {}
        return getattr(import_module(sdk), name)(base_url=url + path, api_key=KEY, **named)

    label = " over ".join((sdk, *others[-1:]))
    modules = (sdk, *others)
    http, ahttp = options.get("http"), options.get("ahttp")
    forms: dict[str, dict[str, Any]] = {
        "": CHAT,
        " stream": {**CHAT, "stream": True},
        " tools": {**CHAT, "messages": WEATHER, "tools": TOOLS},
        " tools stream": {**CHAT, "messages": WEATHER, "tools": TOOLS, "stream": True},
    }
    for form, asked in forms.items():

        def call(url: str, asked: dict[str, Any] = asked) -> Any:
            with client(blocking, url, http) as made:
                result = made.chat.completions.create(**asked)
                return all_of(result) if "stream" in asked else dumped(result)

        async def acall(url: str, asked: dict[str, Any] = asked) -> Any:
            async with client(awaitable, url, ahttp) as made:
                result = await made.chat.completions.create(**asked)
                return await all_from(result) if "stream" in asked else dumped(result)

        if http is not None or ahttp is None:
            row(f"{label} sync{form}", *modules)(call)
        row(f"{label} async{form}", *modules)(awaited(acall))


openai_like("openai", "OpenAI", "AsyncOpenAI", "/v1", "httpx")
openai_like(
    "openai",
    "OpenAI",
    "AsyncOpenAI",
    "/v1",
    "httpx2",
    http=lambda: import_module("httpx2").Client(),
    ahttp=lambda: import_module("httpx2").AsyncClient(),
)
openai_like(
    "openai",
    "OpenAI",
    "AsyncOpenAI",
    "/v1",
    "httpx_aiohttp",
    ahttp=lambda: import_module("openai").DefaultAioHttpClient(),
)
openai_like("groq", "Groq", "AsyncGroq", "")
openai_like("together", "Together", "AsyncTogether", "/v1")


def openai_client(url: str) -> Any:
    return import_module("openai").OpenAI(base_url=f"{url}/v1", api_key=KEY)


@row("openai embeddings", "openai")
def _embeddings(url: str) -> Any:
    return dumped(openai_client(url).embeddings.create(model="text-embedding-3-small", input=["a", "b"]))


@row("openai responses", "openai")
def _responses(url: str) -> Any:
    return dumped(openai_client(url).responses.create(model="gpt-4o", input="Hello"))


@row("openai responses stream", "openai")
def _responses_stream(url: str) -> Any:
    return all_of(openai_client(url).responses.create(model="gpt-4o", input="Hello", stream=True))


@row("openai completions", "openai")
def _completions(url: str) -> Any:
    return dumped(openai_client(url).completions.create(model="gpt-3.5-turbo-instruct", prompt="Hello"))


@row("openai moderations", "openai")
def _moderations(url: str) -> Any:
    return dumped(openai_client(url).moderations.create(input="Hello"))


@row("openai images", "openai")
def _images(url: str) -> Any:
    return dumped(openai_client(url).images.generate(prompt="A cat", model="dall-e-3", response_format="b64_json"))


@row("openai speech", "openai")
def _speech(url: str) -> Any:
    return openai_client(url).audio.speech.create(model="tts-1", voice="alloy", input="Hello").content


@row("openai transcriptions", "openai")
def _transcriptions(url: str) -> Any:
    sound = ("hello.wav", b"RIFF0000WAVEfmt ", "audio/wav")
    return dumped(openai_client(url).audio.transcriptions.create(model="whisper-1", file=sound))


@row("openai stream helper", "openai")
def _stream_helper(url: str) -> Any:
    with openai_client(url).chat.completions.stream(**CHAT) as stream:
        events = [event.type for event in stream]
        return events, dumped(stream.get_final_completion())


@row("openai raw response", "openai")
def _raw_response(url: str) -> Any:
    raw = openai_client(url).chat.completions.with_raw_response.create(**CHAT)
    assert raw.elapsed.total_seconds() >= 0
    kept = {name: raw.headers[name] for name in ("content-type", "x-request-id", "x-ratelimit-remaining-requests")}
    return kept, raw.status_code, raw.http_version, raw.text, raw.parse()._request_id, raw.retries_taken


@row("openai streaming response", "openai")
def _streaming_response(url: str) -> Any:
    with openai_client(url).chat.completions.with_streaming_response.create(**CHAT) as raw:
        return b"".join(raw.iter_bytes())


def claude(url: str) -> Any:
    return import_module("anthropic").Anthropic(base_url=url, api_key=KEY)


def aclaude(url: str) -> Any:
    return import_module("anthropic").AsyncAnthropic(base_url=url, api_key=KEY)


@row("anthropic sync", "anthropic")
def _claude(url: str) -> Any:
    message = claude(url).messages.create(**CLAUDE)
    return dumped(message), message._request_id


@row("anthropic sync tools", "anthropic")
def _claude_tools(url: str) -> Any:
    tools = [{"name": "get_weather", "description": "Weather", "input_schema": CITY}]
    return dumped(claude(url).messages.create(**{**CLAUDE, "messages": WEATHER, "tools": tools}))


@row("anthropic sync stream", "anthropic")
def _claude_stream(url: str) -> Any:
    return all_of(claude(url).messages.create(**CLAUDE, stream=True))


@row("anthropic sync stream helper", "anthropic")
def _claude_helper(url: str) -> Any:
    with claude(url).messages.stream(**CLAUDE) as stream:
        return list(stream.text_stream), dumped(stream.get_final_message())


@row("anthropic async", "anthropic")
@awaited
async def _aclaude(url: str) -> Any:
    return dumped(await aclaude(url).messages.create(**CLAUDE))


@row("anthropic async stream helper", "anthropic")
@awaited
async def _aclaude_helper(url: str) -> Any:
    async with aclaude(url).messages.stream(**CLAUDE) as stream:
        return [text async for text in stream.text_stream], dumped(await stream.get_final_message())


def mistral(url: str) -> Any:
    module = import_module("mistralai")
    return getattr(module, "Mistral", None) or import_module("mistralai.client").Mistral


@row("mistralai sync", "mistralai")
def _mistral(url: str) -> Any:
    return dumped(mistral(url)(server_url=url, api_key=KEY).chat.complete(**CHAT))


@row("mistralai sync stream", "mistralai")
def _mistral_stream(url: str) -> Any:
    return all_of(mistral(url)(server_url=url, api_key=KEY).chat.stream(**CHAT))


@row("mistralai async", "mistralai")
@awaited
async def _amistral(url: str) -> Any:
    return dumped(await mistral(url)(server_url=url, api_key=KEY).chat.complete_async(**CHAT))


@row("mistralai async stream", "mistralai")
@awaited
async def _amistral_stream(url: str) -> Any:
    return await all_from(await mistral(url)(server_url=url, api_key=KEY).chat.stream_async(**CHAT))


@row("huggingface_hub sync", "huggingface_hub")
def _hub(url: str) -> Any:
    client = import_module("huggingface_hub").InferenceClient(base_url=f"{url}/v1", api_key=KEY)
    return client.chat_completion(MESSAGES, model="m")


@row("huggingface_hub sync stream", "huggingface_hub")
def _hub_stream(url: str) -> Any:
    client = import_module("huggingface_hub").InferenceClient(base_url=f"{url}/v1", api_key=KEY)
    return list(client.chat_completion(MESSAGES, model="m", stream=True))


@row("huggingface_hub async", "huggingface_hub")
@awaited
async def _ahub(url: str) -> Any:
    client = import_module("huggingface_hub").AsyncInferenceClient(base_url=f"{url}/v1", api_key=KEY)
    return await client.chat_completion(MESSAGES, model="m")


@row("huggingface_hub async stream", "huggingface_hub")
@awaited
async def _ahub_stream(url: str) -> Any:
    client = import_module("huggingface_hub").AsyncInferenceClient(base_url=f"{url}/v1", api_key=KEY)
    return [item async for item in await client.chat_completion(MESSAGES, model="m", stream=True)]


@row("voyageai sync embeddings", "voyageai")
def _voyage(url: str) -> Any:
    return import_module("voyageai").Client(api_key=KEY, base_url=f"{url}/v1").embed(["a"], model="voyage-3").embeddings


@row("voyageai async embeddings", "voyageai")
@awaited
async def _avoyage(url: str) -> Any:
    client = import_module("voyageai").AsyncClient(api_key=KEY, base_url=f"{url}/v1")
    return (await client.embed(["a"], model="voyage-3")).embeddings
