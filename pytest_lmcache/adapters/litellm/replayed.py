"""Recorded streams played again: of litellm's own stream classes, without its processing of provider chunks."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from typing import Any

from litellm import CustomStreamWrapper
from litellm.responses.streaming_iterator import ResponsesAPIStreamingIterator, SyncResponsesAPIStreamingIterator
from litellm.types.utils import ModelResponseStream
from litellm.utils import TextCompletionStreamWrapper

from pytest_lmcache.adapters.litellm import classes
from pytest_lmcache.adapters.litellm.objects import decode
from pytest_lmcache.folding import unfold


def stream(response: dict[str, Any], *, awaited: bool) -> object:
    """The stream that `streams.tee` wrote down, blocking or asynchronous as the call is. `response` is used up."""
    return stream_of(chunks(response), response, awaited=awaited)


def chunks(response: dict[str, Any]) -> Iterator[Any]:
    """The chunks that were written down; all at once, as what cannot be rebuilt is an error before the first."""
    return iter([*_chunks(response["shared"], response["chunks"])])


def stream_of(chunks: Iterator[Any], response: dict[str, Any], *, awaited: bool) -> object:
    """A stream of these chunks, in other things as it was written down."""
    family = response["of"]
    if family == "CustomStreamWrapper":
        return ReplayedChat(chunks, response)
    if family == "TextCompletionStreamWrapper":
        return ReplayedText(chunks, response)
    if family == "BaseResponsesAPIStreamingIterator":
        return ReplayedAsyncResponses(chunks, response) if awaited else ReplayedResponses(chunks, response)
    return _awaited(chunks) if awaited else chunks


def _chunks(shared: dict[str, Any], own: list[dict[str, Any]]) -> Iterator[Any]:
    if shared.get("type") != "ModelResponseStream" or any("type" in item or "types" in item for item in own):
        for item in own:
            yield decode(unfold(shared, item))
        return
    for item in own:
        record = unfold(shared, item)
        chunk = ModelResponseStream(**record["data"])
        if "hidden_params" in record:
            chunk._hidden_params = classes.hidden("ModelResponseStream", record["hidden_params"])
        yield chunk


async def _awaited(chunks: Iterator[Any]) -> AsyncGenerator[Any, None]:
    for chunk in chunks:
        yield chunk


class _Blocking:
    """Reading what was recorded."""

    _recorded: Iterator[Any]

    def __iter__(self) -> Any:
        return self

    def __next__(self) -> Any:
        return next(self._recorded)

    def close(self) -> None:
        self._recorded = iter(())


class _Awaited:
    """Reading what was recorded, awaiting."""

    _recorded: Iterator[Any]

    def __aiter__(self) -> Any:
        return self

    async def __anext__(self) -> Any:
        for chunk in self._recorded:
            return chunk
        raise StopAsyncIteration

    async def aclose(self) -> None:
        self._recorded = iter(())


class _Attributes:
    """What people read off a stream, from the recording."""

    def __init__(self, chunks: Iterator[Any], response: dict[str, Any]) -> None:
        self._recorded = chunks
        self.model = response.get("model")
        self.custom_llm_provider = response.get("custom_llm_provider")
        self._hidden_params = response.get("hidden_params") or {}
        headers = self._hidden_params.get("additional_headers") or {}
        self._response_headers = {name.removeprefix("llm_provider-"): value for name, value in headers.items()}
        self.chunks: list[Any] = []

    completion_stream = None
    logging_obj = None
    stream_options = None

    def __del__(self) -> None:
        pass


class ReplayedChat(_Attributes, _Blocking, _Awaited, CustomStreamWrapper):  # type: ignore[misc]
    """A recorded chat stream; like litellm's own it can be read either way."""

    messages = None
    response_id = None
    created = None
    system_fingerprint = None
    received_finish_reason = None
    intermittent_finish_reason = None
    response_uptil_now = ""
    complete_response = ""
    holding_chunk = ""
    sent_first_chunk = False
    sent_last_chunk = False
    tool_call = False
    logging_loop = None
    make_call = None

    def __next__(self) -> Any:
        chunk = next(self._recorded)
        self.chunks.append(chunk)
        return chunk

    async def __anext__(self) -> Any:
        for chunk in self._recorded:
            self.chunks.append(chunk)
            return chunk
        raise StopAsyncIteration


class ReplayedText(_Attributes, _Blocking, _Awaited, TextCompletionStreamWrapper):  # type: ignore[misc]
    """A recorded text stream; like litellm's own it can be read either way."""


class ReplayedResponses(_Attributes, _Blocking, SyncResponsesAPIStreamingIterator):  # type: ignore[misc]
    """A recorded stream of the Responses API."""

    completed_response: Any = None
    finished = False

    def __next__(self) -> Any:
        return _noted(self, next(self._recorded))


class ReplayedAsyncResponses(_Attributes, _Awaited, ResponsesAPIStreamingIterator):  # type: ignore[misc]
    """A recorded stream of the Responses API, asynchronous."""

    completed_response: Any = None
    finished = False

    async def __anext__(self) -> Any:
        for event in self._recorded:
            return _noted(self, event)
        raise StopAsyncIteration


def _noted(stream: Any, event: Any) -> Any:
    """The event; the one that closes a response is kept where litellm's own iterators keep it."""
    if getattr(event, "type", None) in ("response.completed", "response.incomplete", "response.failed"):
        stream.completed_response, stream.finished = event, True
    return event
