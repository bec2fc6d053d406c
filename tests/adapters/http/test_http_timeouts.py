"""Calls that time out: nothing of them is recorded, a second try is, and replay says what is missing."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import pytest
from calls import CHAT, KEY

from pytest_lmcache.errors import Miss

PATH = "/v1/chat/completions"
STALLED = {**CHAT, "model": "error-timeout"}
ONCE = {**CHAT, "model": "error-timeout-once"}
SHORT, LONG = 0.3, 30.0
"""Seconds that clients wait for what does not come, and for what does."""

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")


def by_httpx(url: str, body: Any, seconds: float = SHORT, library: str = "httpx") -> Any:
    return import_module(library).post(url + PATH, json=body, timeout=seconds).json()


def by_httpx2(url: str, body: Any, seconds: float = SHORT) -> Any:
    return by_httpx(url, body, seconds, "httpx2")


def by_httpx_asynchronously(url: str, body: Any, seconds: float = SHORT) -> Any:
    async def main() -> Any:
        async with import_module("httpx").AsyncClient(timeout=seconds) as client:
            return (await client.post(url + PATH, json=body)).json()

    return asyncio.run(main())


def by_aiohttp(url: str, body: Any, seconds: float = SHORT) -> Any:
    aiohttp = import_module("aiohttp")

    async def main() -> Any:
        limits = aiohttp.ClientTimeout(total=None, sock_connect=seconds, sock_read=seconds)
        async with aiohttp.ClientSession(timeout=limits) as session, session.post(url + PATH, json=body) as response:
            return await response.json()

    return asyncio.run(main())


def by_requests(url: str, body: Any, seconds: float = SHORT) -> Any:
    return import_module("requests").post(url + PATH, json=body, timeout=seconds).json()


def by_urllib3(url: str, body: Any, seconds: float = SHORT) -> Any:
    urllib3 = import_module("urllib3")
    return urllib3.PoolManager(timeout=seconds, retries=False).request("POST", url + PATH, json=body).json()


LIBRARIES: dict[Callable[..., Any], tuple[str, str]] = {
    by_httpx: ("httpx.ConnectTimeout", "httpx.ReadTimeout"),
    by_httpx_asynchronously: ("httpx.ConnectTimeout", "httpx.ReadTimeout"),
    by_httpx2: ("httpx2.ConnectTimeout", "httpx2.ReadTimeout"),
    by_aiohttp: ("aiohttp.ConnectionTimeoutError", "aiohttp.SocketTimeoutError"),
    by_requests: ("requests.ConnectTimeout", "requests.ReadTimeout"),
    by_urllib3: ("urllib3.exceptions.ConnectTimeoutError", "urllib3.exceptions.ReadTimeoutError"),
}
"""Who asks, and what it raises when no connection comes about, and when no answer comes."""

each_library = pytest.mark.parametrize("ask", LIBRARIES, ids=lambda ask: ask.__name__)


def error_of(ask: Callable[..., Any], which: int) -> Any:
    module, _, name = LIBRARIES[ask][which].rpartition(".")
    pytest.importorskip(module.partition(".")[0])
    return getattr(import_module(module), name)


@pytest.fixture
def nobody() -> Iterator[str]:
    """A port that takes no connection, and refuses none: its queue is full."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(listening.getsockname())
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        for each in waiting:
            each.close()


@each_library
def test_a_connection_that_times_out_is_the_librarys_error_and_no_recording(
    project: Any, nobody: str, ask: Callable[..., Any]
) -> None:
    error = error_of(ask, 0)
    with project.scope("record") as scope, pytest.raises(error):
        ask(nobody, CHAT)
    assert [call.outcome for call in scope.calls] == []
    assert project.files() == []
    with project.scope("replay") as scope:
        with pytest.raises(Miss, match="nothing recorded answers this call"):
            ask(nobody, CHAT)
        assert len(scope.take_refusals()) == 1


@each_library
def test_an_answer_that_times_out_is_the_librarys_error_and_no_recording(project: Any, ask: Callable[..., Any]) -> None:
    error = error_of(ask, 1)
    with project.scope("record") as scope, pytest.raises(error):
        ask(project.provider.url, STALLED)
    assert [call.outcome for call in scope.calls] == []
    assert project.files() == []
    assert project.provider.count() == 1
    with project.scope("replay") as scope:
        with pytest.raises(Miss, match="nothing recorded answers this call"):
            ask(project.provider.url, STALLED)
        assert len(scope.take_refusals()) == 1
    assert project.provider.count() == 1


@each_library
def test_what_comes_when_it_is_asked_again_is_recorded_and_replayed_without_the_timeout(
    project: Any, ask: Callable[..., Any]
) -> None:
    error = error_of(ask, 1)
    with project.scope("record"):
        with pytest.raises(error):
            ask(project.provider.url, ONCE)
        live = ask(project.provider.url, ONCE, LONG)
    assert project.provider.count() == 2
    with project.scope("replay"):
        assert ask(project.provider.url, ONCE) == live
        assert ask(project.provider.url, ONCE) == live
    assert project.provider.count() == 2
    assert len(project.files()) == 1


@pytest.mark.parametrize("awaited", [False, True])
def test_a_timeout_that_an_sdk_tries_again_after_is_one_recording(project: Any, awaited: bool) -> None:
    openai = pytest.importorskip("openai")
    options = {"base_url": f"{project.provider.url}/v1", "api_key": KEY, "timeout": 2.0, "max_retries": 1}

    def ask() -> Any:
        if not awaited:
            return openai.OpenAI(**options).chat.completions.create(**ONCE).model_dump()

        async def main() -> Any:
            async with openai.AsyncOpenAI(**options) as client:
                return (await client.chat.completions.create(**ONCE)).model_dump()

        return asyncio.run(main())

    with project.scope("record") as scope:
        live = ask()
    assert project.provider.count() == 2
    assert [call.outcome for call in scope.calls] == ["recorded"]
    with project.scope("replay"):
        assert ask() == live
    assert project.provider.count() == 2
    assert len(project.files()) == 1


def test_a_stream_whose_reader_times_out_is_not_recorded(project: Any) -> None:
    openai = pytest.importorskip("openai")
    client = openai.OpenAI(base_url=f"{project.provider.url}/v1", api_key=KEY, timeout=SHORT, max_retries=0)
    timeouts = (import_module("httpx").ReadTimeout, openai.APITimeoutError)
    project.provider.gate.clear()
    with project.scope("record") as scope, pytest.raises(timeouts):
        list(client.chat.completions.create(**CHAT, stream=True))
    project.provider.gate.set()
    assert {call.outcome for call in scope.calls} <= {"live"}
    assert project.files() == []
    with project.scope("replay") as scope:
        with pytest.raises(Miss):
            list(client.chat.completions.create(**CHAT, stream=True))
        scope.take_refusals()
    assert project.provider.count() == 1
