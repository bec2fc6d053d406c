"""`pytest-lmcache scan`: what looks like a credential in recordings, before it is committed."""

from __future__ import annotations

import os
from pathlib import Path

import click

from pytest_lmcache.cli.options import FINDINGS, json_option
from pytest_lmcache.cli.output import Output, note
from pytest_lmcache.miss.worddiff import visible
from pytest_lmcache.redact import Redactor
from pytest_lmcache.review import project, secrets
from pytest_lmcache.wording import many


@click.command("scan")
@click.argument("paths", nargs=-1, type=click.Path(exists=True, path_type=Path))
@json_option
@click.pass_context
def command(ctx: click.Context, *, paths: tuple[Path, ...], out: Output) -> None:
    """Look for credentials in recordings.

    PATHS are files and folders; without any, the project's folder of recordings. Recordings are looked through by
    field, and what a recording allows (allow_secrets) is accepted; all other text is looked through by line. Found are
    known forms of keys, values behind words such as api_key, and the values of this environment's variables that are
    credentials by their names. No value is printed.

    Exit status: 0 when nothing was found, 1 when something was, 2 when the command could not do its work.
    """
    chosen = paths or (Path(project.find(Path.cwd()).shown),)
    files = list(dict.fromkeys(file for path in chosen for file in secrets.below(path)))
    redactor = Redactor(os.environ)
    found = [leak for file in out.progress(files, "Reading") for leak in secrets.leaks(file, redactor)]
    if out.as_json:
        rows = [{"file": leak.file.as_posix(), "place": leak.place, "kind": leak.kind} for leak in found]
        out.json({"files": len(files), "found": rows})
    else:
        for leak in found:
            out.line(visible(f"{leak.file.as_posix()}: {leak.place}: {leak.kind}"))
        counted = many(len(files), "file")
        note(f"{len(found):,} found in {counted}" if found else f"nothing found in {counted}")
    if found:
        ctx.exit(FINDINGS)
