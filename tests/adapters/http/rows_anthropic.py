"""Rows of anthropic: its own API, and the same on Vertex AI and on Bedrock."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from calls import CITY, KEY, MESSAGES, WEATHER, Table, all_from, all_of, dumped

TABLE = Table()
ASKED = {"model": "claude-opus-4-1", "max_tokens": 100, "messages": MESSAGES}
TOOLS = [{"name": "get_weather", "description": "Weather", "input_schema": CITY}]
COUNTED = {"model": "claude-opus-4-1", "messages": MESSAGES, "system": "Be brief.", "tools": TOOLS}
CALLING = {**ASKED, "messages": WEATHER, "tools": TOOLS}


def plain(url: str) -> dict[str, Any]:
    return {"base_url": url, "api_key": KEY}


def vertex(url: str) -> dict[str, Any]:
    return {"base_url": url, "region": "us-east5", "project_id": "p", "access_token": KEY}


def bedrock(url: str) -> dict[str, Any]:
    fake = {"aws_access_key": "fake-access-key", "aws_secret_key": "fake-secret-key"}
    return {"base_url": url, "aws_region": "us-east-1", **fake}


def rows(sdk: str, name: str, options: Callable[[str], dict[str, Any]], *modules: str) -> None:
    def client(url: str) -> Any:
        return getattr(import_module("anthropic"), name)(**options(url))

    def aclient(url: str) -> Any:
        return getattr(import_module("anthropic"), f"Async{name}")(**options(url))

    for form, asked in (("messages", ASKED), ("tools", CALLING)):

        @TABLE.row(sdk, "sync", form, *modules)
        def _whole(url: str, asked: dict[str, Any] = asked) -> Any:
            message = client(url).messages.create(**asked)
            return dumped(message), message._request_id

        @TABLE.row(sdk, "sync", f"{form} stream", *modules)
        def _stream(url: str, asked: dict[str, Any] = asked) -> Any:
            return all_of(client(url).messages.create(**asked, stream=True))

        @TABLE.row(sdk, "async", form, *modules)
        async def _awhole(url: str, asked: dict[str, Any] = asked) -> Any:
            message = await aclient(url).messages.create(**asked)
            return dumped(message), message._request_id

        @TABLE.row(sdk, "async", f"{form} stream", *modules)
        async def _astream(url: str, asked: dict[str, Any] = asked) -> Any:
            return await all_from(await aclient(url).messages.create(**asked, stream=True))

    @TABLE.row(sdk, "sync", "messages.stream", *modules)
    def _helper(url: str) -> Any:
        with client(url).messages.stream(**ASKED) as stream:
            return list(stream.text_stream), dumped(stream.get_final_message())

    @TABLE.row(sdk, "async", "messages.stream", *modules)
    async def _ahelper(url: str) -> Any:
        async with aclient(url).messages.stream(**ASKED) as stream:
            return [text async for text in stream.text_stream], dumped(await stream.get_final_message())


def counts(sdk: str, name: str, options: Callable[[str], dict[str, Any]], *modules: str) -> None:
    """Rows of counting tokens. For Bedrock there are none: this SDK refuses to call what Bedrock has for it."""

    @TABLE.row(sdk, "sync", "count_tokens", *modules, counted=False)
    def _count(url: str) -> Any:
        client = getattr(import_module("anthropic"), name)(**options(url))
        return dumped(client.messages.count_tokens(**COUNTED))

    @TABLE.row(sdk, "async", "count_tokens", *modules, counted=False)
    async def _acount(url: str) -> Any:
        client = getattr(import_module("anthropic"), f"Async{name}")(**options(url))
        return dumped(await client.messages.count_tokens(**COUNTED))


rows("anthropic", "Anthropic", plain, "anthropic")
rows("anthropic (Vertex AI)", "AnthropicVertex", vertex, "anthropic", "google.auth")
rows("anthropic (Bedrock)", "AnthropicBedrock", bedrock, "anthropic", "botocore")
counts("anthropic", "Anthropic", plain, "anthropic")
counts("anthropic (Vertex AI)", "AnthropicVertex", vertex, "anthropic", "google.auth")


for _form, _more in (("messages", {}), ("messages stream", {"stream": True})):

    @TABLE.row("fireworks", "sync", _form, "fireworks")
    def _fireworks(url: str, more: dict[str, Any] = _more) -> Any:
        """This SDK gives the events of a stream as one text."""
        return dumped(import_module("fireworks").Fireworks(**plain(url)).messages.create(**ASKED, **more))

    @TABLE.row("fireworks", "async", _form, "fireworks")
    async def _afireworks(url: str, more: dict[str, Any] = _more) -> Any:
        return dumped(await import_module("fireworks").AsyncFireworks(**plain(url)).messages.create(**ASKED, **more))


@TABLE.row("anthropic", "sync", "with_raw_response", "anthropic")
def _raw(url: str) -> Any:
    raw = import_module("anthropic").Anthropic(**plain(url)).messages.with_raw_response.create(**ASKED)
    return raw.headers["request-id"], raw.status_code, dumped(raw.parse())


@TABLE.row("anthropic over aiohttp", "async", "messages stream", "anthropic", "httpx_aiohttp")
async def _aio(url: str) -> Any:
    anthropic = import_module("anthropic")
    async with anthropic.AsyncAnthropic(**plain(url), http_client=anthropic.DefaultAioHttpClient()) as client:
        return await all_from(await client.messages.create(**ASKED, stream=True))
