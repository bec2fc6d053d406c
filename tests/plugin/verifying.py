"""A project whose recordings are verified: what its folders held before, and what a provider answers otherwise."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest
from projects import Project

from provider import Provider

RUNS = {"locks", "runs"}
"""Folders beside the local disk tier, where processes meet; no answer is in them."""


_COUNTS = re.compile(r"lmcache: ([\d,]+ recordings? verified:|verify checked)")


def held(folder: Path) -> dict[str, bytes]:
    """Every file below a folder and what is in it, but for what processes meet in."""
    files = (file for file in folder.rglob("*") if file.is_file() and RUNS.isdisjoint(file.parts))
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


def verify(project: Project, *args: str, subprocess: bool = False) -> pytest.RunResult:
    """A verify run, which asks the provider and leaves every file as it was."""
    folders = (project.cassettes, project.user_cache)
    before = [held(folder) for folder in folders]
    result = project.record(*args, mode="verify", subprocess=subprocess)
    assert [held(folder) for folder in folders] == before
    return result


def told(result: pytest.RunResult) -> list[str]:
    """What a run says of its recordings: the line that counts, and those below it."""
    lines = iter(result.outlines)
    found = [next((line for line in lines if _COUNTS.match(line)), "")]
    for line in lines:
        if not line.startswith(("  ", "lmcache: this run fails")):
            break
        found.append(line)
    return found


def drifts(provider: Provider, old: str, new: str) -> None:
    """From now on the provider writes something else in its answers."""

    def edit(reply):
        body = reply.body.replace(old.encode(), new.encode())
        events = tuple(event.replace(old.encode(), new.encode()) for event in reply.events)
        return dataclasses.replace(reply, body=body, events=events)

    provider.edit = edit


def refuses(provider: Provider, status: int, body: str) -> None:
    """From now on the provider answers everything with an error."""
    provider.edit = lambda reply: dataclasses.replace(reply, status=status, body=body.encode(), events=())
