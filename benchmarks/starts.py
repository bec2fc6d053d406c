"""The first replay of a process, out of a folder with few recordings and out of one with many."""

from __future__ import annotations

import hashlib
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import litellm

from benchmarks import peers, work
from benchmarks.measure import Effort, progress
from benchmarks.ours import Replays, replays
from benchmarks.provider import provider
from benchmarks.table import Row

ROOT = Path(__file__).parent.parent


def first_replay(effort: Effort) -> list[Row]:
    """Imports aside, which is what a run pays once; and what the number of recordings adds."""
    few, many = effort.recordings
    with tempfile.TemporaryDirectory() as name, provider() as stop:
        small, large = Path(name) / "small", Path(name) / "large"
        notes: dict[str, float | str] = {}
        for folder, size in ((small, few), (large, many)):
            with replays(folder) as ours:
                _fill(folder, size, ours)
        variants = {"floor": ("floor", small), "few": ("ours", small), "ours": ("ours", large)}
        for title, made in (("litellm's cache", _litellm_cache(small)), ("vcrpy", _vcrpy(small))):
            if isinstance(made, str):
                notes[title] = made
            else:
                variants[title] = made
        stop()
        samples: dict[str, list[dict[str, float]]] = {title: [] for title in variants}
        for _ in progress(range(effort.processes)):
            for title, (function, folder) in variants.items():
                samples[title].append(_child(function, folder))
    seconds = {title: _median(found, "seconds") for title, found in samples.items()}
    figures = {title: seconds[title] * 1e3 for title in ("litellm's cache", "vcrpy") if title in seconds}
    memory = {title: _median(found, "grown") for title, found in samples.items()}
    title = f"first replay of a process, {many:,} recordings"
    took, took_few, least = seconds["ours"] * 1e3, seconds["few"] * 1e3, seconds["floor"] * 1e3
    peaks = {title: _median(found, "peak") for title, found in samples.items()}
    more = peaks["ours"] - peaks["few"]
    return [
        Row(title, took, least, "ms", took, 15.0, "ms", {**figures, **notes}, {"grown_mib": memory, "peak_mib": peaks}),
        Row(f"the same over {few:,} recordings", took, took_few, "ms", took / took_few, 1.1, "x floor"),
        Row("the same, peak memory", peaks["ours"], peaks["few"], "MiB", more, 5.0, "MiB more"),
    ]


def _fill(folder: Path, size: int, ours: Replays) -> None:
    """A folder of `size` recordings, of which one will be asked for; the others are copies of a short one."""
    arguments = work.agent_turn()
    ours.record(lambda: litellm.completion(**arguments))
    (asked,) = (folder / "cassettes").glob("chat/*.json")
    (folder / "known").write_text(str(asked))
    question = [{"role": "user", "content": "What is the capital of France?"}]
    ours.record(lambda: litellm.completion(model=work.MODEL, messages=question))
    (short,) = (folder / "cassettes").glob("chat/what-*.json")
    text = short.read_text()
    key = json.loads(text)["key"]
    for number in range(size - 2):
        digest = hashlib.sha256(str(number).encode()).hexdigest()
        path = short.with_name(f"what-is-the-capital-of-france-{digest[:20]}.json")
        path.write_text(text.replace(key, digest))


def _vcrpy(folder: Path) -> tuple[str, Path] | str:
    made = peers.vcrpy(_ask, folder)
    return made if isinstance(made, str) else ("vcrpy", folder)


def _litellm_cache(folder: Path) -> tuple[str, Path] | str:
    made = peers.litellm_cache(_ask, folder / "litellm")
    return made if isinstance(made, str) else ("litellm_cache", folder)


def _ask() -> object:
    return litellm.completion(**work.agent_turn())


def _child(function: str, folder: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.first_replay", function, str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{function}: {done.stderr[-2000:]}")
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


def _median(samples: list[dict[str, Any]], name: str) -> float:
    return statistics.median(sample[name] for sample in samples)
