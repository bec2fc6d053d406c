"""DSPy over a provider on loopback, with every adapter in place; and pytest typed at a project that uses DSPy."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dspy
import litellm
import pytest

# Runs inside this process forget every module they import; these they find imported, as hooks stay on the SDKs.
import pytest_lmcache.adapters.dspy.observer
import pytest_lmcache.adapters.http.lm15
import pytest_lmcache.adapters.litellm.functions
import pytest_lmcache.adapters.litellm.router
import pytest_lmcache.plugin.active  # noqa: F401
from provider import Provider
from pytest_lmcache.adapters import Watch
from pytest_lmcache.adapters.dspy import state
from pytest_lmcache.options import RunSettings, Settings
from pytest_lmcache.scope import Scope
from pytest_lmcache.session import Gate, Run

KEY = "fake-key-for-tests"


class Recordings:
    """A folder of recordings. `scope` is one test in one mode, with a memory of its own as in a process of its own."""

    def __init__(self, folder: Path, provider: Provider) -> None:
        self.folder = folder
        self.provider = provider

    @contextmanager
    def run(self, **settings: Any) -> Iterator[Run]:
        run = Run(RunSettings(**settings), self.folder, uuid.uuid4().hex, {})
        watch = Watch(("auto",), Gate(run))
        watch.install()
        try:
            yield run
        finally:
            watch.remove()
            run.close()

    @contextmanager
    def scope(self, mode: str, **settings: Any) -> Iterator[Scope]:
        with self.run() as run:
            scope = run.scope("test_it.py::test_it", Settings(mode=mode, **settings))
            run.enter(scope)
            try:
                yield scope
                scope.end(passed=True)
            finally:
                run.leave(scope)

    def files(self) -> list[Path]:
        return sorted((self.folder / "cassettes").glob("*/*.json"))


@pytest.fixture(scope="session")
def running_provider() -> Iterator[Provider]:
    with Provider() as provider:
        # What litellm imports at its first call is then not imported anew by every run.
        litellm.completion(
            model="openai/m", messages=[{"role": "user", "content": "?"}], api_base=f"{provider.url}/v1", api_key=KEY
        )
        yield provider


@pytest.fixture
def provider(running_provider: Provider) -> Provider:
    running_provider.reset()
    return running_provider


@pytest.fixture
def recordings(tmp_path: Path, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> Recordings:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user-cache"))
    return Recordings(tmp_path / "project", provider)


@pytest.fixture(autouse=True)
def a_home_of_its_own(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """DSPy's own cache of this user, empty; and DSPy as it was before, whatever a project inside this process set."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("DSPY_CACHEDIR", str(home / ".dspy_cache"))
    monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    vars(dspy).pop("cache", None)
    settings = state.found()
    yield home
    state.restore(settings)
    vars(dspy).pop("cache", None)
    litellm.in_memory_llm_clients_cache.flush_cache()
