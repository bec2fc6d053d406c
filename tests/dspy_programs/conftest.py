"""DSPy's programs with DSPy itself, see `running`; skipped where DSPy is not installed."""

from __future__ import annotations

import importlib.util

if importlib.util.find_spec("dspy") is None:
    collect_ignore_glob = ["test_*.py"]
else:
    # First: DSPy 3.4.0 leaves an openai behind that litellm, imported after it, cannot use.
    import litellm  # noqa: F401
    from running import a_home_of_its_own, provider, recordings, running_provider

    __all__ = ["a_home_of_its_own", "provider", "recordings", "running_provider"]
