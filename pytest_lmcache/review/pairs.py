"""Which recording became which: a changed prompt makes another file, so that files alone do not tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pytest_lmcache.call import Recording
from pytest_lmcache.miss.nearest import CLOSE, Profile

_SAME_TEST = 0.5
# Beyond so many pairs, only recordings of the same test are compared.
_MOST_COMPARED = 40_000


@dataclass(frozen=True, slots=True)
class Pair:
    """A recording before and after; a path is empty, and its recording None, where there is no counterpart."""

    old_path: str
    old: Recording | None
    new_path: str
    new: Recording | None


def paired(old: Mapping[str, Recording], new: Mapping[str, Recording]) -> list[Pair]:
    """The recordings of two sides that belong together, in the order of the new paths, what is gone at the end.

    The same path is the same request. Of the others, the nearest requests are taken together, best first; to have been
    recorded by the same test counts much.
    """
    found = {path: Pair(path, old[path], path, recording) for path, recording in new.items() if path in old}
    gone = {path: recording for path, recording in old.items() if path not in new}
    come = {path: recording for path, recording in new.items() if path not in old}
    for before, after in _nearest(gone, come):
        found[after] = Pair(before, gone.pop(before), after, come.pop(after))
    found |= {path: Pair("", None, path, recording) for path, recording in come.items()}
    return [*(found[path] for path in sorted(found)), *(Pair(path, gone[path], "", None) for path in sorted(gone))]


def _nearest(gone: Mapping[str, Recording], come: Mapping[str, Recording]) -> Iterator[tuple[str, str]]:
    before = {path: Profile.of(recording.request) for path, recording in gone.items()}
    after = {path: Profile.of(recording.request) for path, recording in come.items()}
    only_tests = len(before) * len(after) > _MOST_COMPARED
    scored: list[tuple[float, str, str]] = []
    for old, profile in before.items():
        for new, other in after.items():
            one, two = gone[old], come[new]
            same_test = bool(one.recorded_by) and one.recorded_by == two.recorded_by
            if one.request.operation != two.request.operation or (only_tests and not same_test):
                continue
            likeness = profile.likeness(other)
            if likeness >= CLOSE:
                scored.append((likeness + _SAME_TEST * same_test, old, new))
    taken: set[str] = set()
    for _, old, new in sorted(scored, key=lambda item: (-item[0], item[1:])):
        if f"-{old}" not in taken and f"+{new}" not in taken:
            taken |= {f"-{old}", f"+{new}"}
            yield old, new
