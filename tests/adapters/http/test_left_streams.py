"""Streams that are left unread just before their client is closed or their event loop ends: the rest is read behind the
caller's back, who does not wait for it, and recorded.

The provider holds the rest back until the caller has gone on, so that none of it can have come before.
"""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from importlib import import_module
from typing import Any

import openai
import pytest
from calls import CHAT, KEY, MESSAGES

from pytest_lmcache.recorder import unread

PATH = "/v1/chat/completions"
STREAM = {**CHAT, "stream": True}
# Ways to leave a stream, each named by the library whose client is used.
BLOCKING: dict[str, Callable[[str], Any]] = {}
AWAITED: dict[str, Callable[[str], Awaitable[Any]]] = {}
# What is never closed, as litellm's own clients are not, says so when it is dropped.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")


def way(ways: dict[str, Any], name: str) -> Any:
    def add(leave: Any) -> Any:
        ways[name] = leave
        return leave

    return add


def client(url: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{url}/v1", api_key=KEY, max_retries=0)


def aclient(url: str) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=f"{url}/v1", api_key=KEY, max_retries=0)


@way(BLOCKING, "openai: break, then the client is closed")
def _closed(url: str) -> None:
    made = client(url)
    for _ in made.chat.completions.create(**STREAM):
        break
    made.close()


@way(BLOCKING, "openai: held, then the client is closed")
def _held(url: str) -> Any:
    made = client(url)
    stream = made.chat.completions.create(**STREAM)
    next(stream)
    made.close()
    return stream


@way(BLOCKING, "openai: break within the client")
def _within(url: str) -> None:
    with client(url) as made:
        for _ in made.chat.completions.create(**STREAM):
            break


@way(BLOCKING, "openai: an error within the client")
def _error(url: str) -> None:
    with suppress(LookupError), client(url) as made:
        for _ in made.chat.completions.create(**STREAM):
            raise LookupError


@way(BLOCKING, "openai: a generator around the client is dropped")
def _generator(url: str) -> None:
    def chunks() -> Any:
        with client(url) as made:
            yield from made.chat.completions.create(**STREAM)

    for _ in chunks():
        break


@way(BLOCKING, "openai: the client is garbage")
def _garbage(url: str) -> None:
    made: Any = client(url)
    stream: Any = made.chat.completions.create(**STREAM)
    next(stream)
    made.cycle = stream.cycle = (made, stream)
    del made, stream
    gc.collect()


for _library in ("httpx", "httpx2"):

    @way(BLOCKING, f"{_library}: break within the client")
    def _client(url: str, library: str = _library) -> None:
        with import_module(library).Client() as made, made.stream("POST", url + PATH, json=STREAM) as response:
            next(response.iter_lines())

    @way(BLOCKING, f"{_library}: break within a client of the library's own")
    def _function(url: str, library: str = _library) -> None:
        with import_module(library).stream("POST", url + PATH, json=STREAM) as response:
            next(response.iter_lines())

    @way(AWAITED, f"{_library}: break within the client")
    async def _async_client(url: str, library: str = _library) -> None:
        async with (
            import_module(library).AsyncClient() as made,
            made.stream("POST", url + PATH, json=STREAM) as response,
        ):
            await anext(response.aiter_lines())


@way(BLOCKING, "requests: break within the session")
def _requests(url: str) -> None:
    with import_module("requests").Session() as session:
        next(session.post(url + PATH, json=STREAM, stream=True).iter_lines(chunk_size=1))


@way(BLOCKING, "urllib3: the pools are cleared")
def _urllib3(url: str) -> None:
    pools = import_module("urllib3").PoolManager()
    response = pools.request("POST", url + PATH, json=STREAM, preload_content=False)
    next(response.stream(1))
    pools.clear()


@way(AWAITED, "openai: break")
async def _async_break(url: str) -> None:
    async for _ in await aclient(url).chat.completions.create(**STREAM):
        break


@way(AWAITED, "openai: held")
async def _async_held(url: str) -> Any:
    stream = await aclient(url).chat.completions.create(**STREAM)
    await anext(stream)
    return stream


@way(AWAITED, "openai: break, then the client is closed")
async def _async_closed(url: str) -> None:
    made = aclient(url)
    async for _ in await made.chat.completions.create(**STREAM):
        break
    await made.close()


@way(AWAITED, "openai: held within the client")
async def _async_held_within(url: str) -> Any:
    async with aclient(url) as made:
        stream = await made.chat.completions.create(**STREAM)
        await anext(stream)
        return stream


@way(AWAITED, "openai: a generator around the client is dropped")
async def _async_generator(url: str) -> None:
    async for _ in _chunks(url):
        break


@way(AWAITED, "openai: a generator around the client is closed")
async def _async_generator_closed(url: str) -> None:
    given = _chunks(url)
    await anext(given)
    await given.aclose()


