"""What is made of a run at its end, on request: a report as JSON, recordings no test used, marks on a review page."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_lmcache.errors import LMCacheError
from pytest_lmcache.journal import Entry
from pytest_lmcache.plugin import AT_THE_END, VERIFY_PLUGIN
from pytest_lmcache.plugin.summary import Summary
from pytest_lmcache.report import Totals
from pytest_lmcache.unused import Facts, incomplete, unused

if TYPE_CHECKING:
    from pytest_lmcache.plugin.verify import Verify

WORKER = "lmcache_entries"
_NAME = "lmcache-reports"
_CHOOSING = {"keyword": "-k", "markexpr": "-m", "lf": "--lf", "stepwise": "--sw", "deselect": "--deselect"}
_ASKING = "set a mode, or mark a test with @pytest.mark.lmcache"
_LEAVING_OUT = {"ignore": "--ignore", "ignore_glob": "--ignore-glob", "maxfail": "-x"}


def wanted(config: pytest.Config) -> bool:
    """Whether anything at the end of the run needs to know each call."""
    # Asked before the command line is parsed as a whole.
    known = config.known_args_namespace
    return any(getattr(known, name) for name in AT_THE_END) or annotates()


def annotates() -> bool:
    """Whether the run's output is read by GitHub Actions."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def reports_of(config: pytest.Config, summary: Summary) -> Reports:
    """The one of a run, made when it is first needed."""
    reports = config.pluginmanager.get_plugin(_NAME)
    if reports is None:
        reports = Reports(config, summary)
        config.pluginmanager.register(reports, _NAME)
    assert isinstance(reports, Reports)
    return reports


