"""What is recorded and what is left alone: errors, broken and abandoned streams, other traffic."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import aiohttp
import httpx
import openai
import pytest
from calls import CHAT, KEY, MESSAGES

from pytest_lmcache.errors import LeakedPlaceholder, Miss
from pytest_lmcache.placeholders import VALUE

PATH = "/v1/chat/completions"
STREAM = {**CHAT, "stream": True}
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")


def client(project: Any, **options: Any) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{project.provider.url}/v1", api_key=KEY, **options)


def asking(model: str, **options: Any) -> Callable[[openai.OpenAI], Any]:
    def ask(made: openai.OpenAI) -> Any:
        answer = made.chat.completions.create(model=model, messages=MESSAGES, **options)
        return [chunk.model_dump() for chunk in answer] if options.get("stream") else answer.model_dump()

    return ask


def test_a_429_that_the_sdk_retries_is_one_recording_of_the_answer(project):
    with project.scope("record") as scope:
        asking("error-429-once")(client(project))
    assert project.provider.count() == 2
    assert [call.outcome for call in scope.calls] == ["recorded"]
    assert project.only_file()["responses"][0]["answer"]["status"] == 200


@pytest.mark.parametrize("fault", ["429", "500", "cut", "short", "reset", "midstream", "html"])
@pytest.mark.parametrize("stream", [False, True])
def test_what_is_no_whole_answer_is_not_recorded(project, fault, stream):
    # A page of HTML is a text to openai's SDK, and a stream that is cut neatly is a short one.
    expected = contextlib.suppress(openai.OpenAIError, httpx.HTTPError, AttributeError)
    with project.scope("record") as scope, expected:
        asking(f"error-{fault}", stream=stream)(client(project, max_retries=0))
    assert project.files() == []
    assert {call.outcome for call in scope.calls} <= {"live"}


def test_errors_are_recorded_when_asked_for(project):
    for mode in ("record", "replay"):
        with project.scope(mode, record_errors=True), pytest.raises(openai.RateLimitError, match="Rate limit") as found:
            asking("error-429")(client(project, max_retries=0))
        assert found.value.response.headers["retry-after"] == "1"
    assert project.provider.count() == 1


def test_a_recorded_error_does_not_answer_the_retries_of_the_sdk(project):
    for mode in ("record", "replay", "record"):
        with project.scope(mode, record_errors=True) as scope:
            asking("error-503-once")(client(project))
        (content,) = {call.response["body"]["id"] for call in scope.calls if call.response["status"] == 200}
        assert [call.response["status"] for call in scope.calls] == [503, 200]
        assert project.only_file()["responses"][1]["answer"]["body"]["id"] == content
    assert project.provider.count() == 2


def test_an_error_that_stays_is_replayed_to_every_retry(project):
    for mode in ("record", "replay"):
        with project.scope(mode, record_errors=True) as scope, pytest.raises(openai.InternalServerError):
            asking("error-503")(client(project, max_retries=1))
        assert [call.response["status"] for call in scope.calls] == [503, 503]
    assert project.provider.count() == 2
    assert len(project.only_file()["responses"]) == 2


def test_the_key_of_a_client_is_taken_out_of_a_prompt_and_moves_no_key(project):
    def ask(key: str) -> None:
        made = openai.OpenAI(base_url=f"{project.provider.url}/v1", api_key=key)
        made.chat.completions.create(model="gpt-4o-mini", messages=[{"role": "user", "content": f"My key is {key}."}])

    with project.scope("record"):
        ask("fake-key-number-one")
    with project.scope("replay"):
        ask("another-fake-key-two")
    assert "fake-key" not in project.files()[0].read_text()
    assert project.provider.count() == 1


def test_a_stream_that_the_caller_closes_early_is_recorded_whole(project):
    with project.scope("record"):
        stream = client(project).chat.completions.create(**STREAM)
        next(stream)
        stream.close()
    with project.scope("replay"):
        assert asking("gpt-4o", stream=True)(client(project))[-1]["choices"][0]["finish_reason"] == "stop"
    assert project.provider.count() == 1


def test_an_asynchronous_stream_that_is_closed_early_is_recorded_whole(project):
    async def main() -> None:
        made = openai.AsyncOpenAI(base_url=f"{project.provider.url}/v1", api_key=KEY)
        stream = await made.chat.completions.create(**STREAM)
        async for _ in stream:
            break
        await stream.close()

    with project.scope("record"):
        asyncio.run(main())
    assert len(project.files()) == 1


def test_an_aiohttp_stream_that_is_left_is_recorded_whole(project):
    async def main() -> None:
        async with aiohttp.ClientSession() as session:
            async with session.post(project.provider.url + PATH, json=STREAM) as response:
                await response.content.readline()
            await asyncio.sleep(0.2)

    with project.scope("record"):
        asyncio.run(main())
    assert len(project.files()) == 1


def test_a_cancelled_call_is_not_recorded_and_not_counted(project):
    async def main() -> None:
        made = openai.AsyncOpenAI(base_url=f"{project.provider.url}/v1", api_key=KEY)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(made.chat.completions.create(**CHAT), 0.05)

    project.provider.latency = 0.3
    try:
        with project.scope("record", repeat="next"):
            asyncio.run(main())
            project.provider.latency = 0.0
            asking("gpt-4o")(client(project))
    finally:
        project.provider.latency = 0.0
    with project.scope("replay", repeat="next"):
        asking("gpt-4o")(client(project))


def test_the_first_chunk_comes_when_the_provider_sends_it(project):
    project.provider.chunk_latency = 0.05
    try:
        with project.scope("record"):
            stream = client(project).chat.completions.create(**STREAM)
            next(stream)
            assert project.files() == []
            assert len(list(stream)) > 3
    finally:
        project.provider.chunk_latency = 0.0


def test_a_miss_passes_through_the_sdk_unretried(project):
    with project.scope("replay") as scope, pytest.raises(Miss):
        asking("gpt-4o")(client(project))
    assert [call.outcome for call in scope.calls] == ["missed"]
    scope.take_refusals()


def test_clients_made_before_are_covered(project):
    made = client(project)
    with project.scope("record"):
        live = asking("gpt-4o")(made)
    with project.scope("replay"):
        assert asking("gpt-4o")(made) == live
    assert asking("gpt-4o")(made) != live


def test_what_one_library_recorded_another_replays(project):
    with project.scope("record"):
        live = httpx.post(project.provider.url + PATH, json=CHAT).json()

    async def main() -> Any:
        async with aiohttp.ClientSession() as session, session.post("http://other.invalid" + PATH, json=CHAT) as answer:
            return await answer.json()

    with project.scope("replay"):
        assert asyncio.run(main()) == live


def test_transports_within_the_process_are_left_alone(project):
    transport = httpx.MockTransport(lambda request: httpx.Response(200, json={"mine": True}))
    with project.scope("replay") as scope, httpx.Client(transport=transport) as made:
        assert made.post("http://api.invalid" + PATH, json=CHAT).json() == {"mine": True}
    assert scope.calls == []


def test_other_traffic_is_left_alone(project):
    url = project.provider.url
    with project.scope("replay") as scope:
        assert httpx.get(f"{url}/v1/models").json()["data"]
        assert httpx.post(f"{url}/v1/orders", json={"messages": 1}).status_code == 404
        # The path of a provider, and a body that is not to a model.
        httpx.post(f"{url}/v1/messages", json={"to": "you"})
    assert scope.calls == []
    assert project.provider.count() == 3


def test_credentials_in_a_url_move_no_key_and_reach_no_file(project):
    url = project.provider.url + PATH
    with project.scope("record"):
        live = httpx.post(f"{url}?key=fake-secret-one", json=CHAT, headers={"authorization": "Bearer fake-two"}).json()
    with project.scope("replay"):
        assert httpx.post(f"{url}?key=fake-secret-three", json=CHAT).json() == live
    assert "fake-" not in project.files()[0].read_text()


def test_a_request_with_a_placeholder_does_not_leave(project):
    url = project.provider.url
    carrying = {"authorization": f"Bearer {VALUE}"}

    async def asynchronous() -> None:
        async with aiohttp.ClientSession(headers=carrying) as session:
            await session.get(f"{url}/v1/models")

    acts: list[Callable[[], Any]] = [
        lambda: httpx.get(f"{url}/v1/models", headers=carrying),
        lambda: httpx.post(f"{url}/x?key={VALUE}"),
        lambda: asyncio.run(asynchronous()),
        lambda: openai.OpenAI(base_url=url, api_key=VALUE).models.list(),
    ]
    for mode in ("replay", "off"):
        for act in acts:
            with project.scope(mode) as scope:
                with pytest.raises(LeakedPlaceholder, match=r"(GET|POST) /\S+ carries a placeholder key"):
                    act()
                assert len(scope.take_refusals()) == 1
    assert project.provider.count() == 0


def test_a_stream_of_500_chunks_is_a_line_a_chunk(project):
    long = [{"role": "user", "content": "Repeat. " + "word " * 700}]
    with project.scope("record"):
        chunks = list(client(project).chat.completions.create(model="gpt-4o", messages=long, stream=True))
    assert len(project.files()[0].read_text().splitlines()) < 1.5 * len(chunks) + 50


@pytest.mark.parametrize("status", ["307", "308"])
def test_what_stands_at_the_end_of_a_redirect_is_recorded_and_the_redirect_is_not(project, status):
    def ask() -> Any:
        asked = {**CHAT, "model": f"error-{status}-once"}
        return httpx.post(project.provider.url + PATH, json=asked, follow_redirects=True)

    with project.scope("record") as scope:
        live = ask()
    assert project.provider.count() == 2
    assert [call.outcome for call in scope.calls] == ["recorded"]
    assert len(live.history) == 1
    with project.scope("replay"):
        assert ask().json() == live.json()
    assert project.provider.count() == 2
    assert project.only_file()["responses"][0]["answer"]["status"] == 200
