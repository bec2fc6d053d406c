"""Answers that come compressed: stored as what they say, and replayed so."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from calls import CHAT, KEY, QUESTION

from pytest_lmcache.adapters.http.decoding import decoded

PATH = "/v1/chat/completions"
STREAM = {**CHAT, "stream": True}
CODINGS = {"gzip": (), "deflate": (), "br": ("brotli",), "zstd": ("zstandard",)}
"""The codings, and the packages that the provider needs for them."""


def by_httpx(url: str, body: Any, library: str = "httpx") -> Any:
    response = import_module(library).post(url + PATH, json=body)
    return response.headers.get("content-encoding"), response.text


def by_httpx2(url: str, body: Any) -> Any:
    return by_httpx(url, body, "httpx2")


def by_httpx_asynchronously(url: str, body: Any, library: str = "httpx") -> Any:
    async def main() -> Any:
        client = import_module(library).AsyncClient()
        async with client, client.stream("POST", url + PATH, json=body) as response:
            return response.headers.get("content-encoding"), "".join([piece async for piece in response.aiter_text()])

    return asyncio.run(main())


def by_aiohttp(url: str, body: Any) -> Any:
    async def main() -> Any:
        session = import_module("aiohttp").ClientSession()
        async with session, session.post(url + PATH, json=body) as response:
            return response.headers.get("content-encoding"), await response.text()

    return asyncio.run(main())


def by_requests(url: str, body: Any) -> Any:
    response = import_module("requests").post(url + PATH, json=body)
    return response.headers.get("content-encoding"), response.text


def by_urllib3(url: str, body: Any) -> Any:
    headers = import_module("urllib3.util").make_headers(accept_encoding=True)
    pool = import_module("urllib3").PoolManager(headers=headers)
    response = pool.request("POST", url + PATH, json=body)
    return response.headers.get("content-encoding"), response.data.decode()


LIBRARIES = (by_httpx, by_httpx_asynchronously, by_httpx2, by_aiohttp, by_requests, by_urllib3)


@pytest.mark.parametrize("body", [CHAT, STREAM], ids=["whole", "stream"])
@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("ask", LIBRARIES, ids=lambda ask: ask.__name__)
def test_a_compressed_answer_is_stored_readable_and_replayed(
    project: Any, ask: Callable[[str, Any], Any], coding: str, body: Any
) -> None:
    for package in (*CODINGS[coding], ask.__name__.split("_")[1]):
        pytest.importorskip(package)
    project.provider.coding = coding
    with project.scope("record") as scope:
        put_on, live = ask(project.provider.url, body)
    if put_on is None:
        pytest.skip(f"this library does not ask for {coding} here")
    assert put_on == coding
    assert [call.outcome for call in scope.calls] == ["recorded"]
    with project.scope("replay"):
        assert ask(project.provider.url, body) == (None, live)
    assert project.provider.count() == 1
    text = project.files()[0].read_text()
    assert "Par" in text
    assert coding not in text
    assert project.provider.cookie not in text


@pytest.mark.parametrize("coding", CODINGS)
def test_an_answer_to_an_sdk_may_be_compressed(project: Any, coding: str) -> None:
    openai = pytest.importorskip("openai")
    for package in CODINGS[coding]:
        pytest.importorskip(package)

    def ask() -> Any:
        client = openai.OpenAI(base_url=f"{project.provider.url}/v1", api_key=KEY)
        said = [{"role": "user", "content": QUESTION}]
        stream = client.chat.completions.create(model="gpt-4o", messages=said, stream=True)
        return [chunk.model_dump() for chunk in stream]

    project.provider.coding = coding
    with project.scope("record"):
        live = ask()
    with project.scope("replay"):
        assert ask() == live
    assert project.provider.count() == 1


@pytest.mark.parametrize("missing", ["zstandard", "backports.zstd"])
def test_zstd_is_read_by_whichever_package_is_there(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    zstandard = pytest.importorskip("zstandard")
    if sys.version_info < (3, 14):
        pytest.importorskip("backports.zstd")
    coded = zstandard.ZstdCompressor().compress(b"Paris")
    monkeypatch.setitem(sys.modules, missing, None)
    assert decoded(coded, "zstd") == b"Paris"


def test_the_first_chunk_of_a_compressed_stream_comes_when_the_provider_sends_it(project: Any) -> None:
    httpx = pytest.importorskip("httpx")
    project.provider.coding = "gzip"
    project.provider.gate.clear()
    with project.scope("record"), httpx.stream("POST", project.provider.url + PATH, json=STREAM) as response:
        pieces = response.iter_text()
        first = next(pieces)
        project.provider.gate.set()
        rest = "".join(pieces)
    assert response.headers["content-encoding"] == "gzip"
    assert first.startswith("data: {")
    assert rest.endswith("[DONE]\n\n")
    assert len(project.files()) == 1
