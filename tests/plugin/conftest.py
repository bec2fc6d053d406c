"""pytest typed at a project in a temporary folder, see `projects`."""

from __future__ import annotations

from projects import litellm_forgets_its_clients, project, provider, running_provider

__all__ = ["litellm_forgets_its_clients", "project", "provider", "running_provider"]
