"""`pytest-lmcache show`: recordings as the conversations they are."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from pytest_lmcache.cli.options import cassettes_option, json_option
from pytest_lmcache.cli.output import Output
from pytest_lmcache.review.library import Library
from pytest_lmcache.review.project import Project
from pytest_lmcache.review.script import script
from pytest_lmcache.review.selection import found
from pytest_lmcache.review.structure import structured
from pytest_lmcache.review.textconv import converted

_STYLES = {
    "title": "bold",
    "fact": "dim",
    "voice": "bold cyan",
    "said": "",
    "thought": "italic dim",
    "act": "yellow",
    "data": "green",
    "error": "bold red",
}


def _textconv(ctx: click.Context, _option: click.Parameter, file: Path | None) -> None:
    if file is not None:
        sys.stdout.buffer.write(converted(file))
        ctx.exit()


@click.command()
@click.argument("names", metavar="RECORDING...", nargs=-1, required=True)
@click.option(
    "--textconv",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    is_eager=True,
    expose_value=False,
    callback=_textconv,
    help="Print a file as git is to compare it, see install-git.",
)
@cassettes_option
@json_option
def command(*, names: tuple[str, ...], project: Project, out: Output) -> None:
    """Show recordings as conversations.

    RECORDING is a path, the first four or more digits of a key, or words of a file's name.
    """
    library = Library(project)
    paths = [file.relative_to(project.cassettes).as_posix() for file in library.files()]
    chosen = [found(name, paths, project.shown, Path.cwd(), project.cassettes) for name in names]
    if out.as_json:
        out.json([{"path": path, **structured(library.load(path))} for path in chosen])
        return
    for number, path in enumerate(chosen):
        if number:
            out.line()
        for line in script(library.load(path), f"{project.shown}/{path}"):
            out.paragraph(line.text, _STYLES[line.tone], indent=line.indent)
