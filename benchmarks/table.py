"""The rows of the table, as text for people and as JSON for comparisons."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

HEADINGS = ("work", "ours", "floor", "ratio", "target", "peers", "met?")


@dataclass(frozen=True, slots=True)
class Row:
    """One piece of work: what ours, the floor and the peers took, in one unit, and whether the target is met.

    `measured` is the figure that the target bounds, a ratio or an amount as `bounds` says; `peers` are in the unit of
    `ours`, or a text that says why one was not measured.
    """

    work: str
    ours: float
    floor: float
    unit: str
    measured: float
    bound: float
    bounds: str
    peers: dict[str, float | str] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def met(self) -> bool:
        return self.measured <= self.bound

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "met": self.met}

    def cells(self) -> tuple[str, ...]:
        target = f"<= {self.bound:g} {self.bounds}"
        return (
            self.work,
            _amount(self.ours, self.unit),
            _amount(self.floor, self.unit),
            f"{self.ours / self.floor:.2f}" if self.floor else "",
            target if self.bounds.startswith("x ") else f"{target} (is {self.measured:.3g})",
            ", ".join(f"{name} {self._peer(value)}" for name, value in self.peers.items()),
            "yes" if self.met else "NO",
        )

    def _peer(self, value: float | str) -> str:
        if isinstance(value, str):
            return f"({value})"
        return f"{_amount(value, self.unit)} = {value / self.floor:.1f}x" if self.floor else _amount(value, self.unit)


def ratio_row(
    work: str, found: dict[str, float], *, unit: str, scale: float, bound: float, peers: dict[str, float | str]
) -> Row:
    """A row whose target bounds `ours` over `floor`, both in seconds of `found` and shown multiplied by `scale`."""
    ours, floor = found["ours"] * scale, found["floor"] * scale
    scaled = {name: value * scale if isinstance(value, float) else value for name, value in peers.items()}
    return Row(work, ours, floor, unit, ours / floor, bound, "x floor", scaled)


def rendered(rows: Iterable[Row]) -> str:
    """The table as Markdown, its columns aligned."""
    lines: list[Sequence[str]] = [HEADINGS, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEADINGS))]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |" for line in lines
    )


def _amount(value: float, unit: str) -> str:
    return f"{value:.3g} {unit}" if abs(value) < 1000 else f"{value:,.0f} {unit}"
