"""What the calls of one scope have in common: its settings, its tiers, and the numbers of its takes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from threading import RLock
from typing import Any

from pytest_lmcache import ages, screen
from pytest_lmcache.ages import Stale
from pytest_lmcache.call import Recording, Request, Take
from pytest_lmcache.errors import BadRecording, CredentialFound, LMCacheError
from pytest_lmcache.keys import NAMED, KeyRule, key_of
from pytest_lmcache.options import Settings
from pytest_lmcache.patterns import Finding
from pytest_lmcache.readers import REPLAYING
from pytest_lmcache.recorder.bench import Asked, Bench, Log
from pytest_lmcache.recorder.takes import take_of
from pytest_lmcache.seam import Adapter, Answer
from pytest_lmcache.tiers.stack import Found, Stack
from pytest_lmcache.whatif import Fault

# pytest shows no frame of a module that says so, and none of its locals: a credential may be among them.
__tracebackhide__ = True


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
        # The calls whose recording was stale, and made anew.
        self._renewed: set[str] = set()
        self._lock = RLock()

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
        clock = self.bench.clock
        return Asked(request, key, number, clock.now(), clock)

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

    def recording(self, asked: Asked) -> Recording:
        """The recording that has answered a call."""
        return self._stack.find(asked.key, self.settings.mode).recording

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
            older = self._stack.find(asked.key, self.settings.mode, asked.number, self._is_fresh).recording
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
            test = str(redactor.clean(self.log.name))
            now = self.bench.clock.stamp()
            recording = Recording(asked.key, asked.request, (take,), now, test, self._stack.run, allowed)
            self._renew(asked)
        aliases = tuple(key_of(asked.request, KeyRule(name)) for name in NAMED if self._rule != KeyRule(name))
        self._stack.keep(recording, aliases)
        (self._failed.add if answer.error else self._failed.discard)(asked.key.digest)
        renewed = self.settings.mode == "refresh" or asked.key.digest in self._renewed
        outcome = "refreshed" if renewed else "recorded"
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
            found = self._find(asked)
        except LMCacheError as error:
            raise self.log.fail(error) from error
        if found is not None and (stale := self._stale(found.recording)):
            refusal = self.log.stale(asked.call("missed", "none"), stale)
            if refusal is not None:
                raise refusal
        return found

    def _find(self, asked: Asked) -> Found | None:
        again = self.settings.repeat == "same"
        try:
            takes = 1 if again else asked.number
            found = self._stack.find(asked.key, self.settings.mode, takes, self._is_fresh)
        except KeyError:
            return None
        if asked.number > len(found.recording.takes) and (not again or asked.key.digest in self._failed):
            return None
        if found.tier == "cassettes":
            self._check(found.recording.request, asked)
        return found

    def _stale(self, recording: Recording) -> Stale | None:
        max_age = self.settings.max_age
        if max_age is None or recording.run == self._stack.run:
            return None
        path = f"{self.settings.cassettes}/{recording.key.path}"
        return ages.stale(path, recording.recorded_at, max_age=max_age, now=self.bench.clock.started)

    def _is_fresh(self, recording: Recording) -> bool:
        """Whether a recording may answer by its age; in replay each may, and it is told or refused afterwards."""
        return self.settings.mode in REPLAYING or self._stale(recording) is None

    def _renew(self, asked: Asked) -> None:
        """Note that a call has a recording that was passed over for its age."""
        if self.settings.max_age is not None and self.settings.mode == "record":
            with suppress(KeyError):
                self._stack.find(asked.key, "record")
                self._renewed.add(asked.key.digest)

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
