"""How old recordings are, by the date in each, and the real time of a run, whatever its tests do to theirs. Pure."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime

_UNITS = (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1))


class Clock:
    """The time in seconds since the epoch, from `started` on.

    Tests that freeze or shift time replace what tells the hour, and some the functions of `time` by name; none reaches
    a counter that was taken from there before.
    """

    def __init__(self) -> None:
        self._count = time.perf_counter
        self.started = time.time()
        self._first = self._count()

    def now(self) -> float:
        """The time now."""
        return self.started + self._count() - self._first

    def stamp(self) -> str:
        """The time now as `Recording.recorded_at` has it."""
        return datetime.fromtimestamp(self.now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True)
class Stale:
    """A recording that is older than a test's `max_age`.

    `recording` is its file as a person would type it, `age_s` in seconds, None where it has no date; `max_age_s` the
    bound, in seconds.
    """

    recording: str
    recorded_at: str
    age_s: float | None
    max_age_s: float

    @property
    def since(self) -> str:
        """Its date and its age, in words."""
        if self.age_s is None:
            return f"without a date that can be read ({self.recorded_at!a})" if self.recorded_at else "without a date"
        return f"recorded {self.recorded_at[:10]}, {spelled(self.age_s)} ago"


def stale(recording: str, recorded_at: str, *, max_age: float, now: float) -> Stale | None:
    """What there is to say of a recording that is older than `max_age`; one without a date is older than any."""
    seconds = age(recorded_at, now)
    if seconds is not None and seconds <= max_age:
        return None
    return Stale(recording, recorded_at, seconds if seconds is None else round(seconds), max_age)


def age(recorded_at: str, now: float) -> float | None:
    """Seconds since a date as recordings have it, negative for one to come; None where there is none in the text."""
    try:
        moment = datetime.fromisoformat(recorded_at)
        return now - (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def spelled(seconds: float) -> str:
    """A time in its largest unit: `114 days`, `1.5 hours`."""
    unit, length = next((pair for pair in _UNITS if seconds >= pair[1]), _UNITS[-1])
    count = f"{seconds / length:,.1f}".removesuffix(".0")
    return f"{count} {unit}{'' if count == '1' else 's'}"
