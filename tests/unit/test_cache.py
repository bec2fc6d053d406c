"""`Cache` by itself, outside any test run."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_lmcache.cache import Cache
from pytest_lmcache.errors import (
    BadKeyStrategy,
    BadOption,
    BadRecording,
    LMCacheError,
    UnkeyableRequest,
    UnstorableResponse,
)

REQUEST = {"model": "gpt-4o", "messages": [{"role": "user", "content": "What is the capital of France?"}]}
ANSWER = {"choices": [{"message": {"content": "Paris"}}], "usage": {"total_tokens": 9}}

Caches = Callable[..., Cache]


@pytest.fixture
def caches(tmp_path: Path) -> Iterator[Caches]:
    """Makes caches that share one folder, and closes them."""
    made: list[Cache] = []

    def make(kind: type[Cache] = Cache, **options: Any) -> Cache:
        made.append(kind(**{"disk_cache_dir": tmp_path / "disk", **options}))
        return made[-1]

    yield make
    for cache in made:
        cache.close()


def asked(number: int) -> dict[str, Any]:
    return {"model": "gpt-4o", "messages": [{"role": "user", "content": f"question {number}"}]}


def test_a_request_nobody_answered_gives_none(caches: Caches) -> None:
    cache = caches()
    assert cache.get(REQUEST) is None
    assert REQUEST not in cache


def test_an_answer_is_given_again(caches: Caches) -> None:
    cache = caches()
    cache.put(REQUEST, ANSWER)
    assert cache.get(REQUEST) == ANSWER
    assert REQUEST in cache
    assert cache.cache_key(REQUEST) in cache


def test_the_order_of_arguments_does_not_matter(caches: Caches) -> None:
    cache = caches()
    cache.put(REQUEST, ANSWER)
    assert cache.get(dict(reversed(REQUEST.items()))) == ANSWER


def test_memory_answers_without_the_disk(caches: Caches, tmp_path: Path) -> None:
    cache = caches(enable_disk_cache=False)
    cache.put(REQUEST, ANSWER)
    assert cache.get(REQUEST) == ANSWER
    assert cache.disk is None
    assert not (tmp_path / "disk").exists()


def test_the_disk_answers_when_memory_was_reset(caches: Caches) -> None:
    cache = caches()
    cache.put(REQUEST, ANSWER)
    cache.reset_memory_cache()
    assert cache.get(REQUEST) == ANSWER


def test_the_disk_answers_without_memory(caches: Caches) -> None:
    cache = caches(enable_memory_cache=False)
    cache.put(REQUEST, ANSWER)
    assert cache.get(REQUEST) == ANSWER
    assert cache.memory is None


def test_what_the_disk_answered_is_in_memory_afterwards(caches: Caches) -> None:
    caches().put(REQUEST, ANSWER)
    cache = caches()
    assert cache.get(REQUEST) == ANSWER
    assert cache.disk is not None
    cache.disk.clear()
    assert cache.get(REQUEST) == ANSWER


def test_another_cache_on_the_same_folder_finds_it(caches: Caches) -> None:
    caches().put(REQUEST, ANSWER)
    assert caches().get(REQUEST) == ANSWER


def test_another_process_finds_it(caches: Caches, tmp_path: Path) -> None:
    cache = caches()
    cache.put(REQUEST, ANSWER)
    code = (
        "import sys, json; sys.path.insert(0, sys.argv[3])\n"
        "from pytest_lmcache.cache import Cache\n"
        "print(json.dumps(Cache(disk_cache_dir=sys.argv[1]).get(json.loads(sys.argv[2]))))"
    )
    root = str(Path(__file__).parents[2])
    arguments = [str(tmp_path / "disk"), json.dumps(REQUEST), root]
    output = subprocess.run([sys.executable, "-c", code, *arguments], check=True, capture_output=True, text=True).stdout
    assert json.loads(output) == ANSWER


def test_with_both_tiers_off_every_request_is_new(caches: Caches) -> None:
    cache = caches(enable_disk_cache=False, enable_memory_cache=False)
    cache.put(REQUEST, ANSWER)
    assert cache.get(REQUEST) is None
    assert REQUEST not in cache


def test_what_a_caller_does_to_an_answer_never_reaches_the_next(caches: Caches) -> None:
    cache = caches()
    mine = json.loads(json.dumps(ANSWER))
    cache.put(REQUEST, mine)
    mine["choices"].clear()
    cache.get(REQUEST)["choices"].clear()
    assert cache.get(REQUEST) == ANSWER


def test_putting_again_replaces_in_both_tiers(caches: Caches) -> None:
    cache = caches()
    cache.put(REQUEST, 1)
    cache.put(REQUEST, 2)
    assert cache.get(REQUEST) == 2
    cache.reset_memory_cache()
    assert cache.get(REQUEST) == 2


def test_put_past_memory_is_on_disk_only(caches: Caches) -> None:
    cache = caches()
    cache.put(REQUEST, 1)
    cache.put(REQUEST, 2, enable_memory_cache=False)
    assert cache.memory is not None
    assert cache.memory.recordings() == ()
    assert cache.get(REQUEST) == 2


def test_ignored_arguments_are_no_part_of_the_key(caches: Caches) -> None:
    cache = caches()
    cache.put({**REQUEST, "api_key": "a"}, ANSWER, ignored_args_for_cache_key=["api_key"])
    assert cache.get({**REQUEST, "api_key": "b"}, ignored_args_for_cache_key=["api_key"]) == ANSWER
    assert cache.get({**REQUEST, "api_key": "b"}) is None


def test_nothing_of_the_request_is_written_down(caches: Caches, tmp_path: Path) -> None:
    cache = caches()
    cache.put({**REQUEST, "api_key": "sk-canary"}, ANSWER)
    cache.close()
    assert b"sk-canary" not in b"".join(file.read_bytes() for file in (tmp_path / "disk").iterdir())


def test_a_key_is_64_hexadecimal_digits(caches: Caches) -> None:
    key = caches().cache_key(REQUEST)
    assert len(key) == 64
    assert int(key, 16)


def test_the_memory_limit_evicts_what_was_used_least_recently(caches: Caches) -> None:
    cache = caches(enable_disk_cache=False, memory_max_entries=2)
    cache.put(asked(1), 1)
    cache.put(asked(2), 2)
    assert cache.get(asked(1)) == 1
    cache.put(asked(3), 3)
    assert [cache.get(asked(number)) for number in (1, 2, 3)] == [1, None, 3]


def test_the_disk_limit_evicts(caches: Caches) -> None:
    cache = caches(enable_memory_cache=False, disk_size_limit_bytes=256 * 1024)
    for number in range(30):
        cache.put(asked(number), "x" * 20_000)
    assert cache.get(asked(0)) is None
    assert cache.get(asked(29)) is not None


class MessagesAlone(Cache):
    def cache_key(self, request: dict[str, Any], ignored_args_for_cache_key: list[str] | None = None) -> str:
        return super().cache_key({"messages": request["messages"]})


def test_a_key_of_the_messages_alone_shares_an_answer_between_models(caches: Caches) -> None:
    cache = caches(MessagesAlone)
    cache.put({**REQUEST, "model": "gpt-4o"}, ANSWER)
    assert cache.get({**REQUEST, "model": "claude", "temperature": 1, "client": object()}) == ANSWER


def test_any_text_may_be_a_key(caches: Caches) -> None:
    class FirstWord(Cache):
        def cache_key(self, request: dict[str, Any], ignored_args_for_cache_key: list[str] | None = None) -> str:
            return str(request["messages"][0]["content"].split()[0])

    cache = caches(FirstWord)
    cache.put(REQUEST, ANSWER)
    cache.reset_memory_cache()
    assert cache.get({"messages": [{"content": "What now?"}]}) == ANSWER
    assert "What" in cache
    assert "Why" not in cache


def test_a_key_that_is_no_text_is_a_clear_error(caches: Caches) -> None:
    class Bytes(Cache):
        def cache_key(self, request: dict[str, Any], ignored_args_for_cache_key: list[str] | None = None) -> str:
            return b"key"  # type: ignore[return-value]

    with pytest.raises(BadKeyStrategy, match="must return text, but returned a bytes"):
        caches(Bytes).get(REQUEST)


def test_values_of_ones_own_kind_need_encode_and_decode(caches: Caches) -> None:
    class Complex(Cache):
        def encode(self, value: Any) -> str:
            return super().encode([value.real, value.imag])

        def decode(self, text: str) -> Any:
            return complex(*super().decode(text))

    cache = caches(Complex)
    cache.put(REQUEST, 1 + 2j)
    cache.reset_memory_cache()
    assert cache.get(REQUEST) == 1 + 2j


@pytest.mark.parametrize("value", [object(), {1: 2}, (1, 2), {"a"}, b"x", float("nan"), [1, {"a": 1j}]])
def test_a_value_that_is_no_json_is_a_clear_error_and_is_not_kept(caches: Caches, value: object) -> None:
    cache = caches()
    with pytest.raises(UnstorableResponse, match="Override encode and decode"):
        cache.put(REQUEST, value)
    assert cache.get(REQUEST) is None


def test_a_request_without_json_form_names_the_place(caches: Caches) -> None:
    with pytest.raises(UnkeyableRequest, match=r"tools\[0\]"):
        caches().get({"tools": [object()]})


def test_memory_is_saved_and_loaded_as_text(caches: Caches, tmp_path: Path) -> None:
    cache = caches(enable_disk_cache=False)
    for number in range(3):
        cache.put(asked(number), f"answer \u2028 {number}")
    cache.save_memory_cache(tmp_path / "memory.jsonl")
    for line in (tmp_path / "memory.jsonl").read_text("utf-8").rstrip("\n").split("\n"):
        json.loads(line)
    other = caches(enable_disk_cache=False)
    other.put(asked(9), "dropped")
    other.load_memory_cache(tmp_path / "memory.jsonl")
    assert [other.get(asked(number)) for number in (0, 2, 9)] == ["answer \u2028 0", "answer \u2028 2", None]
    assert [path.name for path in tmp_path.iterdir()] == ["memory.jsonl"]


@pytest.mark.parametrize("damage", [b"", b"\x80\x04\x95", b"[]", b"{}", b'{"recordings": 2}\n', b"[" * 100_000])
def test_a_file_that_is_no_saved_memory_is_a_clear_error_and_changes_nothing(
    caches: Caches, tmp_path: Path, damage: bytes
) -> None:
    cache = caches(enable_disk_cache=False)
    cache.put(REQUEST, ANSWER)
    (tmp_path / "memory").write_bytes(damage)
    with pytest.raises(BadRecording, match="memory: cannot be loaded"):
        cache.load_memory_cache(tmp_path / "memory")
    assert cache.get(REQUEST) == ANSWER


def test_a_saved_memory_that_was_cut_is_refused(caches: Caches, tmp_path: Path) -> None:
    cache = caches(enable_disk_cache=False)
    for number in range(3):
        cache.put(asked(number), number)
    cache.save_memory_cache(tmp_path / "memory")
    content = (tmp_path / "memory").read_bytes()
    for end in (len(content) // 4, len(content) // 2, content.rindex(b"\n", 0, -1) + 1):
        (tmp_path / "memory").write_bytes(content[:end])
        with pytest.raises(BadRecording):
            cache.load_memory_cache(tmp_path / "memory")


def test_a_file_that_is_not_there_is_the_usual_error(caches: Caches, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        caches().load_memory_cache(tmp_path / "nowhere")


def test_saving_without_memory_is_a_clear_error(caches: Caches, tmp_path: Path) -> None:
    with pytest.raises(BadOption, match="enable_memory_cache=False"):
        caches(enable_memory_cache=False).save_memory_cache(tmp_path / "memory")


@pytest.mark.parametrize(
    "option",
    [
        {"disk_size_limit_bytes": -1},
        {"disk_size_limit_bytes": 0},
        {"disk_size_limit_bytes": "1GB"},
        {"disk_size_limit_bytes": 1.5},
        {"memory_max_entries": 0},
        {"memory_max_entries": True},
        {"memory_max_entries": None},
        {"enable_disk_cache": "no"},
        {"enable_memory_cache": None},
    ],
)
def test_an_argument_nobody_can_mean_is_refused_at_once_by_name(caches: Caches, option: dict[str, Any]) -> None:
    with pytest.raises(BadOption, match=next(iter(option))):
        caches(**option)


def test_a_folder_that_is_a_file_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BadOption, match="is a file"):
        Cache(disk_cache_dir=tmp_path / "file")


def test_making_a_cache_touches_no_disk(caches: Caches, tmp_path: Path) -> None:
    caches()
    assert list(tmp_path.iterdir()) == []


def test_a_relative_folder_stays_where_it_was_meant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    cache = Cache(disk_cache_dir="here")
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    cache.put(REQUEST, ANSWER)
    cache.close()
    assert (tmp_path / "here").is_dir()


def test_the_disk_of_a_project_is_outside_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "project" / ".git").mkdir(parents=True)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path / "project")
    cache = Cache()
    cache.put(REQUEST, ANSWER)
    cache.close()
    assert [path.name for path in (tmp_path / "project").iterdir()] == [".git"]
    assert cache.disk is not None


def test_an_unusable_disk_is_warned_about_once_and_done_without(caches: Caches, tmp_path: Path) -> None:
    cache = caches()
    (tmp_path / "disk").write_text("in the way")
    with pytest.warns(RuntimeWarning, match="goes on without it"):
        cache.put(REQUEST, ANSWER)
    with warnings.catch_warnings(action="error"):
        cache.put(asked(1), 1)
        assert cache.get(asked(2)) is None
    assert cache.get(REQUEST) == ANSWER
    assert cache.disk is None


def test_every_error_is_an_ordinary_one_of_this_package(caches: Caches) -> None:
    with pytest.raises(LMCacheError):
        caches().put(REQUEST, object())
