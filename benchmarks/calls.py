"""One call in a process that has made others: a chat turn from memory and from files, a stream, an embedding."""

from __future__ import annotations

import hashlib
import itertools
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import litellm
import ujson
from litellm.types.utils import ModelResponseStream

from benchmarks import peers, work
from benchmarks.measure import Effort, Variant, interleaved
from benchmarks.ours import Replays, replays
from benchmarks.provider import provider
from benchmarks.table import Row, ratio_row

TURNS = 160


def warm(effort: Effort) -> list[Row]:
    """A turn of an agent that this process has asked before."""
    arguments = work.agent_turn()

    def call() -> object:
        return litellm.completion(**arguments)

    with project() as (folder, ours, stop):
        ours.record(call)
        run = ours.run()
        known = {_key(arguments): _answer_text(folder, 0)}

        def floor() -> object:
            return litellm.ModelResponse(**ujson.loads(known[_key(arguments)]))

        variants = {"floor": Variant(floor), "ours": Variant(call, lambda: ours.replaying(run))}
        others = {"litellm's cache": peers.litellm_cache(call), "vcrpy": peers.vcrpy(call, folder)}
        stop()
        return [compared("litellm.completion, warm, agent turn", variants, others, effort, MICRO, 2.2)]


def from_files(effort: Effort) -> list[Row]:
    """The same turn with the memory tier off; and turns that this process never asked, each for the first time."""
    turns = [work.agent_turn(number) for number in range(TURNS if effort.batch else 2)]
    arguments = turns[0]

    def call() -> object:
        return litellm.completion(**arguments)

    with project() as (folder, ours, stop):
        ours.record(*[lambda turn=turn: litellm.completion(**turn) for turn in turns])
        stop()
        files = {json.loads(file.read_text())["key"]: file for file in _files(folder)}
        by_key = _paths_by_request(turns, files)
        run = ours.run(memory=False)

        def read(turn: Mapping[str, Any]) -> object:
            with open(by_key[_key(turn)], "rb") as file:
                document = json.loads(file.read())
            return litellm.ModelResponse(**document["responses"][0]["answer"]["data"])

        variants = {"floor": Variant(lambda: read(arguments)), "ours": Variant(call, lambda: ours.replaying(run))}
        others = {"pickle in diskcache": peers.diskcache_pickle(arguments, read(arguments), folder)}
        rows = [compared("the same from cassettes/, not in memory", variants, others, effort, MICRO, 2.0)]

        asked, opened = itertools.cycle(turns), itertools.cycle(turns)
        variants = {
            "floor": Variant(lambda: read(next(opened)), most=len(turns)),
            "ours": Variant(
                lambda: litellm.completion(**next(asked)), lambda: ours.replaying(ours.run()), most=len(turns)
            ),
        }
        rows.append(compared("the same, asked for the first time", variants, {}, effort, MICRO, 2.0))
        return rows


def stream(effort: Effort) -> list[Row]:
    """Every chunk of a stream, read to its end."""
    arguments = work.streamed()

    def call() -> int:
        return sum(1 for _ in litellm.completion(**arguments))

    with project() as (folder, ours, stop):
        ours.record(call)
        with ours.replaying(ours.run()):
            chunks = [chunk.model_dump() for chunk in litellm.completion(**arguments)]
        text = ujson.dumps(chunks)
        run = ours.run()

        def floor() -> int:
            return sum(1 for chunk in ujson.loads(text) if ModelResponseStream(**chunk))

        variants = {"floor": Variant(floor), "ours": Variant(call, lambda: ours.replaying(run))}
        others = {"litellm's cache": peers.litellm_cache(call), "vcrpy": peers.vcrpy(call, folder)}
        stop()
        unit, scale = MICRO
        title = f"stream of {len(chunks)} chunks, per chunk"
        return [compared(title, variants, others, effort, (unit, scale / len(chunks)), 1.5)]


def embedding(effort: Effort) -> list[Row]:
    """A batch of vectors."""
    arguments = work.embedded()

    def call() -> object:
        return litellm.embedding(**arguments)

    with project() as (folder, ours, stop):
        ours.record(call)
        text = _answer_text(folder, 0)
        run = ours.run()
        variants = {
            "floor": Variant(lambda: litellm.EmbeddingResponse(**ujson.loads(text))),
            "ours": Variant(call, lambda: ours.replaying(run)),
        }
        others = {"litellm's cache": peers.litellm_cache(call), "vcrpy": peers.vcrpy(call, folder)}
        stop()
        title = f"embedding {work.VECTORS} x {work.DIMENSIONS:,}"
        return [compared(title, variants, others, effort, ("ms", 1e3), 2.0)]


MICRO = ("us", 1e6)


def compared(
    title: str,
    variants: dict[str, Variant],
    others: Mapping[str, Variant | str],
    effort: Effort,
    shown: tuple[str, float],
    bound: float,
) -> Row:
    able = {name: variant for name, variant in others.items() if isinstance(variant, Variant)}
    found = interleaved({**variants, **able}, effort)
    figures: dict[str, float | str] = {
        name: found[name] if isinstance(variant, Variant) else variant for name, variant in others.items()
    }
    unit, scale = shown
    return ratio_row(title, found, unit=unit, scale=scale, bound=bound, peers=figures)


@contextmanager
def project() -> Iterator[tuple[Path, Replays, Callable[[], None]]]:
    """An empty project, with the hooks on and the provider within reach until it is stopped."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        stop = stack.enter_context(provider())
        yield folder, stack.enter_context(replays(folder)), stop


def _files(folder: Path) -> list[Path]:
    return sorted((folder / "cassettes").glob("*/*.json"))


def _answer_text(folder: Path, number: int) -> str:
    """The fields of a recorded answer as compact JSON."""
    document = json.loads(_files(folder)[number].read_text())
    return ujson.dumps(document["responses"][0]["answer"]["data"])


def _paths_by_request(turns: list[dict[str, Any]], files: Mapping[str, Path]) -> dict[str, str]:
    """The files by the floor's own key of what was asked."""
    last_words = {turn["messages"][-1]["content"]: _key(turn) for turn in turns}
    found = {}
    for file in files.values():
        last = json.loads(file.read_text())["request"]["messages"][-1]["content"]
        found[last_words["\n".join(last["$lines"])]] = str(file)
    return found


def _key(arguments: Mapping[str, Any]) -> str:
    return hashlib.sha256(ujson.dumps(arguments, sort_keys=True).encode()).hexdigest()
