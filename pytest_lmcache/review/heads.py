"""What a list shows of a recording: its head, read without the care that replaying it takes, so that many are quick."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ujson

from pytest_lmcache import cassette
from pytest_lmcache.errors import BadRecording
from pytest_lmcache.review.folder import path_of
from pytest_lmcache.tiers.cassettes import Cassettes

_FIELDS = ("key", "strategy", "adapter", "operation", "model", "recorded_at", "recorded_by")


@dataclass(frozen=True, slots=True)
class Head:
    """A recording in a list. `path` is below the folder, `size` in bytes, `seconds` and `cost` (US dollars, None where
    no price is known) are those of all takes together, as are the counts of `usage`.
    """

    path: str
    size: int
    key: str
    strategy: str
    adapter: str
    operation: str
    model: str
    recorded_at: str
    recorded_by: str
    takes: int
    seconds: float
    cost: float | None
    usage: dict[str, int]

    @property
    def slug(self) -> str:
        """The words in the file's name, empty when there are none."""
        return self.path.rpartition("/")[2].removesuffix(".json")[:-20].rstrip("-")

    @property
    def module(self) -> str:
        """The file of the test that recorded it."""
        return self.recorded_by.partition("::")[0]

    @property
    def tokens(self) -> int:
        """Tokens in and out."""
        return self.usage.get("prompt_tokens", 0) + self.usage.get("completion_tokens", 0)

    def age(self, now: datetime) -> float:
        """Seconds since it was recorded; 0 where the file does not say."""
        try:
            return max(0.0, (now - datetime.fromisoformat(self.recorded_at)).total_seconds())
        except (ValueError, TypeError):
            return 0.0

    def as_json(self) -> dict[str, Any]:
        """The same for programs, in the words of the file."""
        return {
            "path": self.path,
            **{name: getattr(self, name) for name in _FIELDS},
            "takes": self.takes,
            "bytes": self.size,
            "latency_s": round(self.seconds, 3),
            "cost_usd": self.cost,
            "tokens": self.usage,
        }


def read(cassettes: Cassettes, file: Path) -> Head:
    """The head of one of the folder's files. Raises BadRecording for what is no recording at all."""
    data = cassettes.read(file)
    path = path_of(file)
    try:
        document = ujson.loads(data)
        takes = document["responses"]
        if document["format"] != cassette.FORMAT or not takes:
            raise ValueError
        usage: dict[str, int] = {}
        cost: float | None = None
        for take in takes:
            for name, count in take.get("tokens", {}).items():
                usage[name] = usage.get(name, 0) + count
            if take.get("cost_usd") is not None:
                cost = (cost or 0.0) + take["cost_usd"]
        fields = {name: document[name] for name in _FIELDS}
        if not all(type(value) is str for value in fields.values()):
            raise ValueError
        seconds = float(sum(take["latency_s"] for take in takes))
    except (ValueError, KeyError, TypeError, AttributeError):
        # Whoever reads it with care says what is wrong with it.
        cassettes.load(file)
        raise BadRecording(cassettes.name(path), "is no recording", "Restore it, or record it again") from None
    return Head(path=path, size=len(data), takes=len(takes), seconds=seconds, cost=cost, usage=usage, **fields)


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)
