"""DSPy's threads: `Parallel`, `Evaluate` and the optimisers run their work in a pool that contextvars do not reach."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pytest_lmcache.errors import Refusal
from pytest_lmcache.seam import ON_BEHALF, Gate


def on_behalf(gate: Gate, original: Callable[..., Any]) -> Callable[..., Any]:
    """What runs in place of `ParallelExecutor._wrap_function`: the work that it is given belongs to the test that gave
    it, also when a thread is still at it after that test has failed.
    """

    def _wrap_function(executor: Any, user_function: Any) -> Any:
        wrapped, recorder = original(executor, user_function), gate()
        if recorder is None:
            return wrapped

        def run(item: Any) -> Any:
            token = ON_BEHALF.set(recorder)
            try:
                return wrapped(item)
            finally:
                ON_BEHALF.reset(token)

        return run

    return _wrap_function


def stopping(original: Callable[..., Any]) -> Callable[..., Any]:
    """What runs in place of `ParallelExecutor.execute`: after a refusal, work that waits for a thread is not begun."""

    def execute(executor: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return original(executor, *args, **kwargs)
        except Refusal:
            executor.cancel_jobs.set()
            raise

    return execute
