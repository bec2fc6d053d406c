"""What is put comes back equal and of the same types, from memory and from disk, or stays out of the disk."""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass, field
from typing import Any

import dspy  # noqa: F401 - what is tested is installed with it
import litellm
import numpy as np
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_lmcache.dspy.classes import Classes
from pytest_lmcache.dspy.values import dumps, loads
from pytest_lmcache.errors import UnstorableResponse


class Colour(enum.Enum):
    RED = (1, 2)


@dataclass
class Point:
    x: float
    inner: Any = None
    made: list[str] = field(default_factory=list)

    def __post_init__(self):
        self.made.append("initialised")


@dataclass(slots=True)
class Slotted:
    x: int


class Model(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="allow")
    name: str
    points: list[Point] = []
    _hidden: int = 0

    @pydantic.field_validator("name")
    @classmethod
    def _never_twice(cls, name: str) -> str:
        return name + "!"


def again(value, classes=None):
    classes = classes or Classes((), learns=True)
    return loads(dumps(value, classes), classes)


def same(a: Any, b: Any) -> bool:
    """Whether two values are equal and of the same types all the way down; NaN is NaN."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return list(map(repr, a)) == list(map(repr, b)) and all(
            same(x, y) for x, y in zip(a.values(), b.values(), strict=True)
        )
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, set | frozenset):
        return len(a) == len(b) and all(map(same, sorted(a, key=repr), sorted(b, key=repr)))
    if isinstance(a, float) and math.isnan(a):
        return math.isnan(b)
    return a == b and repr(a) == repr(b)


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.binary()
hashable = st.recursive(scalars, lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=1))
values = st.recursive(
    hashable,
    lambda inner: (
        st.lists(inner)
        | st.lists(st.floats())
        | st.dictionaries(st.text() | st.sampled_from(["$tuple", "$dict"]), inner)
        | st.dictionaries(hashable, inner, max_size=2)
        | st.sets(hashable, max_size=1)
    ),
)


@given(values)
def test_every_plain_value_comes_back_the_same(value):
    assert same(again(value), value)


@pytest.mark.parametrize("text", ["\ud83d", "a\udc00b", "\u2028", "\x00"])
def test_every_text_comes_back(text):
    assert again({"text": [text, (text,)]}) == {"text": [text, (text,)]}


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=np.float32).reshape(2, 3),
        np.array([], dtype=np.int64),
        np.array(3),
        np.array([1 + 2j]),
        np.array([True]),
    ],
)
def test_an_array_of_numbers_comes_back(array):
    back = again([array])[0]
    assert isinstance(back, np.ndarray)
    assert back.dtype == array.dtype
    np.testing.assert_array_equal(back, array)
    assert back.flags.writeable


def test_a_number_of_numpy_comes_back():
    back = again(np.float32(0.1))
    assert type(back) is np.float32
    assert back == np.float32(0.1)


def test_a_dataclass_comes_back_without_its_code_running_again():
    point = Point(1.5, inner=[Slotted(2), Colour.RED])
    point.later = {"a": (1,)}
    back = again(point)
    assert back == point
    assert back.later == {"a": (1,)}
    assert back.made == ["initialised"]


def test_a_pydantic_model_comes_back_without_its_validators_running_again():
    model = Model(name="a", points=[Point(1)], more={"b": Point(2)})
    model._hidden = 5
    back = again(model)
    assert back == model
    assert (back.name, back._hidden, back.more, back.model_fields_set) == (
        "a!",
        5,
        {"b": Point(2)},
        model.model_fields_set,
    )


@pytest.mark.parametrize(
    "value",
    [
        object(),
        len,
        Point,
        range(3),
        np.array([object()]),
        np.datetime64("2025-01-01"),
        type("D", (dict,), {})(),
        ValueError("x"),
    ],
)
def test_what_no_text_can_say_is_refused(value):
    with pytest.raises(UnstorableResponse):
        dumps([value], Classes((), learns=True))


def test_a_value_within_itself_is_refused():
    value: list[Any] = []
    value.append(value)
    with pytest.raises(UnstorableResponse, match="deep"):
        dumps(value, Classes((), learns=True))


def test_a_class_that_no_name_finds_again_is_refused():
    @dataclass
    class Local:
        x: int

    with pytest.raises(UnstorableResponse, match="inside a function"):
        dumps(Local(1), Classes((), learns=True))


def test_only_named_classes_are_kept_where_classes_are_restricted():
    classes = Classes((Point,), learns=False)
    assert again(Point(1), classes) == Point(1)
    with pytest.raises(UnstorableResponse, match="Slotted is not in safe_types"):
        dumps(Slotted(1), classes)


def test_a_class_that_this_process_never_put_is_not_rebuilt():
    text = dumps(Point(1), Classes((), learns=True))
    with pytest.raises(ValueError, match="name it in safe_types"):
        loads(text, Classes((), learns=True))


@pytest.fixture
def asks(provider):
    options = {"api_base": f"{provider.url}/v1", "api_key": "sk-fake"}
    messages = [{"role": "user", "content": "What is the capital of France?"}]
    tool = {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}
    return {
        "chat": lambda: litellm.completion("openai/gpt-4o-mini", messages, logprobs=True, n=2, **options),
        "tools": lambda: litellm.completion("openai/gpt-4o-mini", messages, tools=[tool], **options),
        "text": lambda: litellm.text_completion(model="openai/gpt-3.5-turbo-instruct", prompt="Hi", **options),
        "responses": lambda: litellm.responses(model="openai/gpt-4o-mini", input="Hi", **options),
        "embedding": lambda: litellm.embedding("openai/text-embedding-3-small", ["a", "b"], **options),
    }


@pytest.mark.parametrize("kind", ["chat", "tools", "text", "responses", "embedding"])
def test_an_answer_of_litellm_comes_back_with_its_cost_and_without_the_endpoint(asks, provider, kind):
    answer = asks[kind]()
    classes = Classes((), learns=False)
    text = dumps({"answers": [answer]}, classes)
    (back,) = loads(text, classes)["answers"]
    assert type(back) is type(answer)
    assert back.model_dump() == answer.model_dump()
    assert repr(back) == repr(answer)
    assert back._hidden_params.get("response_cost") == answer._hidden_params.get("response_cost")
    assert "sk-fake" not in text
    assert provider.url not in text
