"""One live call, from waiting for its turn to its recording."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from threading import RLock
from typing import Any

from pytest_lmcache.budget.reserved import Reserved
from pytest_lmcache.errors import UnstorableResponse
from pytest_lmcache.recorder import unread
from pytest_lmcache.recorder.bench import Asked
from pytest_lmcache.recorder.desk import Desk
from pytest_lmcache.recorder.flights import Caller, try_acquire
from pytest_lmcache.recorder.steps import AskProvider, ReadRest, Step, Steps, Wait
from pytest_lmcache.seam import Adapter, Answer, Unread

# pytest shows no frame of a module that says so, and none of its locals: a credential may be among them.
__tracebackhide__ = True

WAIT_LIMIT = 600.0
_FIRST_WAIT, _LONGEST_WAIT = 0.001, 0.05


class Flight:
    """One live call from its take-off to its recording, while identical calls wait for it."""

    def __init__(self, desk: Desk, adapter: Adapter, asked: Asked, caller: Caller) -> None:
        self._desk = desk
        self._adapter = adapter
        self._asked = asked
        self._digest = asked.key.digest
        self._caller = caller
        self._leads = False
        self._lock: Any = None
        self._started = 0.0
        self.stream: OpenStream | None = None
        self._reserved: Reserved | None = None

    def steps(self) -> Steps:
        """Wait for one's turn, look again, ask the provider, record."""
        landed = False
        try:
            yield from self._take_off()
            take = self._desk.look(self._asked)
            if take is not None:
                return self._desk.rebuilt(self._adapter, self._asked, take)
            self._reserved = self._desk.log.reserve(self._asked.request)
            self._started = self._desk.bench.clock.now()
            try:
                result = yield AskProvider()
            except BaseException as error:
                self._failed(error)
                raise
            if self._adapter.is_stream(result):
                stream = self.stream = OpenStream(self)
                teed = self._adapter.tee(result, stream)
                self._desk.log.open_stream(stream)
                if stream.rest is not None and not stream.ended:
                    self._desk.bench.flights.hand_over(self._digest, self._caller, stream.rest)
                landed = True
                return teed
            self._dump(lambda: self._adapter.dump(result))
            return result
        finally:
            if not landed:
                self.land()

    def finish(self, answer: Answer) -> None:
        """The answer is whole: record it."""
        if self._reserved is not None:
            self._reserved.settle(answer.usage, answer.cost)
        self._desk.store(self._asked, answer, self._desk.bench.clock.now() - self._started)

    def give_up(self, reason: str) -> None:
        """There is no answer that could be recorded."""
        if self._reserved is not None:
            self._reserved.forfeit()
        self._desk.unrecorded(self._asked, reason)

    def land(self) -> None:
        """Let the next identical call pass."""
        if self._leads:
            self._leads = False
            self._desk.bench.flights.end(self._digest, self._caller)
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _take_off(self) -> Generator[Step, Any, None]:
        flights, deadline = self._desk.bench.flights, time.monotonic() + WAIT_LIMIT
        pause = _FIRST_WAIT
        while (leader := flights.begin(self._digest, self._caller)) is not None:
            rest = flights.stream(self._digest)
            if rest is not None and (yield ReadRest(rest)):
                continue
            if self._caller.would_block(leader) or time.monotonic() > deadline:
                return
            yield Wait(pause)
            pause = min(pause * 2, _LONGEST_WAIT)
        self._leads = True
        lock = self._desk.bench.locks.lock(self._digest)
        while lock is not None and not try_acquire(lock):
            # The other process may itself be waiting for a stream that is open here.
            for rest in flights.held_up(self._caller):
                yield ReadRest(rest)
            if time.monotonic() > deadline:
                return
            yield Wait(pause)
            pause = min(pause * 2, _LONGEST_WAIT)
        self._lock = lock

    def _failed(self, error: BaseException) -> None:
        answer = None
        if self._desk.settings.record_errors and isinstance(error, Exception):
            answer = self._adapter.dump_error(error)
        if answer is None:
            self._unanswered()
        else:
            self.finish(answer)

    def _unanswered(self) -> None:
        if self._reserved is not None:
            self._reserved.release()
        self._desk.unanswered(self._asked)

    def _dump(self, dump: Callable[[], Answer | None]) -> None:
        try:
            answer = dump()
        except UnstorableResponse as error:
            self.give_up(str(error))
            return
        if answer is None:
            self._unanswered()
        else:
            self.finish(answer)


class OpenStream:
    """A live stream in the hands of a test: it is recorded when the provider ends it, and only then.

    It has `ended` when that is recorded, by whichever thread read it: a phase that ends meanwhile waits.
    """

    def __init__(self, flight: Flight) -> None:
        self._flight = flight
        self._lock = RLock()
        self.ended = False
        self.rest: Unread | None = None

    @property
    def patience(self) -> float:
        return unread.DRAIN_SECONDS

    def follow(self, rest: Unread) -> None:
        self.rest = rest

    def complete(self, answer: Answer) -> None:
        self._end(lambda: self._flight.finish(answer))

    def abandon(self, reason: str) -> None:
        self._end(lambda: self._flight.give_up(reason))

    def _end(self, report: Callable[[], None]) -> None:
        with self._lock:
            if self.ended:
                return
            try:
                report()
            finally:
                self.ended = True
                self._flight.land()
