"""What the calls of a run are worked out with: the call itself, who is told of it, and what all recorders share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from pytest_lmcache.ages import Clock, Stale
from pytest_lmcache.budget.reserved import Reserved, Stopped
from pytest_lmcache.call import Call, Key, Recording, Request, Take
from pytest_lmcache.checks import Checklist
from pytest_lmcache.errors import LMCacheError, Refusal
from pytest_lmcache.keys import KeyRule
from pytest_lmcache.recorder.flights import Flights, Locks
from pytest_lmcache.recorder.identity import Identities
from pytest_lmcache.redact import Redactor
from pytest_lmcache.seam import Unread


@dataclass(frozen=True, slots=True)
class Asked:
    """One call: its request, its key, its number (from 1) among the identical calls of its scope, and when it began."""

    request: Request
    key: Key
    number: int
    began: float
    clock: Clock

    def call(self, outcome: str, tier: str, take: Take | None = None, fault: str = "") -> Call:
        """What became of it just now."""
        took = self.clock.now() - self.began
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

    def stale(self, call: Call, stale: Stale) -> Refusal | None:
        """What answers a call is older than the test wants it: the error to raise, where it may not answer."""

    def reserve(self, request: Request) -> Reserved:
        """A call is about to go live: set aside what it will take. Raises Refusal where that crosses a bound."""

    def afford(self, request: Request) -> Reserved | Stopped:
        """The same for a call of our own, which is not made where that crosses a bound. Raises TierUnavailable."""

    def unrecorded(self, reason: str) -> None:
        """A live answer reached the test and could not be recorded."""

    def trouble(self, text: str) -> None:
        """Something went wrong that must not go unnoticed."""

    def open_stream(self, stream: OpenStream) -> None:
        """A stream was handed to the test; it may have to be drained when the test leaves it unread."""


class Bench:
    """What the recorders of a run share: single flight, file locks, redaction, and the time.

    `checklist` says what is to be checked, None where nothing is.
    """

    def __init__(self, redactor: Redactor, locks: Locks, checklist: Checklist | None = None) -> None:
        self.redactor = redactor
        self.checklist = checklist
        self.flights = Flights()
        self.locks = locks
        self.clock = Clock()
        self._identities: dict[KeyRule, Identities] = {}

    def identities(self, rule: KeyRule) -> Identities:
        """The requests and keys made under a rule, remembered for the whole run."""
        if rule not in self._identities:
            self._identities[rule] = Identities(rule, self.redactor)
        return self._identities[rule]
