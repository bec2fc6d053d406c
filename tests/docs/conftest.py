"""The project and the provider of tests/plugin, for the blocks of the documentation."""

from __future__ import annotations

import importlib.util
from pathlib import Path

_home = Path(__file__).parent.parent / "plugin" / "conftest.py"
_spec = importlib.util.spec_from_file_location("plugin_project", _home)
assert _spec is not None
assert _spec.loader is not None
_plugin_project = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_plugin_project)

running_provider = _plugin_project.running_provider
provider = _plugin_project.provider
project = _plugin_project.project
litellm_forgets_its_clients = _plugin_project.litellm_forgets_its_clients
