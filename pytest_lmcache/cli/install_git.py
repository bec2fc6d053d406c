"""`pytest-lmcache install-git`: git shows recordings as conversations."""

from __future__ import annotations

import click

from pytest_lmcache.cli.options import cassettes_option, json_option
from pytest_lmcache.cli.output import Output
from pytest_lmcache.review.driver import Driver
from pytest_lmcache.review.project import Project


@click.command("install-git")
@click.option("--uninstall", is_flag=True, help="Take it back.")
@cassettes_option
@json_option
def command(*, project: Project, out: Output, uninstall: bool) -> None:
    """Make git diff and git log -p show recordings as conversations.

    It sets the diff driver `lmcache` in the configuration of this repository (.git/config), which is not committed:
    everybody who wants it runs this once. The .gitattributes of the folder names the driver. Where it is not
    installed, git compares the files as they are.
    """
    driver = Driver.of(project.cassettes)
    if uninstall:
        was = driver.uninstall()
        lines = ["git compares recordings as they are again." if was else "It was not installed."]
        state = {"installed": False, "changed": was}
    else:
        changed = driver.install()
        lines = ["git diff and git log -p show recordings as conversations now; --no-textconv shows the files."]
        lines += [f"{project.shown}/.gitattributes names the driver now: commit it."] if changed else []
        state = {"installed": True, "changed": changed}
    if out.as_json:
        out.json(state)
    else:
        for line in lines:
            out.paragraph(line)
