"""The bounds that hold for the calls of one test: its own, and those of the run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pytest_lmcache.budget import Amount, Estimate, Price, counts, estimate, stopped
from pytest_lmcache.budget.ledger import Ledger
from pytest_lmcache.call import Call, Request


@dataclass(frozen=True, slots=True)
class Account:
    """A ledger and who spends from it. `tries` says whether a call counts that brought no answer, as a bill does."""

    ledger: Ledger
    whose: str
    tries: bool


@dataclass(frozen=True, slots=True)
class Stopped:
    """A call that may not be made: the `reason` in a few words, and the whole explanation."""

    reason: str
    text: str


class Reserved:
    """What was set aside for one call under way. Exactly one of the methods is called at its end."""

    def __init__(self, held: tuple[tuple[Account, Estimate], ...], unpriced: Callable[[], None]) -> None:
        self._held = held
        self._unpriced = unpriced

    def settle(self, tokens: dict[str, int], cost: float | None) -> None:
        """The call brought an answer."""
        answer = tokens.get("completion_tokens", 0)
        actual = Amount(1, tokens.get("prompt_tokens", 0) + answer, cost or 0.0)
        for account, expected in self._held:
            account.ledger.settle(expected, actual, answer)
        if cost is None and any(account.ledger.bounds.max_cost is not None for account, _ in self._held):
            self._unpriced()

    def forfeit(self) -> None:
        """The call brought an answer of unknown size: what was set aside is spent."""

    def release(self) -> None:
        """The call brought no answer."""
        for account, expected in self._held:
            account.ledger.settle(expected, Amount(calls=1 if account.tries else 0))


class Budget:
    """The accounts that the live calls of one test, or fixture of wider scope, are on. `reached` is told the bounds of
    the run that a call was not made for.
    """

    def __init__(
        self,
        accounts: tuple[Account, ...],
        price: Price,
        *,
        warn: Callable[[str], None],
        reached: Callable[[tuple[str, ...]], None],
    ) -> None:
        self._accounts = accounts
        self._price = price
        self._warn = warn
        self._reached = reached

    def reserve(self, request: Request) -> Reserved | Stopped:
        """Set aside what a call will take, or say why it may not be made. Raises TierUnavailable."""
        held: list[tuple[Account, Estimate]] = []
        for account in self._accounts if counts(request) else ():
            expected = estimate(request, account.ledger.usual(), self._price)
            crossed, taken = account.ledger.reserve(expected)
            if crossed:
                if account.tries:
                    self._reached(crossed)
                for other, set_aside in held:
                    other.ledger.settle(set_aside, Amount())
                text = stopped(crossed, account.whose, taken, expected, request)
                return Stopped(f"{' and '.join(crossed)} is reached", text)
            held.append((account, expected))
        return Reserved(tuple(held), lambda: self._unknown(request.model))

    def replayed(self, call: Call) -> None:
        """A recording answered: it counts for the test as it did when it was made, and nobody pays for it."""
        for account in self._accounts if counts(call.request) else ():
            if not account.tries:
                amount = Amount(1, call.total_tokens, call.cost or 0.0)
                account.ledger.spend(amount, call.tokens.get("completion_tokens", 0))

    def _unknown(self, model: str) -> None:
        self._warn(f"calls of {model} count as $0 in bounds on cost, since their price is not known")
