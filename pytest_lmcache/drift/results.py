"""What a verify run found, recording by recording, of this process or of all workers. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from pytest_lmcache.adapters.reading import answering_model
from pytest_lmcache.checks import Checked
from pytest_lmcache.drift.answers import Kind, closest

KINDS: tuple[Kind, ...] = ("identical", "reworded", "changed", "error", "skipped")


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one recording. `path` is its file below the root directory, `test` the first test that used it.

    `similarity` and `shown` are as in `Comparison`; `shown` says of what was skipped why. `take` is the take, from 1,
    of which this is true, 0 where no answer came; `takes` how many there are. `recorded_model` and `live_model` are the
    models that the two answers are of by their own words, empty where one names none. `tokens`, `cost` (US dollars) and
    `seconds` are those of the live call.
    """

    path: str
    test: str
    kind: Kind
    similarity: float | None = None
    shown: str = ""
    operation: str = ""
    model: str = ""
    take: int = 0
    takes: int = 1
    recorded_model: str = ""
    live_model: str = ""
    tokens: Mapping[str, int] = field(default_factory=dict)
    cost: float | None = None
    seconds: float = 0.0

    @classmethod
    def of(cls, checked: Checked) -> Result:
        """The result of a check."""
        recording, live = checked.recording, checked.live
        about: dict[str, Any] = {
            "operation": recording.request.operation,
            "model": recording.request.model,
            "takes": len(recording.takes),
        }
        if live is None:
            kind: Kind = "skipped" if checked.skipped else "error"
            return cls(checked.path, checked.test, kind, shown=checked.skipped or checked.failure, **about)
        found, take = closest(recording, live)
        about |= {"take": take, "tokens": dict(live.usage), "cost": live.cost, "seconds": live.latency}
        about |= {"recorded_model": answering_model(recording.takes[take - 1]), "live_model": answering_model(live)}
        return cls(checked.path, checked.test, found.kind, found.similarity, found.shown, **about)

    def fails(self, least: float) -> bool:
        """Whether a run fails for it that asks for at least this similarity."""
        if self.kind == "reworded":
            return self.similarity is not None and self.similarity < least
        return self.kind in ("changed", "error")


@dataclass(frozen=True, slots=True)
class Results:
    """What a run found; `+` puts what several processes found together.

    Where recordings were sampled, `seed` is what they were chosen by, `size` how many were asked for, and `drawn` has
    by cassette folder how many were chosen and of how many.
    """

    found: tuple[Result, ...] = ()
    size: int | None = None
    seed: str = ""
    drawn: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def __add__(self, other: Results) -> Results:
        return Results(
            (*self.found, *other.found),
            self.size if self.size is not None else other.size,
            self.seed or other.seed,
            {**self.drawn, **other.drawn},
        )

    def to_dict(self) -> dict[str, Any]:
        """Numbers, text, lists and dictionaries only, as pytest-xdist can send them."""
        drawn = {folder: list(counts) for folder, counts in self.drawn.items()}
        return {
            "found": [asdict(result) for result in self.found],
            "size": self.size,
            "seed": self.seed,
            "drawn": drawn,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Results:
        """What `to_dict` made."""
        drawn = {folder: (chosen, total) for folder, (chosen, total) in values["drawn"].items()}
        return cls(tuple(Result(**each) for each in values["found"]), values["size"], values["seed"], drawn)

    @property
    def counts(self) -> dict[Kind, int]:
        """How many recordings became what."""
        counted = Counter(result.kind for result in self.found)
        return {kind: counted[kind] for kind in KINDS}

    @property
    def checked(self) -> int:
        """How many recordings the provider was asked for."""
        return sum(result.kind != "skipped" for result in self.found)

    def document(self, least: float) -> dict[str, Any]:
        """The same for programs: as the report of a run has it."""
        return {
            "similarity": least,
            "sample": self.size,
            "seed": self.seed or None,
            "counts": self.counts,
            "recordings": [_document(result, least) for result in ordered(self.found)],
        }

    def failing(self, least: float) -> list[Result]:
        """What a run fails for that asks for at least this similarity, by kind and path."""
        return ordered(result for result in self.found if result.fails(least))


def _document(result: Result, least: float) -> dict[str, Any]:
    return {
        "recording": result.path,
        "test": result.test,
        "operation": result.operation,
        "model": result.model,
        "verdict": result.kind,
        "fails": result.fails(least),
        "similarity": result.similarity,
        "shown": result.shown or None,
        "take": result.take or None,
        "takes": result.takes,
        "recorded_model": result.recorded_model or None,
        "live_model": result.live_model or None,
        "tokens": dict(result.tokens),
        "cost_usd": result.cost,
        "latency_s": result.seconds,
    }


def ordered(results: Iterable[Result]) -> list[Result]:
    """What matters most first: changed, then errors, then what is least similar; beside each other what reads alike."""
    order = ("changed", "error", "reworded", "identical", "skipped")
    return sorted(
        results, key=lambda result: (order.index(result.kind), result.similarity or 0.0, result.shown, result.path)
    )
