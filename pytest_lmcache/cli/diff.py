"""`pytest-lmcache diff`: which prompts and which answers changed, in words."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import click
from rich.text import Text

from pytest_lmcache.cli.options import FINDINGS, UNUSABLE, json_option, unreadable
from pytest_lmcache.cli.output import Output
from pytest_lmcache.miss.differences import Difference
from pytest_lmcache.miss.worddiff import visible
from pytest_lmcache.review import project
from pytest_lmcache.review.comparison import Change, compared
from pytest_lmcache.review.sides import sides
from pytest_lmcache.wording import many

_TITLES = {"prompt": "changed prompt", "answer": "changed answer", "added": "new", "removed": "gone"}
_STYLES = {"prompt": "bold yellow", "answer": "bold cyan", "added": "bold green", "removed": "bold red"}
_MARKS = re.compile(r"\[-(?P<gone>.*?)-\]|\{\+(?P<come>.*?)\+\}")


@click.command()
@click.argument("names", metavar="[OLD] [NEW]", nargs=-1)
@click.option("--cassettes", metavar="DIR", help="The folder of recordings; without it, that of the project.")
@json_option
@click.pass_context
def command(ctx: click.Context, *, names: tuple[str, ...], cassettes: str | None, out: Output) -> None:
    r"""Tell what changed between recordings: which prompts, which answers, in which words.

    \b
    pytest-lmcache diff                  the last commit and the working tree
    pytest-lmcache diff main             a revision and the working tree
    pytest-lmcache diff main..HEAD       two revisions; also: diff main HEAD
    pytest-lmcache diff old/ new/        two folders
    pytest-lmcache diff 3f9c2a 77ab01    two recordings

    A changed prompt is a new file beside an old one that is gone. They are paired by what they ask and by the test that
    recorded them. Exit status: 1 when something changed.
    """
    if len(names) > 2:
        raise click.UsageError("Two sides can be compared, not more.")
    both = sides(names, lambda: project.find(Path.cwd(), cassettes), Path.cwd())
    changes = compared(both.pairs())
    if out.as_json:
        out.json({"old": both.old_name, "new": both.new_name, "changes": [change.as_json() for change in changes]})
    else:
        for change in changes:
            _print(change, out)
        out.paragraph(f"{both.old_name} → {both.new_name}: {_summary(changes)}", "dim")
    if unreadable(both.broken):
        ctx.exit(UNUSABLE)
    if changes:
        ctx.exit(FINDINGS)


def _print(change: Change, out: Output) -> None:
    path = change.new_path or change.old_path
    if change.old_path and change.new_path and change.old_path != change.new_path:
        path = f"{change.old_path} → {change.new_path}"
    out.paragraph(f"{_TITLES[change.kind]}  {path}", _STYLES[change.kind])
    if change.test:
        out.paragraph(visible(change.test), "dim", indent=2)
    for line in change.asked:
        out.paragraph(line, indent=2)
    for title, found in (("", change.prompt), ("answer ", change.answer)):
        for difference in found:
            _difference(title, difference, out)
    out.line()


def _difference(title: str, difference: Difference, out: Output) -> None:
    words = {"changed": "", "added": "added: ", "removed": "no longer: "}[difference.kind]
    text = Text(f"{title}{visible(difference.path)}  ", style="magenta")
    style = {"changed": "", "added": "green", "removed": "red"}[difference.kind]
    text.append_text(_coloured(words + difference.shown, style))
    out.paragraph(text, indent=2)


def _coloured(shown: str, style: str) -> Text:
    text = Text(shown, style=style or "none")
    for match in _MARKS.finditer(shown):
        text.stylize("red" if match["gone"] is not None else "green", *match.span())
    return text


def _summary(changes: list[Change]) -> str:
    counts = Counter(change.kind for change in changes)
    facts = [many(counts["prompt"], "changed prompt"), many(counts["answer"], "changed answer")]
    facts += [f"{counts['added']:,} new", f"{counts['removed']:,} gone"]
    return ", ".join(fact for fact in facts if not fact.startswith("0 ")) or "no recording says anything else"
