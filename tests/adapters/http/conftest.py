"""A provider on loopback, and scopes that record and replay what is asked of it over real transports."""

from __future__ import annotations

import importlib
import json
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from provider import Provider
from pytest_lmcache.adapters import http
from pytest_lmcache.checks import Checked, Checklist
from pytest_lmcache.options import RunSettings, Settings
from pytest_lmcache.scope import Scope
from pytest_lmcache.session import Gate, Run
from pytest_lmcache.shared import Values

KEY = "fake-key-for-tests"


class Project:
    """A folder of recordings. `scope` is one test in one mode, with a memory of its own as in a process of its own.

    `checked` is what came of the checks of the last one that verifies.
    """

    def __init__(self, folder: Path, provider: Provider) -> None:
        self.folder = folder
        self.checked: list[Checked] = []
        self.provider = provider

    @contextmanager
    def scope(self, mode: str, **settings: Any) -> Iterator[Scope]:
        forget_clients()
        self.checked = []
        checklist = self._checklist if mode == "verify" else None
        run = Run(RunSettings(), self.folder, uuid.uuid4().hex, {}, checklist=checklist)
        scope = run.scope("test_it.py::test_it", Settings(mode=mode, **settings))
        run.enter(scope)
        self._run = run
        for name, hook in http.HOOKS.items():
            try:
                module = importlib.import_module(name)
            except ImportError:
                continue
            hook(module, Gate(run))
        try:
            yield scope
            scope.end(passed=True)
        finally:
            http.uninstall()
            run.leave(scope)
            run.close()

    def _checklist(self, values: Values, run: str) -> Checklist:
        return Checklist(values, sample=None, listed=lambda folder: (), hear=self.checked.append)

    def told(self) -> tuple[str, ...]:
        """Why answers of the last scope were not recorded."""
        return self._run.totals().unrecorded

    def files(self) -> list[Path]:
        return sorted((self.folder / "cassettes").glob("*/*.json"))

    def only_file(self) -> dict[str, Any]:
        (path,) = self.files()
        return json.loads(path.read_text())


def forget_clients() -> None:
    """As in a process of its own: LangChain keeps clients for each URL, with connections of event loops long gone."""
    for name in ("langchain_openai.chat_models._client_utils", "langchain_anthropic._client_utils"):
        for kept in vars(sys.modules.get(name, object)).values():
            if hasattr(kept, "cache_clear"):
                kept.cache_clear()


@pytest.fixture
def provider() -> Iterator[Provider]:
    """At a port of its own: some frameworks keep a client for each URL, with connections of event loops long gone."""
    with Provider() as provider:
        yield provider


@pytest.fixture
def project(tmp_path: Path, provider: Provider, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user-cache"))
    return Project(tmp_path / "project", provider)
