"""What a page of many calls takes in a browser: opening it, and choosing among its calls."""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.folders import EXAMPLES
from benchmarks.measure import FULL, TINY, Effort, progress
from benchmarks.table import Row
from pytest_lmcache.call import Call
from pytest_lmcache.conversation import conversation
from pytest_lmcache.journal import Entry
from pytest_lmcache.page import check_installed, written
from pytest_lmcache.report import Totals
from pytest_lmcache.tiers.cassettes import Cassettes

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from browser import Browser, chromium

OPENS, FILTERS, MEGABYTES = 2.0, 100.0, 5.0
MODELS = ("openai/gpt-4o-mini", "openai/gpt-4o", "anthropic/claude-sonnet-4-5", "gemini/gemini-2.5-flash")
CHOICES = (
    {"q": "order"},
    {"q": "turn 17"},
    {"q": '"said something else" 9'},
    {"model": MODELS[1]},
    {"became": "recorded", "sort": "cost"},
    {"q": "nothing has this"},
    {"q": ""},
)


def browsed(effort: Effort) -> list[Row]:
    """A run of 5,000 calls whose agents' conversations grow, opened and searched. There is no floor to compare with."""
    if chromium() is None:
        return []
    check_installed()
    count = 20 if effort is TINY else 5_000
    with tempfile.TemporaryDirectory() as name:
        file = Path(name, "page.html")
        began = time.process_time()
        written(file, entries(count), Totals(replayed=count), 0, "suite")
        making = time.process_time() - began
        megabytes = file.stat().st_size / 1e6
        opened, chosen = _browse(file, rounds=5 if effort is FULL else 1)
    title = f"page of {count:,} calls"
    return [
        Row(f"{title}: written", making, 0.0, "s", making, 10.0, "s"),
        Row(f"{title}: size", megabytes, 0.0, "MB", megabytes, MEGABYTES, "MB"),
        Row(f"{title}: opens", opened, 0.0, "s", opened, OPENS, "s"),
        Row(f"{title}: slowest filter", chosen, 0.0, "ms", chosen, FILTERS, "ms"),
    ]


def entries(count: int) -> list[Entry]:
    """Tests of ten calls each, whose answers and growing conversations are each their own."""
    recording = next(
        recording
        for recording in map(Cassettes(EXAMPLES).load, sorted(EXAMPLES.glob("chat/*.json")))
        if "messages" in recording.request.body
    )
    (take, *_), request = recording.takes, recording.request
    example = conversation(Call(request, recording.key, "replayed", "cassettes", take))
    found = []
    for test in range(count // 10):
        said = list(example["asked"])
        calls, told = [], []
        for turn in range(10):
            number = test * 10 + turn
            answer = ["assistant", "stop", [["text", "", f"The model said something else in turn {number}. " * 12]]]
            told.append({**example, "asked": list(said), "answered": [answer]})
            said += [answer, ["user", "", [["text", "", f"And then, in turn {turn} of test {test}? " * 4]]]]
            calls.append(_call(number, turn))
        file = f"tests/test_{test // 25}.py"
        found.append(
            Entry(
                name=f"{file}::test_{test}",
                kind="test",
                mode="replay",
                cassettes="cassettes",
                verdict="10 replayed",
                outcome="passed" if test % 50 else "failed",
                place=(file, test),
                calls=tuple(calls),
                conversations=tuple(told),
            )
        )
    return found


def _call(number: int, turn: int) -> dict[str, object]:
    return {
        "recording": f"cassettes/chat/turn-{number}-0123456789abcdef0123.json",
        "key": "0" * 64,
        "strategy": "request",
        "operation": "chat",
        "model": MODELS[number % len(MODELS)],
        "stream": not number % 5,
        "outcome": "replayed" if number % 40 else "recorded",
        "tier": "cassettes",
        "number": 1,
        "tokens": {"prompt_tokens": 200 + 90 * turn, "completion_tokens": 70},
        "cost_usd": 0.0001 * (1 + number % 9),
        "latency_s": 0.4 + number % 13 / 10,
        "began": 1_000_000.0 + number * 0.004 - turn % 3 * 0.004,
        "took_s": 0.006,
    }


def _browse(file: Path, rounds: int) -> tuple[float, float]:
    """Wall seconds to open the page, and milliseconds of work of the slowest choice: medians, with drawing done."""
    opened: list[float] = []
    chosen: list[list[float]] = []
    for _ in progress(range(rounds)):
        browser = Browser()
        try:
            began = time.perf_counter()
            browser.open(file)
            browser.value(_DRAWN)
            opened.append(time.perf_counter() - began)
            chosen.append([_choose(browser, choice) for choice in CHOICES])
        finally:
            browser.close()
    return statistics.median(opened), max(map(statistics.median, zip(*chosen, strict=True)))


_DRAWN = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"

_ENTER = """
for (const [selector, value] of Object.entries(FIELDS)) {
  const field = document.querySelector(selector);
  field.value = value;
  field.dispatchEvent(new Event("input"));
}
"""


def _choose(browser: Browser, choice: dict[str, str]) -> float:
    """Milliseconds of work from what a reader enters into fields and lists until the page that shows it is drawn."""
    fields = {"#query" if name == "q" else f"#{name}": value for name, value in choice.items()}
    began = browser.busy()
    browser.value(_ENTER.replace("FIELDS", json.dumps(fields)))
    browser.value(_DRAWN)
    return (browser.busy() - began) * 1000
