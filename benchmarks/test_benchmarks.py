"""Every benchmark runs, in its tiniest form; no figure of it is looked at."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HTTP = {"wire": 1, "part": 3, "events": 1, "passing": 2, "first-chunk": 3}
ROWS = {
    "warm": 1,
    "files": 2,
    "stream": 1,
    "embedding": 1,
    **HTTP,
    "start": 3,
    "suite": 2,
    "idle": 2,
    "write": 2,
    "scan": 2,
    "import": 1,
    "dspy": 2,
    "dspy-hit": 4,
    "dspy-open": 2,
    "folders": 11,
}


@pytest.mark.parametrize("name", ROWS)
def test_a_benchmark_prints_its_rows_and_writes_them_as_json(name, tmp_path):
    if name.startswith("dspy"):
        pytest.importorskip("dspy")
    command = [sys.executable, "-m", "benchmarks", "--tiny", "--only", name, "--results", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    heading, rule, *lines = done.stdout.splitlines()
    assert heading.split("|")[1].strip() == "work"
    assert set(rule) <= set("| -")
    (path,) = tmp_path.glob("*.json")
    rows = json.loads(path.read_text())["rows"]
    assert len(lines) == len(rows) == ROWS[name]
    for line, row in zip(lines, rows, strict=True):
        assert line.split("|")[1].strip() == row["work"]
        assert row["ours"] is not None


def test_an_unknown_benchmark_is_refused_with_the_known_names(tmp_path):
    command = [sys.executable, "-m", "benchmarks", "--only", "nothing", "--results", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "'warm'" in done.stderr
