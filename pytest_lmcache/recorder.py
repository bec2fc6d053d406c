"""Replay, record or refuse one call: the decision, once, for synchronous and asynchronous callers.

`Recorder` works out what to do as a generator of steps; the two drivers at the end act on them: sleep, or ask the
provider. Nothing else differs between the worlds.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import Any, Protocol

import ujson

from pytest_lmcache.call import Call, Key, Recording, Request, Take
from pytest_lmcache.errors import BadRecording, LMCacheError, Refusal, UnstorableResponse
from pytest_lmcache.flights import Caller, Flights, Locks, try_acquire
from pytest_lmcache.identity import Identities
from pytest_lmcache.keys import NAMED, KeyRule, key_of
from pytest_lmcache.options import Settings
from pytest_lmcache.redact import Redactor
from pytest_lmcache.seam import Adapter, Answer, Unread
from pytest_lmcache.tiers.stack import Found, Stack
from pytest_lmcache.unread import afinish, finish

WAIT_LIMIT = 600.0
_FIRST_WAIT, _LONGEST_WAIT = 0.001, 0.05


class Log(Protocol):
    """Who is told what happened: the session."""

    name: str

    def add(self, call: Call, recording: Recording | None) -> None:
        """A call ended; `recording` is what the cassette folder still lacks of it, or None."""

    def refuse(self, request: Request, key: Key, number: int) -> Refusal:
        """Nothing answers take `number` of a request, and the provider may not be asked: the error to raise."""

    def fail(self, error: LMCacheError) -> Refusal:
        """A call cannot be answered for another reason: the error to raise."""

    def unrecorded(self, reason: str) -> None:
        """A live answer reached the test and could not be recorded."""

    def open_stream(self, stream: OpenStream) -> None:
        """A stream was handed to the test; it may have to be drained when the test leaves it unread."""


@dataclass(frozen=True, slots=True)
class Wait:
    """A step: let `seconds` pass."""

    seconds: float


@dataclass(frozen=True, slots=True)
class AskProvider:
    """A step: make the real call, and send back what it returns."""


@dataclass(frozen=True, slots=True)
class ReadRest:
    """A step: read what is left of a stream that this call waits for, and send back whether that was possible."""

    rest: Unread


Step = Wait | AskProvider | ReadRest
Steps = Generator[Step, Any, Any]


class Bench:
    """What the recorders of a run share: single flight, file locks, redaction, and the identity of the run."""

    def __init__(self, redactor: Redactor, locks: Locks) -> None:
        self.redactor = redactor
        self.flights = Flights()
        self.locks = locks
        self._identities: dict[KeyRule, Identities] = {}

    def identities(self, rule: KeyRule) -> Identities:
        """The requests and keys made under a rule, remembered for the whole run."""
        if rule not in self._identities:
            self._identities[rule] = Identities(rule, self.redactor)
        return self._identities[rule]


class Recorder:
    """Answers the calls of one test, or of one fixture of wider scope; take numbers are counted here."""

    def __init__(self, settings: Settings, rule: KeyRule, stack: Stack, bench: Bench, log: Log) -> None:
        self._settings = settings
        self._rule = rule
        self._stack = stack
        self._bench = bench
        self._log = log
        self._identities = bench.identities(rule)
        self._counts: dict[str, int] = {}
        self._lock = Lock()

    def perform(
        self, adapter: Adapter, operation: str, args: tuple[Any, ...], kwargs: dict[str, Any], call: Callable[[], Any]
    ) -> Any:
        """The result of a synchronous call, replayed or live. Raises Refusal, or what the SDK raises."""
        return _drive(self._steps(adapter, operation, args, kwargs, is_async=False), call)

    async def aperform(
        self,
        adapter: Adapter,
        operation: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        call: Callable[[], Awaitable[Any]],
    ) -> Any:
        """The same for an asynchronous call."""
        return await _drive_async(self._steps(adapter, operation, args, kwargs, is_async=True), call)

    def _steps(
        self, adapter: Adapter, operation: str, args: tuple[Any, ...], kwargs: dict[str, Any], *, is_async: bool
    ) -> Steps:
        try:
            identity = self._identities.of(adapter, operation, args, kwargs)
            if identity is None:
                return (yield AskProvider())
            request, key = identity
            number = self._count(key)
            replayed = self._look(request, key, number)
        except LMCacheError as error:
            raise self._log.fail(error) from error
        if replayed is not None:
            return adapter.build(ujson.loads(replayed.response))
        if self._settings.mode == "replay":
            raise self._log.refuse(request, key, number)
        flight = Flight(self, adapter, request, key, number, Caller.current(is_async=is_async))
        return (yield from flight.steps())

    def _count(self, key: Key) -> int:
        """The number of a call among the identical ones of this scope, from 1."""
        with self._lock:
            number = self._counts[key.digest] = self._counts.get(key.digest, 0) + 1
        return number

    def uncount(self, key: Key) -> None:
        """A call brought no answer: the next identical one takes its number."""
        with self._lock:
            self._counts[key.digest] -= 1

    def _look(self, request: Request, key: Key, number: int) -> Take | None:
        """The take that answers, noted as replayed, or None."""
        wanted = 1 if self._settings.repeat == "same" else number
        try:
            found = self._stack.find(key, self._settings.mode, wanted)
        except KeyError:
            return None
        takes = found.recording.takes
        if number > len(takes) and self._settings.repeat == "next":
            return None
        if found.tier == "cassettes":
            self._check(found, request, key)
        take = takes[min(number, len(takes)) - 1]
        call = Call(request, key, "replayed", found.tier, take, number)
        self._log.add(call, None if found.committed else found.recording)
        return take

    def _check(self, found: Found, request: Request, key: Key) -> None:
        """Raise BadRecording for a file whose request no longer makes its key."""
        recorded = found.recording.request
        if recorded == request or (recorded.stream == request.stream and recorded.body == request.body):
            return
        if key_of(recorded, self._rule).digest != key.digest:
            path = f"{self._settings.cassettes}/{key.path}"
            cause = "its request was edited and no longer makes its key"
            raise BadRecording(path, cause, "Undo the edit, or delete the file and record it again with --lmcache=record")

    def look_again(self, request: Request, key: Key, number: int) -> Take | None:
        """A second look, when another thread, task or process may have recorded meanwhile."""
        try:
            return self._look(request, key, number)
        except LMCacheError as error:
            raise self._log.fail(error) from error

    def note_live(self, request: Request, key: Key, number: int, reason: str) -> None:
        """A call was answered live, and nothing of it was recorded."""
        self.uncount(key)
        self._log.add(Call(request, key, "live", "provider", None, number), None)
        self._log.unrecorded(reason)

    def store(self, request: Request, key: Key, number: int, answer: Answer, latency: float) -> None:
        """Make an answer safe, as a new recording or as one more take of the one there is."""
        self._bench.redactor.learn(os.environ)
        text = _text(answer.response)
        if self._bench.redactor.found_in(text):
            text = _text(self._bench.redactor.clean(answer.response))
        take = Take(text, round(latency, 3), answer.usage, answer.cost)
        try:
            older = self._stack.find(key, self._settings.mode, number).recording
            if self._settings.repeat == "same":
                self.note_live(request, key, number, "an identical call that was under way at the same time was recorded")
                return
            recording = older.with_take(take, run=self._stack.run)
        except KeyError:
            now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            recording = Recording(key, request, (take,), now, self._log.name, self._stack.run)
        aliases = tuple(
            key_of(request, KeyRule(name)) for name in NAMED if not (self._rule == KeyRule(name))
        )
        self._stack.keep(recording, aliases)
        outcome = "refreshed" if self._settings.mode == "refresh" else "recorded"
        self._log.add(Call(request, key, outcome, "provider", take, number), recording)

    @property
    def bench(self) -> Bench:
        return self._bench

    @property
    def log(self) -> Log:
        return self._log

    @property
    def records_errors(self) -> bool:
        return self._settings.record_errors


class Flight:
    """One live call from its take-off to its recording, while identical calls wait for it."""

    def __init__(
        self, recorder: Recorder, adapter: Adapter, request: Request, key: Key, number: int, caller: Caller
    ) -> None:
        self._recorder = recorder
        self._adapter = adapter
        self._request = request
        self._key = key
        self._number = number
        self._caller = caller
        self._leads = False
        self._lock: Any = None
        self._started = 0.0

    def steps(self) -> Steps:
        """Wait for one's turn, look again, ask the provider, record."""
        landed = False
        try:
            yield from self._take_off()
            take = self._recorder.look_again(self._request, self._key, self._number)
            if take is not None:
                return self._adapter.build(ujson.loads(take.response))
            self._started = time.perf_counter()
            try:
                result = yield AskProvider()
            except BaseException as error:
                self._failed(error)
                raise
            if self._adapter.is_stream(result):
                stream = OpenStream(self)
                teed = self._adapter.tee(result, stream)
                self._recorder.log.open_stream(stream)
                if stream.rest is not None and not stream.ended:
                    self._recorder.bench.flights.hand_over(self._key.digest, self._caller, stream.rest)
                landed = True
                return teed
            self._dump(lambda: self._adapter.dump(result))
            return result
        finally:
            if not landed:
                self.land()

    def finish(self, answer: Answer) -> None:
        """The answer is whole: record it."""
        self._recorder.store(self._request, self._key, self._number, answer, time.perf_counter() - self._started)

    def give_up(self, reason: str) -> None:
        """There is no answer that could be recorded."""
        self._recorder.note_live(self._request, self._key, self._number, reason)

    def land(self) -> None:
        """Let the next identical call pass."""
        if self._leads:
            self._leads = False
            self._recorder.bench.flights.end(self._key.digest, self._caller)
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def _take_off(self) -> Generator[Step, Any, None]:
        flights, deadline = self._recorder.bench.flights, time.monotonic() + WAIT_LIMIT
        pause = _FIRST_WAIT
        while (leader := flights.begin(self._key.digest, self._caller)) is not None:
            rest = flights.stream(self._key.digest)
            if rest is not None and (yield ReadRest(rest)):
                continue
            if self._caller.would_block(leader) or time.monotonic() > deadline:
                return
            yield Wait(pause)
            pause = min(pause * 2, _LONGEST_WAIT)
        self._leads = True
        lock = self._recorder.bench.locks.lock(self._key.digest)
        while lock is not None and not try_acquire(lock):
            if time.monotonic() > deadline:
                return
            yield Wait(pause)
            pause = min(pause * 2, _LONGEST_WAIT)
        self._lock = lock

    def _failed(self, error: BaseException) -> None:
        answer = None
        if self._recorder.records_errors and isinstance(error, Exception):
            answer = self._adapter.dump_error(error)
        if answer is None:
            self._recorder.uncount(self._key)
        else:
            self.finish(answer)

    def _dump(self, dump: Callable[[], Answer | None]) -> None:
        try:
            answer = dump()
        except UnstorableResponse as error:
            self.give_up(str(error))
            return
        if answer is None:
            self._recorder.uncount(self._key)
        else:
            self.finish(answer)


