"""pytest-lmcache inside one process, without pytest: a folder recorded through litellm, and replays of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pytest_lmcache.adapters import Watch
from pytest_lmcache.options import RunSettings, Settings
from pytest_lmcache.scope import Scope
from pytest_lmcache.seam import Follower
from pytest_lmcache.session import Run


class Replays:
    """A folder of recordings, and the hooks on litellm that answer from it while a block of this class runs."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self.open: Run | None = None
        self.followers: list[Follower] = []
        self.watch = Watch(("auto",), _Open(self))

    def run(self, *, memory: bool = True) -> Run:
        """A run of its own, in which nothing is known yet."""
        return Run(RunSettings(memory=memory), self._root, "benchmark", os.environ)

    def record(self, *calls: Callable[[], Any], run: Run | None = None) -> None:
        """Make the calls live, and keep what they answer in the folder; in a run of their own where none is given."""
        run = run or self.run()
        with self._scope(run, "record") as scope:
            # As the plugin does before a test that records.
            run.prepare()
            self.watch.prepare()
            for call in calls:
                call()
            scope.end(passed=True)

    @contextmanager
    def replaying(self, run: Run) -> Iterator[None]:
        """One test: the calls of the block are answered by a run."""
        with self._scope(run, "replay"):
            yield

    @contextmanager
    def _scope(self, run: Run, mode: str) -> Iterator[Scope]:
        scope = run.scope("benchmark", Settings(mode=mode))
        run.enter(scope)
        self.open = run
        for follower in self.followers:
            run.follow(follower)
        try:
            yield scope
        finally:
            for follower in self.followers:
                run.unfollow(follower)
            self.open = None
            run.leave(scope)


class _Open:
    """What the hooks ask: who performs the calls of the run that is replaying now."""

    def __init__(self, replays: Replays) -> None:
        self._replays = replays

    def __call__(self) -> Any:
        return None if self._replays.open is None else self._replays.open.recorder

    def follow(self, follower: Follower) -> None:
        self._replays.followers.append(follower)
        follower(())

    def unfollow(self, follower: Follower) -> None:
        self._replays.followers.remove(follower)
        follower(())


@contextmanager
def replays(root: Path) -> Iterator[Replays]:
    """The hooks on litellm, for as long as the block runs."""
    made = Replays(root)
    made.watch.install()
    try:
        yield made
    finally:
        made.watch.remove()
