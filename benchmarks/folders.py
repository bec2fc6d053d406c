"""What the command line takes for a folder of many recordings: CPU time of the process, and its memory."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from benchmarks.measure import FULL, TINY, Effort, progress
from benchmarks.table import Row
from pytest_lmcache import cassette
from pytest_lmcache.journal import Entry
from pytest_lmcache.keys import KeyRule, key_of
from pytest_lmcache.review.folder import files, path_of
from pytest_lmcache.review.library import Library
from pytest_lmcache.review.project import Project
from pytest_lmcache.review.pruning import removal
from pytest_lmcache.tiers.cassettes import Cassettes
from pytest_lmcache.unused import unused

EXAMPLES = Path(__file__).parent.parent / "cassettes"
COMMANDS = (("ls",), ("stats",), ("check",), ("prune", "--dry-run"), ("diff", "cassettes", "cassettes"))
SECONDS, MEGABYTES, DECISION = 3.0, 300.0, 1.0
_IN_A_CHILD = """
import resource, subprocess, sys
code = subprocess.run([sys.executable, "-m", "pytest_lmcache.cli", *sys.argv[1:]], stdout=subprocess.DEVNULL).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(code, used.ru_utime + used.ru_stime, used.ru_maxrss)
"""


def commands(effort: Effort) -> list[Row]:
    """`ls`, `stats`, `check` and others over the recordings of the examples, each asked in many ways. The floor is the
    same command for a folder with nothing in it.
    """
    count = 10_000 if effort is FULL else 20 if effort is TINY else 2_000
    rows = []
    with tempfile.TemporaryDirectory() as name:
        many, none = Path(name, "many"), Path(name, "none")
        for folder in (many, none):
            (folder / "cassettes").mkdir(parents=True)
            (folder / "pytest.ini").touch()
        _fill(many / "cassettes", count)
        for command in COMMANDS:
            times: list[float] = []
            floors: list[float] = []
            peak = 0.0
            for _ in progress(range(min(effort.processes, 5))):
                floors.append(_run(none, command)[0])
                took, memory = _run(many, command)
                times.append(took)
                peak = max(peak, memory)
            title = f"{' '.join(command)}, {count:,} recordings"
            took, floor = statistics.median(times), statistics.median(floors)
            rows.append(Row(title, took, floor, "s", took, SECONDS, "s"))
            rows.append(Row(f"{title}: memory", peak, 0.0, "MB", peak, MEGABYTES, "MB"))
        decided = statistics.median(_decision(many) for _ in range(min(effort.processes, 5)))
        title = f"decision of --lmcache-prune, {count:,} recordings"
        rows.append(Row(title, decided, 0.0, "s", decided, DECISION, "s"))
    return rows


def _decision(root: Path) -> float:
    """CPU seconds to tell which recording a run did not use, and what goes with it. There is a blob, too."""
    folder = root / "cassettes"
    (folder / "blobs").mkdir(exist_ok=True)
    (folder / "blobs" / f"{'0' * 64}.bin").touch()
    calls = [
        {"recording": f"cassettes/{path_of(file)}", "outcome": "replayed", "fault": None} for file in files(folder)
    ]
    entry = Entry("test", "test", "replay", "cassettes", "", calls=tuple(calls[:-1]))
    began = time.process_time()
    left = unused(root, [entry])["cassettes"]
    whole = removal(Library(Project(root, folder, "cassettes")), left)
    assert len(whole.recordings) == 1
    return time.process_time() - began


def _fill(folder: Path, count: int) -> None:
    examples = [Cassettes(EXAMPLES).load(file) for file in sorted(EXAMPLES.glob("*/*.json"))]
    for number in range(count):
        recording = examples[number % len(examples)]
        request = replace(recording.request, body={**recording.request.body, "seed": number})
        key = key_of(request, KeyRule())
        text, _ = cassette.dumps(replace(recording, key=key, request=request))
        (folder / key.operation).mkdir(exist_ok=True)
        (folder / key.path).write_text(text, "utf-8")


def _run(folder: Path, command: tuple[str, ...]) -> tuple[float, float]:
    """Seconds and megabytes that one run of a command took. The memory is that of the child's own child, alone."""
    done = subprocess.run(
        [sys.executable, "-c", _IN_A_CHILD, *command],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )
    code, took, peak = map(float, done.stdout.split())
    assert code == 0, done.stderr
    return took, peak / (1 if sys.platform == "darwin" else 1024)
