"""One run: which test the calls belong to, what became of them, and what is promoted when a phase has passed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from threading import Lock, RLock

from pytest_lmcache import miss
from pytest_lmcache.cache import Cache
from pytest_lmcache.call import Call, Key, Recording, Request
from pytest_lmcache.desk import Bench, OpenStream
from pytest_lmcache.errors import CassettesUnusable, LMCacheError, Miss, Refusal
from pytest_lmcache.flights import Locks
from pytest_lmcache.keys import KeyRule
from pytest_lmcache.options import RunSettings, Settings
from pytest_lmcache.recorder import Recorder
from pytest_lmcache.redact import Redactor
from pytest_lmcache.report import Totals
from pytest_lmcache.tally import Tally
from pytest_lmcache.tiers.cassettes import Cassettes
from pytest_lmcache.tiers.disk import Disk
from pytest_lmcache.tiers.local import project_folder
from pytest_lmcache.tiers.memory import Memory
from pytest_lmcache.tiers.stack import Stack
from pytest_lmcache.unread import DRAIN_SECONDS, finish

NO_FOLDER = "none"


class Run:
    """Everything that outlives one test: tiers, single flight, totals, and the scope that calls belong to now.

    `recorder` is what adapters ask for at every call: None where calls pass untouched.
    """

    def __init__(self, settings: RunSettings, root: Path, identity: str, environment: Mapping[str, str]) -> None:
        self.settings = settings
        self.identity = identity
        self.tally = Tally()
        self.recorder: Recorder | None = None
        self._root = root
        self._bench = Bench(Redactor(environment), Locks(lambda: project_folder(root) / "locks"))
        self._stacks: dict[tuple[str, int], Stack] = {}
        self._scopes: list[Scope] = []
        self._disk: Disk | None = None

    def scope(self, name: str, settings: Settings, *, test: str = "") -> Scope:
        """A scope for the calls of a test, a fixture of wider scope, or the collection of modules.

        `test` is the node id that a person types to make the same calls, where there is one.
        """
        rule = KeyRule(settings.key, settings.ignore, settings.normalize)
        if settings.cache is not None and type(settings.cache).cache_key is not Cache.cache_key:
            rule = KeyRule(settings.cache.cache_key, settings.ignore, settings.normalize)
        stack = self._stack(settings)
        return Scope(self, name, settings, rule, stack, self._bench, test)

    def enter(self, scope: Scope) -> None:
        """Calls belong to `scope` from now on, until it is left."""
        self._scopes.append(scope)
        self.recorder = scope.recorder

    def leave(self, scope: Scope) -> None:
        """Calls belong to whom they belonged to before."""
        self._scopes.remove(scope)
        self.recorder = self._scopes[-1].recorder if self._scopes else None

    def hand_on(self, refusals: list[Refusal]) -> None:
        """Refusals of a fixture belong to the test that it failed for, whether or not the fixture let them out."""
        if self._scopes:
            self._scopes[-1].swallowed += refusals

    def holds(self, scope: Scope) -> bool:
        """Whether a scope has been entered and not left."""
        return scope in self._scopes

    def close(self) -> None:
        """The run is over."""
        if self._disk is not None:
            self._disk.close()

    def totals(self) -> Totals:
        """What happened in this process."""
        return self.tally.totals()

    def _stack(self, settings: Settings) -> Stack:
        identity = settings.cassettes, id(settings.cache)
        if identity not in self._stacks:
            self._stacks[identity] = Stack(
                self._memory(settings.cache),
                self._cassettes(settings),
                lambda: settings.cache.disk if settings.cache is not None else self._own_disk(),
                run=self.identity,
                warn=self.tally.trouble,
            )
        return self._stacks[identity]

    def _memory(self, cache: Cache | None) -> Memory | None:
        """A memory of its own for each cassette folder: it holds copies of what is there."""
        if cache is not None:
            return None if cache.memory is None else Memory(cache.memory.max_entries)
        return Memory(self.settings.memory_max_entries) if self.settings.memory else None

    def _cassettes(self, settings: Settings) -> Cassettes | None:
        if settings.cassettes == NO_FOLDER:
            return None
        folder = self._root / settings.cassettes
        if folder.exists() and not folder.is_dir():
            raise CassettesUnusable(
                f"the cassette folder {settings.cassettes} is a file. Name a folder with lmcache_cassettes."
            )
        cassettes = Cassettes(folder, settings.cassettes)
        if settings.mode in ("record", "refresh"):
            cassettes.sweep()
        return cassettes

    def _own_disk(self) -> Disk | None:
        """The local disk tier of the project, made when something is recorded."""
        if self._disk is None and self.settings.disk:
            self._disk = Disk(project_folder(self._root) / "disk", self.settings.disk_size_limit, warn=self.tally.warn)
        return self._disk


class Phase:
    """A stretch of the run whose outcome decides what of its recordings reaches the cassette folder."""

    def __init__(self, run: Run, stack: Stack, name: str) -> None:
        self._run = run
        self._stack = stack
        self._name = name
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
        if not self._passed and self._run.settings.keep != "all":
            self._run.tally.keep_local(self._name, len(pending))
            return
        for recording in pending.values():
            try:
                self._stack.promote(recording)
            except CassettesUnusable as error:
                self._run.tally.trouble(str(error))


class Scope:
    """The calls of one test, or of one fixture of wider scope: the log its recorder writes."""

    def __init__(
        self, run: Run, name: str, settings: Settings, rule: KeyRule, stack: Stack, bench: Bench, test: str
    ) -> None:
        self.name = name
        self.test = test
        self.settings = settings
        self.rule = rule
        self.calls: list[Call] = []
        self.swallowed: list[Refusal] = []
        self._lock = Lock()
        self._run = run
        self._stack = stack
        self._phase: Phase | None = None
        self._streams: list[OpenStream] = []
        self.recorder = None if settings.mode == "off" else Recorder(settings, rule, stack, bench, self)

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
                self._phase = self._phase or Phase(self._run, self._stack, self.name)
            self._phase.add(recording)
        self._run.tally.add(call)
        if _repeated_at_temperature(call, self.settings):
            self._run.tally.repeat(self.name)

    def refuse(self, request: Request, key: Key, number: int) -> Refusal:
        self.add(Call(request, key, "missed", "none", None, number), None)
        text = miss.explain(
            request, key, number, self.settings, self.rule, self._stack.cassettes, self.test
        )
        return self._refusal(Miss(text))

    def fail(self, error: LMCacheError) -> Refusal:
        return self._refusal(Refusal(f"lmcache: {error}"))

    def unrecorded(self, reason: str) -> None:
        self._run.tally.unrecorded(reason)

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
        )

    def take_refusals(self) -> list[Refusal]:
        """What was refused since this was last asked, whether or not something swallowed it."""
        refusals, self.swallowed = self.swallowed, []
        return refusals


class Calls:
    """The calls of one test so far, as its `lmcache` fixture."""

    def __init__(self, scope: Scope | None) -> None:
        self._scope = scope

    @property
    def calls(self) -> tuple[Call, ...]:
        """The calls in the order in which they ended."""
        return () if self._scope is None else tuple(self._scope.calls)

    @property
    def replayed(self) -> int:
        return self._number("replayed")

    @property
    def recorded(self) -> int:
        return self._number("recorded") + self._number("refreshed")

    @property
    def missed(self) -> int:
        return self._number("missed")

    @property
    def tokens(self) -> int:
        """Tokens in and out of all calls, as recorded."""
        return sum(call.total_tokens for call in self.calls)

    @property
    def cost(self) -> float:
        """US dollars of all calls whose price is known, as recorded."""
        return sum(call.cost or 0.0 for call in self.calls)

    def __repr__(self) -> str:
        return f"<lmcache: {self.replayed} replayed, {self.recorded} recorded, {self.missed} missed>"

    def _number(self, outcome: str) -> int:
        return sum(call.outcome == outcome for call in self.calls)


def _repeated_at_temperature(call: Call, settings: Settings) -> bool:
    if call.outcome != "replayed" or call.number < 2 or settings.repeat != "same":
        return False
    temperature = call.request.body.get("temperature")
    return isinstance(temperature, int | float) and temperature > 0


def _drain(stream: OpenStream) -> None:
    if stream.rest is None or not finish(stream.rest):
        stream.abandon("the test left it unread, and its event loop is gone")
    stream.abandon(f"the test left it unread, and it did not end within {DRAIN_SECONDS:.0f} s")


class Gate:
    """What adapters ask at every call: who records it. None where calls pass untouched."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def __call__(self) -> Recorder | None:
        return self._run.recorder

    def refused(self, refusal: Refusal) -> Refusal:
        """Remember what was refused outside a recorded call, so that swallowing it still fails the test."""
        self._run.hand_on([refusal])
        return refusal
