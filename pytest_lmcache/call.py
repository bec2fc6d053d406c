"""The nouns every module shares: a request, its key, a recording and its takes, and what became of one call."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TypeAlias

import ujson

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"

IMPORTED = "imported from "
"""What `Recording.recorded_by` begins with when no test recorded it; the cassette of another tool follows."""


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked of a model, as plain JSON without credentials.

    `body` holds every field that can change the answer; `conversation` names those of its fields that are the
    conversation itself (messages, input, prompt ...), which the key strategy `messages` is made of.
    """

    adapter: str
    operation: str
    model: str
    body: dict[str, JSON]
    conversation: tuple[str, ...]
    stream: bool = False


@dataclass(frozen=True, slots=True)
class Key:
    """The address of a recording: a digest of the key material, and words for the people who read the file name.

    `digest` is 64 hexadecimal digits (SHA-256). `strategy` is the name of the strategy that made it, `operation`
    and `slug` are ASCII `[a-z0-9-]`. `ignore` and `normalize` say what else made it, where that is known; they are no
    part of the address.
    """

    digest: str
    strategy: str
    operation: str
    slug: str
    ignore: tuple[str, ...] = field(default=(), compare=False)
    normalize: tuple[str, ...] = field(default=(), compare=False)

    @property
    def path(self) -> str:
        """The file below the cassette folder, with forward slashes, at most 80 characters."""
        name = f"{self.slug}-{self.digest[:20]}" if self.slug else self.digest[:20]
        return f"{self.operation}/{name}.json"


@dataclass(frozen=True, slots=True)
class Take:
    """One answer to a request: `response` is compact JSON text, made by the adapter that will rebuild it.

    `latency` is in seconds. `usage` counts tokens by name (`prompt_tokens`, `completion_tokens`, `cached_tokens`,
    `cache_creation_tokens`); `cost` is in US dollars, None where the price is not known.
    """

    response: str
    latency: float
    usage: dict[str, int] = field(default_factory=dict)
    cost: float | None = None

    def parsed(self) -> dict[str, JSON]:
        """The answer as plain JSON, a fresh copy at each call."""
        answer: dict[str, JSON] = ujson.loads(self.response)
        return answer


@dataclass(frozen=True, slots=True)
class Recording:
    """One request with its takes, in the order they were made.

    `recorded_at` is UTC, ISO 8601, in seconds; `recorded_by` the node id of the first test that asked, or IMPORTED and
    a file; `run` the identity of the run that made the newest take, known to the local disk only. `allowed` says which
    of what looks like a credential in it somebody has allowed, by path or by kind.
    """

    key: Key
    request: Request
    takes: tuple[Take, ...]
    recorded_at: str
    recorded_by: str
    run: str = ""
    allowed: tuple[str, ...] = ()

    @property
    def imported_from(self) -> str:
        """The cassette of another tool that the recording was made of; empty when a test recorded it."""
        return self.recorded_by.removeprefix(IMPORTED) if self.recorded_by.startswith(IMPORTED) else ""

    def with_take(self, take: Take, *, run: str, allowed: tuple[str, ...] = ()) -> Recording:
        """The same recording with one more take at the end, and what is allowed of it."""
        merged = tuple(dict.fromkeys((*self.allowed, *allowed)))
        return replace(self, takes=(*self.takes, take), run=run, allowed=merged)


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a test, and what became of it.

    `outcome` is `replayed`, `recorded`, `refreshed`, `missed`, `live` for an answer that could not be recorded, or
    `injected` for a `fault` that the test asked for; `tier` says who answered: `memory`, `cassettes`, `disk` or
    `provider`. `seconds` and `cost` (US dollars) are those of the recorded call, so that they are the same in the
    recording run and in every replay. `began` (seconds since the epoch) and `took` (seconds) are those of this run.
    """

    request: Request
    key: Key
    outcome: str
    tier: str
    take: Take | None = None
    number: int = 1
    began: float = 0.0
    took: float = 0.0
    fault: str = ""

    def __repr__(self) -> str:
        return f"<Call {self.request.operation} {self.request.model}: {self.outcome}, {self.tier}>"

    @property
    def response(self) -> JSON:
        """The answer as plain JSON, or None for a miss. A fresh copy at each access."""
        return None if self.take is None else ujson.loads(self.take.response)

    @property
    def tokens(self) -> dict[str, int]:
        """Token counts by name, see `Take.usage`."""
        return {} if self.take is None else self.take.usage

    @property
    def total_tokens(self) -> int:
        """Tokens in and out."""
        return self.tokens.get("prompt_tokens", 0) + self.tokens.get("completion_tokens", 0)

    @property
    def cost(self) -> float | None:
        """US dollars, None where the price is not known."""
        return None if self.take is None else self.take.cost

    @property
    def seconds(self) -> float:
        """How long the provider took when the answer was recorded."""
        return 0.0 if self.take is None else self.take.latency

    def as_dict(self) -> dict[str, JSON]:
        """What is the same in the recording run and in every replay: for snapshots and comparisons."""
        return {
            "operation": self.request.operation,
            "model": self.request.model,
            "request": self.request.body,
            "response": self.response,
        }
