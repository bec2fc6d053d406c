"""The command: runs the benchmarks, says where it is, prints the table and writes the figures as JSON."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.measure import FULL, QUICK, TINY, Effort
from benchmarks.table import Row, rendered

BENCHMARKS = {
    "warm": "calls:warm",
    "files": "calls:from_files",
    "stream": "calls:stream",
    "embedding": "calls:embedding",
    "wire": "wire:turn",
    "part": "wire:part",
    "events": "wire:events",
    "passing": "wire:passing",
    "first-chunk": "wire:first_chunk",
    "dspy": "programs:call",
    "start": "starts:first_replay",
    "suite": "suites:one_call_each",
    "idle": "suites:no_call",
    "write": "writes:durable",
    "scan": "scans:recorded",
    "dspy-hit": "dspy_cache:hits",
    "dspy-open": "dspy_cache:opening",
    "import": "imports:cassette",
    "folders": "folders:commands",
    "flight": "writes:uncontended",
    "page": "pages:browsed",
}
RESULTS = Path(__file__).parent / "results"
PACKAGES = (
    "pytest-lmcache",
    "pytest",
    "litellm",
    "openai",
    "dspy",
    "httpx",
    "ujson",
    "pydantic",
    "diskcache",
    "vcrpy",
    "pytest-recording",
)


def main(arguments: list[str]) -> int:
    """Run what was asked for. The exit status says whether every target was met."""
    asked = _parser().parse_args(arguments)
    effort = TINY if asked.tiny else QUICK if asked.quick else FULL
    rows: list[Row] = []
    names = asked.only or list(BENCHMARKS)
    with tempfile.TemporaryDirectory() as home:
        # Nothing of the user's is read or written, and litellm looks nothing up when it is imported.
        os.environ["XDG_CACHE_HOME"] = home
        os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
        os.environ["LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS"] = "True"
        # An installed package has its bytecode.
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        for number, name in enumerate(names, 1):
            began = time.monotonic()
            print(f"[{number}/{len(names)}] {name} ...", end="", file=sys.stderr, flush=True)
            rows += _benchmark(name)(effort)
            print(f" {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    print(rendered(rows))
    path = _written(rows, effort, asked.results)
    print(f"\nFigures: {path}", file=sys.stderr)
    return 0 if all(row.met for row in rows) or asked.tiny else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = ", ".join(BENCHMARKS)
    parser.add_argument("--only", action="append", choices=BENCHMARKS, metavar="NAME", help=f"one of {names}")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="fewer rounds and smaller suites: the order of magnitude")
    size.add_argument("--tiny", action="store_true", help="everything once, to see that it runs; no figure counts")
    parser.add_argument("--results", type=Path, default=RESULTS, metavar="FOLDER", help="where the JSON goes")
    return parser


def _benchmark(name: str) -> Callable[[Effort], list[Row]]:
    module, _, function = BENCHMARKS[name].partition(":")
    found: Callable[[Effort], list[Row]] = getattr(import_module(f"benchmarks.{module}"), function)
    return found


def _written(rows: list[Row], effort: Effort, folder: Path) -> Path:
    now = datetime.now(UTC)
    document = {
        "measured_at": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in PACKAGES},
        "rounds": effort.rounds,
        "rows": [row.as_json() for row in rows],
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{now:%Y%m%dT%H%M%SZ}.json"
    path.write_text(json.dumps(document, indent=2) + "\n")
    return path


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
