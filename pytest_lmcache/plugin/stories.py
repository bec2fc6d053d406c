"""The scopes of one process and how their tests went, kept where something at the end of the run asks for them."""

from __future__ import annotations

import pytest

from pytest_lmcache.errors import Refusal
from pytest_lmcache.journal import Entry, Story, entry_of
from pytest_lmcache.scope import Scope


class Stories:
    """What becomes of each scope. Nothing is kept unless it is `wanted`; `conversations` are wanted for themselves."""

    def __init__(self, *, wanted: bool, conversations: bool = False) -> None:
        self._wanted = wanted
        self._conversations = conversations
        self._told: list[tuple[Scope, str, Story]] = []

    def begin(self, scope: Scope, kind: str, item: pytest.Item | None = None) -> None:
        """A scope came to be. A test whose settings became known late has a second one, and the first is forgotten."""
        if not self._wanted:
            return
        if self._told and kind == "test":
            last, _, story = self._told[-1]
            if last.name == scope.name and not last.calls and not story.outcome:
                self._told.pop()
        self._told.append((scope, kind, Story(place=_place(item))))

    def phase(self, scope: Scope, report: pytest.TestReport, refusals: list[Refusal]) -> None:
        """A phase of a test ended."""
        for known, _, story in reversed(self._told):
            if known is scope:
                story.phase("passed" if hasattr(report, "wasxfail") and report.skipped else report.outcome)
                story.refusals += [str(refusal) for refusal in refusals]
                return

    def entries(self) -> list[Entry]:
        """Every test, and what else asked anything."""
        asked = [told for told in self._told if told[1] == "test" or told[0].calls]
        return [entry_of(*told, conversations=self._conversations) for told in asked]


def _place(item: pytest.Item | None) -> tuple[str, int] | None:
    if item is None:
        return None
    file, line, _ = item.location
    return file, (line or 0) + 1
