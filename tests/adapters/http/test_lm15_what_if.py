"""Injected faults at lm15's transports, in the copy that DSPy carries and in the package."""

from __future__ import annotations

import asyncio
import json
from importlib import import_module
from typing import Any

import pytest

from pytest_lmcache.calls import Calls

BODY = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Hello?"}], "stream": True}


def _request(transports: Any, url: str) -> Any:
    headers = [("content-type", "application/json"), ("accept-encoding", "identity")]
    return transports.TransportRequest("POST", f"{url}/v1/chat/completions", headers, json.dumps(BODY).encode())


def _blocking(transports: Any, url: str) -> Any:
    with transports.StdlibTransport() as transport, transport.stream(_request(transports, url)) as answer:
        return answer.status, answer.header("retry-after"), list(answer.iter_lines())


def _awaited(transports: Any, url: str) -> Any:
    async def ask() -> Any:
        transport = transports.StdlibAsyncTransport()
        async with transport, transport.stream(_request(transports, url)) as answer:
            return answer.status, answer.header("retry-after"), [line async for line in answer.aiter_lines()]

    return asyncio.run(ask())


@pytest.mark.parametrize("package", ["lm15", "dspy._vendor.lm15"])
@pytest.mark.parametrize("ask", [_blocking, _awaited])
def test_lm15_meets_its_own_errors(project: Any, package: str, ask: Any) -> None:
    pytest.importorskip(package)
    transports = import_module(f"{package}.transports")
    url = project.provider.url
    with project.scope("record"):
        whole = ask(transports, url)
    with project.scope("replay") as scope:
        plan = Calls(scope)
        plan.fail(status=429, retry_after=7)
        status, after, body = ask(transports, url)
        assert (status, after) == (429, "7")
        assert "rate_limit_exceeded" in str(body)
        plan.timeout()
        with pytest.raises(transports.ReadTimeout):
            ask(transports, url)
        plan.cut(after_chunks=1)
        with pytest.raises(transports.ReadError):
            ask(transports, url)
        assert ask(transports, url) == whole
    assert [call.outcome for call in scope.calls] == ["injected", "injected", "injected", "replayed"]
    assert project.provider.count() == 1
