"""DSPy's threads: `Parallel`, `Evaluate` and the optimisers run their work in a pool that contextvars do not reach."""

from __future__ import annotations

from collections.abc import Callable
from threading import Condition
from typing import Any

from pytest_lmcache.errors import Refusal
from pytest_lmcache.seam import ON_BEHALF, Gate

PATIENCE = 10.0
"""Seconds that work which was begun is waited for after a refusal; a call that it makes is refused, too."""


class Begun:
    """The pieces of work that are being done."""

    def __init__(self) -> None:
        self._number = 0
        self._changed = Condition()

    def __enter__(self) -> None:
        with self._changed:
            self._number += 1

    def __exit__(self, *error: object) -> None:
        with self._changed:
            self._number -= 1
            self._changed.notify_all()

    def wait(self, seconds: float) -> None:
        """Wait until none is left, but no longer."""
        with self._changed:
            self._changed.wait_for(lambda: not self._number, seconds)


def on_behalf(gate: Gate, original: Callable[..., Any]) -> Callable[..., Any]:
    """What runs in place of `ParallelExecutor._wrap_function`: the work that it is given belongs to the test that gave
    it, also when a thread is still at it after that test has failed.
    """

    def _wrap_function(executor: Any, user_function: Any) -> Any:
        wrapped, recorder = original(executor, user_function), gate()
        if recorder is None:
            return wrapped

        begun = executor.lmcache_begun = Begun()

        def run(item: Any) -> Any:
            token = ON_BEHALF.set(recorder)
            try:
                with begun:
                    return wrapped(item)
            finally:
                ON_BEHALF.reset(token)

        return run

    return _wrap_function


def stopping(original: Callable[..., Any]) -> Callable[..., Any]:
    """What runs in place of `ParallelExecutor.execute`: after a refusal, work that waits for a thread is not begun, and
    work that was begun comes to its end, or nothing would hold it once the run is over.
    """

    def execute(executor: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return original(executor, *args, **kwargs)
        except Refusal:
            executor.cancel_jobs.set()
            begun = getattr(executor, "lmcache_begun", None)
            if begun is not None:
                begun.wait(PATIENCE)
            raise

    return execute
