"""Which recordings are meant: by what a head says, by the text in them, or by a name as a person would type it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import ujson

from pytest_lmcache.call import JSON, Recording
from pytest_lmcache.errors import BadOption
from pytest_lmcache.review.heads import Head

SORTS: dict[str, Callable[[Head], Any]] = {
    "name": lambda head: head.path,
    "age": lambda head: head.recorded_at,
    "cost": lambda head: -(head.cost or 0.0),
    "size": lambda head: -head.size,
    "tokens": lambda head: -head.tokens,
    "seconds": lambda head: -head.seconds,
    "model": lambda head: (head.model, head.path),
    "test": lambda head: (head.recorded_by, head.path),
}
"""The orders of a list: the oldest first, and of amounts the largest."""

_SHORTEST_PREFIX = 4


@dataclass(frozen=True, slots=True)
class Selection:
    """What recordings must have to be meant; a field that is not set asks nothing.

    `model` and `operation` are names, with `*` for any part. `test` and `text` are parts of the node id and of what was
    said, capitals or not. Ages are in seconds, sizes in bytes, costs in US dollars.
    """

    model: str = ""
    operation: str = ""
    test: str = ""
    text: str = ""
    older: float | None = None
    newer: float | None = None
    larger: int | None = None
    dearer: float | None = None

    @property
    def all(self) -> bool:
        """Whether nothing is asked."""
        return self == Selection()

    def wants(self, head: Head, now: datetime) -> bool:
        """Whether a recording is meant, as far as its head tells."""
        return (
            _named(head.model, self.model)
            and _named(head.operation, self.operation)
            and self.test.lower() in head.recorded_by.lower()
            and (self.older is None or head.age(now) > self.older)
            and (self.newer is None or head.age(now) < self.newer)
            and (self.larger is None or head.size > self.larger)
            and (self.dearer is None or (head.cost or 0.0) > self.dearer)
        )

    def said(self, recording: Recording) -> bool:
        """Whether the text was asked or answered."""
        return not self.text or any(self.text.lower() in text.lower() for text in _texts_of(recording))


def found(name: str, paths: Sequence[str], shown: str, here: Path, folder: Path) -> str:
    """The path below the folder of the one recording that a person means with `name`; raises BadOption.

    `name` is a path, the beginning of a key, or (part of) the words in a file's name. `shown` is how the folder is
    called, `here` where the person stands.
    """
    known = set(paths)
    typed = Path(here, name)
    if typed.is_file() and typed.resolve().is_relative_to(folder.resolve()):
        return typed.resolve().relative_to(folder.resolve()).as_posix()
    for candidate in (name, f"{name}.json"):
        if candidate in known:
            return candidate
    for meant in _matching(name.lower(), paths):
        if len(meant) == 1:
            return meant[0]
        if meant:
            more = f" and {len(meant) - 5} more" if len(meant) > 5 else ""
            raise BadOption(f"{name!r} means {len(meant)} recordings: {', '.join(meant[:5])}{more}. Type more of it.")
    raise BadOption(f"{name!r} is no recording of {shown}/: no path, beginning of a key or words of a file's name.")


def _matching(name: str, paths: Sequence[str]) -> Iterator[list[str]]:
    """The recordings that a name may mean, by one way of naming after the other."""
    ends = [(path, path.rpartition("/")[2].removesuffix(".json")) for path in paths]
    if re.fullmatch(rf"[0-9a-f]{{{_SHORTEST_PREFIX},64}}", name):
        yield [path for path, end in ends if end[-20:].startswith(name[:20])]
    yield [path for path, end in ends if end[:-20].rstrip("-") == name]
    words = re.sub(r"[^a-z0-9]+", "-", name).strip("-")
    if words:
        yield [path for path, end in ends if end.startswith(words)]
        yield [path for path, end in ends if words in end[:-20]]


def _named(value: str, wanted: str) -> bool:
    if not wanted:
        return True
    if "*" in wanted or "?" in wanted:
        return fnmatchcase(value.lower(), wanted.lower())
    return wanted.lower() in value.lower()


def _texts_of(recording: Recording) -> Iterator[str]:
    # What knows the dialects takes as long to import as a thousand recordings to read.
    from pytest_lmcache.adapters.reading import told

    yield from _texts(recording.request.body)
    for take in recording.takes:
        if recording.request.stream:
            yield from (reading.text for reading in told(recording.request, take).readings)
        yield from _texts(ujson.loads(take.response))


def _texts(value: JSON) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
