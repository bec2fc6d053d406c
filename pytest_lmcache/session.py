"""One run: its tiers, its totals, and which test the calls of a moment belong to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from pathlib import Path

from pytest_lmcache import seam
from pytest_lmcache.adapters import prices
from pytest_lmcache.budget import Bounds
from pytest_lmcache.budget.ledger import Ledger
from pytest_lmcache.budget.reserved import Account, Budget
from pytest_lmcache.cache import Cache
from pytest_lmcache.checks import Checklist
from pytest_lmcache.errors import Refusal, TierUnavailable
from pytest_lmcache.keys import KeyRule
from pytest_lmcache.options import RunSettings, Settings
from pytest_lmcache.providers import Hosts
from pytest_lmcache.readers import REPLAYING, VERIFY
from pytest_lmcache.recorder import Recorder, flights
from pytest_lmcache.recorder.bench import Bench
from pytest_lmcache.recorder.flights import Locks
from pytest_lmcache.redact import Redactor
from pytest_lmcache.report import Totals
from pytest_lmcache.scope import Scope, bounds_of, guard_in
from pytest_lmcache.seam import ON_BEHALF, Follower, Owner
from pytest_lmcache.shared import Private, Shared, Values
from pytest_lmcache.stacks import Stacks
from pytest_lmcache.tally import Tally
from pytest_lmcache.tiers import disk, local
from pytest_lmcache.tiers.local import project_folder

_USUAL_PORTS = (None, 0, 80, 443)


class Run:
    """Everything that outlives one test: tiers, single flight, totals, and the scope that calls belong to now.

    `recorder` is what adapters ask for at every call: None where calls pass untouched. `guarded` is the scope whose
    connections to providers are guarded, if there is one now. `bounds` are those of the live calls of the run; `alone`
    says whether this process is all of it. `checklist` makes that of a verify run, of what its processes share and of
    the identity of the run.
    """

    def __init__(
        self,
        settings: RunSettings,
        root: Path,
        identity: str,
        environment: Mapping[str, str],
        *,
        bounds: Bounds | None = None,
        alone: bool = True,
        checklist: Callable[[Values, str], Checklist] | None = None,
    ) -> None:
        self.settings = settings
        self.identity = identity
        self.tally = Tally(saves=checklist is None)
        self.recorder: Recorder | None = None
        self.guarded: Scope | None = None
        self._root = root
        self._stacks = Stacks(settings, root, identity, self.tally)
        self._scopes: list[Scope] = []
        self._followers: list[Follower] = []
        self._alone = alone
        self._ledger = Ledger(bounds, self._values("budget")) if bounds else None
        self._bench = Bench(
            Redactor(environment),
            Locks(lambda: project_folder(root) / "locks"),
            checklist(self._values("verify"), identity) if checklist is not None else None,
        )

    @cached_property
    def hosts(self) -> Hosts:
        """The providers' hosts, as this project has them."""
        return Hosts(self.settings.guard_hosts)

    def scope(self, name: str, settings: Settings, *, test: str = "", guard: str = "", lasting: bool = False) -> Scope:
        """A scope for the calls of a test, a fixture of wider scope, or the collection of modules.

        `test` is the node id that a person types to make the same calls, where there is one; `guard` what becomes of
        connections that no adapter sees, where the mode does not say it. `lasting` is for all but tests, see `Owner`.
        """
        guard = guard or guard_in(settings.mode, self.settings.guard)
        rule = KeyRule(settings.key, settings.ignore, settings.normalize)
        if settings.cache is not None and type(settings.cache).cache_key is not Cache.cache_key:
            rule = KeyRule(settings.cache.cache_key, settings.ignore, settings.normalize)
        return Scope(
            name,
            settings,
            rule,
            self._stacks.of(settings),
            self._bench,
            self.tally,
            budget=self._budget(name, settings, lasting=lasting),
            keep=self.settings.keep,
            test=test,
            guard=guard,
            lasting=lasting,
        )

    def enter(self, scope: Scope) -> None:
        """Calls belong to `scope` from now on, until it is left."""
        self._scopes.append(scope)
        self._turn()

    def leave(self, scope: Scope) -> None:
        """Calls belong to whom they belonged to before."""
        self._scopes.remove(scope)
        self._turn()

    def hand_on(self, refusals: list[Refusal]) -> None:
        """Refusals of a fixture belong to the test that it failed for, whether or not the fixture let them out."""
        if self._scopes:
            self._scopes[-1].swallowed += refusals

    def holds(self, scope: Scope) -> bool:
        """Whether a scope has been entered and not left."""
        return scope in self._scopes

    def follow(self, follower: Follower) -> None:
        """Tell `follower` whose calls those of this moment are, now and at every change."""
        self._followers.append(follower)
        follower(self._owners())

    def unfollow(self, follower: Follower) -> None:
        """Tell it no more, and that there are no owners."""
        if follower in self._followers:
            self._followers.remove(follower)
            follower(())

    @property
    def replays(self) -> bool:
        """Whether the calls of this moment are replayed."""
        return bool(self._scopes) and self._scopes[-1].settings.mode in REPLAYING

    @property
    def records(self) -> bool:
        """Whether calls of this moment may go live and be recorded."""
        return bool(self._scopes) and self._scopes[-1].settings.mode in ("record", "refresh")

    def prepare(self) -> None:
        """Import what a live call needs, so that the first one waits for its provider alone."""
        flights.load()
        local.load()
        if self.settings.disk:
            disk.load()

    def close(self) -> None:
        """The run is over."""
        self._stacks.close()

    def totals(self) -> Totals:
        """What happened in this process, and what all of them have spent by now under the bounds of the run."""
        totals = self.tally.totals()
        if self._ledger is not None and self._ledger.used:
            with suppress(TierUnavailable):
                return replace(totals, spent=self._ledger.spent())
        return totals

    def _turn(self) -> None:
        scope = self._scopes[-1] if self._scopes else None
        self.recorder = scope.recorder if scope is not None else None
        self.guarded = scope if scope is not None and scope.guard else None
        for follower in self._followers:
            follower(self._owners())

    def _owners(self) -> tuple[Owner, ...]:
        return tuple(scope.owner for scope in self._scopes)

    def _values(self, name: str) -> Values:
        """Something that all processes of this run share."""
        if self._alone:
            return Private()
        return Shared(lambda: project_folder(self._root) / "runs", f"{self.identity}-{name}")

    def _budget(self, name: str, settings: Settings, *, lasting: bool) -> Budget:
        accounts = []
        if settings.mode in ("record", "refresh", VERIFY) and self._ledger is not None:
            accounts.append(Account(self._ledger, "all live calls of this run", tries=True))
        if settings.mode in ("record", "refresh") and not lasting and (own := bounds_of(settings)):
            accounts.append(Account(Ledger(own, Private()), f"all calls of {name}", tries=False))
        return Budget(tuple(accounts), prices.cost, warn=self.tally.warn, reached=self.tally.reach)


class Gate:
    """What adapters ask at every call: who records it. None where calls pass untouched."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def __call__(self) -> seam.Recorder | None:
        return ON_BEHALF.get() or self._run.recorder

    def follow(self, follower: Follower) -> None:
        self._run.follow(follower)

    def unfollow(self, follower: Follower) -> None:
        self._run.unfollow(follower)

    def refused(self, refusal: Refusal) -> Refusal:
        """Remember what was refused outside a recorded call, so that swallowing it still fails the test."""
        self._run.hand_on([refusal])
        return refusal

    def replays(self) -> bool:
        """Whether the scope of this moment replays."""
        return self._run.replays

    def guards(self, host: str, port: int | None) -> bool:
        """Whether a provider answers there, and the scope of this moment is guarded."""
        return self._run.guarded is not None and self._run.hosts.has(host, port)

    def connects(self, host: str, port: int | None, site: str) -> None:
        """Refuse or note a connection to a provider."""
        scope = self._run.guarded
        if scope is not None:
            scope.connects(host if port in _USUAL_PORTS else f"{host}:{port}", site)
