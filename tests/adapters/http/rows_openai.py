"""Rows of openai and of the SDKs that are called as it is: chat completions, over every transport they take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

from calls import CHAT, KEY, TOOLS, WEATHER, Table, all_from, all_of, dumped

TABLE = Table()
ASKED: dict[str, dict[str, Any]] = {
    "chat": CHAT,
    "chat stream": {**CHAT, "stream": True},
    "tools": {**CHAT, "messages": WEATHER, "tools": TOOLS},
    "tools stream": {**CHAT, "messages": WEATHER, "tools": TOOLS, "stream": True},
}
EMBED = {"model": "text-embedding-3-small", "input": ["a", "b"]}


@dataclass(frozen=True)
class OpenAILike:
    """An SDK that is called as openai is. `http` and `ahttp` make the HTTP clients it is to use in place of its own."""

    sdk: str
    blocking: str
    awaitable: str
    path: str
    over: str = ""
    http: Callable[[], Any] | None = None
    ahttp: Callable[[], Any] | None = None

    @property
    def label(self) -> str:
        return f"{self.sdk} over {self.over}" if self.over else self.sdk

    def client(self, url: str) -> Any:
        return self._made(self.blocking, url, self.http)

    def aclient(self, url: str) -> Any:
        return self._made(self.awaitable, url, self.ahttp)

    def _made(self, name: str, url: str, http: Callable[[], Any] | None) -> Any:
        options = {"http_client": http()} if http else {}
        return getattr(import_module(self.sdk), name)(base_url=url + self.path, api_key=KEY, **options)


def chats(like: OpenAILike, *modules: str) -> None:
    """Add the rows of its chat."""
    for form, asked in ASKED.items():

        def call(url: str, asked: dict[str, Any] = asked) -> Any:
            with like.client(url) as made:
                result = made.chat.completions.create(**asked)
                return all_of(result) if "stream" in asked else dumped(result)

        async def acall(url: str, asked: dict[str, Any] = asked) -> Any:
            async with like.aclient(url) as made:
                result = await made.chat.completions.create(**asked)
                return await all_from(result) if "stream" in asked else dumped(result)

        # Without `stream_options` OpenAI's streams tell no usage.
        counted = "stream" not in asked
        if like.http is not None or like.ahttp is None:
            TABLE.row(like.label, "sync", form, like.sdk, *modules, counted=counted)(call)
        TABLE.row(like.label, "async", form, like.sdk, *modules, counted=counted)(acall)


def embeddings(like: OpenAILike) -> None:
    """Add the rows of its embeddings."""

    @TABLE.row(like.label, "sync", "embeddings", like.sdk)
    def _embed(url: str) -> Any:
        with like.client(url) as made:
            return dumped(made.embeddings.create(**EMBED))

    @TABLE.row(like.label, "async", "embeddings", like.sdk)
    async def _aembed(url: str) -> Any:
        async with like.aclient(url) as made:
            return dumped(await made.embeddings.create(**EMBED))


def made_by(module: str, name: str) -> Callable[[], Any]:
    return lambda: getattr(import_module(module), name)()


OPENAI = OpenAILike("openai", "OpenAI", "AsyncOpenAI", "/v1")
chats(OPENAI)
embeddings(OPENAI)
for _library in ("httpx", "httpx2"):
    _http, _ahttp = made_by(_library, "Client"), made_by(_library, "AsyncClient")
    chats(replace(OPENAI, over=_library, http=_http, ahttp=_ahttp), _library)
chats(replace(OPENAI, over="aiohttp", ahttp=made_by("openai", "DefaultAioHttpClient")), "httpx_aiohttp")
TOGETHER = OpenAILike("together", "Together", "AsyncTogether", "/v1")
chats(TOGETHER)
embeddings(TOGETHER)
GROQ = OpenAILike("groq", "Groq", "AsyncGroq", "")
chats(GROQ)
embeddings(GROQ)
FIREWORKS = OpenAILike("fireworks", "Fireworks", "AsyncFireworks", "")
chats(FIREWORKS)


for _like in (TOGETHER, FIREWORKS):

    @TABLE.row(_like.label, "sync", "completions", _like.sdk)
    def _complete(url: str, like: OpenAILike = _like) -> Any:
        with like.client(url) as made:
            return dumped(made.completions.create(model="m", prompt="Hello"))

    @TABLE.row(_like.label, "sync", "completions stream", _like.sdk, counted=False)
    def _complete_stream(url: str, like: OpenAILike = _like) -> Any:
        with like.client(url) as made:
            return all_of(made.completions.create(model="m", prompt="Hello", stream=True))

    @TABLE.row(_like.label, "async", "completions", _like.sdk)
    async def _acomplete(url: str, like: OpenAILike = _like) -> Any:
        async with like.aclient(url) as made:
            return dumped(await made.completions.create(model="m", prompt="Hello"))

    @TABLE.row(_like.label, "async", "completions stream", _like.sdk, counted=False)
    async def _acomplete_stream(url: str, like: OpenAILike = _like) -> Any:
        async with like.aclient(url) as made:
            return await all_from(await made.completions.create(model="m", prompt="Hello", stream=True))


def azure(name: str, url: str) -> Any:
    cls = getattr(import_module("openai"), name)
    return cls(azure_endpoint=url, api_key=KEY, api_version="2025-01-01", azure_deployment="my-gpt")


for _form, _asked in ASKED.items():

    @TABLE.row("openai (Azure)", "sync", _form, "openai", counted="stream" not in _asked)
    def _azure(url: str, asked: dict[str, Any] = _asked) -> Any:
        result = azure("AzureOpenAI", url).chat.completions.create(**asked)
        return all_of(result) if "stream" in asked else dumped(result)

    @TABLE.row("openai (Azure)", "async", _form, "openai", counted="stream" not in _asked)
    async def _aazure(url: str, asked: dict[str, Any] = _asked) -> Any:
        result = await azure("AsyncAzureOpenAI", url).chat.completions.create(**asked)
        return await all_from(result) if "stream" in asked else dumped(result)


@TABLE.row("openai (Azure)", "sync", "embeddings", "openai")
def _azure_embed(url: str) -> Any:
    return dumped(azure("AzureOpenAI", url).embeddings.create(**EMBED))


@TABLE.row("openai (Azure)", "async", "embeddings", "openai")
async def _aazure_embed(url: str) -> Any:
    return dumped(await azure("AsyncAzureOpenAI", url).embeddings.create(**EMBED))
