"""litellm as the recorder sees it: requests described, answers and errors written down, streams followed."""

from __future__ import annotations

from typing import Any

from pytest_lmcache.adapters.litellm import answers, errors, faults, replayed, requests, streams
from pytest_lmcache.call import JSON, Request
from pytest_lmcache.seam import Answer, Pending
from pytest_lmcache.whatif import Fault


class LiteLLM:
    """The adapter. `awaited` says how the call was made: some streams of litellm are of either kind, and a recording
    made by one kind of call replays for the other.
    """

    name = "litellm"

    def __init__(self, *, awaited: bool = False) -> None:
        self.awaited = awaited

    def describe(self, operation: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Request | None:
        return requests.describe(operation, args, kwargs)

    def is_stream(self, result: object) -> bool:
        return streams.is_stream(result)

    def dump(self, result: object) -> Answer:
        return answers.dump(result)

    def dump_error(self, error: Exception) -> Answer | None:
        return errors.dump_error(error)

    def build(self, response: dict[str, JSON]) -> object:
        kind = response["type"]
        if kind == "stream":
            return replayed.stream(response, awaited=self.awaited)
        if kind == "error":
            raise errors.build_error(response)
        return answers.build(response)

    def inject(self, fault: Fault, request: Request, response: dict[str, JSON] | None) -> object:
        if fault.kind == "cut" and response is not None and response["type"] == "stream":
            return faults.cut(response, fault.after_chunks, awaited=self.awaited)
        return faults.Unmapped(fault)

    def tee(self, stream: object, pending: Pending) -> object:
        return streams.tee(stream, pending, awaited=self.awaited)


BLOCKING = LiteLLM(awaited=False)
AWAITED = LiteLLM(awaited=True)
