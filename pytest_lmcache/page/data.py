"""What the page is made of, as plain JSON: a run's calls, with each text and each message stored once.

A call is a list in the order of COLUMNS. `texts` holds every text, `turns` every message as `[voice, note, pieces]`
with a piece as `[kind, label, number of its text]`, and calls refer to both by number: an agent's calls repeat what
was said before.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pytest_lmcache.conversation import LONGEST, clipped
from pytest_lmcache.journal import Entry
from pytest_lmcache.page import Verdict
from pytest_lmcache.report import Totals, stale_lines

COLUMNS = (
    "recording", "strategy", "operation", "model", "stream", "outcome", "tier", "number", "tokensIn", "tokensOut",
    "cached", "cost", "latency", "began", "took", "lane", "runLane", "settings", "tools", "asked", "answered",
    "verified",
)  # fmt: skip

MOST_CHARACTERS = 3_000_000
"""What all texts together may take; they are cut shorter, one like the other, until they fit."""

SHORTEST = 250


def document(
    entries: Sequence[Entry],
    totals: Totals,
    exit_status: int,
    project: str,
    warnings: Iterable[str],
    verdicts: Mapping[str, Verdict],
) -> dict[str, Any]:
    """Everything the page shows. Times of calls are seconds since the first call of the run."""
    ordered = sorted(entries, key=_place)
    told = [_in_order(entry) for entry in ordered]
    calls = [call for pairs in told for call, _ in pairs]
    start = min((call["began"] for call in calls), default=0.0)
    run_lanes = iter(lanes(calls))
    length = fitting(entry.conversations for entry in entries)
    store = Store(length)
    return {
        "project": project,
        "created": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "exitStatus": exit_status,
        "modes": sorted({entry.mode for entry in entries}),
        "cut": length if length < LONGEST else 0,
        "notes": [*warnings, *_notes(totals)],
        "columns": COLUMNS,
        "tests": [
            {
                "name": entry.name,
                "kind": entry.kind,
                "outcome": entry.outcome,
                "verdict": entry.verdict,
                "mode": entry.mode,
                "place": f"{entry.place[0]}:{entry.place[1]}" if entry.place else "",
                "refusals": list(entry.refusals),
                "calls": [
                    _row(call, said, start, lane, next(run_lanes), store, verdicts.get(call["recording"]))
                    for (call, said), lane in zip(pairs, lanes(call for call, _ in pairs), strict=True)
                ],
            }
            for entry, pairs in zip(ordered, told, strict=True)
        ],
        "turns": store.turns,
        "texts": store.texts,
    }


def lanes(calls: Iterable[Mapping[str, Any]]) -> list[int]:
    """The row of each call in a drawing in which calls that were under way at the same time stand below each other."""
    listed = list(calls)
    ends: list[float] = []
    found = [0] * len(listed)
    for index in sorted(range(len(listed)), key=lambda index: (listed[index]["began"], index)):
        began, took = listed[index]["began"], listed[index]["took_s"]
        lane = next((number for number, end in enumerate(ends) if end <= began), len(ends))
        ends[lane : lane + 1] = [began + took]
        found[index] = lane
    return found


def fitting(told: Iterable[Iterable[Mapping[str, Any]]]) -> int:
    """The length to which texts are cut so that all of them together stay below MOST_CHARACTERS, as far as possible."""
    sizes = {
        text: len(text)
        for conversations in told
        for conversation in conversations
        for turn in (*conversation["asked"], *conversation["answered"])
        for _, _, text in turn[2]
    }
    bounds = range(SHORTEST, LONGEST + 1)
    # The first length that is too long, less one.
    first = bisect_right(bounds, MOST_CHARACTERS, key=lambda length: sum(min(size, length) for size in sizes.values()))
    return bounds[max(first - 1, 0)]


class Store:
    """Texts and messages, each once, by number."""

    def __init__(self, length: int) -> None:
        self.texts: list[str] = []
        self.turns: list[list[Any]] = []
        self._length = length
        self._known_texts: dict[str, int] = {}
        self._known_turns: dict[tuple[Any, ...], int] = {}

    def text(self, text: str) -> int:
        """The number of a text, which is cut where it is too long."""
        number = self._known_texts.get(text)
        if number is None:
            number = self._known_texts[text] = len(self.texts)
            self.texts.append(clipped(text, self._length))
        return number

    def turn(self, turn: Sequence[Any]) -> int:
        """The number of a message as `conversation` tells it."""
        voice, note, pieces = turn
        stored = [[kind, label, self.text(text)] for kind, label, text in pieces]
        identity = (voice, note, *(tuple(piece) for piece in stored))
        number = self._known_turns.get(identity)
        if number is None:
            number = self._known_turns[identity] = len(self.turns)
            self.turns.append([voice, note, stored])
        return number


def _place(entry: Entry) -> tuple[Any, ...]:
    """Where an entry stands in the suite; what has no line of its own stands before the tests of its file."""
    file, line = entry.place or (entry.name.partition("::")[0], 0)
    return _numbered(file), line, _numbered(entry.name)


def _numbered(text: str) -> list[tuple[int, str]]:
    """A text that sorts by the numbers in it: 2 before 10."""
    return [(int(part) if part.isdecimal() else 0, part) for part in re.split(r"(\d+)", text)]


def _in_order(entry: Entry) -> list[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Calls with what was said in them, in the order in which they were asked."""
    pairs = zip(entry.calls, entry.conversations, strict=True)
    return sorted(pairs, key=lambda pair: pair[0]["began"])


def _row(
    call: Mapping[str, Any],
    told: Mapping[str, Any],
    start: float,
    lane: int,
    run_lane: int,
    store: Store,
    verdict: Verdict | None,
) -> list[Any]:
    tokens = call["tokens"]
    values = {
        **{name: call[name] for name in ("recording", "strategy", "operation", "model", "outcome", "tier", "number")},
        "stream": int(call["stream"]),
        "tokensIn": tokens.get("prompt_tokens", 0),
        "tokensOut": tokens.get("completion_tokens", 0),
        "cached": tokens.get("cached_tokens", 0),
        "cost": call["cost_usd"],
        "latency": round(call["latency_s"], 4),
        "began": round(call["began"] - start, 6),
        "took": call["took_s"],
        "lane": lane,
        "runLane": run_lane,
        "settings": [[name, store.text(text)] for name, text in told["settings"]],
        "tools": [store.text(tool) for tool in told["tools"]],
        "asked": [store.turn(turn) for turn in told["asked"]],
        "answered": [store.turn(turn) for turn in told["answered"]],
        "verified": verdict and [verdict.told, store.text(verdict.shown), int(verdict.fails)],
    }
    return [values[name] for name in COLUMNS]


def _notes(totals: Totals) -> list[str]:
    """What the summary of the run warns of."""
    unseen = [f"{test} opened a connection to {host} that no adapter saw" for host, test in totals.unseen]
    unrecorded = [f"an answer was not recorded: {reason}" for reason in dict.fromkeys(totals.unrecorded)]
    stale = stale_lines(totals.stale) if totals.stale else ()
    return [*totals.troubles, *totals.warnings, *stale, *unrecorded, *unseen]
