"""A miss comes out of every entry point of DSPy as a miss: not as a score, not as None, not retried, not wrapped."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import dspy
import pytest
from programs import ASKED, KEY, examples, metric, model

from pytest_lmcache.errors import Miss
from pytest_lmcache.options import Settings

SETTINGS = Settings(mode="replay")
PROGRAM = dspy.ChainOfThought("question -> answer")


def streamed() -> None:
    async def main() -> None:
        async for _ in dspy.streamify(PROGRAM)(question=ASKED):
            pass

    asyncio.run(main())


def in_a_tool(lm: dspy.LM) -> None:
    """A tool that asks a model itself; `Tool` turns what tools raise into observations."""
    dspy.Tool(lambda text: lm(text)[0], name="ask", args={"text": {"type": "string"}})(text=ASKED)


ENTRIES: dict[str, Callable[[dspy.LM], Any]] = {
    "LM": lambda lm: lm(ASKED),
    "LM, candidates": lambda lm: lm(ASKED, n=3, temperature=1.0),
    "LM, async": lambda lm: asyncio.run(lm.acall(ASKED)),
    "Predict": lambda lm: PROGRAM(question=ASKED),
    "Predict, async": lambda lm: asyncio.run(PROGRAM.acall(question=ASKED)),
    "batch": lambda lm: PROGRAM.batch(examples(6), num_threads=4, disable_progress_bar=True),
    "Parallel": lambda lm: dspy.Parallel(num_threads=4)([(PROGRAM, each) for each in examples(6)]),
    "Parallel, one thread": lambda lm: dspy.Parallel(num_threads=1)([(PROGRAM, each) for each in examples(6)]),
    "Evaluate": lambda lm: dspy.Evaluate(devset=examples(6), metric=metric, num_threads=4)(PROGRAM),
    "asyncify": lambda lm: asyncio.run(dspy.asyncify(PROGRAM)(question=ASKED)),
    "syncify": lambda lm: dspy.syncify(PROGRAM)(question=ASKED),
    "streamify": lambda lm: streamed(),
    "streamify, sync": lambda lm: list(dspy.streamify(PROGRAM, async_streaming=False)(question=ASKED)),
    "ReAct": lambda lm: dspy.ReAct("question -> answer", tools=[str])(question=ASKED),
    "a tool": in_a_tool,
    "BestOfN": lambda lm: dspy.BestOfN(module=PROGRAM, N=3, reward_fn=lambda *_: 0.0, threshold=1.0)(question=ASKED),
    "Refine": lambda lm: dspy.Refine(module=PROGRAM, N=3, reward_fn=lambda *_: 0.0, threshold=1.0)(question=ASKED),
    "majority": lambda lm: dspy.majority(PROGRAM(question=ASKED, config={"n": 3, "temperature": 1.0})),
    "BootstrapFewShot": lambda lm: dspy.BootstrapFewShot(metric=metric).compile(PROGRAM, trainset=examples(6)),
    "BootstrapFewShotWithRandomSearch": lambda lm: dspy.BootstrapFewShotWithRandomSearch(
        metric=metric, num_candidate_programs=2, num_threads=4
    ).compile(PROGRAM, trainset=examples(6)),
    "MIPROv2": lambda lm: dspy.MIPROv2(metric=metric, auto="light", num_threads=4).compile(
        PROGRAM, trainset=examples(12)
    ),
    "GEPA": lambda lm: dspy.GEPA(metric=metric, max_metric_calls=10, reflection_lm=lm, num_threads=4).compile(
        PROGRAM, trainset=examples(6)
    ),
    "COPRO": lambda lm: dspy.COPRO(metric=metric, breadth=2, depth=1).compile(
        PROGRAM, trainset=examples(6), eval_kwargs={"num_threads": 4}
    ),
}


@pytest.mark.parametrize("engine", ["auto", "litellm"])
@pytest.mark.parametrize("name", ENTRIES)
def test_a_miss_is_a_miss(name: str, engine: str, recordings) -> None:
    with recordings.scope("replay") as scope:
        lm = model(recordings.provider.url, engine=engine)
        with dspy.context(lm=lm), pytest.raises(Miss):
            ENTRIES[name](lm)
        assert scope.take_refusals()
    assert recordings.provider.count() == 0


@pytest.mark.parametrize("caching", [True, False])
def test_a_miss_of_an_embedder(caching: bool, recordings) -> None:
    embed = dspy.Embedder("openai/text-embedding-3-small", api_base=recordings.provider.url, api_key=KEY)
    with recordings.scope("replay"), pytest.raises(Miss):
        embed([ASKED], caching=caching)
    with recordings.scope("replay"), pytest.raises(Miss):
        asyncio.run(embed.acall([ASKED], caching=caching))
    assert recordings.provider.count() == 0


def test_a_miss_that_a_program_swallows_is_remembered(recordings) -> None:
    class Careless(dspy.Module):
        def forward(self, question: str) -> Any:
            try:
                return PROGRAM(question=question)
            except BaseException:
                return dspy.Prediction(answer="unknown")

    with recordings.scope("replay") as scope:
        with dspy.context(lm=model(recordings.provider.url)):
            assert Careless()(question=ASKED).answer == "unknown"
        (refusal,) = scope.take_refusals()
    assert isinstance(refusal, Miss)


def test_work_left_behind_by_a_miss_is_not_begun_and_is_nobody_elses(recordings) -> None:
    asked = []

    class Slow(dspy.Module):
        def forward(self, question: str) -> Any:
            asked.append(question)
            return PROGRAM(question=question)

    with recordings.run() as run:
        first, second = (run.scope(f"test_it.py::test_{name}", SETTINGS) for name in ("one", "two"))
        run.enter(first)
        with dspy.context(lm=model(recordings.provider.url)), pytest.raises(Miss):
            dspy.Evaluate(devset=examples(60), metric=metric, num_threads=2)(Slow())
        run.leave(first)
        run.enter(second)
        for thread in threading.enumerate():
            if thread.name.startswith("ThreadPoolExecutor"):
                thread.join(10)
        run.leave(second)
    assert len(asked) < 60
    assert second.calls == []
    assert second.swallowed == []
