"""The openai SDK over httpx: what an answer from a recording costs it, and what everybody else's requests cost."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

import httpx
import openai
import ujson

from benchmarks import peers, work
from benchmarks.calls import MICRO, compared, project
from benchmarks.measure import Effort, Variant, interleaved
from benchmarks.table import Row
from pytest_lmcache.session import Run

FIRST_TIMES = 160


def turn(effort: Effort) -> list[Row]:
    """A turn of an agent that this process has asked before."""
    asked = _arguments(work.agent_turn())
    with project() as (folder, ours, stop):
        client = _client()

        def call() -> object:
            return client.chat.completions.create(**asked)

        ours.record(call)
        run = ours.run()
        from_memory = _client(Answering(json.dumps(work.answer(asked)).encode(), "application/json"))
        variants = {
            "floor": Variant(lambda: from_memory.chat.completions.create(**asked)),
            "ours": Variant(call, lambda: ours.replaying(run)),
        }
        others = {"vcrpy": peers.vcrpy(call, folder)}
        stop()
        return [compared("openai over httpx, warm, agent turn", variants, others, effort, MICRO, 1.15)]


def part(effort: Effort) -> list[Row]:
    """What stands between the SDK's request and the response it gets, without the SDK."""
    shown = (("8 kB", work.agent_turn(), 150.0), ("200 kB with an image", work.picture(), 1500.0))
    return [*(_warm(title, asked, bound, effort) for title, asked, bound in shown), _first_time(effort)]


def _warm(title: str, asked: dict[str, Any], bound: float, effort: Effort) -> Row:
    with project() as (_, ours, stop):
        network, answering, request = httpx.HTTPTransport(), Answering(b"{}", "application/json"), _request(asked)
        ours.record(lambda: network.handle_request(request).read())
        run = ours.run()
        stop()
        variants = {
            "floor": Variant(lambda: answering.handle_request(request).read()),
            "ours": Variant(lambda: network.handle_request(request).read(), lambda: ours.replaying(run)),
        }
        found = {name: seconds * 1e6 for name, seconds in interleaved(variants, effort).items()}
        name = f"the part that is ours, {title}"
        return Row(name, found["ours"], found["floor"], "us", found["ours"], bound, "us in all")


def _first_time(effort: Effort) -> Row:
    with project() as (folder, ours, stop):
        requests = [_request(work.agent_turn(number)) for number in range(FIRST_TIMES if effort.batch else 2)]
        network = httpx.HTTPTransport()
        ours.record(*[lambda request=request: network.handle_request(request).read() for request in requests])
        stop()
        files = dict(zip(map(_digest, requests), (folder / "cassettes").glob("*/*.json"), strict=True))
        asked, read = itertools.cycle(requests), itertools.cycle(requests)

        def floor() -> bytes:
            request = next(read)
            with open(files[_digest(request)], "rb") as file:
                document = json.loads(file.read())
            body = ujson.dumps(document["responses"][0]["answer"]["body"]).encode()
            headers = {"content-type": "application/json"}
            return httpx.Response(200, headers=headers, stream=httpx.ByteStream(body)).read()

        variants = {
            "floor": Variant(floor, most=len(requests)),
            "ours": Variant(
                lambda: network.handle_request(next(asked)).read(),
                lambda: ours.replaying(ours.run()),
                most=len(requests),
            ),
        }
        title = "the same with 8 kB asked for the first time, from files"
        return compared(title, variants, {}, effort, MICRO, 2.0)


def events(effort: Effort) -> list[Row]:
    """A stream of server-sent events, read to its end."""
    asked = _arguments(work.streamed())
    with project() as (folder, ours, stop):
        client = _client()

        def read(client: openai.OpenAI) -> int:
            return sum(1 for _ in client.chat.completions.create(**asked))

        ours.record(lambda: read(client))
        run = ours.run()
        from_memory = _client(Answering(work.events().encode(), "text/event-stream"))
        variants = {
            "floor": Variant(lambda: read(from_memory)),
            "ours": Variant(lambda: read(client), lambda: ours.replaying(run)),
        }
        others = {"vcrpy": peers.vcrpy(lambda: read(client), folder)}
        stop()
        title = f"openai over httpx, stream of {work.CHUNKS} events, per event"
        return [compared(title, variants, others, effort, (MICRO[0], MICRO[1] / work.CHUNKS), 1.5)]


