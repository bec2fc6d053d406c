"""The calls of one test or fixture: what became of them, and what is promoted when a phase has passed."""

from __future__ import annotations

from collections import Counter
from threading import RLock

from pytest_lmcache import callsite, miss
from pytest_lmcache.ages import Stale
from pytest_lmcache.budget import Bounds, above, spent
from pytest_lmcache.budget.reserved import Budget, Reserved, Stopped
from pytest_lmcache.call import Call, Recording, Request
from pytest_lmcache.errors import CassettesUnusable, LiveCall, LMCacheError, Miss, OverBudget, Refusal, StaleRecording
from pytest_lmcache.keys import KeyRule
from pytest_lmcache.miss.stale import stale_text
from pytest_lmcache.options import Settings
from pytest_lmcache.readers import REPLAYING
from pytest_lmcache.recorder import Recorder
from pytest_lmcache.recorder.bench import Bench, OpenStream
from pytest_lmcache.recorder.flights import Locks
from pytest_lmcache.recorder.unread import DRAIN_SECONDS, finish
from pytest_lmcache.report import Totals
from pytest_lmcache.screen import masked_request
from pytest_lmcache.seam import Owner
from pytest_lmcache.tally import Tally
from pytest_lmcache.tiers.stack import Stack
from pytest_lmcache.whatif import Plan

REFUSE, NOTE, PASS = "refuse", "note", ""


def guard_in(mode: str, guard: str) -> str:
    """What becomes of connections to providers that no adapter sees, by the mode and the project's `lmcache_guard`."""
    if guard == "off" or mode == "off":
        return PASS
    return REFUSE if mode in REPLAYING else NOTE


def bounds_of(settings: Settings) -> Bounds:
    """What the calls of one test may take."""
    return Bounds(settings.max_calls, settings.max_tokens, settings.max_cost)


class Phase:
    """A stretch of the run whose outcome decides what of its recordings reaches the cassette folder."""

    def __init__(self, stack: Stack, locks: Locks, tally: Tally, name: str, keep: str) -> None:
        self._stack = stack
        self._locks = locks
        self._tally = tally
        self._name = name
        self._keep = keep
        self._pending: dict[str, Recording] = {}
        self._passed: bool | None = None
        self._lock = RLock()

    def add(self, recording: Recording) -> None:
        """A recording the cassette folder lacks was made or used."""
        with self._lock:
            self._pending[recording.key.digest] = recording
            if self._passed is not None:
                self._settle()

    def end(self, *, passed: bool) -> None:
        """The phase is over; what it used is promoted when it passed, and stays on this machine otherwise."""
        with self._lock:
            self._passed = passed
            self._settle()

    def _settle(self) -> None:
        pending, self._pending = self._pending, {}
        if not self._passed and self._keep != "all":
            self._tally.keep_local(self._name, len(pending))
            return
        for recording in pending.values():
            try:
                with self._locks.promoting(recording.key.digest):
                    self._stack.promote(recording)
            except CassettesUnusable as error:
                self._tally.trouble(str(error))


