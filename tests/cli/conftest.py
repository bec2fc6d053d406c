"""A project whose recordings are those of the examples, and commands typed in it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from projects import litellm_forgets_its_clients, project, provider, running_provider

from pytest_lmcache.cli import main

__all__ = ["litellm_forgets_its_clients", "project", "provider", "running_provider"]

ROOT = Path(__file__).parent.parent.parent


class Shop:
    """A folder with the recordings of the examples below `cassettes/`; `run` types a command there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.cassettes = path / "cassettes"

    def run(self, *arguments: str, typed: str | None = None) -> Result:
        """A command without a terminal. A failure that is no message of ours is raised."""
        result = CliRunner().invoke(main, list(arguments), input=typed)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    def json(self, *arguments: str) -> Any:
        """What a command prints with --json."""
        return json.loads(self.run(*arguments, "--json").stdout)

    def file(self, words: str) -> Path:
        """The recording whose name has these words."""
        (found,) = self.cassettes.glob(f"*/{words}*.json")
        return found

    def edit(self, words: str, old: str, new: str) -> Path:
        """Write something else into a recording's file."""
        file = self.file(words)
        text = file.read_text("utf-8")
        assert old in text
        file.write_text(text.replace(old, new), "utf-8")
        return file

    def git(self, *arguments: str) -> str:
        """git in this folder, as somebody with a name."""
        who = ("-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false")
        done = subprocess.run(["git", *who, *arguments], cwd=self.path, capture_output=True, text=True, check=True)
        return done.stdout

    def commit(self) -> None:
        """Everything that is here, committed."""
        if not (self.path / ".git").exists():
            self.git("init", "-q", "-b", "main")
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "recordings")


@pytest.fixture
def shop(request, tmp_path, monkeypatch):
    """The examples' recordings. A test that also has a `project`, which records, stands in that one's folder."""
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user-cache"))
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "pytest.ini").write_text("[pytest]\n")
    shutil.copytree(ROOT / "cassettes", folder / "cassettes")
    monkeypatch.chdir(request.getfixturevalue("project").path if "project" in request.fixturenames else folder)
    return Shop(folder)
