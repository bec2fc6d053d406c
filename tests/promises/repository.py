"""A git repository in a folder, with nobody's configuration but its own."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

_ISOLATED = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "A Tester",
    "GIT_AUTHOR_EMAIL": "tester@example.org",
    "GIT_COMMITTER_NAME": "A Tester",
    "GIT_COMMITTER_EMAIL": "tester@example.org",
}


class Repository:
    """A folder that git manages; branch `main`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        if not (folder / ".git").exists():
            self.git("init", "--quiet", "--initial-branch=main")
            # As every project of Python has it.
            (folder / ".git" / "info" / "exclude").write_text("__pycache__/\n")

    def git(self, *words: str, check: bool = True) -> str:
        """What git says. `check` makes a failure an error that holds all of it."""
        done = subprocess.run(
            ["git", *words], cwd=self.folder, env={**os.environ, **_ISOLATED}, capture_output=True, check=False
        )
        said = (done.stdout + done.stderr).decode()
        assert not check or done.returncode == 0, f"git {' '.join(words)}: {said}"
        return said

    def commit(self, message: str) -> None:
        """Commit everything that is not ignored."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)

    def changes(self) -> str:
        """What differs from the last commit, untracked files included; empty for nothing."""
        return self.git("status", "--porcelain")

    def clone(self, folder: Path, *options: str) -> Repository:
        """A clone, made with options such as `-c core.autocrlf=true`."""
        self.git("clone", "--quiet", *options, str(self.folder), str(folder))
        return Repository(folder)
