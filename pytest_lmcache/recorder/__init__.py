"""Replay, record or refuse one call: the decision, once, for synchronous and asynchronous callers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from pytest_lmcache.keys import KeyRule
from pytest_lmcache.options import Settings
from pytest_lmcache.recorder.desk import Bench, Desk, Log
from pytest_lmcache.recorder.flight import Flight
from pytest_lmcache.recorder.flights import Caller
from pytest_lmcache.recorder.steps import AskProvider, Steps, adrive, drive
from pytest_lmcache.seam import Adapter
from pytest_lmcache.tiers.stack import Stack

# pytest shows no frame of a module that says so, and none of its locals: a credential may be among them.
__tracebackhide__ = True


class Recorder:
    """What adapters hand the calls of one test to, or of one fixture of wider scope."""

    def __init__(self, settings: Settings, rule: KeyRule, stack: Stack, bench: Bench, log: Log) -> None:
        self._desk = Desk(settings, rule, stack, bench, log)

    @property
    def records_errors(self) -> bool:
        """Whether a provider's error is recorded as an answer is."""
        return self._desk.settings.record_errors

    def perform(
        self, adapter: Adapter, operation: str, args: tuple[Any, ...], kwargs: dict[str, Any], call: Callable[[], Any]
    ) -> Any:
        """The result of a synchronous call, replayed or live. Raises Refusal, or what the SDK raises."""
        return drive(self._steps(adapter, operation, args, kwargs, is_async=False), call)

    async def aperform(
        self,
        adapter: Adapter,
        operation: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        call: Callable[[], Awaitable[Any]],
    ) -> Any:
        """The same for an asynchronous call."""
        return await adrive(self._steps(adapter, operation, args, kwargs, is_async=True), call)

    def _steps(
        self, adapter: Adapter, operation: str, args: tuple[Any, ...], kwargs: dict[str, Any], *, is_async: bool
    ) -> Steps:
        desk = self._desk
        asked = desk.asked(adapter, operation, args, kwargs)
        if asked is None:
            return (yield AskProvider())
        take = desk.look(asked)
        if take is not None:
            return desk.rebuilt(adapter, asked, take)
        if desk.settings.mode == "replay":
            raise desk.log.refuse(asked.call("missed", "none"))
        flight = Flight(desk, adapter, asked, Caller.current(is_async=is_async))
        return (yield from flight.steps())
