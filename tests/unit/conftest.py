from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from echo_sdk import Provider

from pytest_lmcache.options import RunSettings
from pytest_lmcache.session import Run


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Run]:
    """Makes runs of one project, each by its name."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user-cache"))
    return lambda name="this run", **settings: Run(RunSettings(**settings), tmp_path / "project", name, {})


@pytest.fixture
def provider() -> Provider:
    return Provider()
