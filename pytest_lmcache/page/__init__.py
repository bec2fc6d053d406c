"""The report of a run as one HTML page, for people: whole in itself, it asks no network for anything."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_lmcache.errors import MissingPackage
from pytest_lmcache.journal import Entry
from pytest_lmcache.report import Totals

_NEEDED = ("jinja2", "pygal")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verify run says of a recording, in a word or two, and where the answers differ."""

    told: str
    shown: str
    fails: bool


def check_installed() -> None:
    """Raises MissingPackage where the page could not be made. Nothing is imported."""
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingPackage(
            f"--lmcache-html needs {' and '.join(missing)}, which "
            f'{"is" if len(missing) == 1 else "are"} not installed: pip install "pytest-lmcache[html]"'
        )


def written(
    file: Path,
    entries: Sequence[Entry],
    totals: Totals,
    exit_status: int,
    project: str,
    warnings: Sequence[str] = (),
    verdicts: Mapping[str, Verdict] | None = None,
) -> None:
    """Write the page of a run, with these `warnings` before those of its totals, and `verdicts` on recordings by their
    paths. Raises OSError.
    """
    from pytest_lmcache.page.charts import by_model
    from pytest_lmcache.page.data import document
    from pytest_lmcache.page.rendering import rendered

    told = document(entries, totals, exit_status, project, warnings, verdicts or {})
    page = rendered(told, by_model(call for entry in entries for call in entry.calls))
    file.parent.mkdir(parents=True, exist_ok=True)
    # What a model says may hold half a surrogate pair, which no UTF-8 has.
    file.write_text(page, "utf-8", errors="replace")
