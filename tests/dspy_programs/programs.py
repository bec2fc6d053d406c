"""Programs and call forms of DSPy, one row each: takes the provider's URL and gives all that a caller sees.

`calls` is how many requests reach the provider while a row is recorded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import dspy
from dspy.streaming import StreamListener

KEY = "fake-key-for-tests"
ASKED = "What is the capital of France?"
TEXTS = ("What is the capital of France?", "What is the capital of Italy?", "What is the capital of Japan?")


@dataclass(frozen=True)
class Row:
    """A program, and how many requests it makes."""

    name: str
    calls: int
    run: Callable[[str], Any]

    def __str__(self) -> str:
        return self.name


ROWS: list[Row] = []


def row(name: str, calls: int) -> Callable[[Callable[[str], Any]], Callable[[str], Any]]:
    def add(run: Callable[[str], Any]) -> Callable[[str], Any]:
        ROWS.append(Row(name, calls, run))
        return run

    return add


def model(url: str, name: str = "openai/gpt-4o-mini", **options: Any) -> dspy.LM:
    return dspy.LM(name, api_base=url if name.startswith("anthropic/") else f"{url}/v1", api_key=KEY, **options)


def told(lm: dspy.LM) -> list[Any]:
    """The history of a model, without what is new at every call."""
    new = ("uuid", "timestamp")
    return [{name: plain(value) for name, value in entry.items() if name not in new} for entry in lm.history]


def plain(value: Any) -> Any:
    return value.model_dump(warnings=False) if hasattr(value, "model_dump") else value


def shown(prediction: dspy.Prediction) -> Any:
    return prediction.toDict(), prediction.get_lm_usage()


for _engine, _options in (
    ("own engine", {}),
    ("own engine, anthropic", {"name": "anthropic/claude-sonnet-4-5"}),
    ("own engine, responses", {"model_type": "responses"}),
    ("litellm", {"engine": "litellm"}),
    ("litellm, responses", {"engine": "litellm", "model_type": "responses"}),
    ("text", {"model_type": "text"}),
):

    @row(f"{_engine}: one call twice", 1)
    def _twice(url: str, options: dict[str, Any] = _options) -> Any:
        lm = model(url, **options)
        return lm(ASKED), lm(ASKED), told(lm)

    @row(f"{_engine}: without a cache", 1)
    def _uncached(url: str, options: dict[str, Any] = _options) -> Any:
        lm = model(url, cache=False, **options)
        return lm(ASKED), told(lm)

    @row(f"{_engine}: async", 1)
    def _async(url: str, options: dict[str, Any] = _options) -> Any:
        lm = model(url, **options)

        async def main() -> Any:
            return await lm.acall(ASKED), await lm.acall(ASKED)

        return asyncio.run(main()), told(lm)

    @row(f"{_engine}: rollouts", 3)
    def _rollouts(url: str, options: dict[str, Any] = _options) -> Any:
        lm = model(url, temperature=1.0, **options)
        answers = [lm(ASKED, rollout_id=number)[0] for number in (None, 1, 2)]
        assert len({str(answer) for answer in answers}) == 3
        return answers, told(lm)


@row("candidates", 3)
def _candidates(url: str) -> Any:
    lm = model(url, temperature=1.0)
    answers = lm(ASKED, n=3)
    assert len(set(answers)) == 3
    return answers, told(lm)


@row("candidates, async", 3)
def _acandidates(url: str) -> Any:
    lm = model(url, temperature=1.0, cache=False)
    answers = asyncio.run(lm.acall(ASKED, n=3))
    assert len(set(answers)) == 3
    return answers


@row("candidates, litellm", 1)
def _lcandidates(url: str) -> Any:
    answers = model(url, temperature=1.0, engine="litellm")(ASKED, n=3)
    assert len(set(answers)) == 3
    return answers


@row("a Request", 2)
def _request(url: str) -> Any:
    lm = model(url)
    request = dspy.lm15.Request(model=lm.model, messages=(dspy.lm15.Message.user(ASKED),))
    return [lm(request), lm(request, rollout_id=7)], told(lm)


@row("Predict with usage", 1)
def _predict(url: str) -> Any:
    lm = model(url)
    with dspy.context(lm=lm, track_usage=True):
        program = dspy.Predict("question -> answer")
        return shown(program(question=ASKED)), shown(program(question=ASKED)), told(lm)


@row("ChainOfThought as JSON", 1)
def _json(url: str) -> Any:
    with dspy.context(lm=model(url), adapter=dspy.JSONAdapter()):
        return shown(dspy.ChainOfThought("question -> answer: str, score: float, ok: bool")(question=ASKED))


@row("Predict as XML", 1)
def _xml(url: str) -> Any:
    with dspy.context(lm=model(url), adapter=dspy.XMLAdapter()):
        return shown(dspy.Predict("question -> answer")(question=ASKED))


@row("ReAct with a tool", 3)
def _react(url: str) -> Any:
    seen = []

    def get_weather(city: str) -> str:
        """The weather of a city."""
        seen.append(city)
        return f"It rains in {city}."

    with dspy.context(lm=model(url)):
        answer = dspy.ReAct("question -> answer", tools=[get_weather])(question="What is the weather in Oslo?")
    assert seen == ["Oslo"]
    return shown(answer)


@row("ReAct, async", 3)
def _areact(url: str) -> Any:
    async def get_weather(city: str) -> str:
        """The weather of a city."""
        return f"It rains in {city}."

    async def main() -> Any:
        with dspy.context(lm=model(url)):
            react = dspy.ReAct("question -> answer", tools=[get_weather])
            return await react.acall(question="What is the weather in Oslo?")

    return shown(asyncio.run(main()))


@row("Parallel", 3)
def _parallel(url: str) -> Any:
    program = dspy.Predict("question -> answer")
    with dspy.context(lm=model(url)):
        pairs = [(program, dspy.Example(question=text).with_inputs("question")) for text in TEXTS]
        return [shown(answer) for answer in dspy.Parallel(num_threads=3, disable_progress_bar=True)(pairs)]


def examples(count: int = 3) -> list[dspy.Example]:
    made = [dspy.Example(question=text, answer=text) for text in TEXTS]
    made += [dspy.Example(question=f"What is {number} + 1?", answer=str(number)) for number in range(count - 3)]
    return [example.with_inputs("question") for example in made[:count]]


def metric(example: Any, prediction: Any, trace: Any = None, *others: Any) -> float:
    """Chance, but the same chance for the same answer: the mark that the provider wrote into it."""
    return float(sum(prediction.answer.encode()) % 2)


@row("Evaluate in threads", 6)
def _evaluate(url: str) -> Any:
    with dspy.context(lm=model(url)):
        evaluate = dspy.Evaluate(devset=examples(6), metric=metric, num_threads=4, display_progress=False)
        found = evaluate(dspy.ChainOfThought("question -> answer"))
    return found.score, [(shown(prediction), score) for _, prediction, score in found.results]


@row("asyncify", 1)
def _asyncify(url: str) -> Any:
    async def main() -> Any:
        with dspy.context(lm=model(url)):
            return await dspy.asyncify(dspy.Predict("question -> answer"))(question=ASKED)

    return shown(asyncio.run(main()))


for _engine, _options in (("own engine", {}), ("litellm", {"engine": "litellm"})):

    @row(f"{_engine}: streamify with a listener", 1)
    def _streamify(url: str, options: dict[str, Any] = _options) -> Any:
        async def main() -> Any:
            lm = model(url, **options)
            with dspy.context(lm=lm):
                listeners = [StreamListener(signature_field_name="answer")]
                program = dspy.streamify(dspy.ChainOfThought("question -> answer"), stream_listeners=listeners)
                items = [item async for item in program(question=ASKED)]
            assert len(items) > 2
            return [shown(item) if isinstance(item, dspy.Prediction) else repr(item) for item in items]

        return asyncio.run(main())

    @row(f"{_engine}: streamed rollouts", 2)
    def _streamed(url: str, options: dict[str, Any] = _options) -> Any:
        async def main() -> Any:
            answers = []
            with dspy.context(lm=model(url, temperature=1.0, **options)):
                for number in (1, 2):
                    program = dspy.streamify(dspy.Predict("question -> answer", rollout_id=number))
                    answers.append([item async for item in program(question=ASKED)][-1].answer)
            assert answers[0] != answers[1]
            return answers

        return asyncio.run(main())


@row("Embedder", 1)
def _embedder(url: str) -> Any:
    embed = dspy.Embedder("openai/text-embedding-3-small", api_base=f"{url}/v1", api_key=KEY)
    return embed(list(TEXTS)).tolist(), embed(list(TEXTS)).tolist()


@row("Embedder, async", 1)
def _aembedder(url: str) -> Any:
    embed = dspy.Embedder("openai/text-embedding-3-small", api_base=f"{url}/v1", api_key=KEY, caching=False)
    return asyncio.run(embed.acall(list(TEXTS))).tolist()


@row("BestOfN", 3)
def _best(url: str) -> Any:
    with dspy.context(lm=model(url)):
        best = dspy.BestOfN(module=dspy.Predict("question -> answer"), N=3, reward_fn=lambda *_: 0.0, threshold=1.0)
        return shown(best(question=ASKED))


@row("Refine", 5)
def _refine(url: str) -> Any:
    with dspy.context(lm=model(url)):
        program = dspy.Predict("question -> answer")
        refine = dspy.Refine(module=program, N=3, reward_fn=lambda *_: 0.0, threshold=1.0)
        return shown(refine(question=ASKED))


@row("callbacks", 1)
def _callbacks(url: str) -> Any:
    from dspy.utils.callback import BaseCallback

    told_of: list[Any] = []

    class Listener(BaseCallback):
        def on_lm_start(self, call_id: str, instance: Any, inputs: dict[str, Any]) -> None:
            told_of.append(("start", inputs["messages"]))

        def on_lm_end(self, call_id: str, outputs: Any, exception: Any = None) -> None:
            told_of.append(("end", outputs, exception))

    with dspy.context(lm=model(url), callbacks=[Listener()]):
        dspy.Predict("question -> answer")(question=ASKED)
    assert len(told_of) == 2
    return told_of
