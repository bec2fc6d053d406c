"""Where the examples are recorded: at the local provider of this folder. A replay needs none of this."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from provider import Provider


@pytest.fixture(scope="session", autouse=True)
def provider(request: pytest.FixtureRequest) -> Iterator[Provider | None]:
    """The local provider while the run calls live, with litellm pointed at it; otherwise None."""
    mode = request.config.getoption("--lmcache", None) or os.environ.get("PYTEST_LMCACHE")
    if mode not in ("record", "refresh", "verify"):
        yield None
        return
    with Provider() as running, pytest.MonkeyPatch.context() as environment:
        environment.setenv("OPENAI_API_BASE", f"{running.url}/v1")
        environment.setenv("OPENAI_API_KEY", "not-a-real-key")
        environment.setenv("ANTHROPIC_API_BASE", running.url)
        environment.setenv("ANTHROPIC_API_KEY", "not-a-real-key")
        # Older names of the same settings would win over these.
        environment.delenv("OPENAI_BASE_URL", raising=False)
        environment.delenv("ANTHROPIC_BASE_URL", raising=False)
        yield running
