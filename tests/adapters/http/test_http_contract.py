"""Every SDK and call form of the matrix: what was recorded is what is replayed, once, and nothing is asked again."""

from __future__ import annotations

from pathlib import Path

import pytest
from calls import Row
from matrix import ROWS, as_markdown

PAGE = Path(__file__).parents[3] / "docs" / "sdks.md"


@pytest.mark.filterwarnings("default::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_replayed_call_is_the_recorded_call(row: Row, project) -> None:
    for module in row.modules:
        pytest.importorskip(module)
    with project.scope("record") as recording:
        live = row.call(project.provider.url)
    assert project.provider.count() == row.requests
    assert [call.outcome for call in recording.calls] == ["recorded"] * row.requests
    assert [bool(call.tokens) for call in recording.calls] == row.counts
    assert len(project.files()) == row.requests
    project.provider.reset()
    with project.scope("replay") as replaying:
        replayed = row.call(project.provider.url)
    assert project.provider.count() == 0
    assert [call.outcome for call in replaying.calls] == ["replayed"] * row.requests
    assert [call.tokens for call in replaying.calls] == [call.tokens for call in recording.calls]
    assert replayed == live


def test_each_row_has_a_name_of_its_own() -> None:
    assert len({str(row) for row in ROWS}) == len(ROWS)


def test_the_documentation_shows_these_rows() -> None:
    section = PAGE.read_text("utf-8").partition("## What is tested\n")[2].partition("\n## ")[0]
    heading, *shown = [line for line in section.splitlines() if line.startswith("| ")][: 1 + len(as_markdown())]
    assert heading == "| called | sync | async |"
    assert shown == as_markdown()
