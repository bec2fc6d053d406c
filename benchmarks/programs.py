"""DSPy over its own engine: what an answer from a recording costs a call of `dspy.LM`."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dspy
from dspy._vendor.lm15 import transports

from benchmarks import work
from benchmarks.calls import MICRO, compared, project
from benchmarks.measure import Effort, Variant
from benchmarks.table import Row


def call(effort: Effort) -> list[Row]:
    """A question of a program that this process has asked before, with DSPy's own cache off."""
    shown = (("a question", work.streamed()), ("an agent's turn", work.agent_turn()))
    return [_warm(title, asked, effort) for title, asked in shown]


def _warm(title: str, asked: dict[str, Any], effort: Effort) -> Row:
    options = {name: value for name, value in asked.items() if name not in ("stream", "stream_options", "model")}
    body = json.dumps(work.answer(asked)).encode()
    with project() as (_, ours, stop), _no_address() as url:
        lm = dspy.LM(work.MODEL, api_base=url, api_key="not-a-real-key", cache=False)

        def ask() -> object:
            return lm(**options)

        ours.record(ask)
        run = ours.run()
        stop()
        variants = {
            "floor": Variant(ask, lambda: _answering(body)),
            "ours": Variant(ask, lambda: ours.replaying(run)),
        }
        return compared(f"dspy.LM, warm, {title}", variants, {}, effort, MICRO, 1.3)


@contextmanager
def _no_address() -> Iterator[str]:
    """The provider's address, out of the environment: DSPy takes its own engine only where none is named there."""
    url = os.environ.pop("OPENAI_API_BASE")
    try:
        yield url
    finally:
        os.environ["OPENAI_API_BASE"] = url


@contextmanager
def _answering(body: bytes) -> Iterator[None]:
    """The transport answers from a dictionary."""
    known: dict[bytes, bytes] = {}
    hooked = transports.StdlibTransport.stream

    def stream(transport: Any, request: Any) -> Any:
        return transports.TransportResponse(
            status=200,
            reason="OK",
            headers=[("content-type", "application/json")],
            http_version="HTTP/1.1",
            chunks=iter([known.setdefault(request.body, body)]),
            release=lambda _: None,
        )

    transports.StdlibTransport.stream = stream
    try:
        yield
    finally:
        transports.StdlibTransport.stream = hooked
