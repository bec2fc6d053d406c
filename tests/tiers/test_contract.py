"""What every tier promises, whichever it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tier_examples import a_key, a_recording

from pytest_lmcache.call import Recording
from pytest_lmcache.tiers import Tier
from pytest_lmcache.tiers.disk import Disk
from pytest_lmcache.tiers.memory import Memory


@pytest.fixture(params=["memory", "cassettes", "disk"])
def tier(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Tier]:
    if request.param == "memory":
        yield Memory(100)
    elif request.param == "cassettes":
        module = pytest.importorskip("pytest_lmcache.tiers.cassettes")
        yield module.Cassettes(tmp_path / "cassettes")
    else:
        disk = Disk(tmp_path / "disk", 1024**3)
        yield disk
        disk.close()


def committed(recording: Recording) -> Recording:
    """A recording as every tier keeps it: the run that made it is known to the local ones only."""
    return replace(recording, run="")


def test_a_recording_comes_back_as_it_was_put(tier: Tier) -> None:
    tier.put(a_recording("a"))
    assert committed(tier.get(a_key("a"))) == committed(a_recording("a"))


def test_a_key_without_a_recording_is_a_key_error(tier: Tier) -> None:
    with pytest.raises(KeyError):
        tier.get(a_key("a"))


def test_another_key_is_not_answered(tier: Tier) -> None:
    tier.put(a_recording("a"))
    with pytest.raises(KeyError):
        tier.get(a_key("b"))


def test_keys_of_the_same_words_are_kept_apart(tier: Tier) -> None:
    tier.put(a_recording("a", "Paris"))
    tier.put(a_recording("b", "Rome"))
    assert "Paris" in tier.get(a_key("a")).takes[0].response
    assert "Rome" in tier.get(a_key("b")).takes[0].response


def test_putting_again_replaces(tier: Tier) -> None:
    tier.put(a_recording("a", "Paris"))
    tier.put(a_recording("a", "Rome"))
    assert "Rome" in tier.get(a_key("a")).takes[0].response


def test_all_takes_are_kept_in_order(tier: Tier) -> None:
    first = a_recording("a", "one")
    second = a_recording("a", "two").takes[0]
    tier.put(first.with_take(second, run="run-2"))
    assert tier.get(a_key("a")).takes == (first.takes[0], second)


def test_a_deleted_recording_is_gone(tier: Tier) -> None:
    tier.put(a_recording("a"))
    tier.put(a_recording("b"))
    tier.delete(a_key("a"))
    with pytest.raises(KeyError):
        tier.get(a_key("a"))
    assert tier.get(a_key("b")).key == a_key("b")


def test_deleting_what_is_not_there_is_silent(tier: Tier) -> None:
    tier.delete(a_key("a"))


def test_line_breaks_and_every_alphabet_survive(tier: Tier) -> None:
    said = "first\\nsecond\\r\\nthird \u2028 \u00e9 \U0001f600 \u4f60\u597d"
    tier.put(a_recording("a", said))
    assert tier.get(a_key("a")).takes == a_recording("a", said).takes
