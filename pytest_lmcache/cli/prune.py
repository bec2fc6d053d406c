"""`pytest-lmcache prune`: remove what no recording needs, and recordings that are chosen."""

from __future__ import annotations

import click

from pytest_lmcache.cli.options import FINDINGS, UNUSABLE, cassettes_option, json_option, selection_options, unreadable
from pytest_lmcache.cli.output import Output, note
from pytest_lmcache.review.library import Library
from pytest_lmcache.review.project import Project
from pytest_lmcache.review.pruning import Removal, removal, remove
from pytest_lmcache.review.selection import Selection
from pytest_lmcache.wording import many


@click.command()
@selection_options
@click.option("--dry-run", is_flag=True, help="Only say what would be removed.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--force", is_flag=True, help="Also what git could not give back.")
@cassettes_option
@json_option
@click.pass_context
def command(
    ctx: click.Context, *, project: Project, selection: Selection, out: Output, dry_run: bool, yes: bool, force: bool
) -> None:
    """Remove blobs that no recording refers to and what interrupted runs left.

    With options that choose, these recordings are removed, too, after a question. What git does not have as it is,
    because it is untracked or changed, stays without --force (exit status 1).
    """
    library = Library(project, progress=out.progress)
    recordings = [] if selection.all else [head.path for head in library.heads(selection)]
    if unreadable(library.broken):
        ctx.exit(UNUSABLE)
    whole = removal(library, recordings)
    chosen = whole if force else whole.safe()
    kept = sorted(set(whole.paths) - set(chosen.paths))
    if out.as_json and chosen.recordings and not (yes or dry_run):
        raise click.UsageError("--json asks no question; add --yes or --dry-run.")
    if not out.as_json:
        _list(chosen, project, out)
        if chosen.recordings and not (yes or dry_run):
            click.confirm(f"Remove {many(len(chosen.recordings), 'recording')}?", abort=True, err=True)
    if not dry_run:
        remove(project.cassettes, chosen.paths)
    if out.as_json:
        out.json({"removed": list(chosen.paths), "kept": kept, "written": not dry_run})
    else:
        out.paragraph(_summary(chosen, dry_run=dry_run), "bold")
    if kept:
        note(_kept(kept, project))
        ctx.exit(FINDINGS)


def _list(chosen: Removal, project: Project, out: Output) -> None:
    for path in chosen.paths:
        out.line(f"{project.shown}/{path}")


def _summary(chosen: Removal, *, dry_run: bool) -> str:
    counts = {"recording": chosen.recordings, "blob": chosen.blobs, "leftover": chosen.leftovers}
    told = ", ".join(many(len(paths), noun) for noun, paths in counts.items() if paths)
    return f"{told or 'Nothing'} {'would be removed' if dry_run else 'removed' if told else 'to remove'}"


def _kept(kept: list[str], project: Project) -> str:
    files = ", ".join(f"{project.shown}/{path}" for path in kept[:3]) + (" ..." if len(kept) > 3 else "")
    verb = "stays" if len(kept) == 1 else "stay"
    return f"pytest-lmcache: {many(len(kept), 'file')} {verb}, git could not give back: {files}. --force removes it."
