"""Hugging Face's text-embeddings-inference, and its feature extraction: vectors and scores with nothing around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pytest_lmcache.call import Request
from pytest_lmcache.dialects.asking import before, json_object, request_of
from pytest_lmcache.dialects.telling import at
from pytest_lmcache.dialects.wire import Answer, Event, Reading, Wire

OPTIONS = frozenset(
    {"truncate", "truncation_direction", "normalize", "prompt_name", "dimensions", "raw_scores", "return_text"}
)


@dataclass(frozen=True)
class Bare:
    """`POST .../<tail>` with `asked` and options.

    A server of this kind has one model and no name for it, so that its few fields alone tell who is asked: with any
    other, a request is none of its. Feature extraction is known by its path (`by_path`), and that has the model.
    """

    name: str
    operation: str
    path: str
    asked: tuple[str, ...]
    by_path: bool = False

    @property
    def tails(self) -> frozenset[str]:
        return frozenset({self.path.rpartition("/")[2]})

    def recognise(self, wire: Wire) -> Request | None:
        head = before(wire.url, self.path)
        body = None if head is None else json_object(wire.body)
        if head is None or body is None or not all(_is_text(body.get(name)) for name in self.asked):
            return None
        if not self.by_path and body.keys() - OPTIONS != set(self.asked):
            return None
        return request_of(self.name, self.operation, body, self.asked, head=head, stream=False)

    def reading(self, request: Request, answer: Answer) -> Reading:
        if self.operation != "rerank" or not isinstance(answer, list):
            return Reading()
        return Reading(", ".join(f"{at(each, 'index')}: {at(each, 'score')}" for each in answer))

    def ended(self, request: Request, events: Sequence[Event]) -> bool:
        return False


def _is_text(value: object) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and bool(value) and isinstance(value[0], str))


ALL = (
    Bare("tei-embed", "embedding", "/embed", ("inputs",)),
    Bare("tei-rerank", "rerank", "/rerank", ("query", "texts")),
    Bare("feature-extraction", "embedding", "/pipeline/feature-extraction", ("inputs",), by_path=True),
)
