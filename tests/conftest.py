"""What every test of this project needs: properties that race no clock, an SDK that looks nothing up."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

# No test depends on how fast the machine is, and in CI the examples of one run are those of the next.
settings.register_profile(
    "suite", deadline=None, derandomize="CI" in os.environ, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("suite")

# Where these are set pytest prints its short summary whole, and the miss in it once more.
for name in ("CI", "BUILD_NUMBER"):
    os.environ.pop(name, None)
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
os.environ["LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS"] = "True"

pytest_plugins = ["pytester"]
