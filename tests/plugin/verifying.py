"""A project whose recordings are verified: what its folders held before, and what a provider answers otherwise."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
from projects import Project

from provider import Provider

RUNS = {"locks", "runs"}
"""Folders beside the local disk tier, where processes meet; no answer is in them."""

ONE = "def test_it():\n    assert 'Paris' in ask()\n"
THREE = "@pytest.mark.parametrize('n', range(3))\ndef test_it(n):\n    ask(f'Number {n}?')\n"
TOOL = """
TOOL = {"type": "function", "function": {"name": "get_weather", "description": "The weather", "parameters": {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}
def test_it():
    messages = [{"role": "user", "content": "What is the weather in Oslo?"}]
    message = litellm.completion(model="openai/gpt-4o-mini", messages=messages, tools=[TOOL]).choices[0].message
    assert message.tool_calls[0].function.name == "get_weather"
"""
JSON = """
import json
FORM = {"type": "json_schema", "json_schema": {"name": "cities", "schema": {
    "type": "object", "properties": {"city": {"type": "string"}, "rank": {"type": "integer"}},
    "required": ["city", "rank"]}}}
def test_it():
    assert "city" in json.loads(ask("Which city?", response_format=FORM))
"""
VECTORS = """
def test_it():
    litellm.embedding(model="openai/text-embedding-3-small", input=["red", "green"])
"""
STREAM = """
def test_it():
    messages = [{"role": "user", "content": "What is the capital of France?"}]
    assert len(list(litellm.completion(model="openai/gpt-4o-mini", messages=messages, stream=True))) > 2
"""
ASYNC_STREAM = """
async def asked():
    messages = [{"role": "user", "content": "What is the capital of France?"}]
    stream = await litellm.acompletion(model="openai/gpt-4o-mini", messages=messages, stream=True)
    return [chunk async for chunk in stream]
def test_it():
    assert len(asyncio.run(asked())) > 2
"""
HTTP = """
import httpx, os
URL = os.environ.get("OPENAI_API_BASE", "http://127.0.0.1:9/v1") + "/chat/completions"
BODY = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "What is the capital of France?"}]}
HEADERS = {"authorization": "Bearer " + os.environ.get("OPENAI_API_KEY", "")}
def test_it():
    assert "Paris" in httpx.post(URL, json=BODY, headers=HEADERS).raise_for_status().text
"""
OUTLIVING = """
import openai, os
CLIENT = openai.AsyncOpenAI(
    base_url=os.environ.get("OPENAI_API_BASE", "http://127.0.0.1:9/v1"), api_key="fake-key-for-tests"
)
async def asked(text):
    messages = [{"role": "user", "content": text}]
    return (await CLIENT.chat.completions.create(model="gpt-4o-mini", messages=messages)).choices[0].message.content
@pytest.mark.parametrize("n", range(3))
def test_it(n):
    assert asyncio.run(asked(f"Number {n}?"))
"""
HTTP_STREAM = """
import httpx, os
URL = os.environ.get("OPENAI_API_BASE", "http://127.0.0.1:9/v1") + "/chat/completions"
BODY = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "What is the capital of France?"}],
        "stream": True}
def test_it():
    with httpx.Client() as client, client.stream("POST", URL, json=BODY) as response:
        assert "Paris" in "".join(response.iter_text())
async def asked():
    async with httpx.AsyncClient() as client, client.stream("POST", URL, json={**BODY, "seed": 1}) as response:
        return "".join([text async for text in response.aiter_text()])
def test_async():
    assert "Paris" in asyncio.run(asked())
"""

_COUNTS = re.compile(r"lmcache: ([\d,]+ recordings? verified:|verify checked)")


def held(folder: Path) -> dict[str, bytes]:
    """Every file below a folder and what is in it, but for what processes meet in."""
    files = (file for file in folder.rglob("*") if file.is_file() and RUNS.isdisjoint(file.parts))
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


def record(project: Project, tests: str, *args: str, mark: str = "") -> int:
    """Recordings of tests, how many; the provider forgets what it was asked for them."""
    project.tests(tests)
    project.provider.mark = mark
    result = project.record(*args)
    assert result.parseoutcomes().keys() <= {"passed", "warnings", "warning"}
    project.provider.reset()
    return len(project.recordings())


def verify(project: Project, *args: str, subprocess: bool = False) -> pytest.RunResult:
    """A verify run, which asks the provider and leaves every file as it was."""
    folders = (project.cassettes, project.user_cache)
    before = [held(folder) for folder in folders]
    result = project.record(*args, mode="verify", subprocess=subprocess)
    assert [held(folder) for folder in folders] == before
    return result


def told(result: pytest.RunResult) -> list[str]:
    """What a run says of its recordings: the line that counts, and those below it."""
    lines = iter(result.outlines)
    found = [next((line for line in lines if _COUNTS.match(line)), "")]
    for line in lines:
        if not line.startswith(("  ", "lmcache: this run fails")):
            break
        found.append(line)
    return found


def drifts(provider: Provider, old: str, new: str) -> None:
    """From now on the provider writes something else in its answers."""

    def edit(reply):
        body = reply.body.replace(old.encode(), new.encode())
        events = tuple(event.replace(old.encode(), new.encode()) for event in reply.events)
        return dataclasses.replace(reply, body=body, events=events)

    provider.edit = edit


def refuses(provider: Provider, status: int, body: str) -> None:
    """From now on the provider answers everything with an error."""
    provider.edit = lambda reply: dataclasses.replace(reply, status=status, body=body.encode(), events=())
