"""The documents of this project, and what is in them: fenced blocks, headings, links and tables."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
DOCUMENTS = (
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "examples/README.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
)


@dataclass(frozen=True)
class Block:
    """A fenced block: where it begins, its language, its text, and the `##` heading it is below."""

    document: str
    line: int
    language: str
    text: str
    section: str

    def __str__(self) -> str:
        return f"{self.document}:{self.line}"

    @property
    def file(self) -> str:
        """The file a Python block is: what its first line says, or a test module."""
        named = re.match(r"# (\w+\.py)\n", self.text)
        return named.group(1) if named else f"test_line_{self.line}.py"


@cache
def blocks(document: Path) -> tuple[Block, ...]:
    found, name, section = [], document.relative_to(ROOT).as_posix(), ""
    language, start, lines = None, 0, []
    for number, line in enumerate(document.read_text("utf-8").splitlines(), 1):
        if line.startswith("```"):
            if language is None:
                language, start, lines = line[3:].strip(), number, []
            else:
                found.append(Block(name, start, language, "\n".join(lines) + "\n", section))
                language = None
        elif language is not None:
            lines.append(line)
        elif line.startswith("## "):
            section = line[3:]
    assert language is None, f"{name}: the block of line {start} has no end"
    return tuple(found)


def all_blocks(*languages: str) -> list[Block]:
    return [block for document in DOCUMENTS for block in blocks(document) if block.language in languages]


def prose(document: Path) -> str:
    """The text without its fenced blocks."""
    return re.sub(r"^```.*?^```$", "", document.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)


def anchors(document: Path) -> set[str]:
    """The anchors of the headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose(document), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def table(document: Path, heading: str, *, number: int = 0) -> list[list[str]]:
    """The rows of a table below a heading, without its head; a cell that is one name in backticks loses these."""
    text = prose(document).split(f"# {heading}\n", 1)[1]
    text = re.split(r"^#+ ", text, maxsplit=1, flags=re.MULTILINE)[0]
    tables = re.findall(r"(?:^\|.*\|$\n?)+", text, re.MULTILINE)
    rows = tables[number].strip().splitlines()[2:]
    return [[re.sub(r"^`([^`]*)`$", r"\1", cell.strip()) for cell in row.strip("|").split("|")] for row in rows]


def names_in(cell: str) -> list[str]:
    """What stands in backticks."""
    return re.findall(r"`([^`]+)`", cell)
