"""Time, measured on a busy machine: CPU time of interleaved variants, and the median over many rounds of each."""

from __future__ import annotations

import gc
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

BATCH_SECONDS = 0.008
PAUSE = 0.02


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured: rounds of interleaved batches, rounds of processes, and sizes of what is made for them.

    `batch` is the CPU time that one variant gets in a round, in seconds.
    """

    rounds: int = 41
    processes: int = 7
    recordings: tuple[int, int] = (100, 50_000)
    tests: int = 1000
    batch: float = BATCH_SECONDS


FULL = Effort()
QUICK = Effort(rounds=9, processes=3, recordings=(100, 5_000), tests=300)
TINY = Effort(rounds=1, processes=1, recordings=(2, 4), tests=3, batch=0.0)


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to do a piece of work. A batch of acts runs inside `around`, which is not measured; `most` bounds it.

    `settle` is for tools that go on working in threads after they answered: that work is measured too.
    """

    act: Callable[[], object]
    around: Callable[[], AbstractContextManager[Any]] = nullcontext
    most: int = 10_000
    settle: bool = False
    clock: Callable[[], float] = time.process_time


def interleaved(variants: Mapping[str, Variant], effort: Effort) -> dict[str, float]:
    """The median seconds that one act of each variant takes. The variants take turns, so that a load on the machine
    falls on all of them; garbage is collected between the turns, as in timeit."""
    sizes = {name: _batch_size(variant, effort.batch) for name, variant in variants.items()}
    samples: dict[str, list[float]] = {name: [] for name in variants}
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        for _ in range(effort.rounds):
            for name, variant in variants.items():
                samples[name].append(_timed(variant, sizes[name]))
                gc.collect()
    finally:
        gc.enable()
        gc.unfreeze()
    return {name: statistics.median(values) for name, values in samples.items()}


def progress(rounds: Sequence[int]) -> Iterator[int]:
    """The rounds, with a dot on stderr for each that has begun: rounds of processes take their time."""
    for number in rounds:
        print(".", end="", file=sys.stderr, flush=True)
        yield number


def _batch_size(variant: Variant, batch: float) -> int:
    once = _timed(variant, 1)
    if batch:
        once = min(_timed(variant, min(3, variant.most)) for _ in range(3))
    return min(variant.most, max(1, int(batch / max(once, 1e-7))))


def _timed(variant: Variant, acts: int) -> float:
    act, clock = variant.act, variant.clock
    with variant.around():
        began = clock()
        for _ in range(acts):
            act()
        if variant.settle:
            time.sleep(PAUSE)
        return (clock() - began) / acts
