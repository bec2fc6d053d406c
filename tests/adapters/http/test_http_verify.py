"""Every SDK in a verify run: the caller gets what was recorded, and the provider is asked behind its back."""

from __future__ import annotations

import pytest
from calls import Row
from matrix import ROWS

from pytest_lmcache.drift.results import Result

# How an answer is read behind its caller's back is the same for all that an SDK asks in one way. What is hooked into a
# client below the transport sees the calls of a check, too.
ONES = {(row.sdk, row.way, "stream" in row.form): row for row in reversed(ROWS) if row.form != "traces"}


@pytest.mark.filterwarnings("default::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("row", ONES.values(), ids=str)
def test_a_verified_call_is_the_recorded_call_and_its_answer_is_compared(row: Row, project) -> None:
    for module in row.modules:
        pytest.importorskip(module)
    with project.scope("record"):
        recorded = row.call(project.provider.url)
    files = {file: file.read_bytes() for file in project.files()}
    project.provider.reset()
    with project.scope("verify") as verifying:
        given = row.call(project.provider.url)
    assert given == recorded
    assert [call.outcome for call in verifying.calls] == ["replayed"] * row.requests
    assert project.provider.count() == row.requests
    assert {file: file.read_bytes() for file in project.files()} == files
    results = [Result.of(checked) for checked in project.checked]
    assert [(result.kind, result.shown) for result in results if result.kind not in ("identical", "reworded")] == []
    assert len(results) == row.requests


def test_it_is_so_under_trio(project) -> None:
    httpx, trio = pytest.importorskip("httpx"), pytest.importorskip("trio")
    body = {"model": "m", "messages": [{"role": "user", "content": "What is the capital of France?"}], "stream": True}
    given: list[str] = []

    async def main() -> None:
        url = f"{project.provider.url}/v1/chat/completions"
        async with httpx.AsyncClient() as client, client.stream("POST", url, json=body) as response:
            given.append("".join([text async for text in response.aiter_text()]))

    with project.scope("record"):
        trio.run(main)
    with project.scope("verify"):
        trio.run(main)
    assert given[0] == given[1]
    assert project.provider.count() == 2
    assert [Result.of(checked).kind for checked in project.checked] == ["reworded"]
