"""Injected faults in the words of Bedrock, Cohere, Mistral and Ollama: each SDK raises its own error, and retries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import pytest
from calls import KEY, MESSAGES, QUESTION
from rows_clouds import runtime

from pytest_lmcache.calls import Calls

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
SAID = [{"role": "user", "content": [{"text": QUESTION}]}]


@dataclass(frozen=True, slots=True)
class SDK:
    """How one asks for a whole answer and for a stream, `tries` times at most, and what of its errors tells the status.

    `limited`, `late` and `broken` are what it raises for status 429, for a time-out and for a connection that breaks.
    """

    package: str
    ask: Callable[[str, int], Any]
    stream: Callable[[str], list[Any]]
    status: Callable[[Any], int]
    limited: str
    late: str
    broken: str

    def __str__(self) -> str:
        return self.package


def _bedrock(url: str, tries: int = 1) -> Any:
    pytest.importorskip("boto3")
    retries = {"total_max_attempts": tries, "mode": "standard"}
    return runtime(url, config=import_module("botocore.config").Config(retries=retries))


def _converse_stream(url: str) -> list[Any]:
    return list(_bedrock(url).converse_stream(modelId="anthropic.claude", messages=SAID)["stream"])


def _cohere(url: str, tries: int, *, method: str = "chat") -> Any:
    client = import_module("cohere").ClientV2(api_key=KEY, base_url=url)
    options = {"max_retries": tries - 1}
    return getattr(client, method)(model="command-r", messages=MESSAGES, request_options=options)


def _mistral(url: str, tries: int = 1) -> Any:
    module = import_module("mistralai")
    cls = getattr(module, "Mistral", None) or import_module("mistralai.client").Mistral
    options: dict[str, Any] = {}
    if tries > 1:
        retries = import_module(cls.__module__.rpartition(".")[0] + ".utils.retries")
        options["retry_config"] = retries.RetryConfig("backoff", retries.BackoffStrategy(1, 5, 1.5, 60_000), True)
    return cls(server_url=url, api_key=KEY, **options)


def _ollama(url: str, *, stream: bool = False) -> Any:
    return import_module("ollama").Client(host=url).chat(model="llama3", messages=MESSAGES, stream=stream)


BEDROCK = SDK(
    "boto3",
    ask=lambda url, tries: _bedrock(url, tries).converse(modelId="anthropic.claude", messages=SAID),
    stream=_converse_stream,
    status=lambda error: error.response["ResponseMetadata"]["HTTPStatusCode"],
    limited="ThrottlingException",
    late="ReadTimeoutError",
    broken="ProtocolError",
)
COHERE = SDK(
    "cohere",
    ask=_cohere,
    stream=lambda url: list(_cohere(url, 1, method="chat_stream")),
    status=lambda error: error.status_code,
    limited="TooManyRequestsError",
    late="ReadTimeout",
    broken="RemoteProtocolError",
)
MISTRAL = SDK(
    "mistralai",
    ask=lambda url, tries: _mistral(url, tries).chat.complete(model="mistral-small", messages=MESSAGES),
    stream=lambda url: list(_mistral(url).chat.stream(model="mistral-small", messages=MESSAGES)),
    status=lambda error: error.status_code,
    limited="SDKError",
    late="ReadTimeout",
    broken="RemoteProtocolError",
)
OLLAMA = SDK(
    "ollama",
    ask=lambda url, tries: _ollama(url),
    stream=lambda url: list(_ollama(url, stream=True)),
    status=lambda error: error.status_code,
    limited="ResponseError",
    late="ReadTimeout",
    broken="RemoteProtocolError",
)


@pytest.fixture(params=[BEDROCK, COHERE, MISTRAL, OLLAMA], ids=str)
def sdk(request: Any) -> SDK:
    pytest.importorskip(request.param.package)
    found: SDK = request.param
    return found


def caught(act: Callable[[], Any]) -> Exception:
    with pytest.raises(Exception) as info:  # noqa: PT011 - which one it is stands in the table above
        act()
    return info.value


def test_the_sdk_raises_its_own_error_for_each_fault_and_then_gets_the_recording(project: Any, sdk: SDK) -> None:
    url = project.provider.url
    with project.scope("record"):
        sdk.ask(url, 1)
    project.provider.reset()
    with project.scope("replay") as scope:
        plan = Calls(scope)
        plan.fail(status=429)
        limited = caught(lambda: sdk.ask(url, 1))
        plan.fail(status=503)
        down = caught(lambda: sdk.ask(url, 1))
        plan.timeout()
        late = caught(lambda: sdk.ask(url, 1))
        plan.filtered()
        filtered = caught(lambda: sdk.ask(url, 1))
        assert sdk.ask(url, 1)
    assert (type(limited).__name__, sdk.status(limited)) == (sdk.limited, 429)
    assert "status 429 (injected by lmcache)" in str(limited)
    assert sdk.status(down) == 503
    assert type(late).__name__ == sdk.late
    assert sdk.status(filtered) == 400
    assert "content filter" in str(filtered)
    assert [call.outcome for call in scope.calls] == ["injected"] * 4 + ["replayed"]
    assert project.provider.count() == 0


def test_a_cut_stream_breaks_and_the_next_is_whole(project: Any, sdk: SDK) -> None:
    url = project.provider.url
    with project.scope("record"):
        whole = sdk.stream(url)
    project.provider.reset()
    with project.scope("replay") as scope:
        Calls(scope).cut(after_chunks=2)
        broken = caught(lambda: sdk.stream(url))
        assert len(sdk.stream(url)) == len(whole) > 2
    assert type(broken).__name__ == sdk.broken
    assert [call.outcome for call in scope.calls] == ["injected", "replayed"]
    assert project.provider.count() == 0


@pytest.mark.parametrize("sdk", [BEDROCK, COHERE, MISTRAL], ids=str, indirect=True)
def test_the_sdk_tries_again_by_its_own_rules(project: Any, sdk: SDK) -> None:
    url = project.provider.url
    with project.scope("record"):
        sdk.ask(url, 1)
    project.provider.reset()
    with project.scope("replay") as scope:
        Calls(scope).fail(status=503, retry_after=0)
        assert sdk.ask(url, 2)
        Calls(scope).fail(status=503, retry_after=0)
        assert sdk.status(caught(lambda: sdk.ask(url, 1))) == 503
    assert [call.outcome for call in scope.calls] == ["injected", "replayed", "injected"]
    assert project.provider.count() == 0