@way(AWAITED, "openai: its task is cancelled between two chunks")
async def _async_cancelled(url: str) -> None:
    begun = asyncio.Event()

    async def read() -> None:
        async with aclient(url) as made:
            async for _ in await made.chat.completions.create(**STREAM):
                begun.set()
                await asyncio.Event().wait()

    reading = asyncio.create_task(read())
    await begun.wait()
    reading.cancel()
    with suppress(asyncio.CancelledError):
        await reading


@way(AWAITED, "aiohttp: break in its session")
async def _aiohttp(url: str) -> None:
    async with import_module("aiohttp").ClientSession() as session, session.post(url + PATH, json=STREAM) as response:
        await response.content.readline()


@way(AWAITED, "litellm: break")
async def _litellm(url: str) -> None:
    asked = {"model": "openai/gpt-4o", "messages": MESSAGES, "api_base": f"{url}/v1", "api_key": KEY}
    async for _ in await import_module("litellm").acompletion(**asked, stream=True):
        break


async def _chunks(url: str) -> Any:
    async with aclient(url) as made:
        async for chunk in await made.chat.completions.create(**STREAM):
            yield chunk


def _on_a_loop_of_its_own(main: Callable[[], Awaitable[Any]]) -> None:
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(main())
    finally:
        loop.close()


def _in_a_thread(act: Callable[[], None]) -> None:
    thread = threading.Thread(target=act)
    thread.start()
    thread.join()


LOOPS: dict[str, Callable[[Callable[[], Any]], None]] = {
    "asyncio.run": lambda main: asyncio.run(main()),
    "loop.close": _on_a_loop_of_its_own,
    "anyio.run": lambda main: import_module("anyio").run(main),
    "a thread": lambda main: _in_a_thread(lambda: asyncio.run(main())),
}


@pytest.fixture
def held_back(project: Any) -> Iterator[Any]:
    """A project whose provider stops within a stream until its gate is set."""
    project.provider.gate.clear()
    yield project
    project.provider.gate.set()


def is_recorded_whole(project: Any) -> bool:
    """Whether the one stream that was asked for replays to its end, and nobody is asked again."""
    with project.scope("replay"):
        chunks = list(client(project.provider.url).chat.completions.create(**STREAM))
    return chunks[-1].choices[0].finish_reason == "stop" and project.provider.count() == 1


def library(name: str) -> str:
    return str(pytest.importorskip(name.partition(":")[0]).__name__)


@pytest.mark.parametrize("name", BLOCKING)
def test_a_stream_is_read_though_its_client_is_closed(held_back, name):
    library(name)
    with held_back.scope("record") as scope:
        kept = BLOCKING[name](held_back.provider.url)
        assert scope.calls == []
        held_back.provider.gate.set()
    del kept
    assert [call.outcome for call in scope.calls] == ["recorded"]
    assert is_recorded_whole(held_back)


def test_the_collector_may_close_a_stream_in_the_first_step_of_the_thread_that_reads_it(held_back, monkeypatch):
    """Who starts a thread waits until that says so; what is garbage by then may be collected there."""
    say = threading.Event.set

    def collect(event: threading.Event) -> None:
        if threading.get_ident() not in (threading.main_thread().ident, caller.ident):
            stream.response.close()
        say(event)

    with held_back.scope("record") as scope:
        made = client(held_back.provider.url)
        stream = made.chat.completions.create(**STREAM)
        next(stream)
        caller = threading.Thread(target=made.close, daemon=True)
        with monkeypatch.context() as patched:
            patched.setattr(threading.Event, "set", collect)
            caller.start()
            caller.join(10)
        assert not caller.is_alive()
        held_back.provider.gate.set()
    assert [call.outcome for call in scope.calls] == ["recorded"]
    assert is_recorded_whole(held_back)


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("name", AWAITED)
def test_an_asynchronous_stream_is_read_though_its_client_is_closed_and_its_loop_ends(held_back, name, loop):
    library(name)

    async def main() -> None:
        kept.append(await AWAITED[name](held_back.provider.url))
        assert scope.calls == []
        held_back.provider.gate.set()

    kept: list[Any] = []
    with held_back.scope("record") as scope:
        LOOPS[loop](main)
    assert len(kept) == 1
    assert [call.outcome for call in scope.calls] == ["recorded"]
    assert is_recorded_whole(held_back)


@pytest.mark.parametrize("name", ["openai: held, then the client is closed", "requests: break within the session"])
def test_a_stream_that_does_not_end_is_given_up_and_told_of(held_back, monkeypatch, name):
    monkeypatch.setattr(unread, "DRAIN_SECONDS", 0.2)
    with held_back.scope("record") as scope:
        BLOCKING[name](held_back.provider.url)
    assert_given_up(held_back, scope)


@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("name", ["openai: break", "openai: held within the client", "aiohttp: break in its session"])
def test_an_asynchronous_stream_that_does_not_end_is_given_up_and_told_of(held_back, monkeypatch, name, loop):
    monkeypatch.setattr(unread, "DRAIN_SECONDS", 0.2)
    with held_back.scope("record") as scope:
        LOOPS[loop](lambda: AWAITED[name](held_back.provider.url))
    assert_given_up(held_back, scope)


