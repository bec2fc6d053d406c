"""The counters of one process, added to at every call."""

from __future__ import annotations

from collections import Counter
from threading import RLock

from pytest_lmcache.ages import Stale
from pytest_lmcache.call import Call
from pytest_lmcache.report import Totals


class Tally:
    """What happened so far, from any thread. Where a run `saves` nothing, its replays count as calls only."""

    def __init__(self, *, saves: bool = True) -> None:
        self._saves = saves
        self._lock = RLock()
        self._outcomes: Counter[str] = Counter()
        self._tokens = 0
        self._prompt_cache: Counter[str] = Counter()
        self._cost: float | None = None
        self._seconds = 0.0
        self._kept_local: list[str] = []
        self._repeated: dict[str, None] = {}
        self._reached: list[str] = []
        self._stale: dict[str, Stale] = {}
        self._unrecorded: list[str] = []
        self._unseen: dict[tuple[str, str], None] = {}
        self._warnings: dict[str, None] = {}
        self._troubles: dict[str, None] = {}

    def add(self, call: Call) -> None:
        """One more call ended."""
        with self._lock:
            self._outcomes[call.outcome] += 1
            if call.take is None:
                return
            usage = call.take.usage
            for name in ("cached_tokens", "cache_creation_tokens"):
                if name in usage:
                    self._prompt_cache[name] += usage[name]
            if call.outcome == "replayed" and self._saves:
                self._tokens += call.total_tokens
                self._seconds += call.take.latency
                if call.take.cost is not None:
                    self._cost = (self._cost or 0.0) + call.take.cost

    def keep_local(self, test: str, recordings: int) -> None:
        """Recordings were not promoted, because the test that used them failed."""
        self._kept_local += [test] * recordings

    def repeat(self, test: str) -> None:
        """One take answered several calls of a test that asks for chance."""
        self._repeated[test] = None

    def reach(self, bounds: tuple[str, ...]) -> None:
        """A live call was not made, for these bounds of the run."""
        self._reached.append(" and ".join(bounds))

    def stale(self, stale: Stale) -> None:
        """A recording was to answer that is older than the test wants it."""
        self._stale.setdefault(stale.recording, stale)

    def unrecorded(self, reason: str) -> None:
        """A live answer could not be recorded."""
        self._unrecorded.append(reason)

    def unseen(self, host: str, test: str) -> None:
        """A test that records opened a connection to a provider which no recorded call needed."""
        self._unseen[host, test] = None

    def warn(self, text: str) -> None:
        """Something that went otherwise than one would expect, said once."""
        self._warnings[text] = None

    def trouble(self, text: str) -> None:
        """Something that must not go unnoticed: said once, and the run does not exit with success."""
        self._troubles[text] = None

    def totals(self) -> Totals:
        """The counters as they stand."""
        return Totals(
            replayed=self._outcomes["replayed"],
            recorded=self._outcomes["recorded"],
            refreshed=self._outcomes["refreshed"],
            missed=self._outcomes["missed"],
            live=self._outcomes["live"],
            injected=self._outcomes["injected"],
            tokens_saved=self._tokens,
            cost_saved=self._cost,
            seconds_saved=self._seconds,
            cached_tokens=self._prompt_cache["cached_tokens"],
            cache_creation_tokens=self._prompt_cache["cache_creation_tokens"],
            kept_local=tuple(self._kept_local),
            unrecorded=tuple(self._unrecorded),
            repeated=tuple(self._repeated),
            reached=tuple(self._reached),
            stale=tuple(self._stale.values()),
            unseen=tuple(self._unseen),
            warnings=tuple(self._warnings),
            troubles=tuple(self._troubles),
        )
