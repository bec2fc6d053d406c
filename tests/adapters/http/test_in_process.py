"""Answers that come from within the process: mocks and applications. They are left alone, in replay, too."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest
from calls import CHAT

from pytest_lmcache.placeholders import VALUE

URL = "http://api.invalid"
PATH = "/v1/chat/completions"
MINE = {"mine": True}
pytestmark = pytest.mark.filterwarnings("default::DeprecationWarning")


async def application(scope: Any, receive: Any, send: Any) -> None:
    """An ASGI application that answers every request with the same."""
    head = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": head})
    await send({"type": "http.response.body", "body": json.dumps(MINE).encode()})


def wsgi_application(environ: Any, start_response: Any) -> Any:
    start_response("200 OK", [("content-type", "application/json")])
    return [json.dumps(MINE).encode()]


def test_an_asgi_application_is_left_alone(project):
    async def main() -> Any:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(application)) as client:
            return (await client.post(URL + PATH, json=CHAT)).json()

    with project.scope("replay") as scope:
        assert asyncio.run(main()) == MINE
    assert scope.calls == []


def test_a_wsgi_application_is_left_alone(project):
    with project.scope("replay") as scope, httpx.Client(transport=httpx.WSGITransport(wsgi_application)) as client:
        assert client.post(URL + PATH, json=CHAT).json() == MINE
    assert scope.calls == []


def test_the_test_client_of_starlette_is_left_alone(project):
    testclient = pytest.importorskip("starlette.testclient")
    with project.scope("replay") as scope:
        assert testclient.TestClient(application).post(PATH, json=CHAT).json() == MINE
    assert scope.calls == []


@pytest.mark.parametrize("mode", ["record", "replay"])
def test_routes_of_respx_are_left_alone(project, mode):
    respx = pytest.importorskip("respx")
    with project.scope(mode) as scope, respx.mock:
        route = respx.post(URL + PATH).respond(json=MINE)
        assert httpx.post(URL + PATH, json=CHAT).json() == MINE
        assert route.called
    assert scope.calls == []


@pytest.mark.parametrize("mode", ["record", "replay"])
def test_routes_of_respx_are_left_alone_asynchronously(project, mode):
    respx = pytest.importorskip("respx")

    async def main() -> Any:
        async with httpx.AsyncClient() as client:
            return (await client.post(URL + PATH, json=CHAT)).json()

    with project.scope(mode) as scope, respx.mock:
        respx.post(URL + PATH).respond(json=MINE)
        assert asyncio.run(main()) == MINE
    assert scope.calls == []


def test_a_request_to_a_route_of_respx_may_carry_a_placeholder(project):
    respx = pytest.importorskip("respx")
    with project.scope("replay"), respx.mock:
        respx.post(URL + PATH).respond(json=MINE)
        headers = {"authorization": f"Bearer {VALUE}"}
        assert httpx.post(URL + PATH, json=CHAT, headers=headers).json() == MINE


def test_what_comes_after_the_routes_of_respx_is_recorded(project):
    respx = pytest.importorskip("respx")
    url = project.provider.url + PATH
    with respx.mock:
        respx.post(URL + PATH).respond(json=MINE)
    with project.scope("record"):
        live = httpx.post(url, json=CHAT).json()
    with project.scope("replay"):
        assert httpx.post(url, json=CHAT).json() == live
    assert project.provider.count() == 1


def test_responses_of_pytest_httpx_are_left_alone(pytester):
    pytest.importorskip("pytest_httpx")
    pytester.makepyfile(
        f"""
        import httpx, pytest

        @pytest.mark.lmcache
        def test_it(httpx_mock, lmcache):
            httpx_mock.add_response(json={MINE})
            assert httpx.post("{URL}{PATH}", json={CHAT}).json() == {MINE}
            assert lmcache.calls == ()
        """
    )
    result = pytester.runpytest_subprocess("--lmcache=replay", "-p", "no:randomly")
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize("mode", ["record", "replay"])
def test_what_respx_passes_through_goes_live_and_is_not_recorded(project, mode):
    respx = pytest.importorskip("respx")
    with project.scope(mode) as scope, respx.mock:
        route = respx.post(project.provider.url + PATH).pass_through()
        assert httpx.post(project.provider.url + PATH, json=CHAT).json()["choices"]
        assert route.called
    assert scope.calls == []
    assert project.provider.count() == 1
    assert project.files() == []
