"""Promise 13: offline means offline. Replay connects nowhere and looks nothing up, imports of SDKs included."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Not to be imported here: it would unplug this process, too.
UNPLUGGED = "no_network"

SDKS = """
import asyncio, json, os
import aiohttp, httpx, litellm, pytest, urllib3
BASE = os.environ.get("OPENAI_API_BASE", "https://api.openai.com/v1")
HEADERS = {"authorization": "Bearer fake-key-for-tests", "content-type": "application/json"}

def body(text, **more):
    return {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": text}], **more}

def test_litellm():
    asked = body("litellm") | {"model": "openai/gpt-4o-mini"}
    assert litellm.completion(**asked).choices
    assert list(litellm.completion(**asked, stream=True))
    assert asyncio.run(litellm.acompletion(**asked)).choices
    assert litellm.embedding("openai/text-embedding-3-small", ["a"]).data

def test_openai():
    import openai
    assert openai.OpenAI(base_url=BASE).chat.completions.create(**body("openai")).choices
    assert list(openai.OpenAI(base_url=BASE).chat.completions.create(**body("openai"), stream=True))

def test_httpx():
    assert httpx.post(BASE + "/chat/completions", json=body("httpx"), headers=HEADERS).json()["choices"]

def test_httpx_async():
    async def main():
        async with httpx.AsyncClient() as client:
            return (await client.post(BASE + "/chat/completions", json=body("httpx, async"), headers=HEADERS)).json()
    assert asyncio.run(main())["choices"]

def test_aiohttp():
    async def main():
        async with aiohttp.ClientSession() as session:
            asked = body("aiohttp")
            async with session.post(BASE + "/chat/completions", json=asked, headers=HEADERS) as response:
                return await response.json()
    assert asyncio.run(main())["choices"]

def test_urllib3():
    with urllib3.PoolManager() as pool:
        asked = json.dumps(body("urllib3"))
        assert pool.request("POST", BASE + "/chat/completions", body=asked, headers=HEADERS).json()["choices"]

@pytest.mark.skipif("ALONE" in os.environ, reason="what is not recorded")
def test_a_look_up():
    import socket
    socket.getaddrinfo("localhost", 80)
"""


@pytest.fixture
def unplugged(tmp_path_factory):
    """Runs pytest in a replay where nobody can be reached; gives what it printed, and what was tried."""

    def run(folder: Path, *options: str) -> tuple[str, str]:
        log = tmp_path_factory.mktemp("network") / "log"
        keep = {"PATH", "HOME", "XDG_CACHE_HOME", "PYTHONPATH", "ALONE"}
        environment = {name: value for name, value in os.environ.items() if name in keep}
        here = str(Path(__file__).parent)
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, (here, environment.get("PYTHONPATH"))))
        environment["NETWORK_LOG"] = str(log)
        # litellm asks OpenAI's own host for other things than a host of somebody else.
        environment["OPENAI_API_BASE"] = "https://models.invalid/v1"
        command = [sys.executable, "-m", "pytest", "-p", UNPLUGGED, "--lmcache=replay", *options]
        done = subprocess.run(
            [*alone(), *command], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        return done.stdout + done.stderr, log.read_text() if log.exists() else ""

    return run


def alone() -> list[str]:
    """What to put before a command so that it has no network, where the system allows that."""
    command = ["unshare", "--net"] if os.getuid() == 0 else ["unshare", "--user", "--map-root-user", "--net"]
    if not shutil.which("unshare") or subprocess.run([*command, "true"], capture_output=True, check=False).returncode:
        return []
    return command


def test_the_examples_replay_without_a_network(unplugged, figure):
    output, tried = unplugged(ROOT, "examples", "-p", "no:cacheprovider", "-p", "no:randomly")
    assert tried == ""
    [count] = re.findall(r"=+ (\d+) passed in", output) or [output]
    assert int(count) >= 20
    figure(f"{count} examples, 0 connects, 0 look-ups, {'in an empty network namespace' if alone() else 'audit hook'}")


@pytest.mark.parametrize("adapters", ["auto", "http"])
def test_every_adapter_replays_without_a_network(project, unplugged, adapters, figure):
    project._monkeypatch.setenv("ALONE", "1")
    project.ini(f"lmcache_adapters = {adapters}")
    project.tests(SDKS)
    project.record().assert_outcomes(passed=6, skipped=1)
    paid = project.provider.count()
    output, tried = unplugged(project.path)
    assert tried == ""
    assert "6 passed, 1 skipped" in output, output
    assert project.provider.count() == paid == 9
    figure(f"{paid} calls of 6 kinds, 0 connects, 0 look-ups")


def test_a_miss_connects_nowhere_either(project, unplugged):
    project._monkeypatch.setenv("ALONE", "1")
    project.tests(SDKS)
    output, tried = unplugged(project.path)
    assert tried == ""
    assert "6 failed, 1 skipped" in output, output


def test_a_look_up_would_be_noticed(project, unplugged):
    project._monkeypatch.delenv("ALONE", raising=False)
    project.tests(SDKS)
    output, tried = unplugged(project.path, "-k", "look_up")
    assert tried.startswith("socket.getaddrinfo")
    assert "1 failed" in output
