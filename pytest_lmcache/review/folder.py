"""The files of a folder of recordings, in the order of their names."""

from __future__ import annotations

import os
from pathlib import Path

from pytest_lmcache.errors import CassettesUnusable

BLOBS = "blobs"


def files(folder: Path) -> list[Path]:
    """The files that are recordings by their place and name, sorted; raises CassettesUnusable for what is no folder."""
    found: list[str] = []
    try:
        with os.scandir(folder) as operations:
            places = sorted(place.path for place in operations if place.is_dir() and _is_operation(place.name))
        for place in places:
            with os.scandir(place) as entries:
                names = [entry.name for entry in entries if entry.name.endswith(".json") and entry.name[0] != "."]
            found += [f"{place}{os.sep}{name}" for name in sorted(names)]
    except OSError as error:
        raise CassettesUnusable(f"{folder}: cannot be read ({error.strerror}).") from error
    return [Path(path) for path in found]


def path_of(file: Path) -> str:
    """The path below the folder of one of its files, with a forward slash."""
    return "/".join(str(file).rsplit(os.sep, 2)[-2:])


def _is_operation(name: str) -> bool:
    return name != BLOBS and name[0] != "."
