"""Promise 10: different requests make different keys, and nothing is dropped in silence.

Equal on purpose, because they are equal JSON on the wire: a tuple and a list of the same items; a model or dataclass
and the dictionary of its fields; an enumeration member and its value; True as a name and "True".
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import enum
import functools
import math
import uuid
from collections import Counter
from typing import Any

import pydantic
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from trials import trials

from pytest_lmcache.call import Request
from pytest_lmcache.errors import UnkeyableRequest
from pytest_lmcache.keys import KeyRule, key_of
from pytest_lmcache.plain import plain


class Colour(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Pair:
    left: int
    right: int


class City(pydantic.BaseModel):
    name: str
    people: int = 5


class Village(pydantic.BaseModel):
    name: str
    cows: int = 5


class Opaque:
    pass


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


# Those of a line are one value on the wire, and one key; any two of different lines are two.
DISTINCT: list[tuple[Any, ...]] = [
    (None,),
    (True,),
    (False,),
    (0,),
    (1,),
    (-1,),
    (1.5,),
    (1e-7,),
    (10**40,),
    (10**40 + 1,),
    ("",),
    ("1",),
    ("a",),
    ("A",),
    ("é",),
    ("e\u0301",),
    ("null",),
    ("a\nb",),
    ("a\\nb",),
    ("🌊",),
    ("\x00",),
    ([], ()),
    ([1], (1,)),
    ([[1]],),
    ([1, 2], (1, 2)),
    ([2, 1],),
    ({},),
    ({"a": 1}, {"a": 1}),
    ({"a": None},),
    ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    ({"1": 1}, {1: 1}),
    (b"", bytearray()),
    (b"a", memoryview(b"a")),
    ({1, 2}, frozenset({2, 1})),
    (set(),),
    (Colour.RED, "red"),
    (Pair(1, 2), {"left": 1, "right": 2}),
    (City(name="Paris"), {"name": "Paris", "people": 5}),
    (City,),
    (Village,),
    (dt.date(2026, 1, 1),),
    (dt.datetime(2026, 1, 1),),
    (dt.datetime(2026, 1, 1, tzinfo=dt.UTC),),
    (decimal.Decimal("1.10"),),
    (decimal.Decimal("1.1"),),
    (uuid.UUID(int=5),),
    ({"$bytes": "a"},),
    ({"$set": []},),
    (deep(100),),
    (deep(101),),
]

REFUSED: list[Any] = [
    math.nan,
    math.inf,
    -math.inf,
    "\ud83d",
    {(1, 2): 3},
    {None: 3},
    {1: 1, "1": 2},
    object(),
    Opaque(),
    Opaque,
    lambda: 1,
    functools.partial(print, 1),
    functools.partial(print, 2),
    print,
    iter([1]),
    (item for item in ()),
    1j,
    range,
    deep(500),
    deep(5000),
]


def digest(value: Any, name: str = "x_unknown_option") -> str:
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], name: plain(value, name)}
    return key_of(Request("litellm", "chat", "m", body, ("messages",)), KeyRule("request")).digest


def test_no_two_of_these_odd_values_share_a_key(figure):
    keys = [{digest(value) for value in line} for line in DISTINCT]
    assert [line for line, made in zip(DISTINCT, keys, strict=True) if len(made) != 1] == []
    shared = [key for key, count in Counter(key for made in keys for key in made).items() if count > 1]
    assert shared == []
    figure(f"0 collisions of {len(DISTINCT)} odd values, {len(REFUSED)} refused with their place")


@pytest.mark.parametrize("value", REFUSED, ids=lambda value: type(value).__name__)
def test_what_has_no_form_is_refused_with_its_place(value):
    with pytest.raises(UnkeyableRequest) as caught:
        digest({"inner": [value]})
    assert caught.value.path.startswith("x_unknown_option.inner[0]")


trees = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def exactly(value: Any) -> Any:
    """A form in which two values are equal when they are the same JSON: 1, 1.0 and True are three."""
    if isinstance(value, dict):
        return "object", frozenset((name, exactly(item)) for name, item in value.items())
    if isinstance(value, list):
        return "list", tuple(map(exactly, value))
    return type(value).__name__, repr(value) if isinstance(value, float) else value


@hypothesis_settings(max_examples=trials(100, 5_000))
@given(trees, trees)
def test_two_options_share_a_key_only_when_they_are_the_same_json(one, other):
    assert (digest(one) == digest(other)) == (exactly(one) == exactly(other))


@given(st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1, max_size=8), trees)
def test_an_option_that_nobody_knows_is_part_of_the_key(name, value):
    assert digest(value, f"option_{name}") != digest(value, f"option_{name}_2")


OPTIONS = """
VALUES = [1, 2, "1", True, None, [1], {"a": 1}, {"a": 2}, 1.5, "a"]

def test_each_value_of_an_unknown_option_is_a_call_of_its_own(lmcache):
    for value in VALUES:
        ask("Hello", extra_body={"x_unknown": value})
    assert len({call.key.digest for call in lmcache.calls}) == len(VALUES)

def test_each_option_is_a_call_of_its_own(lmcache):
    for name in ("num_ctx", "top_k", "mirostat", "x_option_a", "x_option_b"):
        ask("Hello", extra_body={name: 3})
    assert len({call.key.digest for call in lmcache.calls}) == 5

def test_what_has_no_form_is_refused_and_not_asked(lmcache):
    ask("Hello", extra_body={"x_unknown": object()})
"""


def test_options_of_providers_are_told_apart_by_litellm_calls(project):
    project.tests(OPTIONS)
    result = project.record()
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*cannot make a key: extra_body.x_unknown is of type builtins.object*"])
    assert project.provider.count() == 15
