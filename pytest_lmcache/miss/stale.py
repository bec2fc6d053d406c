"""The text of a refusal of what is recorded, but too long ago."""

from __future__ import annotations

from pytest_lmcache.ages import Stale, spelled
from pytest_lmcache.call import Request
from pytest_lmcache.miss.text import asked, labelled, record_command


def stale_text(stale: Stale, request: Request, test: str) -> str:
    """Why a recording may not answer a request in the test of that node id, and what to type."""
    old = "has no date" if stale.age_s is None else f"is {spelled(stale.age_s)} old"
    return "\n".join(
        [
            f"lmcache: what is recorded of this call {old}, max_age is {spelled(stale.max_age_s)}, and stale is fail.",
            "",
            *labelled("asked", [*asked(request)]),
            *labelled("found", [f"{stale.recording}, {stale.since}"]),
            "",
            '  With stale="warn" it would have answered, and the summary would tell.',
            "",
            f"  To record it anew:  {record_command(test)}",
        ]
    )
