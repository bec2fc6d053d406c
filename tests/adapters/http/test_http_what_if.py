"""Injected faults over HTTP: each SDK raises its own error, and tries again by its own rules, over one recording."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable
from typing import Any

import aiohttp
import httpx
import openai
import pytest
import requests
import urllib3
from calls import CHAT, KEY, MESSAGES
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from pytest_lmcache.calls import Calls
from pytest_lmcache.errors import Miss

anthropic: Any = pytest.importorskip("anthropic")
genai: Any = pytest.importorskip("google.genai")

PATH = "/v1/chat/completions"
STREAM = {**CHAT, "stream": True}
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")


def of_openai(project: Any, **options: Any) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{project.provider.url}/v1", api_key=KEY, **options)


def of_anthropic(project: Any, **options: Any) -> anthropic.Anthropic:
    return anthropic.Anthropic(base_url=project.provider.url, api_key=KEY, **options)


def ask_openai(project: Any, **options: Any) -> Any:
    client = of_openai(project, **options)
    return client.chat.completions.with_raw_response.create(model="gpt-4o-mini", messages=MESSAGES)


def ask_openai_async(project: Any, **options: Any) -> Any:
    async def ask() -> Any:
        async with openai.AsyncOpenAI(base_url=f"{project.provider.url}/v1", api_key=KEY, **options) as client:
            return await client.chat.completions.with_raw_response.create(model="gpt-4o-mini", messages=MESSAGES)

    return asyncio.run(ask())


def ask_anthropic(project: Any, **options: Any) -> Any:
    client = of_anthropic(project, **options)
    return client.messages.with_raw_response.create(model="claude-test", messages=MESSAGES, max_tokens=9)


def recorded(project: Any, ask: Callable[..., Any]) -> None:
    """Ask once live, and forget that the provider was asked."""
    with project.scope("record"):
        ask(project)
    project.provider.reset()


@pytest.mark.parametrize("ask", [ask_openai, ask_openai_async, ask_anthropic])
@pytest.mark.parametrize("status", [429, 500, 503])
def test_the_sdk_tries_again_and_gets_the_recorded_answer(project: Any, ask: Callable[..., Any], status: int) -> None:
    recorded(project, ask)
    with project.scope("replay") as scope:
        Calls(scope).fail(status=status, retry_after=0.01, call=(1, 2))
        answer = ask(project, max_retries=3)
    assert answer.retries_taken == 2
    assert answer.parse()
    assert [call.outcome for call in scope.calls] == ["injected", "injected", "replayed"]
    assert project.provider.count() == 0
    assert len(project.only_file()["responses"]) == 1


@pytest.mark.parametrize(
    ("ask", "errors"), [(ask_openai, openai), (ask_openai_async, openai), (ask_anthropic, anthropic)]
)
def test_the_sdk_raises_its_own_error_for_each_fault(project: Any, ask: Callable[..., Any], errors: Any) -> None:
    recorded(project, ask)
    with project.scope("replay") as scope:
        plan = Calls(scope)
        plan.fail(status=429, retry_after=7)
        with pytest.raises(errors.RateLimitError) as limited:
            ask(project, max_retries=0)
        plan.fail(status=401)
        with pytest.raises(errors.AuthenticationError):
            ask(project, max_retries=0)
        plan.timeout()
        with pytest.raises(errors.APITimeoutError):
            ask(project, max_retries=0)
        plan.filtered()
        with pytest.raises(errors.BadRequestError):
            ask(project, max_retries=0)
        plan.cut(after_chunks=0)
        with pytest.raises((errors.APIConnectionError, httpx.RemoteProtocolError)):
            ask(project, max_retries=0)
    assert limited.value.response.headers["retry-after"] == "7"
    assert "rate_limit" in str(limited.value.body)
    assert project.provider.count() == 0


@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 529])
def test_an_error_of_anthropic_is_of_the_type_it_is_live(project: Any, status: int) -> None:
    """Against the provider, which words its errors as Anthropic does."""

    def ask(text: str) -> anthropic.APIStatusError:
        message = [{"role": "user", "content": text}]
        with pytest.raises(anthropic.APIStatusError) as caught:
            of_anthropic(project, max_retries=0).messages.create(model="m", messages=message, max_tokens=9)
        return caught.value

    with project.scope("record") as scope:
        Calls(scope).fail(status=status)
        injected, live = ask("Hello?"), ask(f"[error {status}]")
    assert type(injected) is type(live)
    assert injected.body["error"]["type"] == live.body["error"]["type"]  # type: ignore[index]
    assert injected.body.keys() == live.body.keys()  # type: ignore[attr-defined, union-attr]


def test_gemini_raises_its_errors_and_says_what_its_filter_blocked(project: Any) -> None:
    def ask() -> Any:
        options = genai.types.HttpOptions(base_url=project.provider.url)
        client = genai.Client(api_key=KEY, http_options=options, vertexai=False)
        return client.models.generate_content(model="gemini-2.0-flash", contents="Hello?")

    with project.scope("record") as scope:
        plan = Calls(scope)
        plan.fail(status=429)
        with pytest.raises(genai.errors.ClientError) as limited:
            ask()
        plan.filtered()
        blocked = ask()
    assert (limited.value.code, limited.value.status) == (429, "RESOURCE_EXHAUSTED")
    assert blocked.prompt_feedback.block_reason == "SAFETY"
    assert project.files() == []
    assert project.provider.count() == 0


def test_a_cut_stream_of_the_sdk_breaks_after_its_chunks(project: Any) -> None:
    def ask(made: Any) -> list[Any]:
        read: list[Any] = []
        stream = of_openai(made).chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, stream=True)
        try:
            for chunk in stream:
                read.append(chunk)  # noqa: PERF402 - what came before the error is wanted
        # The third major version of the SDK words it as an error of its own.
        except (httpx.RemoteProtocolError, openai.APIConnectionError):
            read.append("broken")
        return read

    for mode in ("record", "replay"):
        with project.scope(mode) as scope:
            Calls(scope).cut(after_chunks=2)
            assert len(ask(project)) == 3
            whole = ask(project)
        assert len(whole) > 3
        assert "broken" not in whole
        assert [call.outcome for call in scope.calls][-2:] == ["injected", "replayed"]
    assert project.provider.count() == 1


def test_requests_tries_again_by_its_retry_rule(project: Any) -> None:
    def ask(made: Any) -> Any:
        with requests.Session() as session:
            rule = Retry(total=3, status_forcelist=[503], allowed_methods=None, backoff_factor=0)
            session.mount("http://", HTTPAdapter(max_retries=rule))
            return session.post(made.provider.url + PATH, json=CHAT)

    recorded(project, ask)
    with project.scope("replay") as scope:
        Calls(scope).fail(status=503, call=1)
        Calls(scope).timeout(call=2)
        assert ask(project).status_code == 200
        Calls(scope).fail(status=503, call="every")
        with pytest.raises(requests.exceptions.RetryError):
            ask(project)
    assert [call.fault for call in scope.calls] == ["status 503", "timeout", "", *["status 503"] * 4]
    assert project.provider.count() == 0


def _requests(url: str) -> Any:
    with requests.post(url, json=STREAM, stream=True) as response:
        response.raise_for_status()
        return list(response.iter_lines())


def _urllib3(url: str) -> Any:
    response = urllib3.PoolManager().request("POST", url, json=STREAM, preload_content=False)
    if response.status >= 400:
        raise RuntimeError(response.status)
    return list(response.stream())


def _aiohttp(url: str) -> Any:
    async def ask() -> Any:
        session = aiohttp.ClientSession(raise_for_status=True)
        async with session, session.post(url, json=STREAM) as response:
            return [line async for line in response.content]

    return asyncio.run(ask())


def _httpx(url: str, library: str = "httpx") -> Any:
    module = importlib.import_module(library)
    with module.Client() as client, client.stream("POST", url, json=STREAM) as response:
        response.raise_for_status()
        return list(response.iter_lines())


def _async_httpx(url: str) -> Any:
    async def ask() -> Any:
        client = httpx.AsyncClient()
        async with client, client.stream("POST", url, json=STREAM) as response:
            response.raise_for_status()
            return [line async for line in response.aiter_lines()]

    return asyncio.run(ask())


@pytest.mark.parametrize(
    ("ask", "status", "late", "broken"),
    [
        (_requests, requests.HTTPError, requests.ReadTimeout, requests.exceptions.ChunkedEncodingError),
        (_urllib3, RuntimeError, urllib3.exceptions.ReadTimeoutError, urllib3.exceptions.ProtocolError),
        (_aiohttp, aiohttp.ClientResponseError, aiohttp.ServerTimeoutError, aiohttp.ClientPayloadError),
        (_httpx, httpx.HTTPStatusError, httpx.ReadTimeout, httpx.RemoteProtocolError),
        (_async_httpx, httpx.HTTPStatusError, httpx.ReadTimeout, httpx.RemoteProtocolError),
    ],
)
def test_each_library_raises_its_own_errors(
    project: Any, ask: Callable[[str], Any], status: type, late: type, broken: type
) -> None:
    url = project.provider.url + PATH
    with project.scope("record"):
        whole = ask(url)
    with project.scope("replay") as scope:
        plan = Calls(scope)
        for fault, error in (
            (lambda: plan.fail(status=503), status),
            (plan.timeout, late),
            (lambda: plan.cut(after_chunks=2), broken),
        ):
            fault()
            with pytest.raises(error):
                ask(url)
            assert ask(url) == whole
    assert [call.outcome for call in scope.calls] == ["injected", "replayed"] * 3
    assert project.provider.count() == 1


def test_a_cut_is_a_miss_where_nothing_is_recorded(project: Any) -> None:
    with project.scope("replay") as scope:
        Calls(scope).cut(after_chunks=1)
        with pytest.raises(Miss):
            ask_openai(project)
        scope.take_refusals()
    assert project.provider.count() == 0
