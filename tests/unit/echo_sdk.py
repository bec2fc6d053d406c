"""A provider, its SDK and a caller, in a few lines: every answer is another text, and none when told to fail."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from typing import Any

from pytest_lmcache.call import JSON, Request
from pytest_lmcache.errors import Miss, UnstorableResponse
from pytest_lmcache.options import Settings
from pytest_lmcache.plain import plain
from pytest_lmcache.scope import Scope
from pytest_lmcache.seam import Answer, Pending
from pytest_lmcache.session import Run


class Broken(Exception):
    """What the SDK raises when its provider fails."""


class Provider:
    """Answers `live 1`, `live 2` ...; an error when asked to fail, an object of its own for the prompt `opaque`."""

    def __init__(self) -> None:
        self.requests = 0
        self._numbers = itertools.count(1)

    def answer(self, prompt: str = "", **options: Any) -> Any:
        self.requests += 1
        if "fail" in prompt:
            raise Broken(f"the provider failed at {prompt!r}")
        if prompt == "opaque":
            return object()
        text = f"live {next(self._numbers)}"
        return iter([text, "end"]) if options.get("stream") else text


class Adapter:
    """The SDK as the recorder sees it."""

    name = "echo"

    def describe(self, operation: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Request | None:
        if kwargs.get("mocked"):
            return None
        body: dict[str, JSON] = {name: plain(value, name) for name, value in kwargs.items() if name != "stream"}
        model = str(kwargs.get("model", "echo-1"))
        return Request(self.name, operation, model, body, ("prompt",), bool(kwargs.get("stream")))

    def is_stream(self, result: object) -> bool:
        return hasattr(result, "__next__")

    def dump(self, result: object) -> Answer:
        if not isinstance(result, str):
            raise UnstorableResponse("an answer that is no text")
        return Answer({"text": result}, {"prompt_tokens": 3, "completion_tokens": 2}, 0.01)

    def dump_error(self, error: Exception) -> Answer | None:
        return Answer({"error": str(error)}) if isinstance(error, Broken) else None

    def build(self, response: dict[str, JSON]) -> object:
        if "error" in response:
            raise Broken(response["error"])
        return iter(response["chunks"]) if "chunks" in response else response["text"]

    def tee(self, stream: Any, pending: Pending) -> Stream:
        return Stream(stream, pending)


class Stream:
    """A blocking stream, followed."""

    def __init__(self, stream: Any, pending: Pending) -> None:
        self._stream = stream
        self._pending = pending
        self._chunks: list[str] = []
        self._given = 0
        pending.follow(Rest(self))

    def __iter__(self) -> Stream:
        return self

    def __next__(self) -> str:
        if self._given == len(self._chunks):
            self.read()
        self._given += 1
        return self._chunks[self._given - 1]

    def read(self) -> None:
        try:
            self._chunks.append(next(self._stream))
        except StopIteration:
            self._pending.complete(Answer({"chunks": list(self._chunks)}))
            raise


class Rest:
    """What is left of a stream."""

    awaited = False
    loop = None

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def drain(self) -> None:
        with contextlib.suppress(StopIteration):
            while True:
                self._stream.read()

    async def adrain(self) -> None:
        raise NotImplementedError


class Caller:
    """Makes calls for one scope, blocking or awaited, and tells what became of each."""

    def __init__(self, scope: Scope, provider: Provider, *, awaited: bool = False) -> None:
        self.scope = scope
        self.provider = provider
        self.awaited = awaited

    def __call__(self, prompt: str = "Hello", **options: Any) -> Any:
        asked = {"prompt": prompt, **options}
        recorder = self.scope.recorder
        assert recorder is not None
        if not self.awaited:
            return recorder.perform(Adapter(), "chat", (), asked, lambda: self.provider.answer(**asked))

        async def answer() -> Any:
            return self.provider.answer(**asked)

        return asyncio.run(recorder.aperform(Adapter(), "chat", (), asked, answer))

    def told(self, **options: Any) -> str:
        """One call in words: `old 1 from disk, replayed`."""
        try:
            answer = self(**options)
        except Miss:
            return "missed"
        call = self.scope.calls[-1]
        return f"{answer} from {call.tier}, {call.outcome}"


def committed(run: Run) -> list[str]:
    """The texts of the takes in the cassette folder."""
    cassettes = run.scope("", Settings())._stack.cassettes
    files = cassettes.folder.glob("*/*.json")
    return [json.loads(take.response)["text"] for file in files for take in cassettes.load(file).takes]
