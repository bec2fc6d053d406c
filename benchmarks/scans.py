"""What looking for credentials costs when an answer is recorded: by value and by looks."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from benchmarks.measure import Effort, Variant, interleaved
from benchmarks.table import Row
from pytest_lmcache import screen
from pytest_lmcache.folding import fold
from pytest_lmcache.redact import Redactor

PROSE = "The agent looks the order up, sees that it was sent on Monday, and tells the customer where it is now. "
CREDENTIALS = {"OPENAI_API_KEY": "sk-fake-" + "0a1B2c3D" * 5, "ANTHROPIC_API_KEY": "sk-ant-fake-" + "9z8Y7x6W" * 10}


def recorded(effort: Effort) -> list[Row]:
    """A request of 8 kB with its answer of 8 kB, whole and as a stream of 60 chunks."""
    text = (PROSE * 80)[:8000]
    body: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": text[:400]} for _ in range(20)]}
    whole: dict[str, Any] = {"type": "http", "status": 200, "body": {"choices": [{"message": {"content": text}}]}}
    pieces = [text[at : at + 134] for at in range(0, 8000, 134)]
    shared, own = fold([{"data": {"id": "c-1", "choices": [{"index": 0, "delta": {"content": p}}]}} for p in pieces])
    stream = {"type": "http-stream", "shared": shared, "chunks": own}
    redactor = Redactor(CREDENTIALS)

    def looking(answer: dict[str, Any]) -> Callable[[], None]:
        written = json.dumps(answer)

        def act() -> None:
            cleaned = redactor.clean_answer(answer, written)
            assert not [*screen.in_request(body), *screen.in_answer(cleaned, 0)]

        return act

    def floor() -> None:
        json.dumps([body, whole])

    found = interleaved(
        {"floor": Variant(floor), "whole": Variant(looking(whole)), "stream": Variant(looking(stream))}, effort
    )
    least = found["floor"] * 1e6
    return [
        _row("credentials in 8 kB asked and 8 kB answered", found["whole"] * 1e6, least),
        _row("the same, a stream of 60 chunks", found["stream"] * 1e6, least),
    ]


def _row(title: str, took: float, least: float) -> Row:
    return Row(title, took, least, "µs", took, 200, "µs")
