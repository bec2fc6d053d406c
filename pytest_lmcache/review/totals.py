"""What recordings amount to, by model, by test module, by operation or by test."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from pytest_lmcache.review.heads import Head

GROUPS: dict[str, Callable[[Head], str]] = {
    "model": lambda head: head.model or "(none)",
    "module": lambda head: head.module or "(none)",
    "operation": lambda head: head.operation,
    "test": lambda head: head.recorded_by or "(none)",
}


@dataclass(slots=True)
class Total:
    """The sum over some recordings. `cost` is in US dollars, None where no price is known; the counts are of tokens:
    `asked` and `answered`, and of those asked the ones `cached` in and `stored` to the provider's prompt cache.
    """

    recordings: int = 0
    takes: int = 0
    asked: int = 0
    answered: int = 0
    cached: int = 0
    stored: int = 0
    cost: float | None = None
    seconds: float = 0.0
    bytes: int = 0

    def add(self, head: Head) -> None:
        """One more recording."""
        self.recordings += 1
        self.takes += head.takes
        self.asked += head.usage.get("prompt_tokens", 0)
        self.answered += head.usage.get("completion_tokens", 0)
        self.cached += head.usage.get("cached_tokens", 0)
        self.stored += head.usage.get("cache_creation_tokens", 0)
        if head.cost is not None:
            self.cost = (self.cost or 0.0) + head.cost
        self.seconds += head.seconds
        self.bytes += head.size

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        values = asdict(self)
        names = {
            "asked": "prompt_tokens",
            "answered": "completion_tokens",
            "cached": "cached_tokens",
            "stored": "cache_creation_tokens",
            "cost": "cost_usd",
            "seconds": "latency_s",
        }
        return {names.get(name, name): round(v, 9) if isinstance(v, float) else v for name, v in values.items()}


def total(heads: Iterable[Head]) -> Total:
    """The sum over all of them."""
    found = Total()
    for head in heads:
        found.add(head)
    return found


def grouped(heads: Iterable[Head], by: str) -> dict[str, Total]:
    """The sums by one of GROUPS, the dearest first, then those with the most tokens."""
    group = GROUPS[by]
    found: dict[str, Total] = {}
    for head in heads:
        found.setdefault(group(head), Total()).add(head)

    def weight(name: str) -> tuple[float, int, str]:
        one = found[name]
        return -(one.cost or 0.0), -(one.asked + one.answered), name

    return {name: found[name] for name in sorted(found, key=weight)}
