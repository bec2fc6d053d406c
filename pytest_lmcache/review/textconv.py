"""What git compares of a recording: its conversation as text, without what differs each time it is recorded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pytest_lmcache import cassette
from pytest_lmcache.cassette import blobs
from pytest_lmcache.errors import LMCacheError
from pytest_lmcache.review import project
from pytest_lmcache.review.parts import MISSING
from pytest_lmcache.review.script import script


def converted(file: Path) -> bytes:
    """The conversation in a file, UTF-8; for what is no readable recording the bytes as they are, since git goes on.

    git hands over another revision as a copy elsewhere, so that its blobs are looked for in the project.
    """
    data = file.read_bytes()
    try:
        recording = cassette.loads(data, file.name, _blob_of(file))
        lines = (" " * line.indent + line.text for line in script(recording, timed=False))
        return ("\n".join(line.rstrip() for line in lines) + "\n").encode("utf-8", "backslashreplace")
    except LMCacheError:
        return data


def _blob_of(file: Path) -> Callable[[str], bytes]:
    def read(name: str) -> bytes:
        if blobs.NAME.fullmatch(name):
            for folder in (file.parent.parent, *_project_folders()):
                try:
                    return (folder / "blobs" / name).read_bytes()
                except OSError:
                    continue
        return MISSING + name.encode()

    return read


def _project_folders() -> tuple[Path, ...]:
    try:
        return (project.find(Path.cwd()).cassettes,)
    except LMCacheError:
        return ()
