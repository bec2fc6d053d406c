"""What git says of a folder of recordings. Every question is one run of git, and none of them changes anything."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_lmcache.errors import LMCacheError


class GitFailed(LMCacheError):
    """git is not installed, the folder is in no repository, or git refused; its text is git's own."""


@dataclass(frozen=True, slots=True)
class Repository:
    """The repository that a folder is in; `top` is its working tree."""

    top: Path

    @classmethod
    def of(cls, folder: Path) -> Repository:
        """Raises GitFailed when the folder is in no repository."""
        return cls(Path(_git(folder, "rev-parse", "--show-toplevel").decode().rstrip("\n")))

    def is_revision(self, name: str) -> bool:
        """Whether git knows a commit by that name."""
        try:
            _git(self.top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        except GitFailed:
            return False
        return True

    def changed(self, folder: Path, old: str, new: str | None) -> list[str]:
        """Paths below the folder that differ between two revisions, or a revision and the working tree (None)."""
        revisions = [old] if new is None else [old, new]
        differing = _git(folder, "diff", "--name-only", "--no-renames", "-z", "--relative", *revisions, "--", ".")
        names = set(_names(differing))
        if new is None:
            names |= set(_names(_git(folder, "ls-files", "--others", "--exclude-standard", "-z", "--", ".")))
        return sorted(names)

    def contents(self, folder: Path, revision: str, paths: Sequence[str]) -> dict[str, bytes]:
        """What files of the folder held in a revision; those it did not have are left out."""
        place = folder.resolve().relative_to(self.top.resolve()).as_posix()
        asked = [f"{revision}:{path if place == '.' else f'{place}/{path}'}" for path in paths]
        found = _git(self.top, "cat-file", "--batch", given="".join(f"{name}\n" for name in asked).encode())
        return dict(_batch(found, paths))

    def unsafe(self, folder: Path) -> frozenset[str]:
        """Paths below the folder whose content git could not give back: untracked, ignored, or changed."""
        listed = _git(
            folder,
            "status",
            "--porcelain=v1",
            "-z",
            "--ignored=traditional",
            "--untracked-files=all",
            "--no-renames",
            "--",
            ".",
        )
        place = folder.resolve().relative_to(self.top.resolve())
        found = {Path(entry[3:]) for entry in _names(listed)}
        return frozenset(path.relative_to(place).as_posix() for path in found if path.is_relative_to(place))

    def configure(self, name: str, value: str) -> None:
        """Set a value in the configuration of this repository alone."""
        _git(self.top, "config", "--local", name, value)

    def configured(self, name: str) -> str:
        """A value of the configuration of this repository, empty when it is not set."""
        try:
            return _git(self.top, "config", "--local", "--get", name).decode().rstrip("\n")
        except GitFailed:
            return ""

    def forget(self, section: str) -> None:
        """Remove a section of the configuration of this repository, if it is there."""
        try:
            _git(self.top, "config", "--local", "--remove-section", section)
        except GitFailed:
            return


def _git(folder: Path, *arguments: str, given: bytes | None = None) -> bytes:
    command = ["git", "-c", "core.quotePath=false", *arguments]
    try:
        done = subprocess.run(command, cwd=folder, input=given, capture_output=True, check=False)  # noqa: S603
    except OSError as error:
        raise GitFailed(f"git cannot be run ({error.strerror})") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        text = said[0].removeprefix("fatal: ") if said else f"git {arguments[0]} failed"
        if "not a git repository" in text:
            text = f"{folder} is in no git repository"
        raise GitFailed(text)
    return done.stdout


def _names(listed: bytes) -> Iterable[str]:
    return (name for name in listed.decode("utf-8", "surrogateescape").split("\0") if name)


def _batch(found: bytes, paths: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """The answer of `cat-file --batch`: for each object a line with its size, then its content and a line break."""
    place = 0
    for path in paths:
        end = found.index(b"\n", place)
        line = found[place:end].split(b" ")
        place = end + 1
        if line[-1] == b"missing":
            continue
        size = int(line[-1])
        yield path, found[place : place + size]
        place += size + 1
