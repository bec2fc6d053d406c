"""Rows of the matrix below the SDKs: the transports as an application uses them itself."""

from __future__ import annotations

import json
from importlib import import_module
from tempfile import TemporaryFile
from typing import Any

from calls import CHAT, Table

PATH = "/v1/chat/completions"
STREAM = {**CHAT, "stream": True}
TABLE = Table()


for _library in ("httpx", "httpx2"):

    @TABLE.row(_library, "sync", "post", _library)
    def _post(url: str, library: str = _library) -> Any:
        response = import_module(library).post(url + PATH, json=CHAT)
        assert response.elapsed.total_seconds() >= 0
        return response.raise_for_status().json(), response.text, response.reason_phrase, response.http_version

    @TABLE.row(_library, "sync", "stream by lines", _library, counted=False)
    def _lines(url: str, library: str = _library) -> Any:
        with import_module(library).Client() as client, client.stream("POST", url + PATH, json=STREAM) as response:
            return list(response.iter_lines())

    @TABLE.row(_library, "sync", "body in pieces", _library)
    def _pieces(url: str, library: str = _library) -> Any:
        body = iter([json.dumps(CHAT).encode()])
        return import_module(library).post(url + PATH, content=body).json()

    @TABLE.row(_library, "async", "async stream", _library, counted=False)
    async def _astream(url: str, library: str = _library) -> Any:
        client = import_module(library).AsyncClient()
        async with client, client.stream("POST", url + PATH, json=STREAM) as response:
            return b"".join([piece async for piece in response.aiter_raw()])


@TABLE.row("aiohttp", "async", "json", "aiohttp")
async def _aiohttp(url: str) -> Any:
    async with import_module("aiohttp").ClientSession() as session, session.post(url + PATH, json=CHAT) as response:
        return response.status, response.reason, response.method, str(response.url), await response.json()


@TABLE.row("aiohttp", "async", "base url, lines", "aiohttp", counted=False)
async def _aiohttp_lines(url: str) -> Any:
    session = import_module("aiohttp").ClientSession(base_url=url, raise_for_status=True)
    async with session, session.post(PATH, data=json.dumps(STREAM)) as response:
        return [line async for line in response.content]


@TABLE.row("aiohttp", "async", "text of a body in pieces", "aiohttp")
async def _aiohttp_pieces(url: str) -> Any:
    async def body() -> Any:
        yield json.dumps(CHAT).encode()

    async with import_module("aiohttp").ClientSession() as session:
        response = await session.post(url + PATH, data=body())
        return await response.text(), response.headers["x-request-id"]


@TABLE.row("aiohttp", "async", "form", "aiohttp", counted=False)
async def _aiohttp_form(url: str) -> Any:
    aiohttp = import_module("aiohttp")
    form = aiohttp.FormData()
    form.add_field("model", "whisper-1")
    form.add_field("file", b"RIFF0000WAVEfmt ", filename="hello.wav", content_type="audio/wav")
    async with aiohttp.ClientSession() as session, session.post(f"{url}/v1/audio/transcriptions", data=form) as answer:
        return await answer.json()


@TABLE.row("aiohttp", "async", "traces", "aiohttp")
async def _aiohttp_traces(url: str) -> Any:
    aiohttp, told = import_module("aiohttp"), []

    async def note(session: Any, context: Any, params: Any) -> None:
        answered = getattr(params, "response", None)
        told.append((params.method, str(params.url), context.trace_request_ctx, answered and answered.status))

    traces = aiohttp.TraceConfig()
    for signal in (traces.on_request_start, traces.on_request_end, traces.on_request_exception):
        signal.append(note)
    session = aiohttp.ClientSession(trace_configs=[traces])
    async with session, session.post(url + PATH, json=CHAT, trace_request_ctx="ours") as response:
        assert len(told) == 2
        return told, await response.json()


@TABLE.row("requests", "sync", "json", "requests")
def _requests(url: str) -> Any:
    response = import_module("requests").post(url + PATH, json=CHAT)
    return response.status_code, response.reason, response.json(), response.encoding, response.headers["x-request-id"]


@TABLE.row("requests", "sync", "stream by lines", "requests", counted=False)
def _requests_lines(url: str) -> Any:
    with import_module("requests").post(url + PATH, json=STREAM, stream=True) as response:
        return list(response.iter_lines())


@TABLE.row("requests", "sync", "body in a file", "requests")
def _requests_file(url: str) -> Any:
    with TemporaryFile() as file:
        file.write(json.dumps(CHAT).encode())
        file.seek(0)
        return import_module("requests").post(url + PATH, data=file).json()


@TABLE.row("requests", "sync", "body in pieces", "requests")
def _requests_pieces(url: str) -> Any:
    text = json.dumps(CHAT)
    return import_module("requests").post(url + PATH, data=(piece.encode() for piece in (text[:9], text[9:]))).json()


@TABLE.row("urllib3", "sync", "request", "urllib3")
def _urllib3(url: str) -> Any:
    return import_module("urllib3").PoolManager().request("POST", url + PATH, json=CHAT).json()


@TABLE.row("urllib3", "sync", "not preloaded", "urllib3", counted=False)
def _urllib3_stream(url: str) -> Any:
    response = import_module("urllib3").PoolManager().request("POST", url + PATH, json=STREAM, preload_content=False)
    return list(response.stream())


for _package in ("lm15", "dspy._vendor.lm15"):

    @TABLE.row(_package, "sync", "read", f"{_package}.transports")
    def _lm15(url: str, package: str = _package) -> Any:
        transports = import_module(f"{package}.transports")
        with (
            transports.StdlibTransport() as transport,
            transport.stream(_lm15_request(transports, url, CHAT)) as answer,
        ):
            return answer.status, answer.reason, answer.http_version, answer.header("Content-Type"), answer.read()

    @TABLE.row(_package, "sync", "by lines", f"{_package}.transports", counted=False)
    def _lm15_lines(url: str, package: str = _package) -> Any:
        transports = import_module(f"{package}.transports")
        transport = transports.StdlibTransport()
        with transport, transport.stream(_lm15_request(transports, url, STREAM)) as answer:
            return list(answer.iter_lines())

    @TABLE.row(_package, "async", "entered, by lines", f"{_package}.transports", counted=False)
    async def _lm15_entered(url: str, package: str = _package) -> Any:
        transports = import_module(f"{package}.transports")
        transport = transports.StdlibAsyncTransport()
        async with transport, transport.stream(_lm15_request(transports, url, STREAM)) as answer:
            return answer.status, [line async for line in answer.aiter_lines()]

    @TABLE.row(_package, "async", "awaited", f"{_package}.transports")
    async def _lm15_awaited(url: str, package: str = _package) -> Any:
        transports = import_module(f"{package}.transports")
        async with transports.StdlibAsyncTransport() as transport:
            answer = await transport.stream(_lm15_request(transports, url, CHAT))
            try:
                return answer.reason, await answer.read()
            finally:
                await answer.aclose()


def _lm15_request(transports: Any, url: str, body: dict[str, Any]) -> Any:
    headers = [("content-type", "application/json"), ("accept-encoding", "identity")]
    return transports.TransportRequest("POST", url + PATH, headers, json.dumps(body).encode())
