"""Whom the calls of a moment belong to: a test, a fixture wider than one test, or the collection of modules."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from pytest_lmcache import placeholders
from pytest_lmcache.errors import LMCacheError
from pytest_lmcache.options import Settings, resolve
from pytest_lmcache.plugin.sources import Source, config_of, marker_sources, ranked, run_sources
from pytest_lmcache.plugin.stories import Stories
from pytest_lmcache.scope import REFUSE, Scope
from pytest_lmcache.session import Run

PLAN = pytest.StashKey[list[Source]]()
SCOPE = pytest.StashKey[Scope]()


class Scopes:
    """The scopes of one process, each with the settings that hold for it.

    `unmarked` are the settings of whatever no marker and no `lmcache_config` speaks of; `base` is the scope of calls
    made while modules are imported and between tests, where the whole run has a mode.
    """

    def __init__(self, config: pytest.Config, run: Run, stories: Stories) -> None:
        self._run = run
        self._stories = stories
        self._strong, self._ini = run_sources(config)
        self.unmarked: Settings = resolve([*self._strong, *self._ini])
        self.base: Scope | None = None
        self._credentials = placeholders.Environment(os.environ, placeholders.credentials())
        self._placeholders = False

    def begin_run(self) -> None:
        """The whole run has a mode: calls outside tests belong to someone too."""
        self.base = self._collection()
        self._fit_environment(self.unmarked.mode)

    def next_module(self) -> None:
        """The calls of one module's imports are no part of another's: each is collected alone at times."""
        if self.base is not None:
            self._run.leave(self.base)
            self.base = self._collection()

    def close(self) -> None:
        """Put the environment back as it was found."""
        self._credentials.restore()

    def open(self, item: pytest.Item, values: Mapping[str, Any]) -> None:
        """Calls belong to a test from now on, whose `lmcache_config` returned `values`."""
        self.leave(item)
        try:
            plan = item.stash[PLAN]
            settings = resolve(ranked(self._strong, plan, values, self._ini)) if plan or values else self.unmarked
            scope = self._run.scope(item.nodeid, settings, test=item.nodeid)
        except LMCacheError as error:
            raise pytest.fail.Exception(f"lmcache: {error}", pytrace=False) from None
        self._enter(item, scope)

    def guard(self, item: pytest.Item) -> None:
        """A test that the plugin does not act on connects to no provider."""
        settings = replace(self.unmarked, mode="off")
        self._enter(item, self._run.scope(item.nodeid, settings, test=item.nodeid, guard=REFUSE))

    def leave(self, item: pytest.Item) -> None:
        """A test is over."""
        scope = item.stash.get(SCOPE, None)
        if scope is not None and self._run.holds(scope):
            self._run.leave(scope)
            scope.leave()
            self._fit_environment(self.base.settings.mode if self.base else "off")

    def of_fixture(self, fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest) -> Scope:
        """The scope of a fixture wider than one test. Its settings are those of the node it belongs to, so that they do
        not depend on which test came first.
        """
        owner = request.node
        values = config_of(fixturedef, request, owner)
        settings = resolve(ranked(self._strong, marker_sources(owner), values, self._ini))
        name = f"{owner.nodeid}::{fixturedef.argname}".lstrip(":.")
        scope = self._run.scope(name, settings, test=request._pyfuncitem.nodeid, lasting=True)
        self._stories.begin(scope, "fixture")
        return scope

    def begin(self, scope: Scope) -> None:
        """Calls belong to a fixture: it is set up, or torn down."""
        scope.begin()
        self._run.enter(scope)

    def end(self, scope: Scope, *, passed: bool) -> None:
        """The fixture is done with that."""
        if self._run.holds(scope):
            scope.end(passed=passed)
            self._run.leave(scope)
            self._run.hand_on(scope.take_refusals())

    def _enter(self, item: pytest.Item, scope: Scope) -> None:
        item.stash[SCOPE] = scope
        self._stories.begin(scope, "test", item)
        self._fit_environment(scope.settings.mode)
        self._run.enter(scope)

    def _collection(self) -> Scope:
        scope = self._run.scope("collection", self.unmarked, lasting=True)
        self._stories.begin(scope, "collection")
        self._run.enter(scope)
        return scope

    def _fit_environment(self, mode: str) -> None:
        """Placeholders while calls are replayed, and only then."""
        if mode == "replay" and not self._placeholders:
            self._credentials.install()
        elif mode != "replay" and self._placeholders:
            self._credentials.restore()
        self._placeholders = mode == "replay"
