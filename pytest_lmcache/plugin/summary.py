"""What the terminal says: a verdict per test with -v, and the summary, which under pytest-xdist counts every worker."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from pytest_lmcache.report import Totals, summary_lines

WORKER = "lmcache"


class Summary:
    """The totals of a run, of this process and of its workers."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._totals = Totals()

    @property
    def totals(self) -> Totals:
        """What happened so far."""
        return self._totals

    def add(self, totals: Totals) -> None:
        """Count in what a process did."""
        self._totals = self._totals + totals

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        told = getattr(node, "workeroutput", {}).get(WORKER)
        if told is not None:
            self.add(Totals.from_dict(told))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if hasattr(self._config, "workeroutput"):
            self._config.workeroutput[WORKER] = self._totals.to_dict()
        elif self._totals.troubles and session.exitstatus == 0:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(wrapper=True)
    def pytest_report_teststatus(self, report: pytest.CollectReport | pytest.TestReport) -> Generator[None, Any, Any]:
        result = yield
        verdict = getattr(report, "lmcache_verdict", "")
        if not verdict or not result or self._config.get_verbosity() < 1:
            return result
        category, letter, word = result
        text, markup = word if isinstance(word, tuple) else (word, {})
        return category, letter, (f"{text} [{verdict}]" if text else text, markup)

    @pytest.hookimpl
    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        for line in summary_lines(self._totals, verbose=self._config.get_verbosity() > 0):
            terminalreporter.write_line(line)


def summary_of(config: pytest.Config) -> Summary:
    """The one summary of a run, made when it is first needed."""
    summary = config.pluginmanager.get_plugin("lmcache-summary")
    if summary is None:
        summary = Summary(config)
        config.pluginmanager.register(summary, "lmcache-summary")
    assert isinstance(summary, Summary)
    return summary
