"""A verify run: what the command line asks of it, what its processes find, and what is told and decided at its end."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from pytest_lmcache.checks import Checked, Checklist, Sample
from pytest_lmcache.drift.results import Result, Results
from pytest_lmcache.drift.text import lines, moved, told
from pytest_lmcache.errors import BadOption, CassettesUnusable
from pytest_lmcache.page import Verdict
from pytest_lmcache.plugin import VERIFY_PLUGIN
from pytest_lmcache.readers import read_sample, read_share
from pytest_lmcache.review.folder import files
from pytest_lmcache.shared import Values

WORKER = "lmcache_verify"
LEAST = 0.3
"""Of answers to two other questions 95 in 100 are less alike (recorded traffic of real providers)."""


class Verify:
    """Gathers what this process and its workers find, and fails the run for what has changed.

    `least` is the similarity below which another wording is no longer accepted.
    """

    def __init__(self, config: pytest.Config) -> None:
        known = config.known_args_namespace
        self._config = config
        self._sample = None if known.lmcache_sample is None else read_sample(known.lmcache_sample)
        self.least = LEAST if known.lmcache_similarity is None else read_share(known.lmcache_similarity)
        self._found: list[Result] = []
        self._others = Results()
        self._lost = 0

    @property
    def results(self) -> Results:
        """What was found so far."""
        sample = self._checklist.sample
        if sample is None:
            return Results(tuple(self._found)) + self._others
        # Every worker chooses by the seed of the run, which the process that starts them does not know.
        chosen = Results((), sample.size, self._others.seed or sample.seed, self._checklist.drawn)
        return Results(tuple(self._found)) + self._others + chosen

    @property
    def warnings(self) -> tuple[str, ...]:
        """A line for each recording that the run fails for, and for each model that is another one now."""
        failing = self.results.failing(self.least)
        changes = (f"{told(each)}, {each.path} ({each.test}): {each.shown}" for each in failing)
        return tuple(f"verify: {line}" for line in (*changes, *moved(self.results)))

    @property
    def verdicts(self) -> dict[str, Verdict]:
        """What the page shows beside the calls, by the path of their recording."""
        return {each.path: Verdict(told(each), each.shown, each.fails(self.least)) for each in self.results.found}

    def checklist(self, values: Values, run: str) -> Checklist:
        """What the run of that identity checks."""
        sample = None
        if self._sample:
            size, seed = self._sample
            sample = Sample(size, seed or run[:8])
        self._checklist = Checklist(
            values, sample=sample, listed=partial(_names, Path(self._config.rootpath)), hear=self._hear
        )
        return self._checklist

    def _hear(self, checked: Checked) -> None:
        self._found.append(Result.of(checked))

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        found = getattr(node, "workeroutput", {}).get(WORKER)
        if found is None:
            self._lost += 1
        else:
            self._others += Results.from_dict(found)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if hasattr(self._config, "workeroutput"):
            self._config.workeroutput[WORKER] = self.results.to_dict()
        elif self.results.failing(self.least) and session.exitstatus == 0:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        everything = self._config.get_verbosity() > 0
        for line in lines(self.results, self.least, everything=everything, lost=self._lost):
            terminalreporter.write_line(line)


def verify_of(config: pytest.Config) -> Verify:
    """The one of a run. Raises UsageError."""
    try:
        verify = Verify(config)
    except BadOption as error:
        raise pytest.UsageError(str(error)) from None
    config.pluginmanager.register(verify, VERIFY_PLUGIN)
    return verify


def _names(root: Path, folder: str) -> list[str]:
    """The recordings in a cassette folder that may be checked."""
    place = root / folder
    try:
        names = [file.relative_to(place).as_posix() for file in files(place)]
    except CassettesUnusable:
        return []
    return [name for name in names if not name.startswith("function/")]
