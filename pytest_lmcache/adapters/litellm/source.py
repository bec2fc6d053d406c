"""A live stream of litellm, and the answer its chunks make."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pytest_lmcache.adapters import source
from pytest_lmcache.adapters.litellm import usage
from pytest_lmcache.adapters.litellm.endings import lacking, noticing
from pytest_lmcache.adapters.litellm.objects import encode, hidden_params
from pytest_lmcache.adapters.nesting import inside
from pytest_lmcache.call import JSON
from pytest_lmcache.errors import UnstorableResponse
from pytest_lmcache.folding import fold
from pytest_lmcache.seam import Answer, Pending

# pytest shows no frame of a module that says so, and none of its locals: a credential may be among them.
__tracebackhide__ = True


class Source(source.Source):
    """A live stream, what came of it so far, and whom to tell how it ended."""

    def __init__(self, stream: Any, pending: Pending, *, awaited: bool) -> None:
        super().__init__(stream, pending, awaited=awaited)
        self._records: list[dict[str, JSON]] = []
        self._unstorable = ""
        self._invented: list[str] = []

    @contextmanager
    def reading(self) -> Iterator[None]:
        with inside(), noticing(self._invented):
            yield

    def note(self, chunk: Any) -> None:
        if self._unstorable:
            return
        try:
            self._records.append(encode(chunk, compact=False))
        except UnstorableResponse as error:
            self._unstorable = str(error)

    def whole(self) -> Answer:
        lacks = "".join(self._invented[:1]) or lacking(self.chunks)
        if self._unstorable or lacks:
            raise UnstorableResponse(self._unstorable or f"the provider ended the stream without {lacks}")
        for chunk, record in zip(self.chunks, self._records, strict=True):
            # litellm corrects the usage it put here when the stream has ended.
            hidden = hidden_params(chunk)
            if hidden:
                record["hidden_params"] = hidden
        model = getattr(self.stream, "model", None)
        found, cost = usage.of_stream(self.chunks, model if isinstance(model, str) else None)
        return Answer(_response(self.stream, self._records), found, cost)


def _response(stream: Any, records: list[dict[str, JSON]]) -> dict[str, JSON]:
    shared, own = fold(records)
    response: dict[str, JSON] = {"type": "stream", "of": _family(stream)}
    for name in ("model", "custom_llm_provider"):
        value = getattr(stream, name, None)
        if isinstance(value, str):
            response[name] = value
    hidden = hidden_params(stream)
    # Before the end litellm writes the cost of a stream as 0.0 here.
    hidden.pop("response_cost", None)
    if hidden:
        response["hidden_params"] = hidden
    return {**response, "shared": shared, "chunks": list(own)}


def _family(stream: Any) -> str:
    """The stream class that a replayed stream derives from; `iterator` when its class is of no interest."""
    for base in type(stream).__mro__:
        if base.__name__ in ("CustomStreamWrapper", "TextCompletionStreamWrapper", "BaseResponsesAPIStreamingIterator"):
            return base.__name__
    return "iterator"
