"""What was spent under some bounds, and what is under way: reserved before a call, settled after it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from pytest_lmcache.budget import Amount, Bounds, Estimate
from pytest_lmcache.errors import TierUnavailable
from pytest_lmcache.shared import Values


class Ledger:
    """The account of a test, or of a run with all its workers and threads. `values` is where it is kept, `used` whether
    this process was to spend from it.
    """

    def __init__(self, bounds: Bounds, values: Values) -> None:
        self.bounds = bounds
        self.used = False
        self._values = values

    def usual(self) -> int | None:
        """The mean length of an answer so far, in tokens. Raises TierUnavailable, as all here do."""
        with self._values.open() as values:
            answers = values.get("answers", 0)
            return round(values["answered"] / answers) if answers else None

    def spent(self) -> Amount:
        """What was spent so far, and what is set aside."""
        with self._values.open() as values:
            return _amount(values)

    def reserve(self, expected: Estimate) -> tuple[tuple[str, ...], Amount]:
        """Set aside what a call will take, unless that crosses bounds. Returns these, and what was spent before."""
        self.used = True
        more = expected.amount
        with self._values.open() as values:
            taken = _amount(values)
            crossed = self.bounds.crossed(_sum(taken, more))
            if not crossed:
                _put(values, _sum(taken, more))
            return crossed, taken

    def settle(self, expected: Estimate, actual: Amount, answer: int = 0) -> None:
        """A call took this much instead of what was set aside; `answer` counts the tokens of its answer, if any."""
        # What cannot be settled stays set aside, and no bound is crossed by it.
        with suppress(TierUnavailable), self._values.open() as values:
            _put(values, _sum(_sum(_amount(values), expected.amount, -1), actual))
            _learn(values, answer)

    def spend(self, actual: Amount, answer: int) -> None:
        """A recording answered that took this much when it was made."""
        with self._values.open() as values:
            _put(values, _sum(_amount(values), actual))
            _learn(values, answer)


def _amount(values: dict[str, Any]) -> Amount:
    return Amount(values.get("calls", 0), values.get("tokens", 0), values.get("cost", 0.0))


def _put(values: dict[str, Any], amount: Amount) -> None:
    values |= {"calls": amount.calls, "tokens": amount.tokens, "cost": max(amount.cost, 0.0)}


def _learn(values: dict[str, Any], answer: int) -> None:
    if answer:
        values["answers"] = values.get("answers", 0) + 1
        values["answered"] = values.get("answered", 0) + answer


def _sum(one: Amount, other: Amount, sign: int = 1) -> Amount:
    return Amount(one.calls + sign * other.calls, one.tokens + sign * other.tokens, one.cost + sign * other.cost)
