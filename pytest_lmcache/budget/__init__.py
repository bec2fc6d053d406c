"""Bounds on what calls take, and what a call will take that has not been made. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from pytest_lmcache.call import JSON, Call, Request
from pytest_lmcache.wording import many

BYTES_PER_TOKEN = 4
"""What a token is taken for: so many bytes of UTF-8."""

Price: TypeAlias = Callable[[str, dict[str, int]], float | None]
"""US dollars for token counts (see `Take.usage`) of a model, None where its price is not known."""

_LIMITS = ("max_tokens", "max_completion_tokens", "max_output_tokens", "maxOutputTokens", "num_predict", "maxTokens")
_NESTED = ("generationConfig", "generation_config", "inferenceConfig", "options", "config")
_LONG = 1000
_FREE = frozenset({"function", "count-tokens"})


@dataclass(frozen=True, slots=True)
class Amount:
    """Calls, their tokens in and out, and US dollars."""

    calls: int = 0
    tokens: int = 0
    cost: float = 0.0

    def __str__(self) -> str:
        return f"{many(self.calls, 'call')}, {many(self.tokens, 'token')}, {dollars(self.cost)}"


@dataclass(frozen=True, slots=True)
class Bounds:
    """What calls may take at most, None where there is no bound. `option` is what a person
    writes before the name of one, empty where it is an argument.
    """

    max_calls: int | None = None
    max_tokens: int | None = None
    max_cost: float | None = None
    option: str = ""

    def __bool__(self) -> bool:
        return any(bound is not None for bound in self._pairs(Amount()).values())

    def crossed(self, amount: Amount) -> tuple[str, ...]:
        """The bounds that an amount is above, as a person writes them."""
        return tuple(
            f"{self._written(name)}={_plainly(bound)}"
            for name, pair in self._pairs(amount).items()
            if pair is not None
            for bound, value in [pair]
            if value > bound * (1 + 1e-9)
        )

    def _written(self, name: str) -> str:
        return f"{self.option}{name.replace('_', '-')}" if self.option else name

    def _pairs(self, amount: Amount) -> dict[str, tuple[float, float] | None]:
        pairs = {
            "max_calls": (self.max_calls, amount.calls),
            "max_tokens": (self.max_tokens, amount.tokens),
            "max_cost": (self.max_cost, amount.cost),
        }
        return {name: None if bound is None else (bound, value) for name, (bound, value) in pairs.items()}


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a call will take: tokens of its prompt and of its answer, and US dollars, None where no price is known.

    `basis` says what the answer's length is taken from.
    """

    prompt: int
    answer: int
    basis: str
    cost: float | None

    @property
    def amount(self) -> Amount:
        """The estimate as far as it goes."""
        return Amount(1, self.prompt + self.answer, self.cost or 0.0)

    def __str__(self) -> str:
        price = "at no known price" if self.cost is None else f"{dollars(self.cost)} by the price table of litellm"
        return (
            f"{many(self.prompt, 'token')} of prompt (one for {BYTES_PER_TOKEN} bytes of text) and "
            f"{self.answer:,} of answer ({self.basis}), {price}"
        )


def estimate(request: Request, usual: int | None, price: Price) -> Estimate:
    """What a request will take. An answer is taken to be as long as the request allows, or else as `usual`."""
    prompt = -(-sum(len(text.encode("utf-8", "replace")) for text in _texts(request.body)) // BYTES_PER_TOKEN)
    name, limit = _limit(request.body)
    if limit is not None:
        answer, basis = limit, f"its {name}"
    elif usual is not None:
        answer, basis = usual, "the mean so far, as the request sets no limit"
    else:
        answer, basis = 0, "the request sets no limit"
    return Estimate(prompt, answer, basis, price(request.model, {"prompt_tokens": prompt, "completion_tokens": answer}))


def counts(request: Request) -> bool:
    """Whether somebody may pay for a request: functions of a project's own and counts of tokens are free."""
    return request.operation not in _FREE


def spent(calls: list[Call]) -> Amount:
    """What calls took, as recorded."""
    answered = [call for call in calls if call.outcome != "missed" and counts(call.request)]
    cost = math.fsum(call.cost or 0.0 for call in answered)
    return Amount(len(answered), sum(call.total_tokens for call in answered), cost)


def above(crossed: tuple[str, ...], calls: list[Call]) -> str:
    """Why a test fails whose calls are above its bounds."""
    amount = spent(calls)
    unpriced = sum(call.cost is None and counts(call.request) for call in calls)
    prompt = sum(call.tokens.get("prompt_tokens", 0) for call in calls)
    return "\n".join(
        [
            f"lmcache: this test's calls are above its {_several(crossed)}.",
            "",
            f"  calls   {amount.calls:,}",
            f"  tokens  {amount.tokens:,} ({prompt:,} of prompts, {amount.tokens - prompt:,} of answers)",
            f"  cost    {dollars(amount.cost)}{_unknown(unpriced)}",
            "",
            "  These are the recorded figures, which are the same in each run. Ask less, or raise the bound.",
        ]
    )


def stopped(crossed: tuple[str, ...], whose: str, taken: Amount, expected: Estimate, request: Request) -> str:
    """Why a call was not made."""
    return "\n".join(
        [
            f"lmcache: this call was not made, since it would cross {_several(crossed)}.",
            "",
            f"  call       {request.operation} {request.model}",
            f"  estimate   {expected}",
            f"  so far     {taken}, by {whose}",
            "",
            "  What was recorded stays recorded and costs nothing in the next run. Raise the bound and run again: only",
            "  what is missing is asked. A smaller limit on the answer in the request makes the estimate smaller.",
        ]
    )


def dollars(cost: float) -> str:
    """US dollars with the digits that matter."""
    if cost == 0:
        return "$0"
    if cost < 0.01:
        return f"${cost:.{1 - math.floor(math.log10(cost))}f}"
    return f"${cost:,.2f}" if cost >= 1 else f"${cost:.4f}"


def _plainly(bound: float) -> str:
    """A number without an exponent."""
    return f"{bound:.10f}".rstrip("0").rstrip(".")


def _unknown(calls: int) -> str:
    return f" (and {many(calls, 'call')} at no known price)" if calls else ""


def _limit(body: dict[str, JSON]) -> tuple[str, int | None]:
    """The longest answer that a request allows, and the name of the field that says so."""
    nested: list[Any] = [body.get(name) for name in _NESTED]
    for holder in (body, *nested):
        for name in _LIMITS if isinstance(holder, dict) else ():
            limit = holder.get(name)
            if isinstance(limit, int) and not isinstance(limit, bool) and limit > 0:
                times = body.get("n")
                return name, limit * (times if isinstance(times, int) and times > 0 else 1)
    return "", None


def _texts(value: JSON) -> Iterator[str]:
    """The texts of a value; no pictures, sounds and vectors."""
    if isinstance(value, str):
        head = value[:_LONG]
        if len(value) < _LONG or not head.isascii() or re.search(r"\s", head):
            yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _several(names: tuple[str, ...]) -> str:
    return " and ".join(names)