class Reports:
    """Gathers the entries of this process and of its workers, and does at the end what was asked for."""

    def __init__(self, config: pytest.Config, summary: Summary) -> None:
        if config.known_args_namespace.lmcache_html:
            from pytest_lmcache.page import check_installed

            try:
                check_installed()
            except LMCacheError as error:
                raise pytest.UsageError(f"lmcache: {error}") from None
        self._config = config
        self._summary = summary
        self._entries: list[Entry] = []
        self._deselected = 0
        self._failed = 0
        self._broken = 0
        self._lost = 0
        self._ran = 0
        self._lines: list[str] = []

    def add(self, entries: list[Entry]) -> None:
        """Take in what a process tells."""
        self._entries += entries

    @property
    def _verify(self) -> Verify | None:
        """What a verify run found, None for a run in another mode."""
        verify: Verify | None = self._config.pluginmanager.get_plugin(VERIFY_PLUGIN)
        return verify

    @pytest.hookimpl
    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        self._deselected += len(items)

    @pytest.hookimpl
    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        self._broken += report.failed

    @pytest.hookimpl
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._failed += report.failed
        self._ran += report.when == "call"

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        told = getattr(node, "workeroutput", {}).get(WORKER)
        if told is None:
            self._lost += 1
            return
        self.add([Entry.from_dict(entry) for entry in told["entries"]])
        self._deselected = max(self._deselected, told["deselected"])

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if hasattr(self._config, "workeroutput"):
            entries = [entry.to_dict() for entry in self._entries]
            self._config.workeroutput[WORKER] = {"entries": entries, "deselected": self._deselected}
            return
        reasons = incomplete(self._facts(session))
        left = {} if reasons else unused(Path(self._config.rootpath), self._entries)
        fails = self._judge(reasons, left)
        if fails and session.exitstatus == 0:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if annotates():
            self._annotate()
        written = [self._write(int(session.exitstatus), reasons, left), self._draw(int(session.exitstatus))]
        if not all(written) and session.exitstatus == 0:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        for line in self._lines:
            terminalreporter.write_line(line)

    def _annotate(self) -> None:
        from pytest_lmcache.github import commands, drifted

        where = os.environ.get("GITHUB_WORKSPACE", ""), self._config.rootpath
        self._lines += commands(self._entries, *where)
        verify = self._verify
        if verify is not None:
            self._lines += drifted(verify.results.failing(verify.least), self._entries, *where)

    def _facts(self, session: pytest.Session) -> Facts:
        option = self._config.getoption
        chosen = [name for known, name in (_CHOOSING | _LEAVING_OUT).items() if option(known, None)]
        source = self._config.args_source
        if source is source.ARGS:
            chosen.append("paths on the command line")
        elif source is source.INVOCATION_DIR and self._config.invocation_params.dir != self._config.rootpath:
            chosen.append("the current folder, which is not the root directory,")
        return Facts(
            mode=option("lmcache") or os.environ.get("PYTEST_LMCACHE") or self._config.getini("lmcache_mode") or "",
            selected_by=tuple(chosen),
            deselected=self._deselected,
            failed=self._failed,
            collection_errors=self._broken,
            lost_workers=self._lost,
            stopped=str(session.shouldstop or session.shouldfail or ""),
            tests=self._ran,
        )

    def _judge(self, reasons: tuple[str, ...], left: Mapping[str, tuple[str, ...]]) -> bool:
        """Say and do what was asked for about recordings that no test used. Returns whether the run fails for it."""
        option = self._config.getoption
        asked = next((f"--{name.replace('_', '-')}" for name in ("lmcache_prune", "lmcache_check") if option(name)), "")
        fails = False
        if asked and reasons:
            self._lines.append(f"lmcache: {asked} judges complete runs that pass, and this one was not:")
            self._lines += [f"  {reason}" for reason in reasons]
            fails = True
        elif option("lmcache_prune"):
            fails = self._prune(left, force=option("lmcache_force"))
        elif left and (option("lmcache_check") or option("lmcache_strict")):
            self._lines += _listed(left, "not used by any test of this run")
            fails = True
        if option("lmcache_strict"):
            fails = self._strict(self._summary.totals) or fails
        return fails

    def _strict(self, totals: Totals) -> bool:
        counts = {
            "recorded": totals.recorded,
            "refreshed": totals.refreshed,
            "live and unrecorded": totals.live + len(totals.unseen),
        }
        told = ", ".join(f"{count:,} {what}" for what, count in counts.items() if count)
        if told:
            self._lines.append(f"lmcache: --lmcache-strict allows replays only: {told}")
        return bool(told)

    def _prune(self, left: Mapping[str, tuple[str, ...]], *, force: bool) -> bool:
        """Remove recordings and the blobs only they refer to. Returns whether something had to stay."""
        from pytest_lmcache.review.library import Library
        from pytest_lmcache.review.project import Project
        from pytest_lmcache.review.pruning import removal, remove

        kept: dict[str, tuple[str, ...]] = {}
        gone: dict[str, tuple[str, ...]] = {}
        root = Path(self._config.rootpath)
        for folder, names in left.items():
            project = Project(root, root / folder, folder)
            try:
                whole = removal(Library(project), names)
            except LMCacheError as error:
                self._lines.append(f"lmcache: nothing is removed from {folder}/: {error}")
                kept[folder] = names
                continue
            chosen = whole if force else whole.safe()
            remove(project.cassettes, chosen.paths)
            gone[folder] = chosen.recordings
            kept[folder] = tuple(sorted(set(whole.recordings) - set(chosen.recordings)))
        self._lines += _listed(gone, "removed: no test used it")
        self._lines += _listed(kept, "kept: git could not give it back; --lmcache-force removes it")
        if not any(left.values()):
            self._lines.append("lmcache: every recording was used")
        return any(kept.values())

    def _write(self, exit_status: int, reasons: tuple[str, ...], left: Mapping[str, tuple[str, ...]]) -> bool:
        """Write the report, if it was asked for. Returns whether that was possible."""
        if not self._config.getoption("lmcache_report"):
            return True
        from pytest_lmcache.runreport import document, written

        paths = [f"{folder}/{name}" for folder, names in left.items() for name in names]
        verify = self._verify
        found = verify.results.document(verify.least) if verify is not None else None
        told = document(self._entries, self._summary.totals, exit_status, reasons, paths, found)
        return self._made("lmcache_report", lambda file: written(file, told))

    def _draw(self, exit_status: int) -> bool:
        """Write the page, if it was asked for. Returns whether that was possible."""
        if not self._config.getoption("lmcache_html"):
            return True
        from pytest_lmcache.page import written

        project, totals = Path(self._config.rootpath).name, self._summary.totals
        verify = self._verify
        warnings, verdicts = (verify.warnings, verify.verdicts) if verify is not None else ((), {})
        return self._made(
            "lmcache_html",
            lambda file: written(file, self._entries, totals, exit_status, project, warnings, verdicts),
        )

    def _made(self, option: str, write: Callable[[Path], None]) -> bool:
        """Have the file written that an option names. Returns whether that was possible."""
        file = Path(self._config.invocation_params.dir, self._config.getoption(option))
        try:
            write(file)
        except OSError as error:
            self._lines.append(f"lmcache: --{option.replace('_', '-')}={file}: cannot be written ({error.strerror})")
            return False
        if not self._entries:
            self._lines.append(f"lmcache: {file} lists no test, as the plugin acted on none: {_ASKING}")
        return True


def _listed(found: Mapping[str, tuple[str, ...]], what: str) -> list[str]:
    return [f"lmcache: {folder}/{name} {what}" for folder, names in found.items() for name in names]
