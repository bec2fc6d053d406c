"""pytest typed at a project in a temporary folder, see `projects`."""

from __future__ import annotations

import pytest
from projects import litellm_forgets_its_clients, project, provider, running_provider

__all__ = ["litellm_forgets_its_clients", "project", "provider", "running_provider"]


@pytest.fixture(params=[(), ("-n", "2")], ids=["alone", "xdist"])
def spread(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """The arguments that spread a run over workers, or none."""
    arguments: tuple[str, ...] = request.param
    return arguments
