"""What importing a cassette of another tool costs: read, understood, keyed and written."""

from __future__ import annotations

import itertools
import json
import tempfile
from pathlib import Path
from typing import Any

import yaml

from benchmarks import work
from benchmarks.measure import Effort, Variant, interleaved
from benchmarks.table import Row
from pytest_lmcache.foreign.files import Source
from pytest_lmcache.foreign.intake import Intake, store
from pytest_lmcache.keys import KeyRule
from pytest_lmcache.tiers.cassettes import Cassettes

A_THOUSAND_IN_A_MINUTE = 60.0
"""Milliseconds that a file may take."""


def cassette(effort: Effort) -> list[Row]:
    """A cassette of vcrpy with an agent's turn, whole and as a stream. The floor is PyYAML's reading of the file."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "test_it.yaml"
        path.write_text(yaml.dump({"interactions": _interactions(), "version": 1}, Dumper=yaml.CSafeDumper))
        numbers = itertools.count()

        def ours() -> None:
            intake = Intake(folder, KeyRule(), {})
            intake.read(Source(path, named=True))
            written = store(
                intake.recordings(), Cassettes(folder / f"cassettes-{next(numbers)}"), overwrite=False, dry=False
            )
            assert written.new == 2

        def floor() -> None:
            yaml.load(path.read_bytes(), yaml.CSafeLoader)

        found = interleaved({"ours": Variant(ours), "floor": Variant(floor)}, effort)
        took, least = found["ours"] * 1e3, found["floor"] * 1e3
    return [Row("import of a cassette with two calls", took, least, "ms", took, A_THOUSAND_IN_A_MINUTE, "ms")]


def _interactions() -> list[dict[str, Any]]:
    body = {"model": "gpt-4o-mini", **{name: value for name, value in work.agent_turn().items() if name != "model"}}
    streamed = {**body, "stream": True}
    return [
        _interaction(body, json.dumps(work.answer(body)), "application/json"),
        _interaction(streamed, _events(), "text/event-stream"),
    ]


def _events() -> str:
    """A stream as long as those that projects commit: some 50 events."""
    events = work.events().split("\n\n")
    return "\n\n".join(events[:46] + events[-4:])


def _interaction(body: dict[str, Any], answered: str, kind: str) -> dict[str, Any]:
    return {
        "request": {
            "method": "POST",
            "uri": "https://api.openai.com/v1/chat/completions",
            "headers": {"content-type": ["application/json"]},
            "body": json.dumps(body),
        },
        "response": {
            "status": {"code": 200, "message": "OK"},
            "headers": {"content-type": [kind]},
            "body": {"string": answered},
        },
    }
