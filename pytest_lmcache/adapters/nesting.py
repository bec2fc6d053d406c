"""One call, one recording: while a call of ours really runs, what it calls inside makes no recording of its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

# pytest shows no frame of a module that says so, and none of its locals: a credential may be among them.
__tracebackhide__ = True

INSIDE: ContextVar[bool] = ContextVar("lmcache_inside", default=False)
"""Whether the code that runs now does so on behalf of a call that is being recorded further out."""


@contextmanager
def inside() -> Iterator[None]:
    """The span of a real call, or of reading its stream."""
    token = INSIDE.set(True)
    try:
        yield
    finally:
        INSIDE.reset(token)
