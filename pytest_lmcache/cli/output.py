"""Where commands print: rich text on a terminal, plain text in a pipe, JSON where it is asked for.

stdout has the result and nothing else. Progress and errors go to stderr.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

T = TypeVar("T")

# Beyond so many things a person at a terminal wonders whether anything happens.
_MANY = 1_500
_NARROWEST = 6


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table. Numbers stand to the `right`; a `flexible` one is cut where the terminal is too narrow, at
    its beginning when its `end` says more.
    """

    title: str
    right: bool = False
    flexible: bool = False
    end: bool = False


class Output:
    """What a command prints to. Control characters in what it is given are the caller's to take out."""

    def __init__(self, *, as_json: bool = False) -> None:
        self.as_json = as_json
        self._console: Console | None = None

    @property
    def console(self) -> Console:
        """The terminal or pipe that stdout is. It knows NO_COLOR, FORCE_COLOR, TERM and COLUMNS."""
        if self._console is None:
            from rich.console import Console

            self._console = Console(highlight=False, markup=False, emoji=False)
        return self._console

    @property
    def width(self) -> int:
        """Columns of the terminal; without one, no bound that matters."""
        return self.console.width if self.console.is_terminal else 10_000

    @property
    def coloured(self) -> bool:
        """Whether the result may have colours."""
        return self.console.color_system is not None and not self.console.no_color

    def line(self, text: str = "", style: str = "") -> None:
        """One line of the result, as it is."""
        click.echo(self._styled(text, style))

    def paragraph(self, text: str | Text, style: str = "", *, indent: int = 0) -> None:
        """A line of a document, wrapped on a terminal so that all of it is indented."""
        if not self.console.is_terminal:
            click.echo(" " * indent + str(text))
            return
        from rich.text import Text

        whole = Text(text, style=style) if isinstance(text, str) else text
        for line in whole.wrap(self.console, max(20, self.console.width - indent)):
            line.rstrip()
            self.console.print(Text(" " * indent).append_text(line))

    def json(self, value: Any) -> None:
        """A result for programs."""
        click.echo(json.dumps(value, indent=2, ensure_ascii=False))

    def footer(self, text: str) -> None:
        """A line about the result, for whoever looks at it on a terminal."""
        if self.console.is_terminal:
            self.line(text, "dim")

    def table(self, columns: Sequence[Column], rows: Sequence[Sequence[str]], *, last: str = "") -> None:
        """Rows of text below the titles of the columns, aligned; `last` is the style of the last row.

        Only a terminal's narrowness cuts anything.
        """
        from rich.cells import cell_len

        sizes = [[len(cell) if cell.isascii() else cell_len(cell) for cell in row] for row in rows]
        widths = [max(len(column.title), *(row[at] for row in sizes), 0) for at, column in enumerate(columns)]
        widths = _fitted(widths, columns, self.width)
        titles = [
            _cell(column.title, len(column.title), width, column) for column, width in zip(columns, widths, strict=True)
        ]
        lines = [self._styled("  ".join(titles).rstrip(), "bold")]
        for row, size in zip(rows, sizes, strict=True):
            cells = [_cell(*each) for each in zip(row, size, widths, columns, strict=True)]
            lines.append("  ".join(cells).rstrip())
        lines[-1] = self._styled(lines[-1], last)
        click.echo("\n".join(lines))

    def progress(self, things: Sequence[T], doing: str, *, many: int = _MANY) -> Iterable[T]:
        """The same things; on a terminal, a bar on stderr while `many` or more of them are worked through."""
        if len(things) < many or not sys.stderr.isatty():
            return things
        return self._tracked(things, doing)

    def _tracked(self, things: Sequence[T], doing: str) -> Iterator[T]:
        from rich.console import Console
        from rich.progress import track

        yield from track(things, doing, console=Console(stderr=True), transient=True, update_period=0.2)

    def _styled(self, text: str, style: str) -> str:
        if not style or not self.coloured:
            return text
        names = style.split()
        bold, dim = "bold" in names, "dim" in names
        colour = next((name for name in names if name not in ("bold", "dim")), None)
        return click.style(text, fg=colour, bold=bold or None, dim=dim or None)


def note(text: str) -> None:
    """A remark for the person who typed the command; it is no part of the result."""
    click.echo(text, err=True)


def _fitted(widths: list[int], columns: Sequence[Column], room: int) -> list[int]:
    """The widths with the flexible ones made smaller, the widest first, until all fit."""
    fitted = list(widths)
    flexible = [at for at, column in enumerate(columns) if column.flexible]
    over = sum(fitted) + 2 * (len(fitted) - 1) - room
    while over > 0 and flexible:
        widest = max(flexible, key=lambda at: fitted[at])
        if fitted[widest] <= _NARROWEST:
            break
        fitted[widest] -= 1
        over -= 1
    return fitted


def _cell(text: str, size: int, width: int, column: Column) -> str:
    if size > width:
        text, size = _cut(text, width, column), width
    blanks = " " * (width - size)
    return blanks + text if column.right else text + blanks


def _cut(text: str, width: int, column: Column) -> str:
    from rich.cells import set_cell_size

    if column.end:
        return "…" + set_cell_size(text[::-1], width - 1)[::-1]
    return set_cell_size(text, width - 1) + "…"
