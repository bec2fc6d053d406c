"""The report of a run as JSON, for programs: format 1, described in docs/reference.md."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pytest_lmcache.journal import Entry
from pytest_lmcache.report import Totals

FORMAT = 1


def document(
    entries: Sequence[Entry],
    totals: Totals,
    exit_status: int,
    incomplete: Iterable[str],
    unused: Iterable[str],
    verified: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The whole report. `incomplete` says why `unused` recordings cannot be told; it is empty where they can.
    `verified` is what a verify run found, see `drift.results`.
    """
    began = min((call["began"] for entry in entries for call in entry.calls), default=0.0)
    return {
        "format": FORMAT,
        "created_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "exit_status": exit_status,
        "totals": totals.to_dict(),
        "incomplete": list(incomplete),
        "unused": list(unused),
        "verify": verified,
        "tests": [_told(entry, began) for entry in sorted(entries, key=lambda entry: entry.name)],
    }


def written(file: Path, document: dict[str, Any]) -> None:
    """Write a report. Raises OSError."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", "utf-8")


def _told(entry: Entry, began: float) -> dict[str, Any]:
    """One entry; its calls begin so many seconds after the first call of the run."""
    file, line = entry.place or (None, None)
    calls = [
        {"began_s": round(call["began"] - began, 6), **{name: value for name, value in call.items() if name != "began"}}
        for call in entry.calls
    ]
    return {
        "name": entry.name,
        "kind": entry.kind,
        "outcome": entry.outcome or None,
        "verdict": entry.verdict,
        "mode": entry.mode,
        "file": file,
        "line": line,
        "refusals": list(entry.refusals),
        "calls": calls,
    }
