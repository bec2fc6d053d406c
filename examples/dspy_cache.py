"""DSPy with three layers of cache: in memory, on disk, and the provider's own. `python examples/dspy_cache.py`

Each step says what it does, and prints how long a question took, how often a model was asked, and the tokens that were
used. It talks to the local provider of this folder, or to a real one with `--base-url` and OPENAI_API_KEY.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import dspy
import orjson

from pytest_lmcache.dspy import Cache, configure_cache


class MessagesAlone(Cache):
    """One answer for a conversation, whichever model is asked."""

    def cache_key(self, request: dict[str, Any], ignored_args_for_cache_key: list[str] | None = None) -> str:
        messages = request.get("messages", [])
        return sha256(orjson.dumps(messages, option=orjson.OPT_SORT_KEYS)).hexdigest()


@dataclass
class Verdict:
    """A value of one's own."""

    score: float
    label: str


@dataclass
class Models:
    """Makes the models that the steps ask."""

    base_url: str
    key: str

    def lm(self, name: str = "openai/gpt-4o-mini") -> dspy.LM:
        return dspy.LM(name, api_base=self.base_url, api_key=self.key)


def ask(models: Models, question: str, model: str = "openai/gpt-4o-mini") -> None:
    """Ask one question, and print what that took."""
    lm = models.lm(model)
    predict = dspy.Predict("question -> answer")
    with dspy.context(lm=lm, track_usage=True):
        began = time.perf_counter()
        result = predict(question=question)
        took = time.perf_counter() - began
    asked = sum(bool(entry["usage"]) for entry in lm.history)
    tokens = sum(used["total_tokens"] for used in result.get_lm_usage().values())
    print(f"  {model}  {question:<36} {took * 1000:9.2f} ms  {asked} live  {tokens} tokens  {result.answer!r}")


def again(models: Models, *questions: str) -> None:
    for question in questions:
        ask(models, question)


def both_layers(models: Models, folder: Path) -> None:
    """Both layers, which is the default: the second time costs nothing"""
    configure_cache(disk_cache_dir=folder)
    again(models, "Who wrote Don Quixote?", "Who wrote Don Quixote?")


def disk_alone(models: Models, folder: Path) -> None:
    """Memory off: what the step before paid for is still on disk"""
    configure_cache(enable_memory_cache=False, disk_cache_dir=folder)
    again(models, "Who wrote Don Quixote?")


def memory_alone(models: Models, folder: Path) -> None:
    """Disk off: kept for as long as the process lives"""
    configure_cache(enable_disk_cache=False)
    again(models, "Who wrote Don Quixote?", "Who wrote Don Quixote?")


def neither(models: Models, folder: Path) -> None:
    """Both off: each request is a new call"""
    configure_cache(enable_disk_cache=False, enable_memory_cache=False)
    again(models, "Who wrote Don Quixote?", "Who wrote Don Quixote?")


def small_memory(models: Models, folder: Path) -> None:
    """Room for few answers in memory: the least recently used goes first"""
    configure_cache(enable_disk_cache=False, memory_max_entries=2)
    again(models, "Who wrote Emma?", "Who wrote Ulysses?", "Who wrote Dracula?", "Who wrote Emma?")


def small_disk(models: Models, folder: Path) -> None:
    """Few bytes on disk: the same"""
    configure_cache(enable_memory_cache=False, disk_cache_dir=folder / "small", disk_size_limit_bytes=128 * 1024)
    again(models, "Who wrote Emma?")
    for number in range(8):
        dspy.cache.put({"filler": number}, "x" * 20_000)
    again(models, "Who wrote Emma?")


def one_key_for_two_models(models: Models, folder: Path) -> None:
    """A key of one's own, of the messages alone: the second model answers from the first one's"""
    dspy.cache = MessagesAlone(disk_cache_dir=folder / "messages")
    for name in ("openai/gpt-4o-mini", "openai/gpt-4.1-mini"):
        ask(models, "Who wrote Middlemarch?", name)


def values_of_ones_own(models: Models, folder: Path) -> None:
    """Only classes that are named come back from disk, and nothing is ever unpickled"""
    configure_cache(disk_cache_dir=folder / "own", restrict_pickle=True, safe_types=[Verdict])
    dspy.cache.put({"judge": "this"}, Verdict(0.9, "good"))
    dspy.cache.reset_memory_cache()
    print(f"  {dspy.cache.get({'judge': 'this'})}")


STEPS = (
    both_layers,
    disk_alone,
    memory_alone,
    neither,
    small_memory,
    small_disk,
    one_key_for_two_models,
    values_of_ones_own,
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base-url", help="of an API like OpenAI's, for example https://api.openai.com/v1")
    options = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        models = Models(options.base_url, os.environ.get("OPENAI_API_KEY", "not-a-real-key"))
        if options.base_url is None:
            from provider import Provider

            models.base_url = f"{stack.enter_context(Provider(latency=0.2)).url}/v1"
        for step in STEPS:
            print(step.__doc__)
            step(models, folder)
            dspy.cache.close()


if __name__ == "__main__":
    main()
