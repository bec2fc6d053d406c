"""`pytest-lmcache rekey`: recordings under another key strategy, without a provider."""

from __future__ import annotations

import click

from pytest_lmcache.call import Recording
from pytest_lmcache.cli import Failure
from pytest_lmcache.cli.options import FINDINGS, cassettes_option, json_option, selection_options, unreadable
from pytest_lmcache.cli.output import Output
from pytest_lmcache.keys import NAMED, KeyRule
from pytest_lmcache.options import OPTIONS
from pytest_lmcache.review import rekeying
from pytest_lmcache.review.library import Library
from pytest_lmcache.review.project import Project
from pytest_lmcache.review.rekeying import Plan
from pytest_lmcache.review.selection import Selection
from pytest_lmcache.wording import many

_READ = {option.name: option.read for option in OPTIONS}


@click.command()
@click.option("--key", "strategy", type=click.Choice(NAMED), required=True, help="The strategy they are to be under.")
@click.option("--ignore", multiple=True, metavar="FIELD", help="As in lmcache_ignore; without it, what the file says.")
@click.option("--normalize", multiple=True, metavar="NAME", help="As in lmcache_normalize, likewise.")
@click.option("--keep-newest", is_flag=True, help="Where several get one key, keep the one recorded last.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@selection_options
@cassettes_option
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    *,
    project: Project,
    selection: Selection,
    out: Output,
    strategy: str,
    ignore: tuple[str, ...],
    normalize: tuple[str, ...],
    keep_newest: bool,
    dry_run: bool,
) -> None:
    """Put recordings under another key strategy, from what is stored. Nothing is asked of a provider.

    Nothing is written when two recordings would get the same key (exit status 1), unless --keep-newest says which one
    stays. Interrupted, it can be run again.
    """
    ignore, normalize = _READ["ignore"](ignore), _READ["normalize"](normalize)

    def rule_for(recording: Recording) -> KeyRule:
        return KeyRule(strategy, ignore or recording.key.ignore, normalize or recording.key.normalize)

    library = Library(project, progress=out.progress)
    heads = library.heads()
    chosen = [head.path for head in library.heads(selection)] if not selection.all else [head.path for head in heads]
    if unreadable(library.broken):
        raise Failure("nothing was changed, since recordings that cannot be read may have any key.")
    plan = rekeying.plan(library, chosen, rule_for)
    losers = set(rekeying.newest(library, plan.collisions)) if keep_newest else set()
    remaining = sum(head.strategy != strategy for head in heads if head.path not in set(chosen))
    lines = rekeying.advice(plan.moves, strategy, remaining)
    refused = bool(plan.collisions) and not keep_newest
    if not dry_run and not refused:
        for path in losers:
            (project.cassettes / path).unlink()
        rekeying.carry_out(library, (move for move in plan.moves if move.old not in losers), rule_for)
    if out.as_json:
        out.json(_as_json(plan, losers, lines, written=not dry_run and not refused))
    else:
        _print(plan, losers, lines, out, dry_run=dry_run, refused=refused)
    if refused:
        ctx.exit(FINDINGS)


def _print(plan: Plan, losers: set[str], lines: tuple[str, ...], out: Output, *, dry_run: bool, refused: bool) -> None:
    for target, paths in plan.collisions.items():
        out.paragraph(f"One key for {len(paths)} recordings: {target}", "bold yellow")
        for path in paths:
            out.paragraph(f"{path}{' (removed)' if path in losers else ''}", indent=2)
    if refused:
        what = many(len(plan.collisions), "key")
        out.paragraph(
            f"Nothing was changed: {what} would be that of several recordings. --keep-newest keeps one of each."
        )
        return
    for move in plan.moves:
        if move.old not in losers:
            out.paragraph(f"{move.old} → {move.new}")
    moved = len(plan.moves) - len(losers.intersection(move.old for move in plan.moves))
    done = "would be re-keyed" if dry_run else "re-keyed"
    out.paragraph(f"{many(moved, 'recording')} {done}, {plan.unchanged:,} unchanged, {len(losers):,} removed", "bold")
    for line in lines:
        out.paragraph(line)


def _as_json(plan: Plan, losers: set[str], lines: tuple[str, ...], *, written: bool) -> dict[str, object]:
    return {
        "written": written,
        "moved": [
            {"old": move.old, "new": move.new, "test": move.test} for move in plan.moves if move.old not in losers
        ],
        "unchanged": plan.unchanged,
        "collisions": {target: list(paths) for target, paths in plan.collisions.items()},
        "removed": sorted(losers),
        "advice": list(lines),
    }
