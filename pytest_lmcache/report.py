"""The text of a run for people: the header, the verdict on one test, and the summary at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from pytest_lmcache.ages import Stale, spelled
from pytest_lmcache.budget import Amount
from pytest_lmcache.readers import REPLAYING
from pytest_lmcache.wording import many

_MOST_NAMES = 3
_MOST_STALE = 10


@dataclass(frozen=True, slots=True)
class Totals:
    """What became of the calls of a test, a worker or a run; `+` merges two of them.

    `live` counts calls that reached a provider and were recorded nowhere, and `unrecorded` says why, for each.
    `cost_saved` is in US dollars, None where no price is known. `kept_local` names the test of every recording that was
    not promoted because it failed, `repeated` the tests in which one recording answered several times at a temperature
    above 0. `reached` are the bounds of the run, once for each call that was not made for them, `spent` what all live
    calls took under these bounds. `stale` are the recordings that are older than `max_age`, each once. `unseen` are
    pairs of a host and a test: connections to providers that were opened past the adapters while recording. `troubles`
    are warnings that must not end in an exit status of success.
    """

    replayed: int = 0
    recorded: int = 0
    refreshed: int = 0
    missed: int = 0
    live: int = 0
    injected: int = 0
    tokens_saved: int = 0
    cost_saved: float | None = None
    seconds_saved: float = 0.0
    cached_tokens: int = 0
    cache_creation_tokens: int = 0
    kept_local: tuple[str, ...] = ()
    unrecorded: tuple[str, ...] = ()
    repeated: tuple[str, ...] = ()
    reached: tuple[str, ...] = ()
    spent: Amount | None = None
    stale: tuple[Stale, ...] = ()
    unseen: tuple[tuple[str, str], ...] = ()
    warnings: tuple[str, ...] = ()
    troubles: tuple[str, ...] = ()

    def __add__(self, other: Totals) -> Totals:
        merged = {name: _sum(getattr(self, name), getattr(other, name)) for name in _NAMES if name != "spent"}
        for name in ("repeated", "unseen", "warnings", "troubles"):
            merged[name] = tuple(dict.fromkeys(merged[name]))
        merged["spent"] = max(filter(None, (self.spent, other.spent)), key=lambda amount: amount.calls, default=None)
        merged["stale"] = tuple({each.recording: each for each in merged["stale"]}.values())
        return Totals(**merged)

    def to_dict(self) -> dict[str, Any]:
        """Numbers, text and lists only, as pytest-xdist can send them."""
        return {name: _plain(value) for name, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Totals:
        """What `to_dict` made."""
        kept: dict[str, Any] = {name: tuple(item) if isinstance(item, list) else item for name, item in values.items()}
        kept["unseen"] = tuple(map(tuple, kept["unseen"]))
        kept["spent"] = None if kept["spent"] is None else Amount(**kept["spent"])
        kept["stale"] = tuple(Stale(**each) for each in kept["stale"])
        return cls(**kept)


_NAMES = tuple(field.name for field in fields(Totals))


def header_line(mode: str, strategy: str, cassettes: str) -> str:
    """What the plugin is about to do: `lmcache: replay, keyed by request, from cassettes/`."""
    if mode == "off":
        return "lmcache: off"
    folder = f"{cassettes.rstrip('/')}/"
    return f"lmcache: {mode}, keyed by {strategy}, {'from' if mode in REPLAYING else 'into'} {folder}"


def verdict(totals: Totals) -> str:
    """What became of the calls of one test, what matters most first: `1 recorded, 2 replayed`, `missed`, `no calls`."""
    counts = {
        "missed": totals.missed,
        "went live": totals.live,
        "recorded": totals.recorded,
        "refreshed": totals.refreshed,
        "replayed": totals.replayed,
        "injected": totals.injected,
    }
    if totals.missed == 1 == sum(counts.values()):
        return "missed"
    return ", ".join(_counted(counts)) or "no calls"


def summary_lines(totals: Totals, *, verbose: bool = False) -> tuple[str, ...]:
    """The end of a run, a line a fact; empty when nothing happened. `verbose` tells which recordings are stale."""
    return (*_first_line(totals), *(f"  {line}" for line in _details(totals, verbose=verbose)))


def _first_line(totals: Totals) -> Iterable[str]:
    counts = {
        "replayed": totals.replayed,
        "recorded": totals.recorded,
        "refreshed": totals.refreshed,
        "missed": totals.missed,
        "live and unrecorded": totals.live,
        "injected": totals.injected,
    }
    if any(counts.values()):
        yield " · ".join([f"lmcache: {', '.join(_counted(counts))}", *_saved(totals)])
    elif any(_details(totals)):
        yield "lmcache: no calls"


def _saved(totals: Totals) -> list[str]:
    """What the replays saved: tokens, money and time, as far as known."""
    worth = [text for text in (_dollars(totals.cost_saved or 0.0), _duration(totals.seconds_saved)) if text]
    saved = [many(totals.tokens_saved, "token")] if totals.tokens_saved else []
    if worth:
        saved.append(" and ".join(worth))
    if saved:
        saved[-1] += " saved"
    return saved


def _details(totals: Totals, *, verbose: bool = False) -> Iterable[str]:
    yield from _prompt_cache(totals.cached_tokens, totals.cache_creation_tokens)
    if kept := len(totals.kept_local):
        stays = "1 recording stays" if kept == 1 else f"{kept:,} recordings stay"
        until = "its test passes" if kept == 1 else "their tests pass"
        yield f"{stays} on this machine until {until}: {_names(totals.kept_local)}"
    for bound, count in Counter(totals.reached).items():
        made = "1 call was" if count == 1 else f"{count:,} calls were"
        yield f"{bound} was reached, and {made} not made; spent: {totals.spent or 'not known'}"
    for cause, count in Counter(totals.unrecorded).items():
        yield f"{many(count, 'answer')} not recorded: {cause}"
    for host in dict.fromkeys(host for host, _ in totals.unseen):
        tests = _names(test for other, test in totals.unseen if other == host)
        yield f"unrecorded live calls to {host}, which replay refuses: {tests}"
    if totals.stale:
        yield from stale_lines(totals.stale, listed=_MOST_STALE if verbose else 0)
    if totals.repeated:
        yield (
            'hint: one answer was given several times at temperature > 0; repeat="next" makes each a take of its own: '
            f"{_names(totals.repeated)}"
        )
    yield from (f"warning: {warning}" for warning in (*totals.warnings, *totals.troubles))


def stale_lines(stale: Iterable[Stale], *, listed: int = 0) -> Iterable[str]:
    """How many recordings are older than wanted, and what to type; the oldest of them, those without a date first."""
    oldest_first = sorted(stale, key=lambda each: (each.age_s is not None, -(each.age_s or 0.0), each.recording))
    first, several = oldest_first[0], len(oldest_first) > 1
    are = f"{len(oldest_first):,} recordings are" if several else "1 recording is"
    which = f"{', the oldest' if several else ':'} {first.recording} ({first.since})" if not listed else ""
    yield f"{are} older than max_age{which}; to record anew: pytest --lmcache=record"
    for each in oldest_first[:listed]:
        yield f"  {each.recording} ({each.since}; max_age is {spelled(each.max_age_s)})"
    if listed and len(oldest_first) > listed:
        yield f"  and {len(oldest_first) - listed:,} more"


def _prompt_cache(read: int, written: int) -> Iterable[str]:
    if read and written:
        yield f"{many(read, 'token')} read from and {written:,} written to the provider's prompt cache"
    elif read or written:
        done = "read from" if read else "written to"
        yield f"{many(read or written, 'token')} {done} the provider's prompt cache"


def _plain(value: Any) -> Any:
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def _sum(one: Any, other: Any) -> Any:
    if one is None or other is None:
        return other if one is None else one
    return one + other


def _counted(counts: Mapping[str, int]) -> list[str]:
    return [f"{count:,} {what}" for what, count in counts.items() if count]


def _names(names: Iterable[str]) -> str:
    """A few names in full, each once, and how many more there are."""
    distinct = list(dict.fromkeys(names))
    more = len(distinct) - _MOST_NAMES
    return ", ".join(distinct[:_MOST_NAMES]) + (f" and {more:,} more" if more > 0 else "")


def _dollars(cost: float) -> str:
    """An amount of money: two decimals, or four below a cent; empty for none."""
    if cost <= 0:
        return ""
    if cost < 0.0001:
        return "<$0.0001"
    return f"${cost:.4f}" if cost < 0.01 else f"${cost:,.2f}"


def _duration(seconds: float) -> str:
    """A time in its two largest units, `3m 12s`; tenths below ten seconds, empty below one of them."""
    if seconds < 9.95:
        return f"{seconds:.1f}s" if seconds >= 0.05 else ""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours:,}h {minutes}m"
    return f"{minutes}m {rest}s" if minutes else f"{rest}s"
