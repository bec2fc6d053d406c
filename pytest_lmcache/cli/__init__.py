"""The command line `pytest-lmcache`: one file a command, imported when it is asked for."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import IO, Any

from pytest_lmcache.errors import LMCacheError

try:
    import click
except ImportError:  # pragma: no cover - the message is all there is
    sys.exit("pytest-lmcache: the command line needs click and rich: pip install 'pytest-lmcache[cli]'")

COMMANDS: dict[str, str] = {
    "ls": "listing",
    "show": "show",
    "diff": "diff",
    "stats": "stats",
    "check": "check",
    "rekey": "rekey",
    "prune": "prune",
    "gc": "gc",
    "install-git": "install_git",
    "scan": "scan",
    "import": "importing",
}
"""Name -> the module below this package that has it, as `command`."""


class Failure(click.ClickException):
    """What keeps a command from its work, as one line on stderr."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(f"pytest-lmcache: {self.format_message()}", err=True)


class Commands(click.Group):
    """A group whose commands are imported one at a time, and whose errors are told in one line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"{__name__}.{COMMANDS[cmd_name]}").command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except LMCacheError as error:
            raise Failure(str(error)) from error
        except click.Abort:
            raise Failure("stopped") from None
        except BrokenPipeError:
            raise
        except OSError as error:
            raise Failure(f"{error.filename or 'input/output'}: {error.strerror or error}") from error


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="pytest-lmcache")
def main() -> None:
    """Look at, check and tidy the recordings of language-model calls.

    Exit status: 0 when all is well; 1 when a command found what it looks for, such as differences or broken files; 2
    when it could not do its work.
    """
