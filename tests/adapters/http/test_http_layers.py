"""Calls that pass through several layers, each of which could record them: one call is one recording."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import pytest
from calls import KEY, MESSAGES, WEATHER
from rows_frameworks import TELL, picky, smol

from pytest_lmcache.adapters import Watch
from pytest_lmcache.options import RunSettings, Settings
from pytest_lmcache.session import Gate, Run

pytestmark = pytest.mark.filterwarnings("default::DeprecationWarning", "ignore::ResourceWarning")
ONCE = "error-429-once"
"""A model that is overloaded when it is asked for the first time."""


@contextmanager
def every_adapter(project: Any, mode: str) -> Iterator[Any]:
    """One test in one mode, with all adapters at once, as it is when nothing is set."""
    run = Run(RunSettings(), project.folder, mode, {})
    scope = run.scope("test_it", Settings(mode=mode))
    run.enter(scope)
    watch = Watch(("auto",), Gate(run))
    watch.install()
    try:
        yield scope
        scope.end(passed=True)
    finally:
        watch.remove()
        run.leave(scope)
        run.close()


def recorded_once(project: Any, ask: Callable[[str], Any], *, recordings: int, asked: int, adapter: str) -> None:
    """Record and replay: so many files, each of this adapter, for so many requests to the provider."""
    with every_adapter(project, "record"):
        live = ask(project.provider.url)
    assert project.provider.count() == asked
    texts = [path.read_text() for path in project.files()]
    assert len(texts) == recordings
    assert all(f'"adapter": "{adapter}"' in text for text in texts)
    with every_adapter(project, "replay") as replaying:
        assert ask(project.provider.url) == live
    assert project.provider.count() == asked
    assert [call.outcome for call in replaying.calls] == ["replayed"] * recordings


def through_litellm(url: str, model: str = "gpt-4o", **options: Any) -> dict[str, Any]:
    return {"model": f"openai/{model}", "messages": MESSAGES, "api_base": f"{url}/v1", "api_key": KEY, **options}


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("awaited", [False, True])
def test_litellm_above_openai(project: Any, stream: bool, awaited: bool) -> None:
    litellm = pytest.importorskip("litellm")

    def ask(url: str) -> Any:
        asked = through_litellm(url, stream=stream)
        if not awaited:
            answer = litellm.completion(**asked)
            return [chunk.model_dump() for chunk in answer] if stream else answer.model_dump()

        async def main() -> Any:
            answer = await litellm.acompletion(**asked)
            return [chunk.model_dump() async for chunk in answer] if stream else answer.model_dump()

        return asyncio.run(main())

    recorded_once(project, ask, recordings=1, asked=1, adapter="litellm")


def test_litellm_above_openai_that_tries_again(project: Any) -> None:
    litellm = pytest.importorskip("litellm")

    def ask(url: str) -> Any:
        return litellm.completion(**through_litellm(url, ONCE, max_retries=2)).model_dump()

    recorded_once(project, ask, recordings=1, asked=2, adapter="litellm")


def test_a_router_above_litellm_above_openai(project: Any) -> None:
    litellm = pytest.importorskip("litellm")

    def ask(url: str) -> Any:
        named = {"model": "openai/gpt-4o", "api_base": f"{url}/v1", "api_key": KEY}
        router = litellm.Router(model_list=[{"model_name": "any", "litellm_params": named}])
        return router.completion(model="any", messages=MESSAGES).choices[0].message.content

    recorded_once(project, ask, recordings=1, asked=1, adapter="litellm")


def test_litellm_alone_at_the_wire_keeps_its_callbacks_and_costs(project: Any) -> None:
    litellm = pytest.importorskip("litellm")

    def ask() -> Any:
        answer = litellm.completion(**through_litellm(project.provider.url))
        return answer.model_dump(), answer._hidden_params["response_cost"]

    with project.scope("record"):
        live = ask()
    with project.scope("replay"):
        assert ask() == live
    assert project.provider.count() == 1
    assert live[1] > 0
    assert project.only_file()["adapter"] == "http/openai-chat"
    assert project.only_file()["responses"][0]["cost_usd"] == pytest.approx(live[1])


def test_langchain_above_openai(project: Any) -> None:
    chat = pytest.importorskip("langchain_openai").ChatOpenAI

    def ask(url: str) -> Any:
        model = chat(model="gpt-4o", base_url=f"{url}/v1", api_key=KEY)
        return model.invoke("Hello?").content, [chunk.content for chunk in model.stream("Goodbye?")]

    recorded_once(project, ask, recordings=2, asked=2, adapter="http/openai-chat")


def test_langchain_above_openai_that_tries_again(project: Any) -> None:
    chat = pytest.importorskip("langchain_openai").ChatOpenAI

    def ask(url: str) -> Any:
        return chat(model=ONCE, base_url=f"{url}/v1", api_key=KEY, max_retries=2).invoke("Hello?").content

    recorded_once(project, ask, recordings=1, asked=2, adapter="http/openai-chat")


@pytest.mark.parametrize(("model", "tries"), [("gpt-4o", 1), (ONCE, 2)])
def test_instructor_above_openai_asks_again_and_each_question_is_one(project: Any, model: str, tries: int) -> None:
    """It asks three times: the provider's second answer is no city. A try of openai's SDK that failed is in no
    recording.
    """
    instructor, openai = pytest.importorskip("instructor"), pytest.importorskip("openai")

    def ask(url: str) -> Any:
        client = instructor.from_openai(openai.OpenAI(base_url=f"{url}/v1", api_key=KEY))
        asked = {"model": model, "response_model": picky([]), "messages": TELL, "max_retries": 2}
        return client.chat.completions.create(**asked).model_dump()

    recorded_once(project, ask, recordings=3, asked=3 * tries, adapter="http/openai-chat")


def test_instructor_above_litellm_above_openai(project: Any) -> None:
    instructor, litellm = pytest.importorskip("instructor"), pytest.importorskip("litellm")

    def ask(url: str) -> Any:
        client = instructor.from_litellm(litellm.completion)
        asked = through_litellm(url, response_model=picky([]), messages=TELL, max_retries=2)
        return client.chat.completions.create(**asked).model_dump()

    recorded_once(project, ask, recordings=3, asked=3, adapter="litellm")


def test_smolagents_above_litellm_above_openai(project: Any) -> None:
    smolagents = pytest.importorskip("smolagents")
    pytest.importorskip("litellm")

    def ask(url: str) -> Any:
        return smol(smolagents.LiteLLMModel(model_id="openai/gpt-4o", api_base=f"{url}/v1", api_key=KEY))

    recorded_once(project, ask, recordings=3, asked=3, adapter="litellm")


def test_llama_index_above_openai_above_an_http_client_of_the_users_own(project: Any) -> None:
    llama = pytest.importorskip("llama_index.llms.openai")
    httpx = pytest.importorskip("httpx")

    def ask(url: str) -> Any:
        with httpx.Client() as client:
            model = llama.OpenAI(model="gpt-4o", api_base=f"{url}/v1", api_key=KEY, http_client=client)
            return str(model.complete(WEATHER[0]["content"]))

    recorded_once(project, ask, recordings=1, asked=1, adapter="http/openai-chat")


def test_google_genai_above_aiohttp_where_httpx_is_there_too(project: Any) -> None:
    genai = pytest.importorskip("google.genai")
    pytest.importorskip("aiohttp")

    def ask(url: str) -> Any:
        async def main() -> Any:
            client = genai.Client(api_key=KEY, http_options={"base_url": url})
            return (await client.aio.models.generate_content(model="gemini-2.5-flash", contents="Hello?")).text

        return asyncio.run(main())

    recorded_once(project, ask, recordings=1, asked=1, adapter="http/gemini")


def test_openai_over_a_transport_of_httpx_that_is_aiohttp(project: Any) -> None:
    pytest.importorskip("httpx_aiohttp")
    openai = import_module("openai")

    def ask(url: str) -> Any:
        async def main() -> Any:
            transport = openai.DefaultAioHttpClient()
            async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key=KEY, http_client=transport) as client:
                answer = await client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
                return answer.model_dump()

        return asyncio.run(main())

    recorded_once(project, ask, recordings=1, asked=1, adapter="http/openai-chat")
