"""git's diff driver for recordings: what is configured, where, and how it is taken back."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path

from pytest_lmcache.review.git import Repository
from pytest_lmcache.tiers.cassettes import ATTRIBUTES

SECTION = "diff.lmcache"
_FILE = ".gitattributes"
# Lines that folders have from before there was a driver.
_FORMER = ("blobs/** binary",)


@dataclass(frozen=True, slots=True)
class Driver:
    """The driver of one repository for one folder of recordings."""

    repository: Repository
    folder: Path

    @classmethod
    def of(cls, folder: Path) -> Driver:
        """Raises GitFailed when the folder is in no repository."""
        return cls(Repository.of(folder), folder)

    def install(self) -> bool:
        """Configure this repository; whether the folder's own .gitattributes had to be changed for it."""
        self.repository.configure(f"{SECTION}.textconv", textconv())
        self.repository.configure(f"{SECTION}.cachetextconv", "true")
        file = self.folder / _FILE
        text = file.read_text("utf-8") if file.exists() else ""
        missing = [line for line in ATTRIBUTES.splitlines() if line not in text.splitlines()]
        if not missing:
            return False
        kept = [line for line in text.splitlines() if line and line not in _FORMER]
        file.write_text("\n".join([*kept, *missing, ""]), "utf-8", newline="\n")
        return True

    def uninstall(self) -> bool:
        """Take the configuration back, whether there was any. Without it git ignores what .gitattributes says."""
        was = bool(self.repository.configured(f"{SECTION}.textconv"))
        self.repository.forget(SECTION)
        return was


def textconv() -> str:
    """The shell command that git runs with a file: this interpreter, and the file as it is where that is gone."""
    command = f"{shlex.quote(sys.executable)} -m pytest_lmcache.cli show --textconv"
    return f'f() {{ {command} "$1" 2>/dev/null || cat "$1"; }}; f'
