"""The calls of one test, as its `lmcache` fixture: what became of them, and what the provider is to do to the next."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Literal, ParamSpec, TypeVar

from pytest_lmcache.adapters.functions import recorded
from pytest_lmcache.call import Call
from pytest_lmcache.errors import BadOption
from pytest_lmcache.scope import Scope
from pytest_lmcache.whatif import Fault, Plan, cut_fault, scale_of, status_fault, where

P = ParamSpec("P")
R = TypeVar("R")


class Calls:
    """The calls of one test so far, as its `lmcache` fixture."""

    def __init__(self, scope: Scope | None) -> None:
        self._scope = scope

    @property
    def calls(self) -> tuple[Call, ...]:
        """The calls in the order in which they ended."""
        return () if self._scope is None else tuple(self._scope.calls)

    @property
    def replayed(self) -> int:
        return self._number("replayed")

    @property
    def recorded(self) -> int:
        return self._number("recorded") + self._number("refreshed")

    @property
    def missed(self) -> int:
        return self._number("missed")

    @property
    def injected(self) -> int:
        return self._number("injected")

    @property
    def tokens(self) -> int:
        """Tokens in and out of all calls, as recorded."""
        return sum(call.total_tokens for call in self.calls)

    @property
    def cost(self) -> float:
        """US dollars of all calls whose price is known, as recorded; the same in whatever order they ended."""
        return math.fsum(call.cost or 0.0 for call in self.calls)

    def wrap(self, function: Callable[P, R], *, name: str = "") -> Callable[P, R]:
        """A function of this test's making with its calls replayed and recorded, see `pytest_lmcache.recorded`."""
        return recorded(name=name)(function)

    def fail(
        self,
        *,
        status: int,
        retry_after: float | None = None,
        call: int | Iterable[int] | Literal["every"] = 1,
        model: str = "*",
    ) -> None:
        """From now on the provider answers these calls with an error, and says to try again after so many seconds.

        `call` counts from 1, the next call, or is `every`; calls of another `model` (wildcards allowed) do not count.
        Raises BadOption, as the methods below do.
        """
        self._plan("fail").add(status_fault(status, retry_after), where(call, model))

    def timeout(self, *, call: int | Iterable[int] | Literal["every"] = 1, model: str = "*") -> None:
        """From now on the provider does not answer these calls in time. No time passes."""
        self._plan("timeout").add(Fault("timeout"), where(call, model))

    def filtered(self, *, call: int | Iterable[int] | Literal["every"] = 1, model: str = "*") -> None:
        """From now on the provider's content filter stops these calls."""
        self._plan("filtered").add(Fault("filtered"), where(call, model))

    def cut(self, *, after_chunks: int, call: int | Iterable[int] | Literal["every"] = 1, model: str = "*") -> None:
        """From now on the connection breaks after so many chunks of the recorded stream, or within a whole answer."""
        self._plan("cut").add(cut_fault(after_chunks), where(call, model))

    def latency(self, latency: float | Literal["recorded"], *, model: str = "*") -> None:
        """From now on replayed calls take as long as when they were recorded, or this many times as long."""
        self._plan("latency").pace(scale_of(latency), where("every", model))

    def __repr__(self) -> str:
        return f"<lmcache: {self.replayed} replayed, {self.recorded} recorded, {self.missed} missed>"

    def _plan(self, name: str) -> Plan:
        if self._scope is None or self._scope.recorder is None:
            raise BadOption(f"lmcache.{name}() has no calls to act on: they pass untouched here (mode off)")
        return self._scope.plan

    def _number(self, outcome: str) -> int:
        return sum(call.outcome == outcome for call in self.calls)
