"""The shared part of a stream's chunks is written once, and every chunk comes back exactly."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pytest_lmcache.folding import fold, unfold

SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=3)
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["id", "choices", "delta", "index", "role"]), inner, max_size=3)
    ),
    max_leaves=8,
)
CHUNKS = st.lists(st.dictionaries(st.sampled_from(["type", "data", "usage"]), JSON, max_size=3), max_size=6)


@given(CHUNKS)
def test_every_chunk_comes_back_equal(chunks: list[dict[str, Any]]) -> None:
    shared, own = fold(copy.deepcopy(chunks))
    back = [unfold(shared, item) for item in own]
    # As text, since 1, 1.0 and True are equal and not the same, and the order of names counts.
    assert json.dumps(back) == json.dumps(chunks)


@given(
    st.lists(st.permutations(["id", "type", "delta", "index", "role"]).map(tuple), min_size=1, max_size=8), st.data()
)
def test_names_come_back_in_the_order_of_each_chunk(orders: list[tuple[str, ...]], data: st.DataObject) -> None:
    chunks = [{"data": {name: data.draw(st.integers(0, 1)) for name in order}} for order in orders]
    shared, own = fold(copy.deepcopy(chunks))
    assert json.dumps([unfold(shared, item) for item in own]) == json.dumps(chunks)


def test_an_order_that_most_chunks_have_is_written_once() -> None:
    chunks: list[dict[str, Any]] = [
        {"data": {"type": "d", "number": n, "item": "i", "delta": str(n)}} for n in range(9)
    ]
    chunks.append({"data": {"item": "i", "type": "d"}})
    shared, own = fold(chunks)
    assert shared == {"data": {"type": "d", "item": "i", "$order": ["type", "number", "item", "delta"]}}
    assert own[:2] == [{"data": {"number": n, "delta": str(n)}} for n in range(2)]
    assert own[-1] == {"data": {"$order": ["item", "type"]}}
    assert json.dumps([unfold(shared, item) for item in own]) == json.dumps(chunks)


def test_a_name_that_an_order_does_not_list_comes_last() -> None:
    shared: dict[str, Any] = {"a": 1, "b": 2, "$order": ["c", "a"]}
    assert json.dumps(unfold(shared, {"d": 4, "c": 3})) == '{"c": 3, "a": 1, "b": 2, "d": 4}'
    assert json.dumps(unfold(shared, {"$without": ["a"], "$order": ["b"]})) == '{"b": 2}'


def test_true_and_one_stay_apart() -> None:
    chunks: list[dict[str, Any]] = [{"a": [1]}, {"a": [1]}, {"a": [True]}]
    shared, own = fold(chunks)
    assert repr([unfold(shared, item) for item in own]) == repr(chunks)


def test_what_chunks_share_is_written_once() -> None:
    chunks = [
        {"data": {"id": "c", "choices": [{"index": 0, "delta": {"role": None, "content": text}}]}} for text in "abc"
    ]
    shared, own = fold(chunks)
    assert shared == {"data": {"id": "c", "choices": [{"index": 0, "delta": {"role": None}}]}}
    assert own == [{"data": {"choices": [{"delta": {"content": text}}]}} for text in "abc"]


def test_a_closing_chunk_without_choices_does_not_keep_the_others_from_sharing() -> None:
    chunks: list[dict[str, Any]] = [{"choices": [{"index": 0, "delta": text}]} for text in "abc"]
    chunks.append({"choices": [], "usage": {"total_tokens": 3}})
    shared, own = fold(chunks)
    assert shared == {"choices": [{"index": 0}]}
    assert [unfold(shared, item) for item in own] == chunks


def test_chunks_share_nothing_that_can_be_changed() -> None:
    shared, own = fold([{"data": {"fields": {"a": [1]}, "text": text}} for text in "ab"])
    first, second = (unfold(shared, item) for item in own)
    first["data"]["fields"]["a"].append(2)
    assert second["data"]["fields"] == {"a": [1]}
