"""Every program of the matrix: what was recorded is what is replayed, and nothing is asked again."""

from __future__ import annotations

import pytest
from programs import ROWS, Row


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_replayed_program_is_the_recorded_program(row: Row, recordings) -> None:
    with recordings.scope("record") as recording:
        live = row.run(recordings.provider.url)
    assert recordings.provider.count() == row.calls
    assert {call.outcome for call in recording.calls} == {"recorded"}
    recordings.provider.reset()
    with recordings.scope("replay") as replaying:
        replayed = row.run(recordings.provider.url)
    assert recordings.provider.count() == 0
    assert [call.outcome for call in replaying.calls] == ["replayed"] * len(recording.calls)
    assert replayed == live
