"""Forms of requests and answers that the rows of the matrix do not have: batches of embeddings, Gemini's array."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from calls import KEY, QUESTION

from pytest_lmcache.errors import Miss

TEXTS = [f"text number {number}" for number in range(10)]
ARRAY = "/v1beta/models/gemini-2.5-flash:streamGenerateContent"
ASKED = {"contents": [{"role": "user", "parts": [{"text": QUESTION}]}]}


def embedded(project: Any, texts: list[str], **options: Any) -> Any:
    openai = pytest.importorskip("openai")
    client = openai.OpenAI(base_url=f"{project.provider.url}/v1", api_key=KEY)
    return client.embeddings.create(model="text-embedding-3-small", input=texts, dimensions=512, **options).data


@pytest.mark.parametrize("form", [{}, {"encoding_format": "float"}, {"encoding_format": "base64"}], ids=str)
def test_a_batch_of_embeddings_keeps_its_order(project: Any, form: dict[str, str]) -> None:
    with project.scope("record") as scope:
        live = embedded(project, TEXTS, **form)
    assert [each.index for each in live] == list(range(len(TEXTS)))
    assert len({str(each.embedding) for each in live}) == len(TEXTS)
    assert [call.request.body["input"] for call in scope.calls] == [TEXTS]
    with project.scope("replay"):
        assert embedded(project, TEXTS, **form) == live
    assert project.provider.count() == 1
    assert len(project.files()) == 1


def test_a_batch_in_another_order_is_another_request(project: Any) -> None:
    with project.scope("record"):
        embedded(project, TEXTS)
    for texts in (TEXTS[::-1], TEXTS[:-1]):
        with project.scope("replay", key="messages") as scope:
            with pytest.raises(Miss):
                embedded(project, texts)
            scope.take_refusals()


def test_an_answer_in_base64_is_none_to_a_request_for_floats(project: Any) -> None:
    for form in ("base64", "float"):
        with project.scope("record", key="messages"):
            embedded(project, TEXTS[:2], encoding_format=form)
    assert project.provider.count() == 2
    assert len(project.files()) == 2


def by_httpx(url: str, library: str = "httpx") -> list[bytes]:
    with import_module(library).stream("POST", url, json=ASKED) as response:
        return list(response.iter_raw())


def by_httpx2(url: str) -> list[bytes]:
    return by_httpx(url, "httpx2")


def by_httpx_asynchronously(url: str) -> list[bytes]:
    async def main() -> list[bytes]:
        client = import_module("httpx").AsyncClient()
        async with client, client.stream("POST", url, json=ASKED) as response:
            return [piece async for piece in response.aiter_raw()]

    return asyncio.run(main())


def by_aiohttp(url: str) -> list[bytes]:
    async def main() -> list[bytes]:
        session = import_module("aiohttp").ClientSession()
        async with session, session.post(url, json=ASKED) as response:
            return [piece async for piece, _ in response.content.iter_chunks()]

    return asyncio.run(main())


def by_urllib3(url: str) -> list[bytes]:
    response = import_module("urllib3").PoolManager().request("POST", url, json=ASKED, preload_content=False)
    return list(response.stream())


@pytest.mark.parametrize("query", ["", "?alt=json"])
@pytest.mark.parametrize(
    "ask", [by_httpx, by_httpx_asynchronously, by_httpx2, by_aiohttp, by_urllib3], ids=lambda ask: ask.__name__
)
def test_an_array_that_gemini_sends_in_pieces_comes_in_the_same_pieces(
    project: Any, ask: Callable[[str], list[bytes]], query: str
) -> None:
    pytest.importorskip(ask.__name__.split("_")[1])
    url = project.provider.url + ARRAY + query
    with project.scope("record") as scope:
        live = b"".join(ask(url))
    assert [call.outcome for call in scope.calls] == ["recorded"]
    assert scope.calls[0].tokens
    with project.scope("replay"):
        pieces = ask(url)
    assert b"".join(pieces) == live
    # One for each of the objects, and the bracket at the end, after which only space may come.
    assert len([piece for piece in pieces if piece.strip()]) == len(json.loads(live)) + 1
    assert project.provider.count() == 1
    answer = project.only_file()["responses"][0]["answer"]
    assert answer["type"] == "http-stream"
    assert len(answer["chunks"]) == len(pieces)


def test_an_array_of_gemini_whose_end_is_missing_is_not_recorded(project: Any) -> None:
    httpx = pytest.importorskip("httpx")
    cut = ARRAY.replace("gemini-2.5-flash", "error-cut")
    with project.scope("record") as scope:
        text = httpx.post(project.provider.url + cut, json=ASKED).text
    assert not text.rstrip().endswith("]")
    assert {call.outcome for call in scope.calls} <= {"live"}
    assert project.files() == []
