"""What each model cost and how long it took, as bars; the only module that imports pygal."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from xml.etree.ElementTree import Element

from pytest_lmcache.review import amounts

_finders = list(sys.meta_path)
import pygal  # noqa: E402
from pygal.style import Style  # noqa: E402

# The library leaves a finder of modules behind that Python 3.11 warns of and later versions do not know.
sys.meta_path[:] = _finders

MOST_BARS = 8
_STYLE = Style(
    background="transparent",
    plot_background="transparent",
    foreground="var(--ink)",
    foreground_strong="var(--ink)",
    foreground_subtle="var(--faint)",
    guide_stroke_color="transparent",
    major_guide_stroke_color="transparent",
    opacity="1",
    opacity_hover="0.8",
    transition="0s",
    colors=("var(--bar)",),
    value_colors=("var(--ink)",),
    font_family="inherit",
    label_font_size=12,
    major_label_font_size=12,
    value_font_size=12,
)


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawing as SVG, whose colours are variables of the page; `total` is the sum of its bars, for people."""

    title: str
    total: str
    svg: str


def by_model(calls: Iterable[Mapping[str, Any]]) -> tuple[Chart, ...]:
    """Cost and time of the recorded answers by model; what nothing is known of is left out."""
    costs: defaultdict[str, float] = defaultdict(float)
    seconds: defaultdict[str, float] = defaultdict(float)
    for call in calls:
        model = call["model"] or call["operation"]
        costs[model] += call["cost_usd"] or 0.0
        seconds[model] += call["latency_s"]
    charts = (
        _chart("Cost by model", costs, amounts.dollars),
        _chart("Provider time by model", seconds, amounts.seconds),
    )
    return tuple(chart for chart in charts if chart is not None)


def _chart(title: str, amounts_of: Mapping[str, float], shown: Callable[[float], str]) -> Chart | None:
    ranked = sorted(((name, value) for name, value in amounts_of.items() if value > 0), key=lambda item: -item[1])
    if not ranked:
        return None
    bars: list[tuple[str, float, str]] = [(_short(name), value, f"#model={quote(name)}") for name, value in ranked]
    if len(bars) > MOST_BARS:
        rest = bars[MOST_BARS - 1 :]
        bars = [*bars[: MOST_BARS - 1], (f"{len(rest)} others", sum(value for _, value, _ in rest), "")]
    chart = pygal.HorizontalBar(
        style=_STYLE,
        js=(),
        disable_xml_declaration=True,
        explicit_size=False,
        show_legend=False,
        show_x_labels=False,
        print_values=True,
        print_values_position="top",
        rounded_bars=2,
        width=470,
        height=26 * len(bars) + 16,
        margin=4,
        spacing=0,
        range=(0, bars[0][1] * 1.4),
        value_formatter=shown,
    )
    chart.x_labels = [name for name, _, _ in reversed(bars)]
    chart.add("", [_bar(value, name, link) for name, value, link in reversed(bars)])
    chart.add_xml_filter(_still)
    return Chart(title, shown(sum(amounts_of.values())), chart.render(is_unicode=True))


def _bar(value: float, name: str, link: str) -> dict[str, Any]:
    bar: dict[str, Any] = {"value": value, "label": name}
    return {**bar, "xlink": {"href": link, "target": "_self"}} if link else bar


def _short(name: str) -> str:
    return name if len(name) <= 34 else f"{name[:16]}…{name[-17:]}"


def _still(root: Element) -> Element:
    """The drawing without the library's own script, which the page has no use for."""
    for parent in list(root.iter()):
        for child in list(parent):
            if str(child.tag).endswith("script"):
                parent.remove(child)
    return root