class Scope:
    """The calls of one test, or of one fixture of wider scope: the log its recorder writes.

    `budget` bounds its live calls; `keep` is `passed` or `all`; `test` the node id that a person types to make the same
    calls, if there is one; `guard` what `guard_in` says; `lasting` as in `Owner`.
    """

    def __init__(
        self,
        name: str,
        settings: Settings,
        rule: KeyRule,
        stack: Stack,
        bench: Bench,
        tally: Tally,
        *,
        budget: Budget,
        keep: str,
        test: str,
        guard: str,
        lasting: bool,
    ) -> None:
        self.name = name
        self.settings = settings
        self.guard = guard
        self._rule = rule
        self._budget = budget
        self._bounds = Bounds() if lasting else bounds_of(settings)
        self.calls: list[Call] = []
        self.swallowed: list[Refusal] = []
        self._lock = RLock()
        self._tally = tally
        self._stack = stack
        self._locks = bench.locks
        self._keep = keep
        self._test = test
        self._phase: Phase | None = None
        self._streams: list[OpenStream] = []
        self.plan = Plan()
        self.recorder = None if settings.mode == "off" else Recorder(settings, rule, stack, bench, self, self.plan)
        self.owner = Owner(self.recorder, lasting)

    def begin(self) -> None:
        """A new phase of this scope starts."""
        self._phase = None

    def end(self, *, passed: bool) -> None:
        """The phase is over."""
        self.drain()
        if self._phase is not None:
            self._phase.end(passed=passed)

    def drain(self) -> None:
        """Read the rest of the streams that were left unread, within a bound, so that they can be recorded."""
        streams, self._streams = self._streams, []
        for stream in streams:
            if not stream.ended:
                _drain(stream)

    def add(self, call: Call, recording: Recording | None) -> None:
        self.calls.append(call)
        if recording is not None:
            with self._lock:
                self._phase = self._phase or Phase(self._stack, self._locks, self._tally, self.name, self._keep)
            self._phase.add(recording)
        self._tally.add(call)
        if call.outcome == "replayed":
            self._budget.replayed(call)
        if _repeated_at_temperature(call, self.calls, self.settings):
            self._tally.repeat(self.name)

    def refuse(self, call: Call) -> Refusal:
        self.add(call, None)
        shown = masked_request(call.request)
        text = miss.explain(shown, call.key, call.number, self.settings, self._rule, self._stack.cassettes, self._test)
        return self._refusal(Miss(text))

    def stale(self, call: Call, stale: Stale) -> Refusal | None:
        self._tally.stale(stale)
        if self.settings.stale == "warn":
            return None
        self.add(call, None)
        return self._refusal(StaleRecording(stale_text(stale, masked_request(call.request), self._test)))

    def reserve(self, request: Request) -> Reserved:
        try:
            reserved = self.afford(request)
        except LMCacheError as error:
            raise self.fail(error) from error
        if isinstance(reserved, Stopped):
            raise self._refusal(OverBudget(reserved.text))
        return reserved

    def afford(self, request: Request) -> Reserved | Stopped:
        return self._budget.reserve(request)

    def account(self, *, failed: bool, over: bool) -> None:
        """A phase of the test is done, and with it perhaps the test: it fails when its calls are above its bounds.

        That is said once, and not of a test that failed anyway.
        """
        if failed:
            self._bounds = Bounds()
        crossed = self._bounds.crossed(spent(self.calls)) if over and self._bounds else ()
        if crossed:
            self._bounds = Bounds()
            self._refusal(OverBudget(above(crossed, self.calls)))

    def fail(self, error: LMCacheError) -> Refusal:
        return self._refusal(Refusal(f"lmcache: {error}"))

    def connects(self, host: str, site: str) -> None:
        """A connection to a provider is about to be opened, by code that no adapter sees. Raises LiveCall in replay."""
        if self.guard == REFUSE:
            raise self._refusal(LiveCall(host, self._test or self.name, site))
        self._tally.unseen(host, self._test or self.name)

    def unrecorded(self, reason: str) -> None:
        self._tally.unrecorded(reason)

    def trouble(self, text: str) -> None:
        self._tally.trouble(text)

    def open_stream(self, stream: OpenStream) -> None:
        self._streams.append(stream)

    def _refusal(self, refusal: Refusal) -> Refusal:
        self.swallowed.append(refusal)
        return refusal

    def totals(self) -> Totals:
        """How many calls of this scope had which outcome."""
        counts = Counter(call.outcome for call in self.calls)
        return Totals(
            replayed=counts["replayed"],
            recorded=counts["recorded"],
            refreshed=counts["refreshed"],
            missed=counts["missed"],
            live=counts["live"],
            injected=counts["injected"],
        )

    def leave(self) -> None:
        """No more calls belong to this scope: whoever still waits in one waits no longer."""
        self.plan.over.set()
        for fault in self.plan.unmet():
            self._tally.warn(f"an injected fault met no call of {self.name}: {fault}")

    def take_refusals(self) -> list[Refusal]:
        """What was refused since this was last asked, whether or not something swallowed it."""
        refusals, self.swallowed = self.swallowed, []
        for refusal in refusals:
            if isinstance(refusal, LiveCall) and not refusal.site:
                refusal.locate(callsite.site_in(refusal.__traceback__))
        return refusals


def _repeated_at_temperature(call: Call, calls: list[Call], settings: Settings) -> bool:
    """Whether a call got an answer once more that a model would have given differently."""
    if call.outcome != "replayed" or call.number < 2 or settings.repeat != "same":
        return False
    temperature = call.request.body.get("temperature")
    if not isinstance(temperature, int | float) or temperature <= 0:
        return False
    return sum(earlier.key == call.key and earlier.take == call.take for earlier in calls) > 1


def _drain(stream: OpenStream) -> None:
    if stream.rest is None or not finish(stream.rest):
        stream.abandon("the test left it unread, and its event loop is gone")
    stream.abandon(f"the test left it unread, and it did not end within {DRAIN_SECONDS:.0f} s")
