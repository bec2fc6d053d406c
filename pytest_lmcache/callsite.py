"""Where in the user's own code a call comes from: the innermost frame that is neither a library's nor ours."""

from __future__ import annotations

import linecache
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from types import FrameType, TracebackType

_INSTALLED = frozenset({"site-packages", "dist-packages"})
_LOOP = "_run_once"
_OURS = str(Path(__file__).parent)


def site_of(frame: FrameType | None) -> str:
    """The call site below a running frame, as `_told` writes it; empty where all frames are those of libraries."""
    return _first((outer, outer.f_lineno) for outer in _outwards(frame))


def site_in(traceback: TracebackType | None) -> str:
    """The same for where an error came from: it has passed whoever awaited the task that raised it."""
    steps = []
    while traceback is not None:
        steps.append((traceback.tb_frame, traceback.tb_lineno))
        traceback = traceback.tb_next
    return _first(reversed(steps))


def _outwards(frame: FrameType | None) -> Iterator[FrameType]:
    """The frames of a task end at its event loop: below that stands who started the loop, and not who made the task."""
    while frame is not None and frame.f_code.co_name != _LOOP:
        yield frame
        frame = frame.f_back


def _first(steps: Iterable[tuple[FrameType, int]]) -> str:
    for frame, line in steps:
        if _is_users(frame.f_code.co_filename):
            return _told(frame, line)
    return ""


@lru_cache(maxsize=1024)
def _is_users(filename: str) -> bool:
    path = Path(filename)
    return not (
        filename.startswith("<")
        or _INSTALLED.intersection(path.parts)
        or any(path.is_relative_to(folder) for folder in _libraries())
    )


@lru_cache
def _libraries() -> tuple[str, ...]:
    import sysconfig

    return _OURS, sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")


def _told(frame: FrameType, line: int) -> str:
    """`folder/file.py:12, in function: the source line`, the file as seen from the current directory."""
    filename = frame.f_code.co_filename
    path = Path(filename)
    shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    source = linecache.getline(filename, line, frame.f_globals).strip()
    place = f"{shown.as_posix()}:{line}, in {frame.f_code.co_name}"
    return f"{place}: {source}" if source else place
