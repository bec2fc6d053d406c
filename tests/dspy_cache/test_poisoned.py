"""Stores that somebody else prepared: no code of theirs runs, whatever is in the database or in the file."""

from __future__ import annotations

import json
import os
import pickle
import sqlite3
import zlib
from dataclasses import dataclass

import dspy  # noqa: F401 - what is tested is installed with it
import pytest

from pytest_lmcache.dspy import Cache

ASKED = {"prompt": "Hi"}
RAN = []


class Bomb:
    """Unpickling one is noticed."""

    def __reduce__(self):
        return RAN.append, ("unpickled",)


@dataclass
class Known:
    """A class this process has put: rebuilding one runs none of this."""

    x: int = 0

    def __post_init__(self):
        RAN.append("initialised")

    def __setattr__(self, name, value):
        RAN.append("assigned")

    def __setstate__(self, state):
        RAN.append("restored")


@pytest.fixture(autouse=True)
def _nothing_ran():
    RAN.clear()
    yield
    assert RAN == []


def row(folder, **columns):
    """Change columns of the one row there is, as somebody with write access would; the checksum is right."""
    if isinstance(columns.get("value"), str):
        columns["tag"] = zlib.crc32(columns["value"].encode())
    with sqlite3.connect(folder / "pytest-lmcache" / "cache.db") as connection:
        changes = ", ".join(f"{name} = ?" for name in columns)
        assert connection.execute(f"UPDATE Cache SET {changes}", tuple(columns.values())).rowcount == 1
    connection.close()


@pytest.fixture
def stored(caches, tmp_path):
    """A folder that holds one value, and a cache on it that has not looked yet."""
    first = caches()
    first.put(ASKED, "good")
    first.close()
    return caches(), tmp_path / "disk"


def tagged(value):
    return json.dumps({"tagged": value})


TEXTS = [
    "",
    "null",
    "[1]",
    "{",
    "{}",
    '{"pickle": "gASVAAA="}',
    "[" * 100_000,
    '{"plain": ' + "[" * 100_000,
    tagged({"$unknown": 1}),
    tagged({"$tuple": 1}),
    tagged({"$set": [[1]]}),
    tagged({"$dict": [[[1], 2]]}),
    tagged({"$dict": 5}),
    tagged({"$int": "x" * 10}),
    tagged({"$int": "9" * 10_000}),
    tagged({"$bytes": "not base 64"}),
    tagged({"$object": ["dataclass", "os:system", {"x": 1}]}),
    tagged({"$object": ["dataclass", "subprocess:Popen", {"args": "true"}]}),
    tagged({"$object": ["model", f"{__name__}:Known", {"x": 1}]}),
    tagged({"$object": ["enum", f"{__name__}:Known", "__class__"]}),
    tagged({"$object": ["dataclass", [1], {}]}),
    tagged({"$object": ["dataclass"]}),
    tagged({"$answer": []}),
    tagged({"$answer": ["ModelResponse"]}),
    tagged({"$answer": ["ModelResponse", 1, 2, 3, 4, 5, {}]}),
    tagged({"$answer": ["ModelResponse", {}, {}, {}, [[]], None, {}]}),
    tagged({"$answer": ["ModelResponse", {}, {}, None, [], None, {"private": {"a": 1}}]}),
    tagged({"$answer": ["ModelResponse", {}, {}, None, [], None, {"__class__": {"a": 1}}]}),
    tagged({"$answer": ["ModelResponse", {}, {}, {}, [], 7, {}]}),
    tagged({"$answer": ["BaseModel", {}, {}, {}, [], {}, {}]}),
    tagged({"$answer": ["os.system", {}, {}, {}, [], {}, {}]}),
    tagged({"$answer": [["ModelResponse"], {}, {}, {}, [], {}, {}]}),
    tagged({"$answer": ["TextCompletionResponse", {}, {}, {}, [], {"response_cost": []}, {}]}),
    tagged({"$array": ["O", [1], "AAAAAAAAAAA="]}),
    tagged({"$array": ["<f8", [10**12], "AAAAAAAAAAA="]}),
    tagged({"$array": [["f8"], [1], "AAAAAAAAAAA="]}),
]


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[:40])
def test_a_text_nobody_here_wrote_is_a_miss_and_the_next_put_mends_it(stored, caplog, text):
    cache, folder = stored
    cache.put({"prompt": "another"}, Known.__new__(Known))
    cache.disk.delete_text(cache.cache_key({"prompt": "another"}))
    row(folder, value=text)
    assert cache.get(ASKED) is None
    assert caplog.records
    cache.put(ASKED, "mended")
    cache.reset_memory_cache()
    assert cache.get(ASKED) == "mended"


