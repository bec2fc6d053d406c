"""`pytest-lmcache import`: cassettes of vcrpy, pytest-recording and cassetter made recordings."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from pytest_lmcache.cli.options import FINDINGS, json_option
from pytest_lmcache.cli.output import Output
from pytest_lmcache.errors import BadOption
from pytest_lmcache.foreign import files
from pytest_lmcache.foreign.intake import Intake, store
from pytest_lmcache.foreign.report import FileReport, Report
from pytest_lmcache.keys import NAMED, KeyRule, check_ignore, check_normalize
from pytest_lmcache.miss.worddiff import visible
from pytest_lmcache.review import project
from pytest_lmcache.review.project import Project
from pytest_lmcache.tiers.cassettes import Cassettes
from pytest_lmcache.wording import many

_MANY = 50
"""So many files take a second or two."""

_MOST_PLACES = 8


@click.command(name="import")
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(exists=True, path_type=Path))
@click.option("--to", "folder", metavar="DIR", help="Where the recordings go. Without it, the project's folder.")
@click.option("--key", type=click.Choice(NAMED), help="The key strategy. Without it, lmcache_key, or else request.")
@click.option("--ignore", multiple=True, metavar="FIELD", help="As lmcache_ignore, which holds without it. Repeatable.")
@click.option(
    "--normalize", multiple=True, metavar="NAME", help="As lmcache_normalize, which holds without it. Repeatable."
)
@click.option("--errors", is_flag=True, help="Import calls that were answered with an error, too.")
@click.option("--overwrite", is_flag=True, help="Replace recordings that are there already and differ.")
@click.option("--dry-run", "dry", is_flag=True, help="Write nothing; say what would be written.")
@json_option
def command(
    paths: tuple[Path, ...],
    folder: str | None,
    key: str | None,
    ignore: tuple[str, ...],
    normalize: tuple[str, ...],
    errors: bool,
    overwrite: bool,
    dry: bool,
    out: Output,
) -> None:
    """Make recordings of the cassettes of vcrpy, pytest-recording or cassetter.

    PATH is a cassette (.yaml, .yml, .toml, .json, each also as .gz) or a folder, which is searched for them. Only calls
    of models are imported. A call that holds what looks like a credential is not.

    Exit status: 0 when every call of a model was imported; 1 when one was refused or a file could not be read, which
    the report says; 2 when nothing could be done.
    """
    here = project.find(Path.cwd(), folder, missing=True)
    rule = _rule(here, key, ignore, normalize)
    intake = Intake(here.root, rule, os.environ, errors=errors, allowed=here.settings.get("allow_secrets", ()))
    for source in out.progress(files.found(paths), "Reading", many=_MANY):
        intake.read(source)
    recordings = intake.recordings()
    written = store(
        out.progress(recordings, "Writing", many=_MANY),
        Cassettes(here.cassettes, here.shown),
        overwrite=overwrite,
        dry=dry,
    )
    takes = sum(len(recording.takes) for recording in recordings)
    report = Report(intake.files(), len(recordings), takes, intake.passed_over, written)
    if out.as_json:
        out.json({"to": here.shown, "dry_run": dry, **report.as_dict()})
    else:
        _print(report, here.shown, out, dry=dry)
    if not report.complete:
        click.get_current_context().exit(FINDINGS)


def _rule(here: Project, key: str | None, ignore: tuple[str, ...], normalize: tuple[str, ...]) -> KeyRule:
    """How the project's tests key their calls, as far as its ini file says. Raises BadOption."""
    settings: Any = here.settings
    strategy = key or settings.get("key", "request")
    if strategy not in NAMED:
        raise BadOption(
            f"lmcache_key is {strategy!r}, which is not known without a run; choose --key request or messages"
        )
    return KeyRule(
        strategy,
        tuple(map(check_ignore, ignore)) or settings.get("ignore", ()),
        tuple(map(check_normalize, normalize)) or settings.get("normalize", ()),
    )


def _print(report: Report, shown: str, out: Output, *, dry: bool) -> None:
    for file in report.files:
        _print_file(file, out)
    refused = report.calls - sum(file.made for file in report.files)
    read = many(len(report.files) - report.unreadable, "file")
    out.line(
        f"{read} read, {many(report.calls, 'call')} of models in them: {report.calls - refused:,} imported.", "bold"
    )
    if report.unreadable:
        out.line(f"{many(report.unreadable, 'file')} could not be read.", "red")
    for reason, count in report.reasons():
        out.line(f"{many(count, 'call')} refused: {reason}.", "red")
    if any("with an error" in reason for reason, _ in report.reasons()):
        out.line("Tests that expect these errors need them: import them with --errors.")
    _print_written(report, shown, out, dry=dry)
    others = report.others()
    if others:
        places = ", ".join(f"{place} ({count})" for place, count in others[:_MOST_PLACES])
        more = f" and {many(len(others) - _MOST_PLACES, 'more place')}" if len(others) > _MOST_PLACES else ""
        total = many(sum(count for _, count in others), "other request")
        out.line(f"{total}, no calls of a model, not imported and not replayed: {places}{more}.")
    if report.several:
        out.line(
            f"{many(report.several, 'request')} asked more than once in a cassette and answered differently: "
            "a test gets the answers in that order."
        )
    if report.elsewhere:
        out.line(
            f"{many(report.elsewhere, 'call')} asked in several cassettes and answered differently: "
            "every test gets the answer of one of them."
        )


def _print_file(file: FileReport, out: Output) -> None:
    if not (file.unreadable or file.refused or file.drift):
        return
    out.line(visible(file.file), "bold")
    if file.unreadable:
        out.line(f"  not read: {visible(file.unreadable)}", "red")
    for each in file.refused:
        where = f", {each.place}" if each.place else ""
        out.line(f"  interaction {each.number}{where}: refused, {visible(each.reason)}", "red")
    for note in file.drift:
        out.line(f"  {visible(note)}", "yellow")
    out.line()


def _print_written(report: Report, shown: str, out: Output, *, dry: bool) -> None:
    written = report.written
    what = f"{many(report.recordings, 'recording')} with {many(report.takes, 'take')}"
    parts = [
        f"{written.new:,} {'would be ' if dry else ''}new",
        f"{written.same:,} there already" if written.same else "",
        f"{written.replaced:,} {'would be ' if dry else ''}replaced" if written.replaced else "",
        f"{len(written.kept):,} there already with other answers and kept (--overwrite replaces them)"
        if written.kept
        else "",
    ]
    out.line(f"{what} in {shown.rstrip('/')}/: {', '.join(filter(None, parts))}.", "bold")
    for broken in written.broken:
        out.line(f"  not written: {visible(broken)}", "red")
