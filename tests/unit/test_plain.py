"""Plain JSON from what people pass to an SDK."""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import enum
import io
import math
import subprocess
import sys
import uuid
from collections import OrderedDict, UserDict, deque
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_lmcache.errors import UnkeyableRequest
from pytest_lmcache.keys import canonical
from pytest_lmcache.plain import plain


class Colour(enum.Enum):
    RED = "red"


class Size(enum.IntEnum):
    BIG = 3


class Word(str):
    __slots__ = ()


class Point(NamedTuple):
    x: int
    y: int


@dataclasses.dataclass
class Pair:
    left: int
    right: str | None


class City(pydantic.BaseModel):
    name: str
    people: int | None = None


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
)
trees = st.recursive(
    scalars,
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=20,
)


@given(trees)
def test_plain_data_stays_as_it_is_unless_it_looks_like_a_tag(tree):
    result = plain(tree, "x")
    if "$" not in canonical(tree):
        assert result == tree


@given(trees, trees)
def test_different_plain_data_stays_different(one, other):
    if canonical(one) != canonical(other):
        assert canonical(plain(one, "x")) != canonical(plain(other, "x"))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ((1, (2,)), [1, [2]]),
        (deque([1, 2]), [1, 2]),
        (Point(1, 2), [1, 2]),
        (Colour.RED, "red"),
        (Size.BIG, 3),
        (Word("w"), "w"),
        ({Colour.RED: 1}, {"red": 1}),
        ({1: "a"}, {"1": "a"}),
        (OrderedDict(b=1, a=2), {"b": 1, "a": 2}),
        (UserDict(a=1), {"a": 1}),
        (MappingProxyType({"a": 1}), {"a": 1}),
        (Pair(1, None), {"left": 1, "right": None}),
        (City(name="Rome"), {"name": "Rome"}),
        ({3, 1, 2}, {"$set": [1, 2, 3]}),
        (frozenset({"b", "a"}), {"$set": ["a", "b"]}),
        (dt.date(2026, 1, 2), {"$datetime": "2026-01-02"}),
        (decimal.Decimal("1.10"), {"$decimal": "1.10"}),
        (uuid.UUID(int=1), {"$uuid": "00000000-0000-0000-0000-000000000001"}),
        ({"$set": [1]}, {"$literal": [["$set", [1]]]}),
        (
            b"abc",
            {"$bytes": {"sha256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", "size": 3}},
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_json_can_say_is_said(value, expected):
    assert plain(value, "x") == expected


def test_a_pydantic_class_is_its_schema():
    result = plain({"response_format": City}, "request")
    assert result["response_format"]["$model"]["name"] == "City"
    assert result["response_format"]["$model"]["schema"]["properties"]["name"] == {"title": "Name", "type": "string"}


def test_a_file_is_its_content_and_stays_where_it_was(tmp_path: Path):
    path = tmp_path / "sound.wav"
    path.write_bytes(b"abc")
    with path.open("rb") as file:
        assert plain(file, "file") == plain(b"abc", "file") == plain(path, "file") == plain(io.BytesIO(b"abc"), "f")
        assert file.read() == b"abc"


@pytest.mark.parametrize(
    ("value", "place", "cause"),
    [
        ({"a": [1, math.nan]}, "x.a[1]", "nan"),
        ({"a": math.inf}, "x.a", "inf"),
        ({"a": {"f": len}}, "x.a.f", "builtin_function_or_method"),
        ({"a": object()}, "x.a", "builtins.object"),
        ({"a": (i for i in range(3))}, "x.a", "generator"),
        ({"a": "half \ud800"}, "x.a", "surrogate"),
        ({None: 1}, "x", "NoneType"),
        ({True: 1}, "x", "bool"),
        ({1.5: 1}, "x", "float"),
        ({1: "a", "1": "b"}, "x", "two keys"),
        ({"a": Path("no/such/file")}, "x.a", "cannot be read"),
        ({"a": int}, "x.a", "class int"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_json_cannot_say_is_refused_with_its_place(value, place, cause):
    with pytest.raises(UnkeyableRequest) as caught:
        plain(value, "x")
    assert caught.value.path == place
    assert cause in str(caught.value)


def test_endless_nesting_is_refused():
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(UnkeyableRequest, match="nested more than 200 deep"):
        plain(endless, "x")


def test_nothing_depends_on_the_hash_seed():
    code = (
        "from pytest_lmcache.plain import plain; from pytest_lmcache.keys import digest;"
        "print(digest(plain({'s': {'a', 'b', 'c', 1}, 'm': {'z': 1, 'y': b'1'}}, 'x')))"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": str(seed)}, capture_output=True, text=True, check=True
        ).stdout
        for seed in range(4)
    }
    assert len(digests) == 1
