"""What a call has to wait for, as steps, and the two drivers that take them: blocking and awaiting.

A call is worked out as a generator of steps. Nothing but these drivers differs between the two worlds.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass
from threading import Event
from typing import Any

from pytest_lmcache.recorder.loops import pause
from pytest_lmcache.recorder.unread import afinish, finish
from pytest_lmcache.seam import Unread

# pytest shows no frame of a module that says so, and none of its locals: a credential may be among them.
__tracebackhide__ = True


@dataclass(frozen=True, slots=True)
class Wait:
    """A step: let `seconds` pass."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Linger:
    """A step: let `seconds` pass as a provider would, but no longer than until the test is `over`."""

    seconds: float
    over: Event


@dataclass(frozen=True, slots=True)
class Meet:
    """A step: let the call meet an error where its SDK would, and send back what the SDK makes of it."""

    error: Exception


@dataclass(frozen=True, slots=True)
class AskProvider:
    """A step: make the real call, and send back what it returns."""


@dataclass(frozen=True, slots=True)
class ReadRest:
    """A step: read what is left of a stream that this call waits for, and send back whether that was possible."""

    rest: Unread


@dataclass(frozen=True, slots=True)
class ReadWhole:
    """A step: read a stream that this very call was given, to its end."""

    rest: Unread


Step = Wait | Linger | Meet | AskProvider | ReadRest | ReadWhole
Steps = Generator[Step, Any, Any]


def raising(error: Exception) -> Any:
    """How an SDK meets an error when nothing of it is to run."""
    raise error


async def araising(error: Exception) -> Any:
    """The same, awaited."""
    raise error


def drive(steps: Steps, call: Callable[[], Any], meet: Callable[[Exception], Any]) -> Any:
    """The result of a call whose steps may block; `call` asks the provider, `meet` lets the SDK meet an error."""
    try:
        step = next(steps)
        while True:
            if isinstance(step, Wait):
                time.sleep(step.seconds)
                step = next(steps)
                continue
            if isinstance(step, Linger):
                step.over.wait(step.seconds)
                step = next(steps)
                continue
            if isinstance(step, ReadRest | ReadWhole):
                step = steps.send(finish(step.rest))
                continue
            try:
                result = meet(step.error) if isinstance(step, Meet) else call()
            except BaseException as error:  # noqa: BLE001 - it is thrown into the steps
                step = steps.throw(error)
            else:
                step = steps.send(result)
    except StopIteration as end:
        return end.value
    finally:
        steps.close()


async def adrive(steps: Steps, call: Callable[[], Awaitable[Any]], meet: Callable[[Exception], Awaitable[Any]]) -> Any:
    """The result of a call whose steps may be awaited; `call` and `meet` as above."""
    try:
        step = next(steps)
        while True:
            if isinstance(step, Wait | Linger):
                await pause(step.seconds)
                step = next(steps)
                continue
            if isinstance(step, ReadWhole) and step.rest.awaited:
                # Also where the loop is none of asyncio's.
                await step.rest.adrain()
                step = next(steps)
                continue
            if isinstance(step, ReadRest | ReadWhole):
                step = steps.send(await afinish(step.rest))
                continue
            try:
                result = await (meet(step.error) if isinstance(step, Meet) else call())
            except BaseException as error:  # noqa: BLE001 - it is thrown into the steps
                step = steps.throw(error)
            else:
                step = steps.send(result)
    except StopIteration as end:
        return end.value
    finally:
        steps.close()
