"""The two sides of a comparison: recordings, folders, revisions or the working tree, read where they differ."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from pytest_lmcache import cassette
from pytest_lmcache.call import Recording
from pytest_lmcache.cassette import blobs
from pytest_lmcache.errors import BadOption, BadRecording, LMCacheError
from pytest_lmcache.review.folder import files
from pytest_lmcache.review.git import Repository
from pytest_lmcache.review.library import Library
from pytest_lmcache.review.pairs import Pair, paired
from pytest_lmcache.review.parts import MISSING
from pytest_lmcache.review.project import Project
from pytest_lmcache.review.selection import found
from pytest_lmcache.tiers.cassettes import Cassettes

WORKING_TREE = "the working tree"


@dataclass(slots=True)
class Sides:
    """What is compared: the recordings of each side that may differ, by path, and what could not be read.

    Two recordings that were named are compared `together`, however little they have in common.
    """

    old_name: str
    new_name: str
    old: dict[str, Recording] = field(default_factory=dict)
    new: dict[str, Recording] = field(default_factory=dict)
    broken: list[BadRecording] = field(default_factory=list)
    together: bool = False

    def pairs(self) -> list[Pair]:
        """What belongs together."""
        if self.together:
            (old, one), (new, two) = *self.old.items(), *self.new.items()
            return [Pair(old, one, new, two)]
        return paired(self.old, self.new)


def sides(names: Sequence[str], project: Callable[[], Project], here: Path) -> Sides:
    """The two sides that a person means: two folders, two recordings, or revisions as git diff takes them.

    No name compares HEAD with the working tree, one revision that one with it, `A..B` or `A B` two revisions. Raises
    BadOption for anything else.
    """
    if len(names) == 2 and all((here / name).is_dir() for name in names):
        return _folders(here, *names)
    where = project()
    named = [part or "HEAD" for part in names[0].split("..")] if len(names) == 1 and ".." in names[0] else list(names)
    repository = _repository(where)
    if repository is not None and all(not (here / name).is_file() and repository.is_revision(name) for name in named):
        return _revisions(repository, where, (named or ["HEAD"])[0], named[1] if len(named) > 1 else None)
    if not named:
        raise BadOption(f"{where.shown} is in no git repository: name two recordings or two folders")
    if len(named) != 2:
        raise BadOption(
            f"{' '.join(names)!r} is no git revision; name a revision, or two recordings, folders or revisions"
        )
    return _recordings(where, named, here)


def _repository(project: Project) -> Repository | None:
    try:
        return Repository.of(project.cassettes)
    except LMCacheError:
        return None


def _recordings(project: Project, names: Sequence[str], here: Path) -> Sides:
    library = Library(project)
    paths = [file.relative_to(project.cassettes).as_posix() for file in library.files()]
    old, new = (found(name, paths, project.shown, here, project.cassettes) for name in names)
    one, two = library.load(old), library.load(new)
    return Sides(f"{project.shown}/{old}", f"{project.shown}/{new}", {old: one}, {new: two}, together=True)


def _folders(here: Path, old: str, new: str) -> Sides:
    result = Sides(old.rstrip("/"), new.rstrip("/"))
    before, after = (Cassettes(here / name, name.rstrip("/")) for name in (old, new))
    one, two = (
        {file.relative_to(side.folder).as_posix(): file for file in files(side.folder)} for side in (before, after)
    )
    for path in sorted(one.keys() | two.keys()):
        if path in one and path in two and one[path].read_bytes() == two[path].read_bytes():
            continue
        for side, known, into in ((before, one, result.old), (after, two, result.new)):
            if path in known:
                _into(into, path, partial(side.load, known[path]), result)
    return result


def _revisions(repository: Repository, project: Project, old: str, new: str | None) -> Sides:
    result = Sides(old, new or WORKING_TREE)
    folder, cassettes = project.cassettes, Cassettes(project.cassettes, project.shown)
    paths = [path for path in repository.changed(folder, old, new) if _is_recording(path)]
    for revision, into in ((old, result.old), (new, result.new)):
        if revision is None:
            for path in paths:
                if (folder / path).exists():
                    _into(into, path, partial(cassettes.load, folder / path), result)
            continue
        for path, data in repository.contents(folder, revision, paths).items():
            shown = f"{project.shown}/{path} in {revision}"
            blob = _blob_of(repository, folder, revision)
            _into(into, path, partial(cassette.loads, data, shown, blob), result)
    return result


def _is_recording(path: str) -> bool:
    operation, _, name = path.partition("/")
    return operation != "blobs" and name.endswith(".json") and "/" not in name


def _blob_of(repository: Repository, folder: Path, revision: str) -> Callable[[str], bytes]:
    def read(name: str) -> bytes:
        if not blobs.NAME.fullmatch(name):
            return MISSING + name.encode("ascii", "replace")
        held = repository.contents(folder, revision, [f"blobs/{name}"])
        return held.get(f"blobs/{name}", MISSING + name.encode())

    return read


def _into(into: dict[str, Recording], path: str, read: Callable[[], Recording], result: Sides) -> None:
    try:
        into[path] = read()
    except BadRecording as error:
        result.broken.append(error)
