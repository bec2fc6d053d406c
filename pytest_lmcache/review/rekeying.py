"""Recordings under another key strategy, from what is stored: planned first, written only when nothing collides."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pytest_lmcache.call import Recording
from pytest_lmcache.keys import KeyRule, key_of
from pytest_lmcache.review.folder import path_of
from pytest_lmcache.review.library import Library
from pytest_lmcache.tiers.cassettes import Cassettes


@dataclass(frozen=True, slots=True)
class Move:
    """A recording that gets another key, and with it another file. `test` is who recorded it."""

    old: str
    new: str
    test: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done. `collisions` are groups of paths whose recordings would get one key, by the path of it.

    `unchanged` counts recordings that are under this strategy already.
    """

    moves: tuple[Move, ...]
    unchanged: int
    collisions: Mapping[str, tuple[str, ...]]


def plan(library: Library, paths: Iterable[str], rule_for: Callable[[Recording], KeyRule]) -> Plan:
    """What re-keying the recordings of these paths means, for them and for the rest of the folder.

    `rule_for` gives the rule that a recording is to be under. Raises BadRecording for a file that cannot be read: what
    it would collide with is not known.
    """
    chosen = set(paths)
    moves: list[Move] = []
    claims: dict[str, list[str]] = {}
    unchanged = 0
    for file in library.progress(library.files(), "Planning"):
        path = path_of(file)
        if path not in chosen:
            claims.setdefault(_end(path), []).append(path)
            continue
        recording = library.load(path)
        key = key_of(recording.request, rule_for(recording))
        claims.setdefault(_end(key.path), []).append(path)
        if key.digest == recording.key.digest:
            unchanged += 1
        else:
            moves.append(Move(path, key.path, recording.recorded_by))
    targets = {_end(move.new): move.new for move in moves}
    collisions = {
        targets[end]: tuple(sorted(claimed))
        for end, claimed in claims.items()
        if len(claimed) > 1 and end in targets and not _finished(library, targets[end], claimed)
    }
    return Plan(tuple(moves), unchanged, collisions)


def carry_out(library: Library, moves: Iterable[Move], rule_for: Callable[[Recording], KeyRule]) -> None:
    """Write each recording under its new key, then remove the old file: at any moment each is there at least once."""
    cassettes = library.cassettes
    for move in moves:
        _move(library, cassettes, move, rule_for)


def newest(library: Library, collisions: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    """The paths that lose when of each group only the recording made last is kept."""
    for paths in collisions.values():
        *older, _ = sorted(paths, key=lambda path: (library.load(path).recorded_at, path))
        yield from older


def advice(moves: Iterable[Move], strategy: str, remaining: int) -> tuple[str, ...]:
    """Which tests need another key setting now: an ini line where all recordings moved, else markers by module.

    `remaining` counts recordings that stay under another strategy.
    """
    modules = sorted({move.test.partition("::")[0] for move in moves if move.test})
    if not modules:
        return ()
    if not remaining:
        return (
            f"Set lmcache_key = {strategy} in the ini file, and change what says otherwise: markers, lmcache_config.",
        )
    line = f'pytestmark = pytest.mark.lmcache(key="{strategy}")'
    return (f"These need key={strategy!r}, for example as {line}:", *(f"  {module}" for module in modules))


def _move(library: Library, cassettes: Cassettes, move: Move, rule_for: Callable[[Recording], KeyRule]) -> None:
    recording = library.load(move.old)
    key = key_of(recording.request, rule_for(recording))
    if not (cassettes.folder / key.path).exists():
        cassettes.put(replace(recording, key=key))
    (cassettes.folder / move.old).unlink()


def _finished(library: Library, target: str, claimed: Iterable[str]) -> bool:
    """Whether the file of the new key is the very recording that moves: what an interrupted move has left."""
    said: list[Any] = []
    for path in claimed:
        recording = library.load(path)
        said.append((recording.request, recording.takes, recording.recorded_at))
    return (library.project.cassettes / target).exists() and all(item == said[0] for item in said)


def _end(path: str) -> str:
    """What two paths of one key have in common, whatever their words."""
    return f"{path.partition('/')[0]}/{path[-25:]}"
