"""The tiers of a run: one stack for each cassette folder and cache that its tests name."""

from __future__ import annotations

import os
from pathlib import Path

from pytest_lmcache.cache import Cache
from pytest_lmcache.errors import CassettesUnusable
from pytest_lmcache.options import RunSettings, Settings
from pytest_lmcache.tally import Tally
from pytest_lmcache.tiers.cassettes import Cassettes
from pytest_lmcache.tiers.disk import Disk
from pytest_lmcache.tiers.local import project_folder
from pytest_lmcache.tiers.memory import Memory
from pytest_lmcache.tiers.stack import Stack

NO_FOLDER = "none"


class Stacks:
    """The stacks of one run in a project at `root`. All share the local disk tier, which opens when it is needed."""

    def __init__(self, settings: RunSettings, root: Path, run: str, tally: Tally) -> None:
        self._settings = settings
        self._root = root
        self._run = run
        self._tally = tally
        self._stacks: dict[tuple[str, int], Stack] = {}
        self._disk: Disk | None = None

    def of(self, settings: Settings) -> Stack:
        """The stack that these settings name. Raises CassettesUnusable."""
        identity = settings.cassettes, id(settings.cache)
        if identity not in self._stacks:
            self._stacks[identity] = Stack(
                self._memory(settings.cache),
                self._cassettes(settings),
                lambda: settings.cache.disk if settings.cache is not None else self._own_disk(),
                run=self._run,
                warn=self._tally.trouble,
            )
        return self._stacks[identity]

    def close(self) -> None:
        """The run is over."""
        if self._disk is not None:
            self._disk.close()

    def _memory(self, cache: Cache | None) -> Memory | None:
        """A memory of its own for each cassette folder: it holds copies of what is there."""
        if cache is not None:
            return None if cache.memory is None else Memory(cache.memory.max_entries)
        return Memory(self._settings.memory_max_entries) if self._settings.memory else None

    def _cassettes(self, settings: Settings) -> Cassettes | None:
        if settings.cassettes == NO_FOLDER:
            return None
        folder = self._root / settings.cassettes
        if folder.exists() and not folder.is_dir():
            raise CassettesUnusable(
                f"the cassette folder {settings.cassettes} is a file. Name a folder with lmcache_cassettes."
            )
        if _leads_out(folder, self._root):
            raise CassettesUnusable(
                f"the cassette folder {settings.cassettes} is a link that leads out of the project. Make it a "
                "folder, or name the other place with lmcache_cassettes."
            )
        cassettes = Cassettes(folder, settings.cassettes)
        if settings.mode in ("record", "refresh"):
            cassettes.sweep()
        return cassettes

    def _own_disk(self) -> Disk | None:
        """The local disk tier of the project, made when something is recorded."""
        if self._disk is None and self._settings.disk:
            self._disk = Disk(
                project_folder(self._root) / "disk", self._settings.disk_size_limit, warn=self._tally.warn
            )
        return self._disk


def _leads_out(folder: Path, root: Path) -> bool:
    """Whether a folder that is named inside the project is, by a link, outside."""
    named = Path(os.path.normpath(folder))
    return named.is_relative_to(root) and not named.resolve().is_relative_to(root.resolve())
