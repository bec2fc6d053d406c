"""The recordings of one folder, listed and chosen from; what cannot be read is remembered, and stops nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from pytest_lmcache.call import Recording
from pytest_lmcache.errors import BadRecording
from pytest_lmcache.review import heads
from pytest_lmcache.review.folder import files
from pytest_lmcache.review.heads import Head
from pytest_lmcache.review.project import Project
from pytest_lmcache.review.selection import Selection
from pytest_lmcache.tiers.cassettes import Cassettes

T = TypeVar("T")
Progress = Callable[[Sequence[Path], str], Iterable[Path]]


def in_silence(things: Sequence[Path], _doing: str) -> Iterable[Path]:
    """Progress that nobody is shown."""
    return things


@dataclass(slots=True)
class Library:
    """A project's folder of recordings. `broken` has an error for every file met that is no readable recording."""

    project: Project
    broken: list[BadRecording] = field(default_factory=list)
    progress: Progress = in_silence

    @property
    def cassettes(self) -> Cassettes:
        """The folder as the tier that reads and writes it."""
        return Cassettes(self.project.cassettes, self.project.shown)

    def files(self) -> list[Path]:
        """Every recording's file."""
        return files(self.project.cassettes)

    def heads(self, selection: Selection = Selection()) -> list[Head]:  # noqa: B008 - it is frozen
        """The heads of the recordings that are meant, by name."""
        cassettes, now = self.cassettes, heads.now()
        chosen = []
        for file in self.progress(self.files(), "Reading"):
            head = self._try(lambda file=file: heads.read(cassettes, file))  # type: ignore[misc]
            if head is None or not selection.wants(head, now):
                continue
            if selection.text:
                recording = self._try(lambda file=file: cassettes.load(file))  # type: ignore[misc]
                if recording is None or not selection.said(recording):
                    continue
            chosen.append(head)
        return chosen

    def load(self, path: str) -> Recording:
        """The recording of that path below the folder. Raises BadRecording."""
        return self.cassettes.load(self.project.cassettes / path)

    def _try(self, read: Callable[[], T]) -> T | None:
        try:
            return read()
        except BadRecording as error:
            self.broken.append(error)
            return None
