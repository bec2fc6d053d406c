"""`pytest-lmcache gc`: the local disk tier, how large it is, and making it smaller."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from pytest_lmcache.cli.options import json_option, read_bytes
from pytest_lmcache.cli.output import Output
from pytest_lmcache.options import RunSettings
from pytest_lmcache.review import amounts, project
from pytest_lmcache.tiers.disk import SET_ASIDE, Disk
from pytest_lmcache.tiers.local import project_folder
from pytest_lmcache.wording import many


@click.command()
@click.option("--to", "size", metavar="SIZE", callback=read_bytes, help="Forget what was used least until it fits.")
@click.option("--empty", is_flag=True, help="Forget everything.")
@click.option("--yes", is_flag=True, help="Do not ask before --empty.")
@json_option
def command(*, out: Output, size: int | None, empty: bool, yes: bool) -> None:
    """Show the local disk tier of this project, or make it smaller.

    It holds what was ever paid for on this machine, outside the repository. What is forgotten there and is not in the
    folder of recordings must be paid for again.
    """
    if empty and size is not None:
        raise click.UsageError("--to and --empty exclude each other.")
    root, settings = project.root_and_settings(Path.cwd())
    bound = settings.get("disk_size_limit", RunSettings().disk_size_limit)
    disk = Disk(project_folder(root) / "disk", bound)
    before = _state(disk)
    if not out.as_json:
        _print(disk, before, bound, out)
    changes = before["recordings"] and (empty or size is not None)
    if changes and empty:
        if not yes:
            click.confirm(f"Forget {many(before['recordings'], 'recording')}?", abort=True, err=True)
        disk.clear()
    elif changes and size is not None:
        disk.trim(size)
    after = _state(disk) if changes else before
    if out.as_json:
        out.json({"folder": str(disk.folder), "limit_bytes": bound, "before": before, "after": after})
    elif changes:
        out.line(f"now        {_told(after)}", "bold")


def _state(disk: Disk) -> dict[str, Any]:
    """What is kept. A folder that is not there is not made."""
    if not (disk.folder / "cache.db").exists():
        return {"recordings": 0, "bytes": 0}
    count = disk.count()
    disk.close()
    return {"recordings": count, "bytes": disk.volume()}


def _told(state: dict[str, Any]) -> str:
    return f"{many(state['recordings'], 'recording')}, {amounts.size(state['bytes'])}"


def _print(disk: Disk, state: dict[str, Any], bound: int, out: Output) -> None:
    out.line(f"folder     {disk.folder}")
    out.line(f"kept       {_told(state)}")
    out.line(f"at most    {amounts.size(bound)} (lmcache_disk_size_limit)")
    if (disk.folder / SET_ASIDE).exists():
        out.line(f"set aside  {disk.folder / SET_ASIDE}, which was damaged or not ours; --empty removes it")
