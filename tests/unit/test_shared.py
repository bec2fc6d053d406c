"""Values that threads, or processes, share: opened again where they are open, as the garbage collector may do."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_lmcache.shared import Private, Shared, Values


@pytest.fixture(params=[Private, Shared])
def values(request: pytest.FixtureRequest, tmp_path: Path) -> Values:
    made: Values = Private() if request.param is Private else Shared(lambda: tmp_path, "run")
    return made


def test_what_changes_further_down_in_the_same_thread_is_kept(values: Values) -> None:
    with values.open() as outer:
        outer["before"] = 1
        with values.open() as inner:
            assert inner["before"] == 1
            inner["within"] = 2
        outer["after"] = 3
    with values.open() as found:
        assert found == {"before": 1, "within": 2, "after": 3}


def test_after_an_error_they_are_read_anew(tmp_path: Path) -> None:
    one, other = (Shared(lambda: tmp_path, "run") for _ in range(2))
    with pytest.raises(LookupError), one.open():
        raise LookupError
    with other.open() as opened:
        opened["seen"] = 1
    with one.open() as found:
        assert found == {"seen": 1}
