"""Replay, record or refuse one call: the decision, once, for synchronous and asynchronous callers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from pytest_lmcache.keys import KeyRule
from pytest_lmcache.options import Settings
from pytest_lmcache.readers import REPLAYING, VERIFY
from pytest_lmcache.recorder.bench import Asked, Bench, Log
from pytest_lmcache.recorder.check import Check
from pytest_lmcache.recorder.desk import Desk
from pytest_lmcache.recorder.flight import Flight
from pytest_lmcache.recorder.flights import Caller
from pytest_lmcache.recorder.steps import AskProvider, Linger, Meet, ReadRest, Steps, adrive, araising, drive, raising
from pytest_lmcache.seam import Adapter
from pytest_lmcache.tiers.stack import Stack
from pytest_lmcache.whatif import Plan

# pytest shows no frame of a module that says so, and none of its locals: a credential may be among them.
__tracebackhide__ = True


class Recorder:
    """What adapters hand the calls of one test to, or of one fixture of wider scope."""

    def __init__(self, settings: Settings, rule: KeyRule, stack: Stack, bench: Bench, log: Log, plan: Plan) -> None:
        self._desk = Desk(settings, rule, stack, bench, log)
        self._plan = plan

    def takes(self, status: int) -> bool:
        """Whether an answer with this HTTP status is read for us: where it is checked, whatever it says."""
        settings = self._desk.settings
        return settings.mode == VERIFY or 200 <= status < 300 or (status >= 400 and settings.record_errors)

    @property
    def injects(self) -> bool:
        """Whether calls may meet faults, so that each try of an SDK has to be a call of its own."""
        return self._plan.has_faults

    def perform(
        self,
        adapter: Adapter,
        operation: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        call: Callable[[], Any],
        meet: Callable[[Exception], Any] = raising,
    ) -> Any:
        """The result of a synchronous call, replayed or live. Raises Refusal, or what the SDK raises.

        `meet` lets the SDK meet an injected error below its own code that would try again.
        """
        return drive(self._steps(adapter, operation, args, kwargs, is_async=False), call, meet)

    async def aperform(
        self,
        adapter: Adapter,
        operation: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        call: Callable[[], Awaitable[Any]],
        meet: Callable[[Exception], Awaitable[Any]] = araising,
    ) -> Any:
        """The same for an asynchronous call."""
        return await adrive(self._steps(adapter, operation, args, kwargs, is_async=True), call, meet)

    def _steps(
        self, adapter: Adapter, operation: str, args: tuple[Any, ...], kwargs: dict[str, Any], *, is_async: bool
    ) -> Steps:
        desk = self._desk
        asked = desk.asked(adapter, operation, args, kwargs)
        if asked is None:
            return (yield AskProvider())
        fault = self._plan.fault(asked.request)
        if fault is not None:
            if fault.kind == "cut" and not desk.has(asked):
                yield from self._whole(adapter, asked, is_async=is_async)
            result = desk.injected(adapter, asked, fault)
            return (yield Meet(result)) if isinstance(result, Exception) else result
        take = desk.look(asked)
        if take is not None:
            pause = take.latency * self._plan.scale(asked.request)
            if pause > 0:
                yield Linger(pause, self._plan.over)
            if desk.bench.checklist is not None:
                yield from Check(desk, adapter, asked, desk.bench.checklist).steps()
            return desk.rebuilt(adapter, asked, take)
        return (yield from self._flight(adapter, asked, is_async=is_async).steps())

    def _whole(self, adapter: Adapter, asked: Asked, *, is_async: bool) -> Steps:
        """Record the answer that is to be cut. Raises Refusal in replay."""
        flight = self._flight(adapter, asked, is_async=is_async)
        yield from flight.steps()
        if flight.stream is not None and flight.stream.rest is not None:
            yield ReadRest(flight.stream.rest)

    def _flight(self, adapter: Adapter, asked: Asked, *, is_async: bool) -> Flight:
        desk = self._desk
        if desk.settings.mode in REPLAYING:
            raise desk.log.refuse(asked.call("missed", "none"))
        return Flight(desk, adapter, asked, Caller.current(is_async=is_async))
