"""What the calls of one scope have in common: its settings, its tiers, and the numbers of its takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import Any, Protocol

from pytest_lmcache import screen
from pytest_lmcache.budget.reserved import Reserved
from pytest_lmcache.call import Call, Key, Recording, Request, Take
from pytest_lmcache.errors import BadRecording, CredentialFound, LMCacheError, Refusal
from pytest_lmcache.keys import NAMED, KeyRule, key_of
from pytest_lmcache.options import Settings
from pytest_lmcache.patterns import Finding
from pytest_lmcache.recorder.flights import Flights, Locks
from pytest_lmcache.recorder.identity import Identities
from pytest_lmcache.recorder.takes import take_of
from pytest_lmcache.redact import Redactor
from pytest_lmcache.seam import Adapter, Answer, Unread
from pytest_lmcache.tiers.stack import Found, Stack
from pytest_lmcache.whatif import Fault

# pytest shows no frame of a module that says so, and none of its locals: a credential may be among them.
__tracebackhide__ = True


@dataclass(frozen=True, slots=True)
class Asked:
    """One call: its request, its key, its number (from 1) among the identical calls of its scope, and when it began."""

    request: Request
    key: Key
    number: int
    began: float

    def call(self, outcome: str, tier: str, take: Take | None = None, fault: str = "") -> Call:
        """What became of it just now."""
        took = time.time() - self.began
        return Call(self.request, self.key, outcome, tier, take, self.number, self.began, took, fault)


class OpenStream(Protocol):
    """A live stream in the hands of a test. `rest` reads what is left of it, `ended` says whether anything is."""

    ended: bool
    rest: Unread | None

    def abandon(self, reason: str) -> None: ...


class Log(Protocol):
    """Who is told what happened: the session."""

    name: str

    def add(self, call: Call, recording: Recording | None) -> None:
        """A call ended; `recording` is what the cassette folder still lacks of it, or None."""

    def refuse(self, call: Call) -> Refusal:
        """Nothing answers a call, and the provider may not be asked: the error to raise."""

    def fail(self, error: LMCacheError) -> Refusal:
        """A call cannot be answered for another reason: the error to raise."""

    def reserve(self, request: Request) -> Reserved:
        """A call is about to go live: set aside what it will take. Raises Refusal where that crosses a bound."""

    def unrecorded(self, reason: str) -> None:
        """A live answer reached the test and could not be recorded."""

    def open_stream(self, stream: OpenStream) -> None:
        """A stream was handed to the test; it may have to be drained when the test leaves it unread."""


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


class Desk:
    """Looks answers up for the calls of one test, or of one fixture of wider scope, and stores new ones."""

    def __init__(self, settings: Settings, rule: KeyRule, stack: Stack, bench: Bench, log: Log) -> None:
        self.settings = settings
        self.bench = bench
        self.log = log
        self._rule = rule
        self._stack = stack
        self._identities = bench.identities(rule)
        self._counts: dict[str, int] = {}
        # The calls whose last answer was an error, just recorded: a retry asks again, as it would without us.
        self._failed: set[str] = set()
        self._lock = Lock()

    def asked(self, adapter: Adapter, operation: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Asked | None:
        """The call that arguments make, counted; None when it is not the adapter's. Raises Refusal."""
        try:
            identity = self._identities.of(adapter, operation, args, kwargs)
        except LMCacheError as error:
            raise self.log.fail(error) from error
        if identity is None:
            return None
        request, key = identity
        with self._lock:
            number = self._counts[key.digest] = self._counts.get(key.digest, 0) + 1
        return Asked(request, key, number, time.time())

    def look(self, asked: Asked) -> Take | None:
        """The take that answers a call, noted as replayed, or None. Raises Refusal for one that cannot be read."""
        found = self._found(asked)
        if found is None:
            return None
        take = _take(found, asked)
        call = asked.call("replayed", found.tier, take)
        self.log.add(call, None if found.committed else found.recording)
        return take

    def rebuilt(self, adapter: Adapter, asked: Asked, take: Take) -> object:
        """The SDK's own object from a take. Raises Refusal for an answer of which the adapter can make none."""
        return self._made(adapter, asked, lambda: adapter.build(take.parsed()))

    def has(self, asked: Asked) -> bool:
        """Whether a recording answers a call. Raises Refusal for one that cannot be read."""
        return self._found(asked) is not None

    def injected(self, adapter: Adapter, asked: Asked, fault: Fault) -> object:
        """What the SDK makes of a fault, noted as injected; the next identical call takes the number of this one."""
        found = self._found(asked) if fault.kind == "cut" else None
        take = None if found is None else _take(found, asked)
        self.unanswered(asked)
        recording = None if found is None or found.committed else found.recording
        self.log.add(asked.call("injected", "none", fault=str(fault)), recording)
        response = None if take is None else take.parsed()
        return self._made(adapter, asked, lambda: adapter.inject(fault, asked.request, response))

    def _made(self, adapter: Adapter, asked: Asked, make: Callable[[], object]) -> object:
        try:
            return make()
        except (ArithmeticError, AttributeError, LMCacheError, LookupError, TypeError, ValueError) as error:
            path = f"{self.settings.cassettes}/{asked.key.path}"
            reason = str(error) if isinstance(error, LMCacheError) else type(error).__name__
            cause = f"its answer is none that the adapter {adapter.name} can rebuild ({reason})"
            remedy = "Undo the edit, or delete the file and record it again with --lmcache=record"
            raise self.log.fail(BadRecording(path, cause, remedy)) from error

    def store(self, asked: Asked, answer: Answer, latency: float) -> None:
        """Make an answer safe, as a new recording or as one more take of the one there is."""
        redactor = self.bench.redactor
        take = take_of(answer, latency, redactor)
        response = take.parsed()
        try:
            older = self._stack.find(asked.key, self.settings.mode, asked.number).recording
        except KeyError:
            older = None
        retried = asked.key.digest in self._failed
        if older is not None and self.settings.repeat == "same" and not retried:
            self.unrecorded(asked, "an identical call that was under way at the same time was recorded")
            return
        found = [*screen.in_request(asked.request.body), *screen.in_answer(response, len(older.takes) if older else 0)]
        stopped = screen.unallowed(found, self.settings.allow_secrets)
        if stopped:
            self._stopped(asked, stopped)
            return
        named = {name for finding in found for name in (finding.path, finding.kind)}
        allowed = tuple(entry for entry in self.settings.allow_secrets if entry in named)
        if older is not None:
            recording = older.with_take(take, run=self._stack.run, allowed=allowed)
        else:
            now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            test = str(redactor.clean(self.log.name))
            recording = Recording(asked.key, asked.request, (take,), now, test, self._stack.run, allowed)
        aliases = tuple(key_of(asked.request, KeyRule(name)) for name in NAMED if self._rule != KeyRule(name))
        self._stack.keep(recording, aliases)
        (self._failed.add if answer.error else self._failed.discard)(asked.key.digest)
        outcome = "refreshed" if self.settings.mode == "refresh" else "recorded"
        self.log.add(asked.call(outcome, "provider", take), recording)

    def _stopped(self, asked: Asked, found: list[Finding]) -> None:
        """A recording would hold what looks like a credential: it reaches no tier, and the test fails at its end."""
        recording = f"{asked.key.operation} {asked.key.digest[:20]}"
        self.log.fail(CredentialFound(recording, tuple((finding.path, finding.kind) for finding in found)))
        self.unrecorded(asked, f"it would hold what looks like a credential ({found[0].path}: {found[0].kind})")

    def unrecorded(self, asked: Asked, reason: str) -> None:
        """A call was answered live, and nothing of it was recorded."""
        self.unanswered(asked)
        self.log.add(asked.call("live", "provider"), None)
        self.log.unrecorded(reason)

    def unanswered(self, asked: Asked) -> None:
        """A call brought no answer: the next identical one takes its number."""
        with self._lock:
            self._counts[asked.key.digest] -= 1

    def _found(self, asked: Asked) -> Found | None:
        try:
            return self._find(asked)
        except LMCacheError as error:
            raise self.log.fail(error) from error

    def _find(self, asked: Asked) -> Found | None:
        again = self.settings.repeat == "same"
        try:
            found = self._stack.find(asked.key, self.settings.mode, 1 if again else asked.number)
        except KeyError:
            return None
        if asked.number > len(found.recording.takes) and (not again or asked.key.digest in self._failed):
            return None
        if found.tier == "cassettes":
            self._check(found.recording.request, asked)
        return found

    def _check(self, recorded: Request, asked: Asked) -> None:
        """Raise BadRecording for a file whose request no longer makes its key."""
        if recorded.stream == asked.request.stream and recorded.body == asked.request.body:
            return
        if key_of(recorded, self._rule).digest != asked.key.digest:
            path = f"{self.settings.cassettes}/{asked.key.path}"
            cause = "its request was edited and no longer makes its key"
            remedy = "Undo the edit, or delete the file and record it again with --lmcache=record"
            raise BadRecording(path, cause, remedy)


def _take(found: Found, asked: Asked) -> Take:
    """The take that is a call's by its number; the last one when there are no more."""
    takes = found.recording.takes
    return takes[min(asked.number, len(takes)) - 1]
