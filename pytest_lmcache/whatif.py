"""Provider behaviour that a test asks for over its recordings: which call meets which fault, and how long calls take.

What is planned belongs to one test. An injected fault is never recorded, and is no take: the call after it gets what
was recorded. Calls of wrapped functions are no calls of a provider, and meet nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from threading import Event, Lock

from pytest_lmcache.call import Request
from pytest_lmcache.errors import BadOption

EVERY = "every"
_STATUSES = range(400, 600)
_FUNCTION = "function"


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with one call. `kind` is `status`, `timeout`, `filtered` or `cut`.

    `status` is an HTTP status, `retry_after` in seconds; `after_chunks` is how much of a stream comes before it breaks.
    """

    kind: str
    status: int = 0
    retry_after: float | None = None
    after_chunks: int = 0

    def __str__(self) -> str:
        if self.kind == "status":
            return f"status {self.status}"
        return f"cut after {self.after_chunks} chunks" if self.kind == "cut" else self.kind


@dataclass(frozen=True, slots=True)
class Where:
    """The calls that are meant: by number (from 1, None for every one) among those whose model matches a pattern."""

    numbers: frozenset[int] | None
    model: str

    def matches(self, request: Request) -> bool:
        """Whether a call is one of those that are counted."""
        return request.operation != _FUNCTION and fnmatchcase(request.model, self.model)


class Plan:
    """What a test has asked for so far, and the count of its calls since it asked."""

    def __init__(self) -> None:
        self.over = Event()
        self._faults: list[_Planned] = []
        self._scales: list[tuple[Where, float]] = []
        self._lock = Lock()

    @property
    def has_faults(self) -> bool:
        """Whether any call may meet a fault."""
        return bool(self._faults)

    def add(self, fault: Fault, where: Where) -> None:
        """These calls meet this fault, if no earlier one."""
        with self._lock:
            self._faults.append(_Planned(fault, where))

    def pace(self, scale: float, where: Where) -> None:
        """These calls take `scale` times as long as when they were recorded; the last word counts."""
        with self._lock:
            self._scales.append((where, scale))

    def fault(self, request: Request) -> Fault | None:
        """What a call meets, now that it is made; None for what was recorded."""
        met: _Planned | None = None
        with self._lock:
            for planned in self._faults:
                if planned.counts(request) and met is None:
                    met = planned
            if met is not None:
                met.met = True
        return None if met is None else met.fault

    def scale(self, request: Request) -> float:
        """How many times the recorded latency a call takes; 0 for no time at all."""
        return next((scale for where, scale in reversed(self._scales) if where.matches(request)), 0.0)

    def unmet(self) -> tuple[str, ...]:
        """The faults that met no call, in words."""
        return tuple(str(planned) for planned in self._faults if not planned.met)


class _Planned:
    """One fault, and how many of the calls it is meant for were made."""

    def __init__(self, fault: Fault, where: Where) -> None:
        self.fault = fault
        self.met = False
        self._where = where
        self._seen = 0

    def counts(self, request: Request) -> bool:
        """Count a call, and say whether it is one that is to meet the fault."""
        if not self._where.matches(request):
            return False
        self._seen += 1
        return self._where.numbers is None or self._seen in self._where.numbers

    def __str__(self) -> str:
        numbers = "" if self._where.numbers is None else f" on call {', '.join(map(str, sorted(self._where.numbers)))}"
        model = "" if self._where.model == "*" else f" of {self._where.model}"
        return f"{self.fault}{numbers}{model} ({self._seen} made)"


def where(call: object, model: object) -> Where:
    """The calls that a test names: `call` is a number from 1, several, or `every`; `model` may have wildcards (`*`).

    Raises BadOption.
    """
    if not isinstance(model, str) or not model:
        raise BadOption(f"model={model!r} is no name of a model; give text, with * for any part of it")
    if call == EVERY:
        return Where(None, model)
    numbers = [call] if isinstance(call, int) or not isinstance(call, Iterable) or isinstance(call, str) else list(call)
    if not numbers or not all(type(number) is int and number > 0 for number in numbers):
        raise BadOption(f"call={call!r} is no number of a call; give 1 for the next one, several numbers, or {EVERY!r}")
    return Where(frozenset(number for number in numbers if isinstance(number, int)), model)


def status_fault(status: object, retry_after: object) -> Fault:
    """An answer with a status of an error. Raises BadOption."""
    if type(status) is not int or status not in _STATUSES:
        raise BadOption(f"status={status!r} is no HTTP status of an error; give one from 400 to 599")
    return Fault("status", status=status, retry_after=None if retry_after is None else _seconds(retry_after))


def cut_fault(after_chunks: object) -> Fault:
    """A connection that breaks. Raises BadOption."""
    if type(after_chunks) is not int or after_chunks < 0:
        raise BadOption(f"after_chunks={after_chunks!r} is no number of chunks; give 0 or more")
    return Fault("cut", after_chunks=after_chunks)


def scale_of(latency: object) -> float:
    """The factor that `recorded` or a number stands for. Raises BadOption."""
    if latency == "recorded":
        return 1.0
    if isinstance(latency, bool) or not isinstance(latency, int | float) or not 0 <= latency < float("inf"):
        raise BadOption(f'latency {latency!r} is none; give "recorded", or a factor such as 0.5 (0 for no wait)')
    return float(latency)


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        raise BadOption(f"retry_after={value!r} is no time; give seconds, 0 or more")
    return float(value)
