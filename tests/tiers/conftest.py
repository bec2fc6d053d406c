from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pytest_lmcache.tiers.disk import Disk


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the disk tier under test is; not there yet."""
    return tmp_path / "disk"


@pytest.fixture
def warned() -> list[str]:
    """What the disk tiers of a test warned about."""
    return []


@pytest.fixture
def opened(folder: Path, warned: list[str]) -> Iterator[Callable[..., Disk]]:
    """Makes disk tiers in `folder`, as several processes would, and closes them."""
    tiers: list[Disk] = []

    def make(size_limit: int = 1024**3) -> Disk:
        tiers.append(Disk(folder, size_limit, warn=warned.append))
        return tiers[-1]

    yield make
    for tier in tiers:
        tier.close()


@pytest.fixture
def disk(opened: Callable[..., Disk]) -> Disk:
    """A disk tier with plenty of room."""
    return opened()
