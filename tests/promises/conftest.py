"""The promises of docs/promises.md, one file each. Every test tells the figure it reached."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from projects import litellm_forgets_its_clients, project, provider, running_provider

__all__ = ["litellm_forgets_its_clients", "project", "provider", "running_provider"]

FIGURE = "figure"


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Notes what a test measured; the end of the run lists it."""
    return lambda text: record_property(FIGURE, text)


@pytest.hookimpl
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    figures = [
        f"{report.nodeid.rpartition('/')[2]}: {text}"
        for report in terminalreporter.getreports("passed")
        for name, text in getattr(report, "user_properties", ())
        if name == FIGURE and report.when == "call"
    ]
    if figures:
        terminalreporter.section("figures")
        for line in sorted(figures):
            terminalreporter.write_line(line)