class OpenStream:
    """A live stream in the hands of a test: it is recorded when the provider ends it, and only then."""

    def __init__(self, flight: Flight) -> None:
        self._flight = flight
        self._lock = Lock()
        self.ended = False
        self.rest: Unread | None = None

    def follow(self, rest: Unread) -> None:
        self.rest = rest

    def complete(self, answer: Answer) -> None:
        if self._end():
            try:
                self._flight.finish(answer)
            finally:
                self._flight.land()

    def abandon(self, reason: str) -> None:
        if self._end():
            try:
                self._flight.give_up(reason)
            finally:
                self._flight.land()

    def _end(self) -> bool:
        with self._lock:
            first, self.ended = not self.ended, True
        return first


def _text(response: Any) -> str:
    try:
        return ujson.dumps(response, ensure_ascii=False, escape_forward_slashes=False)
    except UnicodeEncodeError:
        return ujson.dumps(response)


def _drive(steps: Steps, call: Callable[[], Any]) -> Any:
    try:
        step = next(steps)
        while True:
            if isinstance(step, Wait):
                time.sleep(step.seconds)
                step = next(steps)
                continue
            if isinstance(step, ReadRest):
                step = steps.send(finish(step.rest))
                continue
            try:
                result = call()
            except BaseException as error:
                step = steps.throw(error)
            else:
                step = steps.send(result)
    except StopIteration as end:
        return end.value
    finally:
        steps.close()


async def _drive_async(steps: Steps, call: Callable[[], Awaitable[Any]]) -> Any:
    try:
        step = next(steps)
        while True:
            if isinstance(step, Wait):
                await asyncio.sleep(step.seconds)
                step = next(steps)
                continue
            if isinstance(step, ReadRest):
                step = steps.send(await afinish(step.rest))
                continue
            try:
                result = await call()
            except BaseException as error:
                step = steps.throw(error)
            else:
                step = steps.send(result)
    except StopIteration as end:
        return end.value
    finally:
        steps.close()

