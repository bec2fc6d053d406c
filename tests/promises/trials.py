"""How often a promise is tried: seldom in the ordinary suite, as often as docs/promises.md says in a full run.

The tox environment `promises` sets LMCACHE_TRIALS=full.
"""

from __future__ import annotations

import os
from typing import TypeVar

T = TypeVar("T")

FULL = os.environ.get("LMCACHE_TRIALS") == "full"


def trials(few: T, full: T) -> T:
    """How many trials this run makes, or which."""
    return full if FULL else few
