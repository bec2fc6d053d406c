"""Whole runs of pytest, as processes: a suite of tests with one call each, and a suite without any."""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from benchmarks.measure import Effort, progress
from benchmarks.provider import provider
from benchmarks.table import Row

PER_MODULE = 100
SDKS = {"litellm", "openai", "anthropic", "dspy"}
HTTP = {"httpx", "httpx2", "httpcore", "aiohttp", "urllib3", "requests"}
STORAGE = {"cachetools", "diskcache", "filelock", "platformdirs", "sqlite3", "ujson", "jsonpath_ng"}
HEAVY = SDKS | HTTP | STORAGE

_APPLICATION = """
import os, litellm

tool = os.environ["TOOL"]
answer = litellm.ModelResponse(choices=[{"message": {"role": "assistant", "content": "Paris."}}])
if tool == "litellm":
    from litellm.caching.caching import Cache
    litellm.cache = Cache(type="disk", disk_cache_dir="litellm-cache")
    litellm.cache.max_messages = None

def ask(text):
    if tool == "stub":
        return answer
    return litellm.completion(model="openai/gpt-4o-mini", messages=[{"role": "user", "content": text}])
"""
_CONFTEST = """
import json, os, sys, time
import pytest

if os.environ["TOOL"] == "vcrpy":
    def pytest_collection_modifyitems(items):
        for item in items:
            item.add_marker(pytest.mark.vcr)

@pytest.hookimpl(wrapper=True)
def pytest_runtestloop():
    began = time.process_time()
    result = yield
    with open(os.environ["TOLD"], "w") as file:
        json.dump({"loop": time.process_time() - began, "modules": sorted(sys.modules)}, file)
    return result
"""
_ASKING = """
from app import ask
{tests}
"""
_TEST = """
def test_{number}():
    assert ask("What is the capital of country {number}?").choices[0].message.content == "Paris."
"""


@dataclass(frozen=True, slots=True)
class Way:
    """How a suite is run: the tool its application is told of, the plugin that is on, and more arguments."""

    tool: str
    plugin: str = ""
    arguments: tuple[str, ...] = ()
    recording: tuple[str, ...] = field(default=())


OURS = Way("ours", "lmcache", ("--lmcache=replay",), ("--lmcache=record",))
PEERS = {
    "litellm's cache": Way("litellm"),
    "vcrpy": Way("vcrpy", "recording", ("--record-mode=none",), ("--record-mode=once",)),
}


def one_call_each(effort: Effort) -> list[Row]:
    """CPU time of a replayed suite over that of the same suite whose application calls nothing."""
    ways, notes = {"stub": Way("stub")}, {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write_suite(folder, effort.tests)
        with provider() as stop:
            for title, way in {"ours": OURS, **PEERS}.items():
                try:
                    _run(folder, way, record=True)
                    ways[title] = way
                except RuntimeError as error:
                    notes[title] = _reason(str(error))
            stop()
            for title in PEERS.keys() & ways.keys():
                try:
                    _run(folder, ways[title])
                except RuntimeError as error:
                    notes[title] = _reason(str(error))
                    del ways[title]
            found = _interleaved(folder, ways, effort.processes)
    whole = {title: statistics.median(figures["cpu"]) for title, figures in found.items()}
    each = {title: _over(figures, found["stub"], "loop") / effort.tests * 1e3 for title, figures in found.items()}
    peers = {title: each[title] for title in PEERS if title in each}
    whole_peers = {title: whole[title] for title in PEERS if title in whole}
    size = f"{effort.tests:,} tests, one call each"
    more, ratio = each["ours"], whole["ours"] / whole["stub"]
    return [
        Row(f"{size}: CPU a test over a stub", more, 0.0, "ms", more, 0.2, "ms", {**peers, **notes}, found),
        Row(f"{size}: whole run", whole["ours"], whole["stub"], "s", ratio, 1.05, "x stub", {**whole_peers, **notes}),
    ]


def no_call(effort: Effort) -> list[Row]:
    """What it costs to have the plugin installed and not to use it."""
    ways = {"without": Way("none"), "ours": Way("none", "lmcache"), "pytest-recording": Way("none", "recording")}
    ways = {title: way for title, way in ways.items() if not way.plugin or way.plugin in _plugins()}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "conftest.py").write_text(_CONFTEST)
        (folder / "test_it.py").write_text("\n".join(f"def test_{number}(): pass" for number in range(20)))
        modules = {title: set(_run(folder, way)["modules"]) for title, way in ways.items()}
        found = _interleaved(folder, ways, effort.processes * 4 - 3)
    more = {title: _over(figures, found["without"], "cpu") * 1e3 for title, figures in found.items()}
    new = modules["ours"] - modules["without"]
    heavy = sorted(new & HEAVY)
    peers = {"pytest-recording": more.get("pytest-recording", "not installed")}
    added = {title: float(len(names - modules["without"])) for title, names in modules.items() if title in peers}
    details = {"new": sorted(new)}
    return [
        Row("a suite without calls, plugin installed", more["ours"], 0.0, "ms", more["ours"], 10.0, "ms more", peers),
        Row("the same: modules imported", len(new), 0.0, "modules", len(heavy), 0, "heavy ones", added, details),
    ]


def _write_suite(folder: Path, tests: int) -> None:
    (folder / "app.py").write_text(_APPLICATION)
    (folder / "conftest.py").write_text(_CONFTEST)
    for start in range(0, tests, PER_MODULE):
        numbers = range(start, min(start + PER_MODULE, tests))
        text = "".join(_TEST.format(number=number) for number in numbers)
        (folder / f"test_{start:05}.py").write_text(_ASKING.format(tests=text))


Figures = dict[str, list[float]]


def _interleaved(folder: Path, ways: Mapping[str, Way], rounds: int) -> dict[str, Figures]:
    """The CPU seconds of each way, of its processes and of their tests, a round after the other."""
    found: dict[str, Figures] = {title: {"cpu": [], "loop": []} for title in ways}
    for _ in progress(range(rounds)):
        for title, way in ways.items():
            told = _run(folder, way)
            for name, values in found[title].items():
                values.append(told[name])
    return found


def _over(figures: Figures, base: Figures, name: str) -> float:
    """The median of what a way took more than another in the same round, in seconds."""
    return statistics.median(a - b for a, b in zip(figures[name], base[name], strict=True))


def _run(folder: Path, way: Way, *, record: bool = False) -> dict[str, Any]:
    """One process: its CPU seconds, those of its tests, and its modules. Raises RuntimeError when a test fails."""
    told = folder / "told.json"
    blocked = [argument for name in sorted(_plugins() - {way.plugin}) for argument in ("-p", f"no:{name}")]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *blocked]
    command += way.recording if record else way.arguments
    environment = {**os.environ, "TOOL": way.tool, "TOLD": str(told)}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise RuntimeError(f"{way.tool}: {done.stdout[-3000:]}{done.stderr[-2000:]}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {**json.loads(told.read_text()), "cpu": cpu}


def _plugins() -> set[str]:
    return {point.name for point in entry_points(group="pytest11")}


def _reason(output: str) -> str:
    for line in reversed(output.splitlines()):
        if "No module named" in line:
            return f"needs {line.rpartition(' ')[2]}"
        if "unrecognized arguments" in line:
            return "not installed"
    return "fails"
