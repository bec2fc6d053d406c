"""The hooks of a run that records or replays: when scopes begin and end, and what a report says of them."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Generator, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from pytest_lmcache import placeholders, report
from pytest_lmcache.adapters import Watch
from pytest_lmcache.calls import Calls
from pytest_lmcache.checks import Checklist
from pytest_lmcache.errors import BadOption, Refusal
from pytest_lmcache.keys import KeyRule
from pytest_lmcache.plugin import opted_in, overridden, reports
from pytest_lmcache.plugin.scopes import PLAN, SCOPE, Scopes
from pytest_lmcache.plugin.sources import config_values, marker_sources, run_bounds, run_settings
from pytest_lmcache.plugin.stories import Stories
from pytest_lmcache.plugin.summary import summary_of
from pytest_lmcache.readers import VERIFY
from pytest_lmcache.scope import Scope
from pytest_lmcache.session import Gate, Run
from pytest_lmcache.shared import Values

SETTINGS_FIXTURE = "_lmcache_settings"


class Active:
    """The plugin at work in one process. `mode` is the mode set for the whole run, or None."""

    def __init__(self, config: pytest.Config, mode: str | None) -> None:
        self._mode = mode
        self._fixtures: set[str] = set()
        self._summary = summary_of(config)
        self.run = Run(
            run_settings(config),
            Path(config.rootpath),
            os.environ.get("PYTEST_XDIST_TESTRUNUID") or uuid.uuid4().hex,
            os.environ,
            bounds=run_bounds(config),
            alone="PYTEST_XDIST_TESTRUNUID" not in os.environ,
            checklist=_checklist(config) if mode == VERIFY else None,
        )
        self._quiet = placeholders.Environment(os.environ, placeholders.QUIET)
        guard = self.run.settings.guard
        self._guards_all = guard == "all"
        self._watch = Watch(self.run.settings.adapters, Gate(self.run), guard=guard != "off")
        self._reports = reports.reports_of(config, self._summary) if reports.wanted(config) else None
        self._stories = Stories(
            wanted=self._reports is not None, conversations=bool(config.known_args_namespace.lmcache_html)
        )
        self._scopes = Scopes(config, self.run, self._stories)
        # pytest_unconfigure is not called for a run that ends before its configuration.
        config.add_cleanup(self.close)
        self._quiet.install()
        if mode is not None:
            self._scopes.begin_run()
        self._watch.install()

    def close(self) -> None:
        """Put everything back as it was found."""
        self._watch.remove()
        self.run.close()
        self._scopes.close()
        self._quiet.restore()

    def collected(self, items: Iterable[pytest.Item]) -> None:
        """Read the markers of the tests that the plugin acts on. Raises UsageError for what nobody can mean."""
        mistakes: list[str] = []
        for item in items:
            has_config = overridden(item)
            if self._mode is None and not opted_in(item) and not has_config:
                continue
            try:
                item.stash[PLAN] = marker_sources(item)
            except BadOption as error:
                if str(error) not in mistakes:
                    mistakes.append(str(error))
                continue
            if opted_in(item) and item.get_closest_marker("vcr") is not None:
                mistakes.append(f"{item.nodeid} carries both lmcache and vcr, and both record its calls; keep one")
            names = getattr(item, "fixturenames", None)
            if names is not None:
                self._fixtures.update(names)
                if has_config:
                    names.insert(0, SETTINGS_FIXTURE)
        if mistakes:
            raise pytest.UsageError("\n".join(f"lmcache: {mistake}" for mistake in mistakes))

    def configure(self, item: pytest.Item, values: Any) -> None:
        """Take the test's `lmcache_config` into account, before any other fixture of it runs."""
        try:
            read = config_values(values)
        except BadOption as error:
            raise pytest.fail.Exception(f"lmcache: {error}", pytrace=False) from None
        if self._mode is None and not opted_in(item) and "mode" not in read:
            return
        self._open(item, read)

    def _open(self, item: pytest.Item, values: Mapping[str, Any]) -> None:
        self._scopes.open(item, values)
        if self.run.records:
            self.run.prepare()
            self._watch.prepare()

    @pytest.hookimpl
    def pytest_report_header(self) -> str | None:
        return self._header() if self._mode is not None else None

    @pytest.hookimpl
    def pytest_report_collectionfinish(self) -> str | None:
        return self._header() if self._mode is None else None

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_make_collect_report(self) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        result = yield
        base = self._scopes.base
        if base is not None:
            base.drain()
            refusals, base.swallowed = base.swallowed, []
            if refusals:
                result.outcome = "failed"
                result.longrepr = _texts(refusals)
            base.end(passed=result.passed)
            self._scopes.next_module()
        return result

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
    ) -> Generator[None, Any, Any]:
        __tracebackhide__ = True
        if fixturedef.scope == "function":
            return (yield)
        if self._mode is None and fixturedef.argname not in self._fixtures:
            return (yield from _kept(fixturedef, request))
        scope = self._scopes.of_fixture(fixturedef, request)
        fixturedef.addfinalizer(lambda: self._scopes.end(scope, passed=True))
        self._scopes.begin(scope)
        passed = False
        try:
            result = yield from _kept(fixturedef, request)
            passed = True
        finally:
            self._scopes.end(scope, passed=passed)
            fixturedef.addfinalizer(lambda: self._scopes.begin(scope))
        return result

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        if self._mode is not None or opted_in(item):
            self._open(item, {})
        elif self._guards_all:
            self._scopes.guard(item)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[Any]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        result = yield
        scope = item.stash.get(SCOPE, None)
        if scope is not None:
            scope.drain()
            scope.account(failed=result.failed, over=call.when != "setup")
        refusals = scope.take_refusals() if scope is not None else []
        if not refusals and call.excinfo is not None and isinstance(call.excinfo.value, Refusal):
            refusals = [call.excinfo.value]
        if refusals:
            _fail(item, result, refusals)
        if scope is not None:
            scope.end(passed=not result.failed)
            scope.begin()
            self._stories.phase(scope, result, refusals)
            if call.when == "teardown":
                self._scopes.leave(item)
                if item.config.getoption("xmlpath", None):
                    result.user_properties += _properties(scope)
            elif scope.recorder and item.config.get_verbosity() > 0 and (call.when == "call" or not result.passed):
                result.lmcache_verdict = report.verdict(scope.totals())  # type: ignore[attr-defined]
        return result

    @pytest.hookimpl
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._scopes.base is not None:
            self._scopes.base.end(passed=True)
        self._summary.add(self.run.totals())
        if self._reports is not None:
            self._reports.add(self._stories.entries())

    def _header(self) -> str:
        settings = self._scopes.unmarked
        return report.header_line(settings.mode, KeyRule(settings.key).name, settings.cassettes)


