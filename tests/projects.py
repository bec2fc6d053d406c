"""A project in a temporary folder, a provider on loopback, and pytest typed at it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import litellm
import pytest

# Runs inside this process forget every module they import; these they find imported, as hooks stay on litellm's, and as
# importing the rest for each run takes a tenth of its time.
import pytest_lmcache.adapters.http.httpx
import pytest_lmcache.adapters.litellm.functions
import pytest_lmcache.adapters.litellm.router
import pytest_lmcache.dialects
import pytest_lmcache.plugin.active
import pytest_lmcache.tiers.database
from provider import Provider

APPLICATION = '''
import litellm

def ask(text="What is the capital of France?", model="openai/gpt-4o-mini", **options):
    """One question, one answer."""
    messages = [{"role": "user", "content": text}]
    return litellm.completion(model=model, messages=messages, **options).choices[0].message.content

async def aask(text="What is the capital of France?", model="openai/gpt-4o-mini", **options):
    messages = [{"role": "user", "content": text}]
    response = await litellm.acompletion(model=model, messages=messages, **options)
    return response.choices[0].message.content
'''

# The same without an SDK: a process that runs it starts in a tenth of the time.
OVER_HTTP = '''
import os
import httpx

CLIENT = httpx.Client(verify=False)

def request(text, model, **options):
    """The URL and the body of one question."""
    url = os.environ.get("OPENAI_API_BASE", "http://127.0.0.1:9/v1")
    messages = [{"role": "user", "content": text}]
    return {"url": f"{url}/chat/completions", "json": {"model": model, "messages": messages, **options}}

def ask(text="What is the capital of France?", model="gpt-4o-mini", **options):
    response = CLIENT.post(**request(text, model, **options))
    return response.raise_for_status().json()["choices"][0]["message"]["content"]

async def aask(text="What is the capital of France?", model="gpt-4o-mini", **options):
    async with httpx.AsyncClient(verify=False) as client:
        response = await client.post(**request(text, model, **options))
    return response.raise_for_status().json()["choices"][0]["message"]["content"]
'''


class Project:
    """A folder with an application `app` and tests, and the commands a user types there.

    `record` and `refresh` run with the provider within reach and `key` as its key, `replay` with neither.
    """

    def __init__(self, pytester: pytest.Pytester, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pytester = pytester
        self.provider = provider
        self.key = "fake-key-for-tests"
        self.path = pytester.path
        self.cassettes = pytester.path / "cassettes"
        self._monkeypatch = monkeypatch
        self._heading = "import asyncio, pytest, litellm\nfrom app import ask, aask\n"
        self.user_cache = pytester.path.with_name(f"{pytester.path.name}-user-cache")
        monkeypatch.setenv("XDG_CACHE_HOME", str(self.user_cache))
        pytester.makepyfile(app=APPLICATION)
        pytester.makeini(
            "[pytest]\naddopts = -p no:randomly -p no:cacheprovider -p no:hypothesispytest -p no:syrupy -p "
            "no:recording\n"
            "asyncio_default_fixture_loop_scope = function\nfilterwarnings =\n    default\n    ignore:unclosed\n"
        )

    def tests(self, text: str, name: str = "test_it") -> None:
        """Write a test module; `ask`, `aask` and `pytest` are imported for it."""
        self.pytester.makepyfile(**{name: self._heading + text})

    def over_http(self) -> Project:
        """Let the application ask without an SDK: for what does not depend on one, in processes of their own."""
        self.pytester.makepyfile(app=OVER_HTTP)
        self._heading = "import asyncio, pytest\nfrom app import ask, aask\n"
        return self

    def ini(self, *lines: str) -> None:
        """Add lines to the project's ini file."""
        path = self.path / "tox.ini"
        path.write_text("\n".join([path.read_text(), *lines, ""]))

    def record(self, *args: str, mode: str = "record", subprocess: bool = False) -> pytest.RunResult:
        return self.live(f"--lmcache={mode}", *args, subprocess=subprocess)

    def live(self, *args: str, subprocess: bool = False) -> pytest.RunResult:
        """pytest without a mode, with the provider within reach and a key."""
        self._monkeypatch.setenv("OPENAI_API_BASE", f"{self.provider.url}/v1")
        self._monkeypatch.setenv("OPENAI_API_KEY", self.key)
        self._monkeypatch.setenv("ANTHROPIC_API_BASE", self.provider.url)
        self._monkeypatch.setenv("ANTHROPIC_API_KEY", self.key)
        return self._run(*args, subprocess=subprocess)

    def replay(self, *args: str, mode: str = "replay", subprocess: bool = False) -> pytest.RunResult:
        return self.bare(f"--lmcache={mode}", *args, subprocess=subprocess)

    def bare(self, *args: str, subprocess: bool = False) -> pytest.RunResult:
        """pytest without a mode, and without provider or key."""
        for name in ("OPENAI_API_BASE", "OPENAI_API_KEY", "ANTHROPIC_API_BASE", "ANTHROPIC_API_KEY"):
            self._monkeypatch.delenv(name, raising=False)
        return self._run(*args, subprocess=subprocess)

    def recordings(self) -> list[Path]:
        """The files of the cassette folder that are recordings."""
        return sorted(path for path in self.cassettes.glob("*/*.json"))

    def load(self) -> list[dict[str, object]]:
        """The recordings, parsed."""
        return [json.loads(path.read_text()) for path in self.recordings()]

    def shows_frames(self, result: pytest.RunResult) -> bool:
        """Whether the output of a run has a place in a traceback in it."""
        return any(re.match(r"\S+\.py:\d+: |  File ", line) for line in result.outlines + result.errlines)

    def _run(self, *args: str, subprocess: bool) -> pytest.RunResult:
        if subprocess:
            return self.pytester.runpytest_subprocess(*args)
        return self.pytester.runpytest_inprocess(*args)


@pytest.fixture(scope="session")
def running_provider() -> Iterator[Provider]:
    """The provider, asked once: what litellm imports at its first call is then not imported anew by every run."""
    with Provider() as provider:
        question = [{"role": "user", "content": "Hello?"}]
        litellm.completion(
            model="openai/m", messages=question, api_base=f"{provider.url}/v1", api_key="fake-key-for-tests"
        )
        yield provider


@pytest.fixture
def provider(running_provider: Provider) -> Provider:
    """The provider, with nothing counted yet."""
    running_provider.reset()
    return running_provider


@pytest.fixture
def project(pytester: pytest.Pytester, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.delenv("PYTEST_LMCACHE", raising=False)
    monkeypatch.delenv("PYTEST_XDIST_TESTRUNUID", raising=False)
    return Project(pytester, provider, monkeypatch)


@pytest.fixture(autouse=True)
def litellm_forgets_its_clients() -> Iterator[None]:
    """litellm keeps HTTP clients by endpoint, also across the runs inside this process."""
    yield
    litellm.in_memory_llm_clients_cache.flush_cache()


__all__ = ["Project", "litellm_forgets_its_clients", "os", "project", "provider", "pytest_lmcache", "running_provider"]
