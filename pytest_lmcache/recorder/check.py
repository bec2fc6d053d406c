"""One live call of a verify run: the provider is asked what a recording answers, and the caller never sees it."""

from __future__ import annotations

from collections.abc import Generator
from threading import Lock
from typing import Any

from pytest_lmcache.budget.reserved import Reserved, Stopped
from pytest_lmcache.call import Recording
from pytest_lmcache.checks import FUNCTION, Checked, Checklist
from pytest_lmcache.errors import LMCacheError, Refusal, UnstorableResponse
from pytest_lmcache.patterns import masked
from pytest_lmcache.recorder.bench import Asked
from pytest_lmcache.recorder.desk import Desk
from pytest_lmcache.recorder.steps import AskProvider, ReadWhole, Step
from pytest_lmcache.recorder.takes import take_of
from pytest_lmcache.seam import Adapter, Answer, Unread

# pytest shows no frame of a module that says so, and none of its locals: a credential may be among them.
__tracebackhide__ = True

LONGEST = 600.0
"""Seconds that an answer may take to come, once it has begun: what SDKs wait for by themselves."""
_MOST_SAID = 300


class Check:
    """The check of the recording that answers a call, if it is due: each is checked once in a run."""

    def __init__(self, desk: Desk, adapter: Adapter, asked: Asked, checklist: Checklist) -> None:
        self._desk = desk
        self._adapter = adapter
        self._asked = asked
        self._checklist = checklist

    def steps(self) -> Generator[Step, Any, None]:
        """Ask the provider, read its answer to the end, and tell what it is. Nothing of it is kept or raised."""
        try:
            if not self._checklist.claims(self._desk.settings.cassettes, self._asked.key.path):
                return
        except LMCacheError as error:
            self._desk.log.trouble(f"recordings were not checked: {error}")
            return
        recording = self._desk.recording(self._asked)
        reserved = self._afford()
        if isinstance(reserved, str):
            self._tell(recording, skipped=reserved)
            return
        clock = self._desk.bench.clock
        began = clock.now()
        try:
            answer = yield from self._answer()
        except BaseException as error:
            reserved.release()
            self._failed(recording, error, clock.now() - began)
            if not isinstance(error, Exception):
                raise
        else:
            reserved.settle(answer.usage, answer.cost)
            self._answered(recording, answer, clock.now() - began)

    def _afford(self) -> Reserved | str:
        """What is set aside for the call, or why it is not made."""
        if self._asked.request.operation == "function":
            return FUNCTION
        try:
            reserved = self._desk.log.afford(self._asked.request)
        except LMCacheError as error:
            return str(error)
        return reserved.reason if isinstance(reserved, Stopped) else reserved

    def _answer(self) -> Generator[Step, Any, Answer]:
        result = yield from self._asked_again()
        if not self._adapter.is_stream(result):
            answer = self._adapter.dump(result)
            if answer is None:
                raise UnstorableResponse("the provider gave no answer")
            return answer
        heard = _Heard()
        # An asynchronous stream that nobody holds counts as left by its caller.
        held = self._adapter.tee(result, heard)
        if heard.rest is not None and not heard.ended:
            try:
                yield ReadWhole(heard.rest)
            except BaseException:
                # The test is stopped, and does not wait for what it never asked for.
                heard.rest.stop()
                raise
        del held
        return heard.answer()

    def _asked_again(self) -> Generator[Step, Any, Any]:
        """What the provider gives, at the second try where the first met nobody: SDKs try again above their transport,
        which hides connections that broke, or that an earlier event loop left behind.
        """
        try:
            return (yield AskProvider())
        except Exception as error:
            if isinstance(error, LMCacheError) or self._adapter.dump_error(error) is not None:
                raise
        return (yield AskProvider())

    def _failed(self, recording: Recording, error: BaseException, seconds: float) -> None:
        answer = self._adapter.dump_error(error) if isinstance(error, Exception) else None
        if answer is not None:
            self._answered(recording, answer, seconds)
            return
        self._tell(recording, failure=self._safe(_said(error)))

    def _answered(self, recording: Recording, answer: Answer, seconds: float) -> None:
        live = take_of(answer, seconds, self._desk.bench.redactor)
        self._tell(recording, live=live)

    def _tell(self, recording: Recording, **told: Any) -> None:
        path = f"{self._desk.settings.cassettes}/{self._asked.key.path}"
        self._checklist.hear(Checked(recording, path, self._desk.log.name, **told))

    def _safe(self, text: str) -> str:
        """An error's text on one line, without a credential."""
        line = masked(str(self._desk.bench.redactor.clean(" ".join(text.split()))))
        return line if len(line) <= _MOST_SAID else f"{line[:_MOST_SAID]}…"


def _said(error: BaseException) -> str:
    """Why there is no answer."""
    if isinstance(error, LMCacheError | Refusal):
        return str(error)
    if not isinstance(error, Exception):
        return "the test did not wait for the answer"
    return f"{type(error).__name__}: {error}"


class _Heard:
    """A live stream that nobody but the check reads."""

    patience = LONGEST

    def __init__(self) -> None:
        self.rest: Unread | None = None
        self.ended = False
        self._answer: Answer | None = None
        self._reason = "its stream could not be read here"
        self._lock = Lock()

    def follow(self, rest: Unread) -> None:
        self.rest = rest

    def complete(self, answer: Answer) -> None:
        with self._lock:
            if not self.ended:
                self.ended, self._answer = True, answer

    def abandon(self, reason: str) -> None:
        with self._lock:
            if not self.ended:
                self.ended, self._reason = True, reason.removeprefix("the caller left the stream, and ")

    def answer(self) -> Answer:
        """The whole of it. Raises UnstorableResponse for less."""
        if self._answer is None:
            raise UnstorableResponse(self._reason)
        return self._answer
