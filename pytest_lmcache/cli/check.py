"""`pytest-lmcache check`: whether the recordings are in order, for CI."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict

import click

from pytest_lmcache.cli.options import FINDINGS, cassettes_option, json_option
from pytest_lmcache.cli.output import Output
from pytest_lmcache.miss.worddiff import visible
from pytest_lmcache.review.audit import Finding, audit
from pytest_lmcache.review.library import Library
from pytest_lmcache.review.project import Project
from pytest_lmcache.wording import many

_STYLES = {"unreadable": "bold red", "key": "bold red", "secret": "bold red"}


@click.command()
@click.option("--no-secrets", is_flag=True, help="Do not look for what looks like a credential.")
@cassettes_option
@json_option
@click.pass_context
def command(ctx: click.Context, *, project: Project, out: Output, no_secrets: bool) -> None:
    r"""Check every file of the folder.

    \b
    unreadable  cut short, in conflict, of another format ...
    key         its request does not make its key: one of the two was edited
    name        no call looks for it under the name it has
    secret      it holds what looks like a credential
    unused      a blob that no recording refers to
    leftover    a temporary file of a run that was interrupted

    Exit status: 1 when there is one of these.
    """
    library = Library(project, progress=out.progress)
    found = list(audit(library, secrets=not no_secrets))
    count = len(library.files())
    if out.as_json:
        out.json({"recordings": count, "findings": [asdict(one) for one in found]})
    else:
        for one in found:
            _print(one, project, out)
        out.paragraph(_summary(found, count), "bold" if found else "green")
    if found:
        ctx.exit(FINDINGS)


def _print(one: Finding, project: Project, out: Output) -> None:
    out.paragraph(f"{one.kind}  {project.shown}/{visible(one.path)}", _STYLES.get(one.kind, "bold yellow"))
    out.paragraph(f"{visible(one.cause)}. {one.remedy.rstrip('.')}.", indent=2)


def _summary(found: list[Finding], count: int) -> str:
    kinds = Counter(one.kind for one in found)
    told = ", ".join(f"{number:,} {kind}" for kind, number in kinds.items())
    return f"{many(count, 'recording')} checked: {told or 'all in order'}"
