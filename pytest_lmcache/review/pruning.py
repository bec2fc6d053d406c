"""What may be removed from a folder of recordings, and what git could not give back if it were."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pytest_lmcache.review.audit import leftovers, unused_blobs
from pytest_lmcache.review.git import GitFailed, Repository
from pytest_lmcache.review.library import Library


@dataclass(frozen=True, slots=True)
class Removal:
    """What is to go, paths below the folder: recordings that were chosen, the blobs that nothing refers to then, and
    what interrupted runs left. `unsafe` are those of them that git could not give back; what is left over is worth
    nothing.
    """

    recordings: tuple[str, ...]
    blobs: tuple[str, ...]
    leftovers: tuple[str, ...]
    unsafe: frozenset[str]

    @property
    def paths(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.recordings, *self.blobs, *self.leftovers)

    def safe(self) -> Removal:
        """The part that git could give back. A blob stays with a recording that stays, whichever that is."""
        kept = self.unsafe.intersection(self.recordings)
        blobs = () if kept else tuple(path for path in self.blobs if path not in self.unsafe)
        recordings = tuple(path for path in self.recordings if path not in self.unsafe)
        return Removal(recordings, blobs, self.leftovers, frozenset())


def removal(library: Library, recordings: Iterable[str]) -> Removal:
    """What goes with some recordings. Raises BadRecording when one that stays cannot be read."""
    chosen = tuple(sorted(recordings))
    blobs = tuple(unused_blobs(library, frozenset(chosen)))
    folder = library.project.cassettes
    return Removal(chosen, blobs, tuple(leftovers(folder)), _unsafe(folder, {*chosen, *blobs}))


def remove(folder: Path, paths: Iterable[str]) -> None:
    """Remove files, and the folders that are empty then; a file that is gone already is no matter."""
    parents = set()
    for path in paths:
        (folder / path).unlink(missing_ok=True)
        parents.add((folder / path).parent)
    for parent in parents - {folder}:
        try:
            parent.rmdir()
        except OSError:
            continue


def _unsafe(folder: Path, paths: set[str]) -> frozenset[str]:
    """Those that git does not have as they are: all of them where there is no repository."""
    if not paths:
        return frozenset()
    try:
        return Repository.of(folder).unsafe(folder) & paths
    except GitFailed:
        return frozenset(paths)
