"""What every test of a run asked and was answered, as data: for reports, and for what no test used.

One process writes its entries; those of the workers of pytest-xdist are sent to the controller as `to_dict` makes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from pytest_lmcache.call import Call
from pytest_lmcache.conversation import conversation
from pytest_lmcache.report import verdict
from pytest_lmcache.scope import Scope


@dataclass(frozen=True, slots=True)
class Entry:
    """One test, fixture of wider scope, or the collection of modules (`kind` is `test`, `fixture` or `collection`).

    `outcome` is `passed`, `failed` or `skipped` for a test and empty otherwise, `place` its file and line, from 1;
    `cassettes` the folder its recordings are in.
    `calls` are in the order in which they ended, each as `_told` makes it; `conversations` has what each of them asked
    and was answered, where somebody wants to read it, and is empty otherwise.
    """

    name: str
    kind: str
    mode: str
    cassettes: str
    verdict: str
    outcome: str = ""
    place: tuple[str, int] | None = None
    refusals: tuple[str, ...] = ()
    calls: tuple[Mapping[str, Any], ...] = ()
    conversations: tuple[Mapping[str, Any], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Numbers, text, lists and dictionaries only."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Entry:
        """What `to_dict` made."""
        place = tuple(values["place"]) if values["place"] else None
        lists = {name: tuple(values[name]) for name in ("refusals", "calls", "conversations")}
        return cls(**{**values, **lists, "place": place})

    @property
    def used(self) -> Iterable[str]:
        """The files of the recordings that answered, or that were made."""
        return (call["recording"] for call in self.calls if call["outcome"] in _ANSWERED or _was_cut(call))


_ANSWERED = frozenset({"replayed", "recorded", "refreshed"})


def _was_cut(call: Mapping[str, Any]) -> bool:
    """Whether a call was given the beginning of its recording."""
    return (call["fault"] or "").startswith("cut")


@dataclass(slots=True)
class Story:
    """How a test went, as it becomes known: the outcome of its phases, where it stands, and what was refused to it."""

    outcome: str = ""
    place: tuple[str, int] | None = None
    refusals: list[str] = field(default_factory=list)

    def phase(self, outcome: str) -> None:
        """One more phase of the test ended; what is worst of all of them is the outcome of the test."""
        self.outcome = max(self.outcome, outcome, key=("", "passed", "skipped", "failed").index)


def entry_of(scope: Scope, kind: str, story: Story, *, conversations: bool = False) -> Entry:
    """What one scope asked; with its `conversations`, if asked for."""
    return Entry(
        name=scope.name,
        kind=kind,
        mode=scope.settings.mode,
        cassettes=scope.settings.cassettes,
        verdict=verdict(scope.totals()),
        outcome=story.outcome,
        place=story.place,
        refusals=tuple(dict.fromkeys(story.refusals)),
        calls=tuple(_told(call, scope.settings.cassettes) for call in scope.calls),
        conversations=tuple(conversation(call) for call in scope.calls) if conversations else (),
    )


def _told(call: Call, cassettes: str) -> dict[str, Any]:
    return {
        "recording": f"{cassettes}/{call.key.path}",
        "key": call.key.digest,
        "strategy": call.key.strategy,
        "operation": call.request.operation,
        "model": call.request.model,
        "stream": call.request.stream,
        "outcome": call.outcome,
        "fault": call.fault or None,
        "tier": call.tier,
        "number": call.number,
        "tokens": dict(call.tokens),
        "cost_usd": call.cost,
        "latency_s": call.seconds,
        "began": round(call.began, 6),
        "took_s": round(call.took, 6),
    }
