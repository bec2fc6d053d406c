"""Every SDK and call form of the matrix: what was recorded is what is replayed, once, and nothing is asked again."""

from __future__ import annotations

import pytest
import rows_anthropic
import rows_clouds
import rows_endpoints
import rows_openai
import rows_others
import transports
from calls import Row

TABLES = (rows_openai, rows_endpoints, rows_anthropic, rows_clouds, rows_others, transports)
ROWS: list[Row] = [row for table in TABLES for row in table.TABLE.rows]


@pytest.mark.filterwarnings("default::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_replayed_call_is_the_recorded_call(row: Row, project) -> None:
    for module in row.modules:
        pytest.importorskip(module)
    with project.scope("record") as recording:
        live = row.call(project.provider.url)
    assert project.provider.count() == row.requests
    assert [call.outcome for call in recording.calls] == ["recorded"] * row.requests
    assert [bool(call.tokens) for call in recording.calls] == [row.counted] * row.requests
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
