"""What the seams ask at every request: who records the calls of this moment, and who remembers what was refused."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from pytest_lmcache.errors import Refusal
from pytest_lmcache.seam import Adapter


class Recorder(Protocol):
    """Performs one call for the current test: replays it, records it, or refuses it."""

    @property
    def records_errors(self) -> bool: ...

    def perform(
        self, adapter: Adapter, operation: str, args: tuple[Any, ...], kwargs: dict[str, Any], call: Callable[[], Any]
    ) -> Any: ...

    async def aperform(
        self,
        adapter: Adapter,
        operation: str,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        call: Callable[[], Awaitable[Any]],
    ) -> Any: ...


class Gate(Protocol):
    """The recorder for the calls of this moment, or None where calls pass untouched."""

    def __call__(self) -> Recorder | None: ...

    def refused(self, refusal: Refusal) -> Refusal:
        """Remember a refusal for the test that runs, which fails though something swallows it; returns it."""
