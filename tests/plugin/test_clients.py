"""Clients that were made before the test: when modules are imported, and in fixtures of the session."""

from __future__ import annotations

import pytest

CLIENTS = """
import os
import httpx, openai, requests, urllib3

URL = os.environ.get("OPENAI_API_BASE", "http://127.0.0.1:9/v1")
SDK = openai.OpenAI(base_url=URL, api_key=KEY)
ASYNCHRONOUS = openai.AsyncOpenAI(base_url=URL, api_key=KEY)
OWN = openai.OpenAI(base_url=URL, api_key=KEY, http_client=httpx.Client())
PLAIN = httpx.Client(base_url=URL)
SESSION = requests.Session()
POOL = urllib3.PoolManager()

def body(text):
    return {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": text}]}

def ways():
    return {
        "sdk": lambda: SDK.chat.completions.create(**body("sdk")).choices,
        "own": lambda: OWN.chat.completions.create(**body("own")).choices,
        "httpx": lambda: PLAIN.post("/chat/completions", json=body("httpx")).json()["choices"],
        "requests": lambda: SESSION.post(f"{URL}/chat/completions", json=body("requests")).json()["choices"],
        "urllib3": lambda: POOL.request("POST", f"{URL}/chat/completions", json=body("urllib3")).json()["choices"],
    }

async def awaited():
    return (await ASYNCHRONOUS.chat.completions.create(**body("async"))).choices
"""
TESTS = """
@pytest.mark.parametrize("way", ["sdk", "own", "httpx", "requests", "urllib3"])
def test_it(way):
    assert clients.ways()[way]()

def test_asynchronously():
    assert asyncio.run(clients.awaited())
"""
FIXTURES = """
@pytest.fixture(scope="session")
def made():
    with openai.OpenAI(base_url=clients.URL) as client:
        yield client

@pytest.fixture(scope="module")
def session():
    with requests.Session() as session:
        yield session

def question(text):
    return {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": text}]}

@pytest.mark.parametrize("n", range(3))
def test_of_the_session(made, n):
    assert made.chat.completions.create(**question(f"{n}?")).choices

@pytest.mark.parametrize("n", range(2))
def test_stream_of_the_session(made, n):
    assert [chunk.id for chunk in made.chat.completions.create(**question(f"{n}?"), stream=True)]

@pytest.mark.parametrize("n", range(2))
def test_of_the_module(session, n):
    session.post(f"{clients.URL}/chat/completions", json=question(f"{n}!")).raise_for_status()

@pytest.fixture(scope="session")
async def waiting():
    async with openai.AsyncOpenAI(base_url=clients.URL) as client:
        yield client

@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("n", range(2))
async def test_asynchronous_of_the_session(waiting, n):
    assert (await waiting.chat.completions.create(**question(f"And {n}?"))).choices
"""
IMPORTS = {
    "by the test module": ("import clients\n", "", "None", ()),
    "by the conftest, under xdist": ("from conftest import clients\n", "import clients\n", "None", ("-n", "2")),
    # So early, there are no placeholders yet.
    "by a plugin, before everything": ("import clients\n", "", "'fake-key-for-tests'", ("-p", "clients")),
}


@pytest.mark.parametrize("how", IMPORTS)
def test_clients_made_at_import_are_recorded_and_replayed(project, how):
    heading, conftest, key, typed = IMPORTS[how]
    project.pytester.makepyfile(clients=f"KEY = {key}\n{CLIENTS}")
    project.pytester.makeconftest(conftest)
    project.pytester.syspathinsert()
    project.pytester.makepyfile(test_it=f"import asyncio, pytest\n{heading}{TESTS}")
    project.record(*typed, subprocess=True).assert_outcomes(passed=6)
    assert project.provider.count() == 6
    assert len(project.recordings()) == 6
    project.replay(*typed, subprocess=True).assert_outcomes(passed=6)
    assert project.provider.count() == 6


def test_clients_of_wider_fixtures_are_recorded_and_replayed(project):
    project.pytester.makepyfile(clients=f"KEY = None\n{CLIENTS}")
    project.ini("asyncio_mode = auto")
    ini = project.path / "tox.ini"
    ini.write_text(ini.read_text().replace("fixture_loop_scope = function", "fixture_loop_scope = session"))
    project.pytester.makepyfile(test_it=f"import clients, openai, pytest, requests\n{FIXTURES}")
    project.record(subprocess=True).assert_outcomes(passed=9)
    assert project.provider.count() == 9
    project.replay("-k", "module or asynchronous", subprocess=True).assert_outcomes(passed=4, deselected=5)
    project.replay("-n2", subprocess=True).assert_outcomes(passed=9)
    assert project.provider.count() == 9
