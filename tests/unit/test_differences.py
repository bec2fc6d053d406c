from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_lmcache.miss.differences import Difference, differences, similarity

PNG = "data:image/png;base64," + "iVBORw0KGgo1" * 1000
TOOL: dict[str, Any] = {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}

plain_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=5), children, max_size=4),
    max_leaves=15,
)


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": text}


def shown(old: Any, new: Any) -> list[tuple[str, str, str]]:
    return [(found.path, found.kind, found.shown) for found in differences(old, new)]


def test_changed_text_is_a_word_diff_at_its_path() -> None:
    old = {"messages": [user("Hi"), user("What is the capital of France?")]}
    new = {"messages": [user("Hi"), user("What is the capital of Spain?")]}
    assert shown(old, new) == [("messages[1].content", "changed", "What is the capital of [-France-]{+Spain+}?")]


def test_other_values_are_shown_old_and_new() -> None:
    old = {"temperature": 0.2, "model": "gpt-4o", "seed": 1}
    new = {"temperature": 0.7, "model": "gpt-4o-mini", "seed": True}
    assert shown(old, new) == [
        ("model", "changed", '"gpt-4o" → "gpt-4o-mini"'),
        ("seed", "changed", "1 → true"),
        ("temperature", "changed", "0.2 → 0.7"),
    ]


def test_conversation_comes_first_then_the_model_and_tools_last() -> None:
    new: dict[str, Any] = {"a": 1, "tools": [TOOL], "model": "x", "z": 2, "messages": [user("Hi")]}
    assert [found.path for found in differences({}, new)] == ["messages", "model", "a", "z", "tools"]


def test_fields_named_by_the_caller_come_before_all_others() -> None:
    found = differences({}, {"documents": ["a"], "messages": [], "model": "x"}, first=("documents",))
    assert [difference.path for difference in found] == ["documents", "model", "messages"]


def test_added_message_is_one_difference_in_a_few_words() -> None:
    old = {"messages": [user("Hi")]}
    new = {"messages": [user("Hi"), user("And now for something completely different")]}
    assert shown(old, new) == [("messages[1]", "added", 'user, "And now for something completely different"')]


def test_inserted_message_does_not_move_the_ones_behind_it() -> None:
    old = {"messages": [user("one"), user("two"), user("three")]}
    new = {"messages": [user("one"), user("inserted"), user("two"), user("three")]}
    assert shown(old, new) == [("messages[1]", "added", 'user, "inserted"')]


def test_message_inserted_before_a_changed_one_is_told_apart_from_it() -> None:
    old = {"messages": [{"role": "system", "content": "Be kind."}, user("What is the capital of France?")]}
    new = {
        "messages": [
            old["messages"][0],
            {"role": "assistant", "content": "Hello"},
            user("What is the capital of Spain?"),
        ]
    }
    assert shown(old, new) == [
        ("messages[1]", "added", 'assistant, "Hello"'),
        ("messages[2].content", "changed", "What is the capital of [-France-]{+Spain+}?"),
    ]


def test_removed_message_has_its_place_in_the_old_request() -> None:
    old = {"messages": [user("one"), user("two"), user("three")]}
    assert shown(old, {"messages": [user("one"), user("three")]}) == [("messages[1]", "removed", 'user, "two"')]


def test_change_inside_a_tool_is_found_at_its_own_path() -> None:
    new = {"tools": [{**TOOL, "function": {**TOOL["function"], "name": "get_news"}}]}
    assert shown({"tools": [TOOL]}, new) == [("tools[0].function.name", "changed", '"get_weather" → "get_news"')]


def test_added_tool_is_called_by_its_name() -> None:
    assert shown({"tools": []}, {"tools": [TOOL]}) == [("tools[0]", "added", "tool get_weather")]


def test_tool_that_calls_are_named_in_a_message() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
    new = {"messages": [{"role": "assistant", "content": None, "tool_calls": [call]}]}
    assert shown({"messages": []}, new) == [("messages[0]", "added", "assistant, calls get_weather")]


def test_image_is_shown_by_kind_and_size_never_by_its_content() -> None:
    new = [user("Look")["content"], {"type": "image_url", "image_url": {"url": PNG}}]
    (found,) = differences({"messages": []}, {"messages": [{"role": "user", "content": new}]})
    assert found.shown == 'user, "Look" + image <png 9 kB>'


def test_two_images_of_one_size_are_told_apart() -> None:
    (found,) = differences({"url": PNG}, {"url": PNG[:-1] + "A"})
    assert found.shown.count("<png 9 kB> (") == 2
    before, after = found.shown.split(" → ")
    assert before != after


def test_file_given_as_bytes_is_shown_by_its_size() -> None:
    old, new = (
        {"file": {"$bytes": {"sha256": digit * 64, "size": size}}} for digit, size in (("a", 12_000), ("b", 900))
    )
    assert shown(old, new) == [("file", "changed", "<file 12 kB> → <file 900 B>")]


def test_vectors_of_numbers_are_one_difference() -> None:
    assert shown({"input": list(range(500))}, {"input": list(range(1, 501))}) == [
        ("input", "changed", "500 numbers, 0, 1, 2, 3 … → 500 numbers, 1, 2, 3, 4 …")
    ]


def test_name_that_is_no_identifier_is_quoted_in_the_path() -> None:
    assert shown({"metadata": {}}, {"metadata": {"a.b": 1}}) == [('metadata["a.b"]', "added", "1")]


def test_text_that_became_parts_is_shown_as_both() -> None:
    old, new = user("Hi there"), {"role": "user", "content": [{"type": "text", "text": "Hi there"}]}
    assert shown(old, new) == [("content", "changed", '"Hi there" → [text "Hi there"]')]


@given(plain_json)
def test_equal_values_do_not_differ(value: Any) -> None:
    assert differences(value, value) == ()


@given(st.dictionaries(st.text(max_size=5), plain_json), st.dictionaries(st.text(max_size=5), plain_json))
def test_every_difference_has_a_place_and_fits_on_a_few_lines(old: Any, new: Any) -> None:
    for found in differences(old, new):
        assert isinstance(found, Difference)
        assert found.shown
        assert len(found.shown) <= 600
        assert "\n" not in found.shown


@pytest.mark.parametrize(
    ("one", "other", "share"),
    [("a b c d", "a b c d", 1.0), ("a b c d", "a b x y", 0.5), ("a", "b", 0.0), ("", "", 1.0), ("今天", "今日", 0.5)],
)
def test_similarity_is_the_share_of_common_words(one: str, other: str, share: float) -> None:
    assert similarity(one, other) == share
