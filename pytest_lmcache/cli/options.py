"""Options that several commands have, and the exit statuses of all of them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from pytest_lmcache.cli.output import Output, note
from pytest_lmcache.errors import BadOption, BadRecording
from pytest_lmcache.readers import read_age, read_size
from pytest_lmcache.review import project
from pytest_lmcache.review.selection import Selection

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")

FINE = 0
FINDINGS = 1
"""The command did its work and found what it looks for: differences, broken files, secrets."""
UNUSABLE = 2
"""The command could not do its work: wrong usage, no such folder, a file that cannot be read."""


def json_option(function: F) -> F:
    """`--json`; the command gets an `out: Output`."""
    return click.option(
        "--json", "out", is_flag=True, callback=lambda _, __, value: Output(as_json=value), help="Print JSON."
    )(function)


def cassettes_option(function: F) -> F:
    """`--cassettes DIR`; the command gets a `project: Project`."""
    return click.option(
        "--cassettes",
        "project",
        metavar="DIR",
        type=click.Path(path_type=str),
        callback=lambda _, __, value: project.find(Path.cwd(), value),
        help="The folder of recordings. Without it, that of the project: lmcache_cassettes in its ini file.",
    )(function)


def selection_options(function: F) -> F:
    """The options that choose recordings; the command gets a `selection: Selection`."""

    @functools.wraps(function)
    def chosen(*args: Any, **kwargs: Any) -> Any:
        values = {name: kwargs.pop(name) for name in Selection.__slots__}
        return function(*args, selection=Selection(**values), **kwargs)

    for option in reversed(_CHOICES):
        chosen = option(chosen)
    return chosen  # type: ignore[return-value]


def unreadable(broken: Sequence[BadRecording]) -> bool:
    """Whether some files could not be read, which is then said on stderr."""
    for error in broken[:_MOST_BROKEN]:
        note(f"pytest-lmcache: {error}")
    if len(broken) > _MOST_BROKEN:
        note(f"pytest-lmcache: {len(broken) - _MOST_BROKEN:,} more files cannot be read; see pytest-lmcache check")
    return bool(broken)


def _reads(read: Callable[[str], T]) -> Callable[[Any, Any, str | None], T | None]:
    def callback(_context: Any, _option: Any, value: str | None) -> T | None:
        try:
            return None if value is None else read(value)
        except BadOption as error:
            raise click.BadParameter(str(error)) from None

    return callback


def _bytes(text: str) -> int:
    try:
        return read_size(text)
    except BadOption:
        raise BadOption(f"{text!r} is no size; write bytes, or for example 500kB or 1MiB") from None


read_bytes = _reads(_bytes)
"""The callback of an option that is a size."""

_MOST_BROKEN = 3
_CHOICES = (
    click.option("--model", default="", metavar="NAME", help="Part of the model's name, or a pattern with *."),
    click.option("--operation", default="", metavar="NAME", help="chat, embedding ..."),
    click.option("--test", default="", metavar="TEXT", help="Part of the node id of the test that recorded it."),
    click.option("--text", default="", metavar="TEXT", help="Part of what was asked or answered."),
    click.option("--older-than", "older", metavar="AGE", callback=_reads(read_age), help="Such as 90d, 12h, 2w."),
    click.option("--newer-than", "newer", metavar="AGE", callback=_reads(read_age), help="Such as 90d, 12h, 2w."),
    click.option("--larger-than", "larger", metavar="SIZE", callback=read_bytes, help="Such as 100kB."),
    click.option("--cost-above", "dearer", metavar="DOLLARS", type=float, help="US dollars, of all its takes."),
)
