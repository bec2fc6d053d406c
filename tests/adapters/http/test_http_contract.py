"""Every SDK and call form of the matrix: what was recorded is what is replayed, once, and nothing is asked again."""

from __future__ import annotations

import pytest
from calls import ROWS, Row
from others import OTHERS, templates
from transports import TRANSPORTS


@pytest.mark.filterwarnings("default::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("row", [*ROWS, *TRANSPORTS], ids=str)
def test_a_replayed_call_is_the_recorded_call(row: Row, project) -> None:
    for module in row.modules:
        pytest.importorskip(module)
    with project.scope("record") as recording:
        live = row.call(project.provider.url)
    assert project.provider.count() == 1
    assert [call.outcome for call in recording.calls] == ["recorded"]
    assert len(project.files()) == 1
    project.provider.reset()
    with project.scope("replay") as replaying:
        replayed = row.call(project.provider.url)
    assert project.provider.count() == 0
    assert [call.outcome for call in replaying.calls] == ["replayed"]
    assert replayed == live


@pytest.mark.filterwarnings("default::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("row", OTHERS, ids=str)
def test_the_same_of_other_protocols(row: Row, project) -> None:
    for module in row.modules:
        pytest.importorskip(module)
    with templates() as server:
        with project.scope("record") as recording:
            live = row.call(server.url)
        assert (server.received, [call.outcome for call in recording.calls]) == (1, ["recorded"])
        assert recording.calls[0].tokens == {"prompt_tokens": 7, "completion_tokens": 5}
        with project.scope("replay"):
            replayed = row.call(server.url)
        assert server.received == 1
    assert len(project.files()) == 1
    assert replayed == live
