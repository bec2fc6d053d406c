"""Which recordings a verify run checks, each once, and what came of a check."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256
from threading import Lock

from pytest_lmcache.call import Recording, Take
from pytest_lmcache.shared import Values

FUNCTION = "functions of the project's own are not called"
"""Why a recording of one is skipped: it may act, and what it answers is meant to be another thing each time."""


@dataclass(frozen=True, slots=True)
class Sample:
    """So many recordings of a cassette folder, chosen by chance. The same seed chooses the same ones."""

    size: int
    seed: str

    def of(self, names: Iterable[str]) -> frozenset[str]:
        """The chosen ones of these names."""
        ranked = sorted(names, key=lambda name: sha256(f"{self.seed}:{name}".encode()).digest())
        return frozenset(ranked[: self.size])


@dataclass(frozen=True, slots=True)
class Checked:
    """A recording that a test used, and what its provider answers now.

    `path` is its file below the root directory, `test` the first test that used it. `live` is the answer, which may be
    an error of the provider. Where there is none, `failure` says why; `skipped` says why nobody was asked.
    """

    recording: Recording
    path: str
    test: str
    live: Take | None = None
    failure: str = ""
    skipped: str = ""


class Checklist:
    """The recordings that are still to be checked, for all threads and workers of a run.

    `values` are what the processes of the run share. `listed` gives the names of the recordings in a cassette folder,
    and is asked where there is a `sample`; `hear` is told what came of each check.
    """

    def __init__(
        self,
        values: Values,
        *,
        sample: Sample | None,
        listed: Callable[[str], Iterable[str]],
        hear: Callable[[Checked], None],
    ) -> None:
        self.sample = sample
        self.hear = hear
        self._values = values
        self._listed = listed
        self._drawn: dict[str, tuple[frozenset[str], int]] = {}
        self._seen: set[str] = set()
        self._lock = Lock()

    def claims(self, folder: str, name: str) -> bool:
        """Whether a recording is to be checked now, by who asks: never twice. Raises TierUnavailable."""
        path = f"{folder}/{name}"
        with self._lock:
            if path in self._seen:
                return False
            self._seen.add(path)
            if self.sample is not None and name not in self._draw(self.sample, folder):
                return False
        mark = sha256(path.encode()).hexdigest()[:16]
        with self._values.open() as values:
            claimed: dict[str, int] = values.setdefault("claimed", {})
            if mark in claimed:
                return False
            claimed[mark] = 1
        return True

    @property
    def drawn(self) -> dict[str, tuple[int, int]]:
        """By cassette folder how many recordings were chosen, and of how many."""
        return {folder: (len(chosen), total) for folder, (chosen, total) in self._drawn.items()}

    def _draw(self, sample: Sample, folder: str) -> frozenset[str]:
        if folder not in self._drawn:
            names = list(self._listed(folder))
            self._drawn[folder] = sample.of(names), len(names)
        return self._drawn[folder][0]
