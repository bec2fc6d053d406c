"""litellm recorded and replayed, in every form of call: the replayed result is the recorded one, and costs nothing."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import litellm
import pytest
from call_forms import CHAT, FORMS, MESSAGES, Form
from litellm import CustomStreamWrapper
from litellm import completion as early_completion
from litellm.responses.streaming_iterator import BaseResponsesAPIStreamingIterator
from litellm.utils import TextCompletionStreamWrapper
from pydantic import BaseModel

from provider import Provider
from pytest_lmcache.adapters import Watch
from pytest_lmcache.options import RunSettings, Settings
from pytest_lmcache.scope import Scope
from pytest_lmcache.session import Run

# litellm puts up with this itself unless warnings are errors.
pytestmark = pytest.mark.filterwarnings("ignore::pydantic.warnings.PydanticDeprecatedSince211")

ENDPOINTS = {
    "OPENAI_API_BASE": "/v1",
    "OPENAI_BASE_URL": "/v1",
    "ANTHROPIC_API_BASE": "",
    "COHERE_API_BASE": "/v2/rerank",
}
KEYS = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "COHERE_API_KEY")


class Bench:
    """One project, recorded with the provider within reach and replayed without it."""

    def __init__(self, folder: Path, provider: Provider, environment: pytest.MonkeyPatch) -> None:
        self.provider = provider
        self.scope: Scope | None = None
        self._folder = folder
        self._environment = environment

    def record(self, act: Callable[[], Any], **settings: Any) -> Any:
        for name, path in ENDPOINTS.items():
            self._environment.setenv(name, self.provider.url + path)
        for name in KEYS:
            self._environment.setenv(name, "fake-key-for-tests")
        return self._perform(act, Settings(mode="record", **settings))

    def replay(self, act: Callable[[], Any], **settings: Any) -> Any:
        for name in ENDPOINTS:
            # Nothing listens here; a call that gets this far fails.
            self._environment.setenv(name, "http://127.0.0.1:9")
        for name in KEYS:
            self._environment.setenv(name, "fake-key-for-replay")
        return self._perform(act, Settings(mode="replay", **settings))

    def recorder(self) -> Any:
        return None if self.scope is None else self.scope.recorder

    def _perform(self, act: Callable[[], Any], settings: Settings) -> Any:
        run = Run(RunSettings(disk=False), self._folder, "run", {})
        self.scope = run.scope("test_it", settings)
        try:
            return act()
        finally:
            self.scope.end(passed=True)


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with Provider() as running:
        yield running


@pytest.fixture
def bench(tmp_path: Path, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user-cache"))
    monkeypatch.setattr(litellm, "suppress_debug_info", True)
    provider.reset()
    made = Bench(tmp_path, provider, monkeypatch)
    watch = Watch(("auto",), made.recorder)
    watch.install()
    yield made
    watch.remove()
    litellm.in_memory_llm_clients_cache.flush_cache()


def result_of(form: Form) -> Any:
    """What a call gives; a stream as what it is, and its chunks."""
    if not form.awaited:
        result = form.call()
        return [*_kind(result), *result] if hasattr(result, "__next__") else result

    async def main() -> Any:
        result = await form.call()
        return [*_kind(result), *[chunk async for chunk in result]] if hasattr(result, "__anext__") else result

    return asyncio.run(main())


def _kind(stream: Any) -> tuple[Any, ...]:
    public = (CustomStreamWrapper, TextCompletionStreamWrapper, BaseResponsesAPIStreamingIterator)
    return *(isinstance(stream, cls) for cls in public), getattr(stream, "model", None)


def assert_same(recorded: Any, replayed: Any) -> None:
    """Of one class, equal in all fields, and of the same price."""
    assert type(replayed) is type(recorded)
    if isinstance(recorded, list):
        assert len(replayed) == len(recorded)
        for one, other in zip(recorded, replayed, strict=True):
            assert_same(one, other)
    elif isinstance(recorded, BaseModel):
        assert replayed.model_dump() == recorded.model_dump()
        assert getattr(replayed, "usage", None) == getattr(recorded, "usage", None)
        hidden, known = getattr(replayed, "_hidden_params", {}), getattr(recorded, "_hidden_params", {})
        assert _price(hidden) == _price(known)
    elif hasattr(recorded, "content"):
        assert replayed.content == recorded.content
    else:
        assert replayed == recorded


def _paid(scope: Scope) -> list[Any]:
    return sorted((call.key.digest, sorted(call.tokens.items()), call.cost) for call in scope.calls)


def _price(hidden: Any) -> Any:
    return hidden.get("response_cost") if isinstance(hidden, dict) else getattr(hidden, "response_cost", None)


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_a_replayed_result_is_the_recorded_one(bench, form):
    if form.needs:
        pytest.importorskip(form.needs)
    recorded = bench.record(lambda: result_of(form))
    seen = bench.scope
    assert bench.provider.count() == form.requests
    replayed = bench.replay(lambda: result_of(form))
    assert bench.provider.count() == form.requests
    assert_same(recorded, replayed)
    assert {call.outcome for call in bench.scope.calls} == {"replayed"}
    assert _paid(bench.scope) == _paid(seen)


@pytest.mark.parametrize("name", ["plain", "tools", "usage at the end of a stream", "anthropic", "anthropic, thinking"])
def test_the_chunks_of_a_replay_build_the_same_whole_answer(bench, name):
    [form] = [form for form in FORMS if form.name == f"chat, {name}, streamed"]

    def built() -> Any:
        return litellm.stream_chunk_builder(list(form.call()), messages=MESSAGES)

    recorded, replayed = bench.record(built), bench.replay(built)
    assert replayed.model_dump() == recorded.model_dump()
    assert bench.provider.count() == 1


def test_a_recording_of_a_blocking_call_replays_for_an_awaited_one(bench):
    def awaited() -> Any:
        return asyncio.run(litellm.acompletion(model=CHAT, messages=MESSAGES))

    assert_same(bench.record(lambda: litellm.completion(model=CHAT, messages=MESSAGES)), bench.replay(awaited))


def test_prompt_cache_usage_is_counted(bench):
    long = [{"role": "user", "content": "word " * 1500}]
    for perform in (bench.record, bench.replay):
        perform(lambda: litellm.completion(model=CHAT, messages=long))
        assert bench.scope.calls[0].tokens["cached_tokens"] > 1000


def test_a_mocked_call_passes_untouched(bench):
    answer = bench.replay(lambda: litellm.completion(model=CHAT, messages=MESSAGES, mock_response="made up"))
    assert answer.choices[0].message.content == "made up"
    assert bench.scope.calls == []


@pytest.mark.parametrize("fault", ["400", "401", "404", "429", "500", "html", "reset", "short"])
@pytest.mark.parametrize("awaited", [False, True], ids=["blocking", "awaited"])
def test_an_error_is_raised_and_not_recorded(bench, fault, awaited):
    function = litellm.acompletion if awaited else litellm.completion
    asked = {"model": f"openai/error-{fault}", "messages": MESSAGES, "max_retries": 0}
    form = Form(fault, lambda: function(**asked), awaited=awaited)
    with pytest.raises(Exception) as raised:  # noqa: PT011
        bench.record(lambda: result_of(form))
    assert type(raised.value).__module__ == "litellm.exceptions"
    assert bench.scope.calls == []
    assert not list(bench._folder.glob("cassettes/*/*.json"))


@pytest.mark.parametrize("fault", ["400", "401", "404", "429", "500"])
def test_a_recorded_error_is_the_same_litellm_exception(bench, fault):
    def raised() -> Exception:
        with pytest.raises(Exception) as found:  # noqa: PT011
            litellm.completion(model=f"openai/error-{fault}", messages=MESSAGES, max_retries=0)
        return found.value

    recorded = bench.record(raised, record_errors=True)
    replayed = bench.replay(raised, record_errors=True)
    assert bench.provider.count() == 1
    assert type(replayed) is type(recorded)
    assert (str(replayed), replayed.status_code, replayed.body) == (str(recorded), recorded.status_code, recorded.body)


def test_uninstalling_puts_every_function_back(bench):
    def works() -> Any:
        return early_completion(model=CHAT, messages=MESSAGES).choices[0].message.content

    watch = Watch(("auto",), bench.recorder)
    watch.install()
    watch.remove()
    answers = [bench.record(works) for _ in range(2)]
    assert answers[0] != answers[1]
    assert bench.provider.count() == 2
    assert inspect.signature(litellm.completion).parameters["model"].name == "model"
