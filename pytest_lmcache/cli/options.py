"""Options that several commands have, and the exit statuses of all of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from pytest_lmcache.cli.output import Output
from pytest_lmcache.review import project

F = TypeVar("F", bound=Callable[..., Any])

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