def calls_of(item: pytest.Item) -> Calls:
    """The calls of a test so far."""
    return Calls(item.stash.get(SCOPE, None))


def _checklist(config: pytest.Config) -> Callable[[Values, str], Checklist]:
    from pytest_lmcache.plugin.verify import verify_of

    return verify_of(config).checklist


def _kept(fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest) -> Generator[None, Any, Any]:
    """The step in which a fixture is set up. What it raises is kept for the next test that asks for it; pytest itself
    does so with every Exception, and a refusal is none.
    """
    __tracebackhide__ = True
    try:
        return (yield)
    except Refusal as refusal:
        fixturedef.cached_result = (None, fixturedef.cache_key(request), (refusal, refusal.__traceback__))  # type: ignore[arg-type]
        raise


def _properties(scope: Scope) -> list[tuple[str, object]]:
    """What JUnit's XML says of a test."""
    calls = Calls(scope)
    return [
        ("lmcache", report.verdict(scope.totals())),
        ("lmcache.calls", len(calls.calls)),
        ("lmcache.tokens", calls.tokens),
        ("lmcache.cost_usd", calls.cost),
    ]


def _texts(refusals: list[Refusal]) -> str:
    return "\n\n".join(dict.fromkeys(str(refusal) for refusal in refusals))


def _fail(item: pytest.Item, result: pytest.TestReport, refusals: list[Refusal]) -> None:
    """Make a report say what was refused, and nothing else: neither frames of ours nor what an SDK made of it."""
    try:
        pytest.fail(_texts(refusals), pytrace=False)
    except pytest.fail.Exception:
        excinfo = pytest.ExceptionInfo.from_current()
    result.outcome = "failed"
    result.longrepr = item.repr_failure(excinfo)
    if hasattr(result, "wasxfail"):
        del result.wasxfail
