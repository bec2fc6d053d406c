"""Workflow commands of GitHub Actions: what was refused or has changed, marked at its test on the page of a run.

Protocol: docs.github.com, "Workflow commands for GitHub Actions".
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pytest_lmcache.drift.results import Result
from pytest_lmcache.drift.text import told
from pytest_lmcache.journal import Entry


def commands(entries: Iterable[Entry], workspace: str, root: Path) -> list[str]:
    """A line for each refusal. Paths are those below `workspace`, the checkout; `root` is the project's directory."""
    return [
        _command("error", _path(entry, workspace, root), "lmcache", refusal)
        for entry in entries
        for refusal in entry.refusals
    ]


def drifted(failing: Iterable[Result], entries: Iterable[Entry], workspace: str, root: Path) -> list[str]:
    """A line for each recording that a verify run fails for, at the test that used it first."""
    known = {entry.name: entry for entry in entries}
    return [
        _command(
            "error",
            _path(known[result.test], workspace, root) if result.test in known else "",
            "lmcache verify",
            f"{told(result)}: {result.path}\n{result.shown}",
        )
        for result in failing
    ]


def _path(entry: Entry, workspace: str, root: Path) -> str:
    if entry.place is None:
        return ""
    name, line = entry.place
    file = root / name
    if workspace and file.is_relative_to(workspace):
        name = file.relative_to(workspace).as_posix()
    return f"file={_property(name)},line={line},"


def _command(kind: str, place: str, title: str, text: str) -> str:
    return f"::{kind} {place}title={title}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
