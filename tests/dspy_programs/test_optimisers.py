"""Optimisers make hundreds of calls in threads, and what came of one decides the next: a replay is the recorded run."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import dspy
import pytest
from programs import examples, metric, model

from pytest_lmcache.options import Settings


def bootstrap(lm: dspy.LM, program: dspy.Module, threads: int = 4) -> dspy.Module:
    """A search over what `BootstrapFewShot` makes of shuffled examples."""
    search = dspy.BootstrapFewShotWithRandomSearch(
        metric=metric, max_bootstrapped_demos=3, max_labeled_demos=3, num_candidate_programs=4, num_threads=threads
    )
    return search.compile(program, trainset=examples(40))


def rounds(lm: dspy.LM, program: dspy.Module, threads: int = 4) -> dspy.Module:
    """Rounds of one example are told apart by their rollouts only."""
    few = dspy.BootstrapFewShot(metric=lambda *_: 0.0, max_bootstrapped_demos=4, max_rounds=3)
    return few.compile(program, trainset=examples(6))


def mipro(lm: dspy.LM, program: dspy.Module, threads: int = 4) -> dspy.Module:
    pytest.importorskip("optuna")
    search = dspy.MIPROv2(
        metric=metric, auto=None, num_candidates=3, num_threads=threads, prompt_model=lm, task_model=lm, seed=1
    )
    return search.compile(
        program, trainset=examples(12), num_trials=3, minibatch=False, max_bootstrapped_demos=2, max_labeled_demos=2
    )


def gepa(lm: dspy.LM, program: dspy.Module, threads: int = 4) -> dspy.Module:
    search = dspy.GEPA(metric=metric, max_metric_calls=40, reflection_lm=lm, num_threads=threads, seed=1)
    return search.compile(program, trainset=examples(8))


def optimised(url: str, optimiser: Callable[..., dspy.Module], **options: Any) -> Any:
    """What an optimiser makes, and what each call costs. Threads end theirs in any order."""
    random.seed(0)
    lm = model(url)
    with dspy.context(lm=lm):
        made = optimiser(lm, dspy.ChainOfThought("question -> answer"), **options)
    return made.dump_state(), sorted(entry["cost"] or 0.0 for entry in lm.history)


@pytest.mark.parametrize("optimiser", [rounds, mipro, gepa])
def test_a_replayed_optimiser_makes_the_recorded_program(optimiser, recordings):
    with recordings.scope("record") as scope:
        made = optimised(recordings.provider.url, optimiser)
    assert recordings.provider.count() >= 18
    assert len({call.key for call in scope.calls}) == recordings.provider.count()
    recordings.provider.reset()
    with recordings.scope("replay"):
        assert optimised(recordings.provider.url, optimiser) == made
    assert recordings.provider.count() == 0


def test_twenty_replays_in_four_threads_make_twenty_identical_programs(recordings):
    with recordings.scope("record") as scope:
        made, _ = optimised(recordings.provider.url, bootstrap)
    assert len(scope.calls) >= 200
    asked = recordings.provider.count()
    with recordings.run() as run:
        for number in range(20):
            again = run.scope(f"test_it.py::test_{number}", Settings(mode="replay"))
            run.enter(again)
            assert optimised(recordings.provider.url, bootstrap)[0] == made
            assert {call.outcome for call in again.calls} == {"replayed"}
            run.leave(again)
    assert recordings.provider.count() == asked
