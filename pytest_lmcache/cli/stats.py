"""`pytest-lmcache stats`: what the recordings amount to."""

from __future__ import annotations

import click

from pytest_lmcache.cli.options import UNUSABLE, cassettes_option, json_option, selection_options, unreadable
from pytest_lmcache.cli.output import Column, Output
from pytest_lmcache.miss.worddiff import visible
from pytest_lmcache.review import amounts
from pytest_lmcache.review.library import Library
from pytest_lmcache.review.project import Project
from pytest_lmcache.review.selection import Selection
from pytest_lmcache.review.totals import GROUPS, Total, grouped, total

_FIGURES = ("RECORDINGS", "TAKES", "TOKENS IN", "OUT", "CACHED", "COST", "TIME", "SIZE")


@click.command()
@click.option(
    "--by", type=click.Choice(list(GROUPS)), multiple=True, default=("model", "module"), help="May be given repeatedly."
)
@selection_options
@cassettes_option
@json_option
@click.pass_context
def command(ctx: click.Context, *, project: Project, selection: Selection, out: Output, by: tuple[str, ...]) -> None:
    """Add up tokens, cost, time and size, by model and by test module.

    CACHED are the tokens read from the provider's prompt cache. The figures are those of the recorded calls: what
    making all the recordings again would take.
    """
    library = Library(project, progress=out.progress)
    heads = library.heads(selection)
    groups = {name: grouped(heads, name) for name in dict.fromkeys(by)}
    if out.as_json:
        sums = {name: {key: one.as_json() for key, one in found.items()} for name, found in groups.items()}
        out.json({"total": total(heads).as_json(), **{f"by_{name}": found for name, found in sums.items()}})
    else:
        for name, found in groups.items():
            _table(name, found, total(heads), out)
    if unreadable(library.broken):
        ctx.exit(UNUSABLE)


def _table(name: str, found: dict[str, Total], whole: Total, out: Output) -> None:
    columns = (Column(name.upper(), flexible=True), *(Column(title, right=True) for title in _FIGURES))
    rows = [(visible(key), *_figures(one)) for key, one in found.items()]
    out.table(columns, [*rows, ("all", *_figures(whole))], last="bold")
    out.line()


def _figures(one: Total) -> tuple[str, ...]:
    counts = (one.recordings, one.takes, one.asked, one.answered, one.cached)
    shown = (f"{count:,}" if count else "" for count in counts)
    return (*shown, amounts.dollars(one.cost), amounts.seconds(one.seconds), amounts.size(one.bytes))
