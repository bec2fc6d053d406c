"""The project and the provider, for the blocks of the documentation, see `projects`."""

from __future__ import annotations

from projects import litellm_forgets_its_clients, project, provider, running_provider

__all__ = ["litellm_forgets_its_clients", "project", "provider", "running_provider"]
