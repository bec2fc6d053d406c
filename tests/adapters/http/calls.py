"""The contract matrix: what a row is. The rows stand in `rows_*.py`, a family of SDKs each.

To add an SDK, add its rows. A row whose modules are not installed is skipped.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any

KEY = "fake-key-for-tests"
QUESTION = "What is the capital of France?"
MESSAGES = [{"role": "user", "content": QUESTION}]
WEATHER = [{"role": "user", "content": "What is the weather in Paris?"}]
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOLS = [{"type": "function", "function": {"name": "get_weather", "description": "Weather", "parameters": CITY}}]
CHAT = {"model": "gpt-4o", "messages": MESSAGES}


@dataclass(frozen=True)
class Row:
    """A cell of the matrix: an SDK (over a transport), called `sync` or `async` in one `form`.

    `call` takes the provider's URL and gives all that the caller sees. `requests` is how many calls of a model it
    makes, and `counted` says whether the provider tells the tokens that each takes.
    """

    sdk: str
    way: str
    form: str
    modules: tuple[str, ...]
    call: Callable[[str], Any]
    requests: int = 1
    counted: bool | tuple[bool, ...] = True

    @property
    def counts(self) -> list[bool]:
        """Of each request whether its tokens are told."""
        return [self.counted] * self.requests if isinstance(self.counted, bool) else list(self.counted)

    def __str__(self) -> str:
        return f"{self.sdk} {self.way} {self.form}"


class Table:
    """Rows in the order they were added."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def row(
        self,
        sdk: str,
        way: str,
        form: str,
        *modules: str,
        requests: int = 1,
        counted: bool | tuple[bool, ...] = True,
    ) -> Any:
        """Add a call of `modules`. An asynchronous one is a coroutine function."""

        def add(call: Callable[[str], Any]) -> Callable[[str], Any]:
            run = awaited(call) if way == "async" else call
            self.rows.append(Row(sdk, way, form, modules, run, requests, counted))
            return call

        return add


def chats(model: str) -> tuple[tuple[str, dict[str, Any]], ...]:
    """A plain chat, and one that calls a tool."""
    return ("chat", {"model": model, "messages": MESSAGES}), (
        "tools",
        {"model": model, "messages": WEATHER, "tools": TOOLS},
    )


def dumped(result: Any) -> Any:
    """A result as plain data, whatever the SDK made it of."""
    if hasattr(result, "model_dump"):
        return result.model_dump(warnings=False)
    if dataclasses.is_dataclass(result) and not isinstance(result, type):
        return {field.name: dumped(getattr(result, field.name)) for field in dataclasses.fields(result)}
    if isinstance(result, dict):
        return {name: dumped(value) for name, value in result.items()}
    if isinstance(result, list | tuple):
        return [dumped(item) for item in result]
    return {name: dumped(value) for name, value in vars(result).items()} if hasattr(result, "__dict__") else result


def all_of(stream: Iterable[Any]) -> list[Any]:
    return [dumped(item) for item in stream]


async def all_from(stream: AsyncIterator[Any]) -> list[Any]:
    return [dumped(item) async for item in stream]


def awaited(main: Callable[[str], Awaitable[Any]]) -> Callable[[str], Any]:
    return lambda url: asyncio.run(main(url))  # type: ignore[arg-type]
