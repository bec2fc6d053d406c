"""The disk tier: aliases, its bound, its folder, and that several may use it at once."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tier_examples import a_key, a_recording, recordings

from pytest_lmcache.call import Recording
from pytest_lmcache.errors import TierUnavailable
from pytest_lmcache.tiers import envelope
from pytest_lmcache.tiers.disk import Disk

Opened = Callable[..., Disk]


def found(tier: Disk, name: object) -> bool:
    try:
        tier.get(a_key(name))
    except KeyError:
        return False
    return True


def size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*"))


def test_nothing_is_opened_before_the_first_use(folder: Path) -> None:
    Disk(folder, 1024**3).close()
    assert not folder.exists()


def test_looking_for_something_makes_no_folder(folder: Path) -> None:
    disk = Disk(folder, 1024**3)
    assert not found(disk, "a")
    with pytest.raises(KeyError):
        disk.text("a")
    assert not folder.exists()


def test_what_another_process_puts_first_is_found_by_one_that_looked_before(opened: Opened) -> None:
    looked = opened()
    assert not found(looked, "a")
    opened().put(a_recording("a"))
    assert found(looked, "a")


def test_a_recording_is_there_for_the_next_process(opened: Opened) -> None:
    first = opened()
    first.put(a_recording("a"))
    assert opened().get(a_key("a")) == a_recording("a")
    first.close()
    assert opened().get(a_key("a")) == a_recording("a")


def test_a_closed_tier_opens_again_at_the_next_use(disk: Disk) -> None:
    disk.put(a_recording("a"))
    disk.close()
    assert found(disk, "a")


def test_a_recording_is_found_under_its_alias_and_readdressed(disk: Disk) -> None:
    alias = a_key("a", "messages")
    disk.put(a_recording("a"), aliases=(alias,))
    assert disk.get(alias).key == alias
    assert disk.get(alias).takes == a_recording("a").takes


def test_an_alias_never_hides_a_recording_of_that_key(disk: Disk) -> None:
    disk.put(a_recording("own", "Paris"))
    disk.put(a_recording("other", "Rome"), aliases=(a_key("own"),))
    assert "Paris" in disk.get(a_key("own")).takes[0].response


def test_a_recording_takes_the_place_of_an_alias(disk: Disk) -> None:
    disk.put(a_recording("other", "Rome"), aliases=(a_key("own"),))
    disk.put(a_recording("own", "Paris"))
    assert "Paris" in disk.get(a_key("own")).takes[0].response


def test_the_newest_alias_wins(disk: Disk) -> None:
    alias = a_key("a", "messages")
    disk.put(a_recording("a", "Paris"), aliases=(alias,))
    disk.put(a_recording("b", "Rome"), aliases=(alias,))
    assert "Rome" in disk.get(alias).takes[0].response


def test_an_alias_of_a_deleted_recording_finds_nothing(disk: Disk, warned: list[str]) -> None:
    alias = a_key("a", "messages")
    disk.put(a_recording("a"), aliases=(alias,))
    disk.delete(a_key("a"))
    with pytest.raises(KeyError):
        disk.get(alias)
    assert warned == []


def test_a_deleted_alias_leaves_its_recording(disk: Disk) -> None:
    alias = a_key("a", "messages")
    disk.put(a_recording("a"), aliases=(alias,))
    disk.delete(alias)
    with pytest.raises(KeyError):
        disk.get(alias)
    assert found(disk, "a")


def test_clear_forgets_everything_and_gives_the_space_back(disk: Disk) -> None:
    disk.put(a_recording("empty"))
    for name in range(20):
        disk.put(a_recording(name, size=50_000))
    full = disk.volume()
    disk.clear()
    assert not any(found(disk, name) for name in range(20))
    assert disk.volume() < full / 5


@pytest.mark.parametrize(
    ("limit", "answer"),
    [(256 * 1024, 1_500), (256 * 1024, 20_000), (1024**2, 1_500), (1024**2, 20_000), (8 * 1024**2, 20_000)],
)
def test_the_folder_never_takes_more_than_the_limit_and_uses_most_of_it(
    opened: Opened, folder: Path, limit: int, answer: int
) -> None:
    disk = opened(limit)
    taken = []
    for name in range(int(1.5 * limit / answer) + 5):
        disk.put(a_recording(name, size=answer, random=True), aliases=(a_key(name, "messages"),))
        taken.append(size(folder))
    assert max(taken) <= 1.1 * limit
    assert taken[-1] >= 0.8 * limit
    assert disk.volume() == taken[-1]
    assert found(disk, name)


def test_the_least_recently_used_goes_first(opened: Opened) -> None:
    disk = opened(512 * 1024)
    for name in range(10):
        disk.put(a_recording(name, size=20_000))
    assert found(disk, 0)
    for name in range(10, 22):
        disk.put(a_recording(name, size=20_000))
        assert found(disk, name)
    assert found(disk, 0)
    assert not found(disk, 1)


def test_what_was_used_before_closing_is_remembered_as_used(opened: Opened) -> None:
    disk = opened(512 * 1024)
    for name in range(10):
        disk.put(a_recording(name, size=20_000))
    assert found(disk, 0)
    disk.close()
    again = opened(512 * 1024)
    for name in range(10, 22):
        again.put(a_recording(name, size=20_000))
    assert found(again, 0)
    assert not found(again, 1)


def test_a_smaller_limit_shrinks_the_folder_at_the_next_write(opened: Opened, folder: Path) -> None:
    wide = opened()
    for name in range(40):
        wide.put(a_recording(name, size=50_000))
    wide.close()
    opened(512 * 1024).put(a_recording("new"))
    assert size(folder) <= 1.1 * 512 * 1024


def test_a_recording_bigger_than_the_limit_is_not_kept_and_said_once(opened: Opened, warned: list[str]) -> None:
    disk = opened(256 * 1024)
    disk.put(a_recording("small"))
    disk.put(a_recording("big", "old"))
    disk.put(a_recording("big", "new", size=300_000))
    disk.put(a_recording("bigger", size=400_000))
    assert found(disk, "small")
    assert not found(disk, "big")
    assert len(warned) == 1
    assert "262,144 bytes" in warned[0]


def test_a_limit_no_recording_fits_in_keeps_none_and_says_so_once(opened: Opened, warned: list[str]) -> None:
    disk = opened(10_000)
    disk.put(a_recording("a"))
    disk.put(a_recording("b"))
    assert not found(disk, "a")
    assert len(warned) == 1


def test_a_folder_deleted_while_running_is_made_again_and_keeps_what_is_put(disk: Disk, folder: Path) -> None:
    disk.put(a_recording("before"))
    shutil.rmtree(folder)
    disk.put(a_recording("after"))
    assert folder.exists()
    other = Disk(folder, 1024**3)
    assert found(other, "after")
    assert not found(disk, "before")
    other.close()


@pytest.mark.parametrize("leftover", ["cache.db", "cache.db-wal", "cache.db-shm"])
def test_a_folder_deleted_but_for_one_file_is_used_again(disk: Disk, folder: Path, leftover: str) -> None:
    disk.put(a_recording("before"))
    for file in folder.iterdir():
        if file.name != leftover:
            file.unlink()
    for name in range(5):
        disk.put(a_recording(name))
        assert found(disk, name)
    disk.close()
    assert found(disk, 4)


def test_a_folder_that_is_a_file_is_one_typed_error_for_put_and_get(disk: Disk, folder: Path) -> None:
    folder.write_text("occupied")
    with pytest.raises(TierUnavailable) as put:
        disk.put(a_recording("a"))
    with pytest.raises(TierUnavailable):
        disk.get(a_key("a"))
    assert put.value.path == str(folder)
    assert "File exists" in put.value.cause
    assert folder.read_text() == "occupied"


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() == 0, reason="the superuser may write everywhere")
def test_a_folder_that_cannot_be_written_is_one_typed_error(disk: Disk, folder: Path) -> None:
    folder.mkdir(mode=0o555)
    with pytest.raises(TierUnavailable):
        disk.put(a_recording("a"))


def test_the_folder_is_for_its_owner_alone(disk: Disk, folder: Path) -> None:
    disk.put(a_recording("a"))
    assert folder.stat().st_mode & 0o077 == 0


def test_a_dollar_in_the_name_of_the_folder_is_a_dollar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLACE", str(tmp_path / "elsewhere"))
    disk = Disk(tmp_path / "$PLACE", 1024**3)
    disk.put(a_recording("a"))
    disk.close()
    assert [path.name for path in tmp_path.iterdir()] == ["$PLACE"]


def test_threads_share_one_tier(disk: Disk) -> None:
    def work(worker: int) -> bool:
        for name in range(20):
            disk.put(a_recording((worker, name)))
        return all(found(disk, (worker, name)) for name in range(20))

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(8)))


def put_many(folder: Path, worker: int, limit: int, count: int) -> None:
    disk = Disk(folder, limit)
    for name in range(count):
        disk.put(a_recording((worker, name), size=2_000))
    disk.close()


def test_eight_processes_keep_everything_they_put(folder: Path, disk: Disk) -> None:
    run_in_processes(8, put_many, folder, 1024**3, 25)
    assert all(found(disk, (worker, name)) for worker in range(8) for name in range(25))


def test_processes_that_share_a_small_folder_keep_it_small(folder: Path) -> None:
    run_in_processes(4, put_many, folder, 1024**2, 100)
    assert size(folder) <= 1.1 * 1024**2


def run_in_processes(count: int, target: Callable[..., None], folder: Path, *more: int) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=target, args=(folder, worker, *more)) for worker in range(count)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * count


@pytest.mark.skipif(sys.platform == "win32", reason="no fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_child_uses_a_connection_of_its_own(disk: Disk) -> None:
    disk.put(a_recording("parent"))
    child = os.fork()
    if child == 0:
        status = 1
        try:
            disk.close()
            disk.put(a_recording("child"))
            status = 0 if found(disk, "parent") else 2
            disk.close()
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0
    assert found(disk, "child")
    disk.put(a_recording("later"))
    assert found(disk, "later")


@given(recordings(st.builds(a_key, st.integers())))
def test_an_envelope_gives_back_the_recording_to_the_last_character(recording: Recording) -> None:
    text = envelope.dumps(recording)
    assert envelope.loads(text) == recording
    assert "\n" not in text
    text.encode()


@settings(max_examples=300)
@given(st.data())
def test_a_damaged_envelope_is_a_value_error_or_a_recording(data: st.DataObject) -> None:
    text = envelope.dumps(a_recording("a"))
    place = data.draw(st.integers(0, len(text) - 1))
    damaged = text[:place] + data.draw(st.text(max_size=3)) + text[place + data.draw(st.integers(0, 30)) :]
    with suppress(ValueError):
        assert isinstance(envelope.loads(damaged), Recording)


@pytest.mark.parametrize(
    "text",
    ["", "null", "[]", "{}", "[" * 100_000, '{"version":999}', '{"version":1}', "9" * 5_000, "NaN", "\x00"],
)
def test_what_is_no_envelope_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        envelope.loads(text)


def test_a_text_is_kept_beside_the_recordings_and_apart_from_them(opened: Opened) -> None:
    first = opened()
    first.put(a_recording("a"))
    digest = a_key("a").digest
    with pytest.raises(KeyError):
        first.text(digest)
    first.put_text(digest, "plain é text")
    first.put_text(a_key("b").digest, "another")
    first.close()
    again = opened()
    assert again.text(digest) == "plain é text"
    assert again.get(a_key("a")) == a_recording("a")
    assert not found(again, "b")
    again.delete_text(digest)
    with pytest.raises(KeyError):
        again.text(digest)
    assert found(again, "a")


def test_texts_are_evicted_as_recordings_are(folder: Path) -> None:
    tier = Disk(folder, 256 * 1024)
    for number in range(30):
        tier.put_text(a_key(number).digest, "x" * 20_000)
    with pytest.raises(KeyError):
        tier.text(a_key(0).digest)
    assert tier.text(a_key(29).digest) == "x" * 20_000
    assert size(folder) <= 256 * 1024
    tier.close()
