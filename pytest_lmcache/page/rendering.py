"""The page's text from its template; the only module that imports jinja2."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from pytest_lmcache.page.charts import Chart

SCRIPTS = ("elements.js", "data.js", "timeline.js", "list.js", "conversation.js", "overview.js", "main.js")
"""In this order they are one program."""

_FOLDER = files("pytest_lmcache.page") / "assets"


def rendered(document: dict[str, Any], charts: Sequence[Chart]) -> str:
    """The page. All that comes from the run is escaped: as HTML by the template, as JSON by its filter `tojson`."""
    environment = Environment(autoescape=True, loader=FunctionLoader(_asset), undefined=StrictUndefined)
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "separators": (",", ":")}
    return environment.get_template("page.html").render(
        document=document,
        charts=[(chart.title, chart.total, Markup(chart.svg)) for chart in charts],  # noqa: S704 - the library's
        style=Markup(_asset("style.css")),  # noqa: S704 - our own
        script=Markup("\n".join(map(_asset, SCRIPTS))),  # noqa: S704 - our own
    )


def _asset(name: str) -> str:
    return (_FOLDER / name).read_text("utf-8")
