"""How often a promise is tried: seldom in the ordinary suite, as often as docs/promises.md says in a full run.

The tox environment `promises` sets LMCACHE_TRIALS=full.
"""

from __future__ import annotations

import os

FULL = os.environ.get("LMCACHE_TRIALS") == "full"


def trials(few: int, full: int) -> int:
    """How many trials this run makes."""
    return full if FULL else few