def passing(effort: Effort) -> list[Row]:
    """Requests that ask nothing of a model, through a transport whose connections are in memory."""
    with project() as (_, ours, _stop):
        transport = httpx.HTTPTransport()
        transport._pool = Pool()
        replaced = httpx.HTTPTransport.handle_request
        own = replaced.__wrapped__
        run = ours.run()
        rows = []
        for title, request in (
            ("GET of a list of models", httpx.Request("GET", "https://api.example.org/v1/models")),
            ("POST of an application", httpx.Request("POST", "https://api.example.org/v1/items", json={"name": "x"})),
        ):
            variants = {
                "floor": Variant(lambda request=request: own(transport, request)),
                "ours": Variant(lambda request=request: replaced(transport, request), lambda: ours.replaying(run)),
            }
            found = interleaved(variants, effort)
            amounts = {name: seconds * 1e6 for name, seconds in found.items()}
            more = amounts["ours"] - amounts["floor"]
            rows.append(Row(title, amounts["ours"], amounts["floor"], "us", more, 5.0, "us more"))
        return rows


def first_chunk(effort: Effort) -> list[Row]:
    """How long the first chunk of a stream takes, whose provider sends the rest a while later. Wall time."""
    numbers = iter(range(10_000))
    with project() as (_, ours, _stop):
        client = _client()

        def wait() -> float:
            asked = _arguments(work.streamed(next(numbers)))
            began = time.perf_counter()
            stream = client.chat.completions.create(**asked)
            next(iter(stream))
            waited = time.perf_counter() - began
            for _ in stream:
                pass
            return waited

        def asked(run: Run | None = None) -> float:
            times: list[float] = []
            ours.record(lambda: times.append(wait()), run=run)
            return times[0]

        def anew() -> float:
            with tempfile.TemporaryDirectory() as cache, patch.dict(os.environ, XDG_CACHE_HOME=cache):
                return asked()

        run = ours.run()
        wait(), asked(), asked(run)
        rounds = [(wait(), asked(run), asked(), anew()) for _ in range(effort.rounds)]
        live, *recorded = (statistics.median(times) * 1e3 for times in zip(*rounds, strict=True))
        # Of the differences within a round, so that a load on the machine falls on both sides.
        more = [statistics.median(each[way] - each[0] for each in rounds) * 1e3 for way in (1, 2, 3)]
        title = "first chunk of a stream that is being recorded"
        titles = title, f"{title}, the first call of a run", f"{title}, the first call of a project on a machine"
        return [
            Row(shown, waited, live, "ms", longer, 5.0, "ms more")
            for shown, waited, longer in zip(titles, recorded, more, strict=True)
        ]


class Answering(httpx.BaseTransport):
    """A transport that answers from a dictionary, by a digest of what is asked: the least that replaying can cost."""

    def __init__(self, body: bytes, kind: str) -> None:
        self._body = body
        self._headers = {"content-type": kind}
        self._known: dict[bytes, bytes] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        body = self._known.setdefault(hashlib.sha256(request.read()).digest(), self._body)
        return httpx.Response(200, headers=self._headers, stream=httpx.ByteStream(body))


class Pool:
    """Stands for the connections of a transport: every request is answered at once, by nobody."""

    def handle_request(self, request: Any) -> Any:
        import httpcore

        return httpcore.Response(204, headers=[], content=self._nothing(), extensions={})

    def _nothing(self) -> Iterator[bytes]:
        yield b""


def _request(asked: dict[str, Any]) -> httpx.Request:
    url = f"{os.environ['OPENAI_API_BASE']}/chat/completions"
    return httpx.Request("POST", url, json=_arguments(asked))


def _digest(request: httpx.Request) -> str:
    """The floor's own key of what is asked."""
    return hashlib.sha256(ujson.dumps(ujson.loads(request.content), sort_keys=True).encode()).hexdigest()


def _client(transport: httpx.BaseTransport | None = None) -> openai.OpenAI:
    http = httpx.Client(transport=transport) if transport else None
    return openai.OpenAI(base_url=os.environ["OPENAI_API_BASE"], api_key="not-a-real-key", http_client=http)


def _arguments(arguments: dict[str, Any]) -> dict[str, Any]:
    """What litellm is asked, as openai is."""
    return {**arguments, "model": arguments["model"].removeprefix("openai/")}
