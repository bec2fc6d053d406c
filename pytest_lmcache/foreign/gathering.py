"""The calls of many cassettes gathered by what they ask: one recording a request, with all its answers as takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pytest_lmcache.call import IMPORTED, Key, Recording, Request, Take
from pytest_lmcache.foreign.drift import texts


@dataclass(frozen=True, slots=True)
class Made:
    """A call of a cassette as it will be found again. `file` is how people call the cassette, `number` its place.

    `said` are pieces of the answer that a later request would repeat: its text, the ids of its tool calls. `allowed` is
    as `Recording.allowed`.
    """

    file: str
    number: int
    request: Request
    key: Key
    take: Take
    recorded_at: str
    said: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Otherwise:
    """A call that another cassette, `by`, will answer, since it has the same request. `followers` are the later calls
    of the same cassette that repeat the answer it had: they will be asked otherwise.
    """

    made: Made
    by: str
    followers: tuple[int, ...]


class Gathering:
    """Calls by key, and within a key by file, in the order in which they were added."""

    def __init__(self) -> None:
        self._calls: dict[str, dict[str, list[Made]]] = {}
        self._files: dict[str, list[Made]] = {}

    def add(self, made: Made) -> None:
        self._calls.setdefault(made.key.digest, {}).setdefault(made.file, []).append(made)
        self._files.setdefault(made.file, []).append(made)

    def recordings(self) -> Iterator[Recording]:
        """One recording a request, those of the first cassettes first.

        A test counts its identical calls from one, and its cassette has its answers in that order. So the takes begin
        with those of the cassette that has most of them, the first of these; other answers of other cassettes follow.
        """
        for files in self._calls.values():
            takes = _takes(files)
            first = takes[0]
            yield Recording(
                first.key,
                first.request,
                tuple(made.take for made in takes),
                first.recorded_at,
                IMPORTED + first.file,
                allowed=tuple(dict.fromkeys(entry for made in takes for entry in made.allowed)),
            )

    def otherwise(self) -> Iterator[Otherwise]:
        """The calls whose answer in replay is not the one their own cassette has."""
        for files in self._calls.values():
            if len(files) > 1:
                takes = _takes(files)
                for calls in files.values():
                    for own, given in zip(calls, takes, strict=False):
                        if own.take.response != given.take.response:
                            yield Otherwise(own, given.file, self._followers(own, given))

    def several(self) -> dict[str, int]:
        """How many requests of a file are asked more than once in it and answered differently, by file."""
        found: dict[str, int] = {}
        for files in self._calls.values():
            for file, calls in files.items():
                if len({made.take.response for made in calls}) > 1:
                    found[file] = found.get(file, 0) + 1
        return found

    def _followers(self, own: Made, given: Made) -> tuple[int, ...]:
        pieces = [piece for piece in own.said if piece not in given.said]
        if not pieces:
            return ()
        later = self._files[own.file][self._files[own.file].index(own) + 1 :]
        return tuple(
            made.number for made in later if any(piece in text for text in texts(made.request.body) for piece in pieces)
        )


def _takes(files: dict[str, list[Made]]) -> list[Made]:
    takes = list(sorted(files.values(), key=len, reverse=True)[0])
    known = {made.take.response for made in takes}
    for calls in files.values():
        for made in calls:
            if made.take.response not in known:
                known.add(made.take.response)
                takes.append(made)
    return takes
