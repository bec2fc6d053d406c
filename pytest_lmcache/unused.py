"""Recordings that a run did not use: which they are, whether the run may judge, and their removal."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pytest_lmcache.journal import Entry
from pytest_lmcache.review.folder import files, path_of


@dataclass(frozen=True, slots=True)
class Facts:
    """What decides whether a run was complete: it ran every test of the project, and all of them passed.

    `selected_by` are the options that chose among the tests (`-k`, `-m`, `--lf`, paths ...); `stopped` says why the
    run ended early, or is empty.
    """

    mode: str = ""
    selected_by: tuple[str, ...] = ()
    deselected: int = 0
    failed: int = 0
    collection_errors: int = 0
    lost_workers: int = 0
    stopped: str = ""
    tests: int = 0


def incomplete(facts: Facts) -> tuple[str, ...]:
    """Why a run cannot say that a recording is not used any more; empty when it can."""
    reasons = [f"{name} chose among the tests" for name in facts.selected_by]
    if facts.mode in ("", "off"):
        reasons.append("no mode was set for the run, so that tests without the marker did not use theirs")
    if facts.deselected and not facts.selected_by:
        reasons.append(_many(facts.deselected, "test was deselected", "tests were deselected"))
    if facts.collection_errors:
        reasons.append(
            _many(facts.collection_errors, "module could not be collected", "modules could not be collected")
        )
    if facts.failed:
        reasons.append(_many(facts.failed, "test failed", "tests failed"))
    if facts.lost_workers:
        reasons.append(_many(facts.lost_workers, "worker was lost", "workers were lost"))
    if facts.stopped:
        reasons.append(facts.stopped)
    if not facts.tests and not reasons:
        reasons.append("no test ran")
    return tuple(reasons)


def unused(root: Path, entries: Iterable[Entry]) -> dict[str, tuple[str, ...]]:
    """The recordings that no entry used, sorted, as paths below their folder by that folder, itself below `root`.

    Those which a skipped test made are left out: it would use them where it is not skipped.
    """
    used: set[str] = set()
    folders: set[str] = set()
    skipped: set[str] = set()
    for entry in entries:
        used.update(entry.used)
        folders.add(entry.cassettes)
        if entry.outcome == "skipped":
            skipped.add(entry.name)
    found = {}
    for folder in sorted(folders):
        place = root / folder
        if place.is_dir():
            left = [(file, name) for file in files(place) if f"{folder}/{(name := path_of(file))}" not in used]
            found[folder] = tuple(name for file, name in left if not skipped or _recorded_by(file) not in skipped)
    return {folder: names for folder, names in found.items() if names}


def _recorded_by(file: Path) -> str:
    try:
        document = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return ""
    return str(document.get("recorded_by", "")) if isinstance(document, Mapping) else ""


def _many(count: int, one: str, several: str) -> str:
    return f"1 {one}" if count == 1 else f"{count:,} {several}"
