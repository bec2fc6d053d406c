"""The nouns of this package: a request on the wire, what its answer says, and what a dialect is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from pytest_lmcache.call import JSON, Request

Event: TypeAlias = dict[str, Any]
"""One event of a stream as plain JSON, made by `codecs.decode`."""

Answer: TypeAlias = "JSON | Sequence[Event]"
"""A whole answer as parsed JSON (text where the answer is no JSON), or the events of a stream in their order."""


@dataclass(frozen=True, slots=True)
class Wire:
    """An HTTP request as it leaves: `url` with scheme, host and query, `body` without transfer or content coding."""

    method: str
    url: str
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A tool the model asked for. `arguments` is parsed JSON, or the text itself where it is none."""

    name: str
    arguments: JSON
    id: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What an answer says, for people: text, tool calls, why it ended, and what it took.

    `usage` has the names of `Take.usage`; a count of zero is left out, and `prompt_tokens` are all of them, those read
    from or written to the provider's prompt cache included.
    """

    text: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    finish_reason: str = ""
    usage: dict[str, int] = field(default_factory=dict)


class Dialect(Protocol):
    """How one kind of provider is spoken to over HTTP: pure, and the same on any host.

    `name` makes the adapter of its requests, `http/<name>`. `tails` are the words its paths may end with, after the
    last slash or colon: no other request is shown to it. `word/*` stands for any last word after `/word/`.
    """

    @property
    def name(self) -> str: ...

    @property
    def tails(self) -> frozenset[str]: ...

    def recognise(self, wire: Wire) -> Request | None:
        """What is asked, or None when this is no request of the dialect. Raises for no bytes whatever."""
        ...

    def reading(self, request: Request, answer: Answer) -> Reading:
        """What an answer to one of its requests says; what is missing or odd in it is left out."""
        ...

    def ended(self, request: Request, events: Sequence[Event]) -> bool:
        """Whether the last of the events is the one the provider ends a stream with."""
        ...