def assert_given_up(project: Any, scope: Any) -> None:
    assert [call.outcome for call in scope.calls] == ["live"]
    assert scope.take_refusals() == []
    assert project.told() == ("the caller left the stream, and its rest took more than 0.2 s",)
    assert project.files() == []


def test_who_interrupts_does_not_wait_for_a_stream(held_back):
    async def main() -> None:
        kept.append(await aclient(held_back.provider.url).chat.completions.create(**STREAM))
        raise KeyboardInterrupt

    kept: list[Any] = []
    with held_back.scope("record"), pytest.raises(KeyboardInterrupt):
        asyncio.run(main())
    assert held_back.told() == ("the test left it unread, and its event loop is gone",)
    assert held_back.files() == []


@pytest.mark.parametrize("loop", LOOPS)
def test_a_stream_whose_reader_is_cancelled_within_a_chunk_is_not_recorded(held_back, loop):
    async def main() -> None:
        async def read() -> None:
            async with aclient(held_back.provider.url) as made:
                async for _ in await made.chat.completions.create(**STREAM):
                    begun.set()

        begun = asyncio.Event()
        reading = asyncio.create_task(read())
        await begun.wait()
        reading.cancel()
        with suppress(asyncio.CancelledError):
            await reading

    with held_back.scope("record"):
        LOOPS[loop](main)
    assert held_back.told() == ("the stream broke off (CancelledError)",)
    assert held_back.files() == []


@pytest.mark.parametrize("name", [*BLOCKING, *AWAITED])
def test_a_replayed_stream_that_is_left_asks_nobody(project, name):
    library(name)
    leave = BLOCKING.get(name) or (lambda url: asyncio.run(AWAITED[name](url)))
    with project.scope("record"):
        leave(project.provider.url)
    with project.scope("replay") as scope:
        leave(project.provider.url)
    assert [call.outcome for call in scope.calls] == ["replayed"]
    assert project.provider.count() == 1


def test_a_client_is_closed_when_its_stream_has_been_read(held_back):
    made = client(held_back.provider.url)
    with held_back.scope("record"):
        stream = made.chat.completions.create(**STREAM)
        next(stream)
        made.close()
        assert connections(made)
        held_back.provider.gate.set()
    for thread in threading.enumerate():
        if "read_and_close" in thread.name:
            thread.join()
    assert connections(made) == []


def test_an_asynchronous_client_is_closed_before_its_loop(held_back):
    async def main() -> None:
        stream = await made.chat.completions.create(**STREAM)
        await anext(stream)
        await made.close()
        assert connections(made)
        held_back.provider.gate.set()

    made = aclient(held_back.provider.url)
    with held_back.scope("record"):
        asyncio.run(main())
    assert connections(made) == []


def connections(made: Any) -> list[Any]:
    return list(made._client._transport._pool.connections)


def test_a_loop_has_its_own_methods_back_when_it_is_closed(project):
    loop = asyncio.new_event_loop()
    with project.scope("record"):
        loop.run_until_complete(AWAITED["openai: break"](project.provider.url))
        assert "close" in vars(loop)
        loop.close()
    assert not {"close", "shutdown_asyncgens"} & set(vars(loop))


def test_streams_under_trio_are_recorded_when_they_are_closed(project):
    trio = pytest.importorskip("trio")

    async def main() -> None:
        async with aclient(project.provider.url) as made:
            async with await made.chat.completions.create(**STREAM) as stream:
                await anext(stream)
            async for _ in await made.chat.completions.create(**CHAT, max_tokens=9, stream=True):
                pass

    for mode in ("record", "replay"):
        with project.scope(mode) as scope:
            trio.run(main)
        assert len(scope.calls) == 2
    assert project.provider.count() == 2
    assert len(project.files()) == 2


def test_a_call_that_two_tasks_of_trio_make_at_once_is_paid_once(project):
    trio = pytest.importorskip("trio")

    async def ask() -> None:
        async with aclient(project.provider.url) as made:
            await made.chat.completions.create(**CHAT)

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            for _ in range(3):
                nursery.start_soon(ask)

    with project.scope("record"):
        trio.run(main)
    assert project.provider.count() == 1


CLOSED_FIRST = """
import asyncio, sys
import httpx, aiohttp
from pytest_lmcache.adapters import http
for module in (httpx, aiohttp):
    http.install(module, None)
before = set(sys.modules)
httpx.Client().close()
async def main():
    await httpx.AsyncClient().aclose()
    await aiohttp.ClientSession().close()
asyncio.run(main())
print([name for name in set(sys.modules) - before if name.startswith("pytest_lmcache")])
"""


def test_a_client_that_the_garbage_collector_closes_imports_nothing_of_ours():
    # It may run while a module is being imported.
    done = subprocess.run([sys.executable, "-c", CLOSED_FIRST], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
