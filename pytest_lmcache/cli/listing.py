"""`pytest-lmcache ls`: the recordings there are, a line each."""

from __future__ import annotations

import click

from pytest_lmcache.cli.options import UNUSABLE, cassettes_option, json_option, selection_options, unreadable
from pytest_lmcache.cli.output import Column, Output
from pytest_lmcache.miss.worddiff import visible
from pytest_lmcache.review import amounts, heads
from pytest_lmcache.review.heads import Head
from pytest_lmcache.review.library import Library
from pytest_lmcache.review.project import Project
from pytest_lmcache.review.selection import SORTS, Selection
from pytest_lmcache.wording import many

COLUMNS = (
    Column("KEY"),
    Column("OPERATION"),
    Column("ASKED", flexible=True),
    Column("MODEL", flexible=True),
    Column("TOKENS", right=True),
    Column("COST", right=True),
    Column("SIZE", right=True),
    Column("AGE", right=True),
    Column("TEST", flexible=True, end=True),
)


@click.command("ls")
@selection_options
@click.option("--sort", type=click.Choice(list(SORTS)), default="name", help="Oldest first, and the largest amounts.")
@click.option("--reverse", is_flag=True, help="The other way round.")
@click.option("--limit", type=click.IntRange(1), metavar="N", help="The first N only.")
@click.option("--paths", is_flag=True, help="Print paths only, one a line.")
@cassettes_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    *,
    project: Project,
    selection: Selection,
    out: Output,
    sort: str,
    reverse: bool,
    limit: int | None,
    paths: bool,
) -> None:
    """List recordings.

    Any of the options that choose may be combined. `--test` and `--text` look for a part, capitals or not; in
    `--model` and `--operation` a `*` stands for anything.
    """
    library = Library(project, progress=out.progress)
    chosen = sorted(library.heads(selection), key=SORTS[sort], reverse=reverse)[:limit]
    if out.as_json:
        out.json([head.as_json() for head in chosen])
    elif paths:
        for head in chosen:
            out.line(f"{project.shown}/{head.path}")
    else:
        _table(chosen, out)
    if unreadable(library.broken):
        ctx.exit(UNUSABLE)


def _table(chosen: list[Head], out: Output) -> None:
    now = heads.now()
    rows = [
        (
            head.key[:8],
            visible(head.operation),
            head.slug.replace("-", " "),
            visible(head.model),
            f"{head.tokens:,}" if head.tokens else "",
            amounts.dollars(head.cost),
            amounts.size(head.size),
            amounts.age(head.age(now)),
            visible(head.recorded_by),
        )
        for head in chosen
    ]
    if rows:
        out.table(COLUMNS, rows)
    out.footer(_summary(chosen))


def _summary(chosen: list[Head]) -> str:
    prices = [head.cost for head in chosen if head.cost is not None]
    facts = [
        many(len(chosen), "recording"),
        many(sum(head.tokens for head in chosen), "token"),
        amounts.dollars(sum(prices) if prices else None),
        amounts.size(sum(head.size for head in chosen)),
    ]
    return " · ".join(filter(None, facts if chosen else facts[:1]))
