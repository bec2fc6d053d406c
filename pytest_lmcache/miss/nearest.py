"""The recordings of a folder that are closest to a request: a few of many thousands, found within a time budget.

Names are ranked first, then the raw text of the best of them, and only then are some of those read and compared.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from heapq import nlargest
from pathlib import Path
from time import monotonic

from pytest_lmcache.call import JSON, Key, Recording, Request
from pytest_lmcache.errors import BadRecording
from pytest_lmcache.miss.differences import words

MOST_READ = 150
MOST_SKIMMED = 12_000
CLOSE = 0.3
"""A recording less similar than this is not worth a look."""

_SKIM_BYTES = 64 * 1024
_SAMPLE = 60
_TELLING_WORDS = 9
_MOST_TRIED = 40
_BEHIND_SLUG = len("-0123456789abcdef0123.json")


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """How many recordings of an operation a folder holds, and those closest to a request, best first."""

    recorded: int = 0
    closest: tuple[tuple[Path, Recording], ...] = ()


def nearest(
    folder: Path,
    key: Key,
    request: Request,
    *,
    load: Callable[[Path], Recording],
    limit: int = 3,
    seconds: float = 0.5,
) -> Neighbourhood:
    """The recordings in `folder` closest to a request that has none under `key`.

    `load` reads one file; a file it raises BadRecording for is passed over. `seconds` bounds the search, though it
    always reads a few; a folder that is missing or cannot be listed has no recordings.
    """
    start = monotonic()
    place = folder / key.operation
    names = _names(place)
    ranked = _by_name(names, key.slug)
    if len(ranked) > MOST_READ:
        ranked = _by_text(place, ranked, request, start + seconds * 0.6)
    wanted = Profile.of(request)
    scored: list[tuple[float, Path, Recording]] = []
    for index, name in enumerate(ranked[:MOST_READ]):
        if index >= limit and monotonic() - start > seconds:
            break
        try:
            recording = load(place / name)
        except (BadRecording, OSError):
            continue
        scored.append((wanted.likeness(Profile.of(recording.request)), place / name, recording))
    best = nlargest(limit, scored, key=lambda item: item[0])
    return Neighbourhood(len(names), tuple((path, recording) for score, path, recording in best if score >= CLOSE))


@dataclass(frozen=True, slots=True)
class Profile:
    """What two requests are compared by: the words of the conversation, and every field beside it."""

    said: Counter[str]
    last: Counter[str]
    fields: frozenset[tuple[str, str]]

    @classmethod
    def of(cls, request: Request) -> Profile:
        conversation = [request.body[name] for name in request.conversation if name in request.body]
        fields = {(name, str(value)) for name, value in request.body.items() if name not in request.conversation}
        fields |= {("stream", str(request.stream)), ("model", request.model)}
        return cls(words(conversation), words(_last(conversation)), frozenset(fields))

    def likeness(self, other: Profile) -> float:
        """From 0 to 1. The conversation says more than settings, and its end more than its beginning."""
        fields = len(self.fields & other.fields) / len(self.fields | other.fields)
        return 0.4 * _shared(self.said, other.said) + 0.4 * _shared(self.last, other.last) + 0.2 * fields


def _shared(old: Counter[str], new: Counter[str]) -> float:
    total = old.total() + new.total()
    return 2 * (old & new).total() / total if total else 1.0


def _last(conversation: list[JSON]) -> JSON:
    value: JSON = conversation[0] if conversation else None
    return value[-1] if isinstance(value, list) and value else value


def _names(place: Path) -> list[str]:
    try:
        with os.scandir(place) as files:
            return sorted(file.name for file in files if file.name.endswith(".json") and file.name[0] != ".")
    except OSError:
        return []


def _by_name(names: Iterable[str], slug: str) -> list[str]:
    """The names whose slug is most like this one: words in common, and a common beginning."""
    asked = frozenset(slug.split("-"))
    beginnings = [slug[:length] for length in (5, 10, 20, 30) if length <= len(slug)]

    def likeness(name: str) -> int:
        return 2 * len(asked.intersection(name[:-_BEHIND_SLUG].split("-"))) + sum(map(name.startswith, beginnings))

    return nlargest(MOST_SKIMMED, names, key=likeness)


def _by_text(place: Path, names: list[str], request: Request, deadline: float) -> list[str]:
    """The names again, those first whose raw text holds the request's rarest words."""
    sample = [_raw(place, name) for name in names[:: max(1, len(names) // _SAMPLE)]]
    telling = _telling_words(request, sample)
    found: list[tuple[str, list[bytes]]] = []
    for index, name in enumerate(names):
        if index >= MOST_READ and monotonic() > deadline:
            break
        text = _raw(place, name)
        found.append((name, [word for word in telling if word in text]))
    spread = Counter(word for _, present in found for word in present)
    return [name for name, _ in nlargest(MOST_READ, found, key=lambda item: sum(1 / spread[word] for word in item[1]))]


def _telling_words(request: Request, sample: list[bytes]) -> list[bytes]:
    """Long words of the last thing said, then of all that was said, without those that half of the sample holds."""
    conversation: list[JSON] = [request.body[name] for name in request.conversation if name in request.body]
    chosen: list[bytes] = []
    for said, most in ((_last(conversation), _TELLING_WORDS * 2 // 3), (conversation, _TELLING_WORDS)):
        for word in sorted(words(said), key=lambda word: (-len(word), word))[:_MOST_TRIED]:
            raw = word.encode("utf-8", "ignore")
            if len(chosen) < most and raw not in chosen and 2 * sum(raw in text for text in sample) < len(sample):
                chosen.append(raw)
    return chosen


def _raw(place: Path, name: str) -> bytes:
    try:
        file = os.open(f"{place}{os.sep}{name}", os.O_RDONLY | getattr(os, "O_BINARY", 0))
    except OSError:
        return b""
    try:
        return os.read(file, _SKIM_BYTES)
    except OSError:
        return b""
    finally:
        os.close(file)