def test_an_object_of_a_known_class_is_rebuilt_without_its_code(stored):
    cache, folder = stored
    cache.put({"prompt": "another"}, Known.__new__(Known))
    cache.disk.delete_text(cache.cache_key({"prompt": "another"}))
    row(folder, value=tagged({"$object": ["dataclass", f"{__name__}:Known", {"x": 7}]}))
    assert vars(cache.get(ASKED)) == {"x": 7}


@pytest.mark.parametrize("mode", [1, 2, 3, 4])
def test_a_pickle_in_the_database_is_never_loaded(stored, mode, recwarn):
    cache, folder = stored
    row(folder, mode=mode, value=pickle.dumps(Bomb()))
    assert cache.get(ASKED) is None
    assert not recwarn


def test_a_file_that_a_row_names_is_never_read(stored, tmp_path):
    cache, folder = stored
    (tmp_path / "bomb").write_bytes(pickle.dumps(Bomb()))
    row(folder, mode=4, value=None, filename=os.path.join("..", "..", "bomb"))
    assert cache.get(ASKED) is None


def test_a_database_with_a_trigger_of_its_own_is_set_aside(caches, tmp_path, caplog):
    first = caches()
    first.put(ASKED, "good")
    first.close()
    with sqlite3.connect(tmp_path / "disk" / "pytest-lmcache" / "cache.db") as connection:
        connection.execute("CREATE TRIGGER t AFTER INSERT ON Cache BEGIN DELETE FROM Cache; END")
    connection.close()
    cache = caches()
    assert cache.get(ASKED) is None
    assert "set aside" in caplog.text
    cache.put(ASKED, "new")
    cache.reset_memory_cache()
    assert cache.get(ASKED) == "new"


@pytest.mark.parametrize("allow_pickle", [False, True])
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_in_the_place_of_a_saved_memory_is_never_loaded(tmp_path, protocol, allow_pickle):
    (tmp_path / "memory").write_bytes(pickle.dumps(Bomb(), protocol))
    with pytest.raises(ValueError, match="memory"):
        Cache(False).load_memory_cache(str(tmp_path / "memory"), allow_pickle=allow_pickle)


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[:40])
def test_a_saved_memory_that_was_changed_is_a_miss(tmp_path, text):
    cache = Cache(False)
    cache.put(ASKED, "good")
    cache.save_memory_cache(str(tmp_path / "memory"))
    saved = (tmp_path / "memory").read_text("utf-8")
    changed = saved.replace(json.dumps('{"plain":"good"}'), json.dumps(text))
    assert changed != saved
    (tmp_path / "memory").write_text(changed, "utf-8")
    cache.load_memory_cache(str(tmp_path / "memory"))
    assert cache.get(ASKED) is None


def test_a_saved_memory_without_takes_is_a_miss(tmp_path):
    cache = Cache(False)
    cache.put(ASKED, "good")
    cache.save_memory_cache(str(tmp_path / "memory"))
    header, line = (tmp_path / "memory").read_text("utf-8").splitlines()
    (tmp_path / "memory").write_text(f"{header}\n{json.dumps({**json.loads(line), 'takes': []})}\n", "utf-8")
    cache.load_memory_cache(str(tmp_path / "memory"))
    assert cache.get(ASKED) is None
