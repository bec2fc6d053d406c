"""Rows of the matrix below the SDKs: the transports as an application uses them itself."""

from __future__ import annotations

import json
from importlib import import_module
from typing import Any

from calls import CHAT, Row, awaited

PATH = "/v1/chat/completions"
STREAM = {**CHAT, "stream": True}
TRANSPORTS: list[Row] = []


def row(name: str, *modules: str) -> Any:
    return lambda call: TRANSPORTS.append(Row(name, modules, call))


for _library in ("httpx", "httpx2"):

    @row(f"{_library} post", _library)
    def _post(url: str, library: str = _library) -> Any:
        response = import_module(library).post(url + PATH, json=CHAT)
        assert response.elapsed.total_seconds() >= 0
        return response.raise_for_status().json(), response.text, response.reason_phrase, response.http_version

    @row(f"{_library} stream by lines", _library)
    def _lines(url: str, library: str = _library) -> Any:
        with import_module(library).Client() as client, client.stream("POST", url + PATH, json=STREAM) as response:
            return list(response.iter_lines())

    @row(f"{_library} body in pieces", _library)
    def _pieces(url: str, library: str = _library) -> Any:
        body = iter([json.dumps(CHAT).encode()])
        return import_module(library).post(url + PATH, content=body).json()

    @row(f"{_library} async stream", _library)
    @awaited
    async def _astream(url: str, library: str = _library) -> Any:
        client = import_module(library).AsyncClient()
        async with client, client.stream("POST", url + PATH, json=STREAM) as response:
            return b"".join([piece async for piece in response.aiter_raw()])


@row("aiohttp json", "aiohttp")
@awaited
async def _aiohttp(url: str) -> Any:
    async with import_module("aiohttp").ClientSession() as session, session.post(url + PATH, json=CHAT) as response:
        return response.status, response.reason, response.method, str(response.url), await response.json()


@row("aiohttp base url, lines", "aiohttp")
@awaited
async def _aiohttp_lines(url: str) -> Any:
    session = import_module("aiohttp").ClientSession(base_url=url, raise_for_status=True)
    async with session, session.post(PATH, data=json.dumps(STREAM)) as response:
        return [line async for line in response.content]


@row("aiohttp text of a body in pieces", "aiohttp")
@awaited
async def _aiohttp_pieces(url: str) -> Any:
    async def body() -> Any:
        yield json.dumps(CHAT).encode()

    async with import_module("aiohttp").ClientSession() as session:
        response = await session.post(url + PATH, data=body())
        return await response.text(), response.headers["x-request-id"]


@row("aiohttp form", "aiohttp")
@awaited
async def _aiohttp_form(url: str) -> Any:
    aiohttp = import_module("aiohttp")
    form = aiohttp.FormData()
    form.add_field("model", "whisper-1")
    form.add_field("file", b"RIFF0000WAVEfmt ", filename="hello.wav", content_type="audio/wav")
    async with aiohttp.ClientSession() as session, session.post(f"{url}/v1/audio/transcriptions", data=form) as answer:
        return await answer.json()


@row("requests json", "requests")
def _requests(url: str) -> Any:
    response = import_module("requests").post(url + PATH, json=CHAT)
    return response.status_code, response.reason, response.json(), response.encoding, response.headers["x-request-id"]


@row("requests stream by lines", "requests")
def _requests_lines(url: str) -> Any:
    with import_module("requests").post(url + PATH, json=STREAM, stream=True) as response:
        return list(response.iter_lines())


@row("urllib3 request", "urllib3")
def _urllib3(url: str) -> Any:
    return import_module("urllib3").PoolManager().request("POST", url + PATH, json=CHAT).json()


@row("urllib3 not preloaded", "urllib3")
def _urllib3_stream(url: str) -> Any:
    response = import_module("urllib3").PoolManager().request("POST", url + PATH, json=STREAM, preload_content=False)
    return list(response.stream())
