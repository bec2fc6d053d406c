"""The command line `pytest-lmcache`: one file a command, imported when it is asked for."""

from __future__ import annotations

import sys
from importlib import import_module

try:
    import click
except ImportError:  # pragma: no cover - the message is all there is
    sys.exit("pytest-lmcache: the command line needs click and rich: pip install 'pytest-lmcache[cli]'")

COMMANDS: dict[str, str] = {}
"""Name -> the module below this package that has it, as `command`."""


class Commands(click.Group):
    """A group whose commands are imported one at a time."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"{__name__}.{COMMANDS[cmd_name]}").command
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pytest-lmcache")
def main() -> None:
    """Look at, check and tidy the recordings of language-model calls."""
