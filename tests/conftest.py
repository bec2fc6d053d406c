"""What every test of this project needs: an SDK that looks nothing up when it is imported."""

from __future__ import annotations

import os

# Where these are set pytest prints its short summary whole, and the miss in it once more.
for name in ("CI", "BUILD_NUMBER"):
    os.environ.pop(name, None)
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
os.environ["LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS"] = "True"

pytest_plugins = ["pytester"]
