"""What an answer is to the recorded one: pure, over answers in the shapes of several providers."""

from __future__ import annotations

import base64
import json
import struct
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_lmcache.call import Key, Recording, Request, Take
from pytest_lmcache.drift import shapes
from pytest_lmcache.drift.answers import closest, compared
from pytest_lmcache.drift.likeness import cosine, likeness, vectors
from pytest_lmcache.drift.results import Result, Results
from pytest_lmcache.drift.text import lines

CHAT = Request("http/openai-chat", "chat", "m", {"messages": []}, ("messages",))
EMBEDDING = Request("http/openai-embeddings", "embedding", "m", {"input": "a"}, ("input",))

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=12),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=4), children, max_size=4),
    max_leaves=12,
)
numbers = st.floats(-1, 1, allow_nan=False).map(lambda number: round(number, 6))


def take(body: Any, status: int = 200) -> Take:
    return Take(json.dumps({"type": "http", "status": status, "headers": {}, "body": body}), 0.1)


def message(text: str | None, *calls: tuple[str, Any], reason: str = "stop", **more: Any) -> dict[str, Any]:
    made = [
        {"id": f"call_{index}", "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}
        for index, (name, arguments) in enumerate(calls)
    ]
    content = {"role": "assistant", "content": text, **({"tool_calls": made} if made else {})}
    return {"index": 0, "finish_reason": reason, "message": content, **more}


def answer(*choices: dict[str, Any], **more: Any) -> Take:
    numbered = [{**choice, "index": index} for index, choice in enumerate(choices)]
    return take({"id": "1", "object": "chat.completion", "created": 1, "choices": numbered, **more})


def said(old: Take, new: Take, request: Request = CHAT) -> tuple[str, str]:
    found = compared(request, old, new)
    return found.kind, found.shown


class TestIdentical:
    def test_what_is_told_about_the_call_does_not_count(self) -> None:
        old = answer(message("Paris."), usage={"total_tokens": 3}, system_fingerprint="a", created=1, id="x")
        new = answer(message("Paris."), usage={"total_tokens": 9}, system_fingerprint="b", created=2, id="y")
        assert said(old, new) == ("identical", "")

    def test_ids_of_tool_calls_do_not_count(self) -> None:
        old = answer(message(None, ("f", {"a": 1}), reason="tool_calls"))
        new = Take(old.response.replace("call_0", "call_abc"), 0.2)
        assert said(old, new) == ("identical", "")

    def test_json_counts_by_its_value(self) -> None:
        old, new = answer(message('{"a": 1, "b": [true]}')), answer(message('{"b":[true],\n"a":1}'))
        assert said(old, new) == ("identical", "")

    def test_a_stream_is_the_answer_it_makes(self) -> None:
        def stream(*pieces: str) -> Take:
            deltas: list[Any] = [{"index": 0, "delta": {"content": piece}} for piece in pieces]
            ends = {"index": 0, "delta": {}, "finish_reason": "stop"}
            chunks = [{"data": {"choices": [delta]}} for delta in (*deltas, ends)]
            answer = {"type": "http-stream", "status": 200, "headers": {}, "framing": "sse", "shared": {}}
            return Take(json.dumps({**answer, "chunks": [*chunks, {"data": "[DONE]"}]}), 0.1)

        one, other = stream("The capital", " is Paris."), stream("The ", "capital is", " Paris.")
        assert said(one, other, replace(CHAT, stream=True)) == ("identical", "")

    @given(st.text(max_size=40))
    def test_every_answer_is_to_itself(self, text: str) -> None:
        found = compared(CHAT, answer(message(text)), answer(message(text)))
        assert (found.kind, found.similarity) == ("identical", 1.0)


class TestChanged:
    @pytest.mark.parametrize(
        ("old", "new", "shown"),
        [
            ((message("Hi"),), (message("Hi", reason="length"),), "finish_reason: stop → length"),
            ((message("Hi"),), (message("Hi"), message("Hi")), "choices: 1 → 2"),
            ((message("Hi"),), (message(None),), "text is gone"),
            ((message("Hi"),), (message("[1]"),), "text: words → JSON (list)"),
            ((message('{"a": 1}'),), (message('Here: {"a": 1}'),), "text: JSON (object) → words"),
            ((message('{"a": 1}'),), (message("[1]"),), "text: object → list"),
            ((message('{"a": 1}'),), (message('{"a": "1"}'),), "text.a: number → text"),
            ((message('{"a": 1}'),), (message('{"a": null}'),), "text.a: number → null"),
            ((message('{"a": 1}'),), (message('{"a": true}'),), "text.a: number → true or false"),
            ((message('{"a": [{"b": 1}]}'),), (message('{"a": [{"b": 1, "c": 2}]}'),), "text.a[].c is new"),
            ((message('{"a": {"b": 1}}'),), (message('{"a": {}}'),), "text.a.b is gone"),
            ((message(None, ("f", {})),), (message(None, ("g", {})),), "tool_calls: f → g"),
            ((message(None, ("f", {})),), (message("Hi"),), "tool_calls: f → none (and 1 more)"),
            ((message(None, ("f", {})),), (message(None, ("f", {}), ("f", {})),), "tool_calls: f → f, f"),
            ((message(None, ("f", {"a": 1})),), (message(None, ("f", {"b": 1})),),
             "tool_calls[0].arguments.a is gone (and 1 more)"),
            ((message("Hi"), message("Ho")), (message("Hi"), message("Ho", reason="length")),
             "choices[1].finish_reason: stop → length"),
        ],
    )  # fmt: skip
    def test_one_line_says_what(self, old: Any, new: Any, shown: str) -> None:
        assert said(answer(*old), answer(*new)) == ("changed", shown)

    def test_the_line_has_no_credential_and_no_end_of_line(self) -> None:
        key = "sk-" + "proj-" + "Q8wZ3nX6vB1mK4jH7gF2dS5aP9oL"
        kind, shown = said(answer(message('{"a": 1}')), answer(message(json.dumps({f"{key}\n": 1}))))
        assert kind == "changed"
        _, words = said(answer(message("Hello")), answer(message(f"Take\n{key}")))
        for line in (shown, words):
            assert key not in line
            assert "\n" not in line


class TestReworded:
    def test_values_of_arguments_are_words(self) -> None:
        old, new = (answer(message(None, ("f", {"city": city}))) for city in ("Oslo", "Rome"))
        found = compared(CHAT, old, new)
        assert (found.kind, found.similarity) == ("reworded", 0.0)
        assert found.shown == 'tool_calls[0].arguments.city: "Oslo" → "Rome"'

    def test_what_is_said_beside_a_tool_call_is_words(self) -> None:
        old, new = answer(message(None, ("f", {"a": "x"}))), answer(message("I look.", ("f", {"a": "x"})))
        assert compared(CHAT, old, new).kind == "reworded"

    @pytest.mark.parametrize("lists", [("[1, 2]", "[1, 2, 3]"), ("[]", '[{"a": 1}]'), ('{"a": [1.5]}', '{"a": []}')])
    def test_how_many_items_a_list_has_is_no_structure(self, lists: tuple[str, str]) -> None:
        old, new = (answer(message(text)) for text in lists)
        assert compared(CHAT, old, new).kind == "reworded"

    def test_whole_numbers_and_fractions_are_of_one_kind(self) -> None:
        assert compared(CHAT, answer(message('{"a": 1}')), answer(message('{"a": 1.25}'))).kind == "reworded"

    def test_punctuation_alone_has_full_similarity(self) -> None:
        found = compared(CHAT, answer(message("Yes, Paris.")), answer(message("yes: Paris")))
        assert (found.kind, found.similarity) == ("reworded", 1.0)

    @given(st.text(min_size=1, max_size=60), st.text(min_size=1, max_size=60))
    def test_words_never_change_the_structure(self, old: str, new: str) -> None:
        found = compared(CHAT, answer(message(f"a {old}")), answer(message(f"a {new}")))
        assert found.kind in ("identical", "reworded")
        assert found.similarity is not None
        assert 0.0 <= found.similarity <= 1.0
        assert (found.kind == "identical") == (old == new)
        assert bool(found.shown) == (old != new)


class TestPictures:
    IMAGE = Request("http/openai-images", "image", "m", {"prompt": "a cat"}, ("prompt",))

    def test_an_address_counts_by_its_host(self) -> None:
        one, other = (take({"data": [{"url": f"https://files.invalid/{name}?sig={name}"}]}) for name in "ab")
        assert said(one, other, self.IMAGE) == ("identical", "")

    def test_a_file_counts_by_its_kind_and_size(self) -> None:
        def picture(data: bytes) -> Take:
            return take({"created": 1, "data": [{"b64_json": base64.b64encode(data * 200).decode()}]})

        png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x10\0\0\0\x10"
        found = compared(self.IMAGE, picture(png + b"1"), picture(png + b"2"))
        assert found.kind == "reworded"
        assert found.similarity is not None
        assert found.similarity > 0.7


class TestErrors:
    def test_a_live_error_is_one_where_none_was_recorded(self) -> None:
        refused = take({"error": {"message": "Rate limit"}}, 429)
        assert said(answer(message("Hi")), refused) == ("error", "HTTP 429: Rate limit")

    def test_a_redirect_is_one(self) -> None:
        assert said(answer(message("Hi")), take({"message": "moved"}, 307)) == ("error", "HTTP 307: moved")

    def test_the_same_error_again_is_identical(self) -> None:
        refused = take({"error": {"message": "Rate limit"}}, 429)
        assert said(refused, refused) == ("identical", "")

    def test_another_wording_of_it_is_reworded(self) -> None:
        old, new = (take({"error": {"message": f"Too long: {n} tokens"}}, 400) for n in (11, 12))
        assert compared(CHAT, old, new).kind == "reworded"

    def test_another_status_is_a_change(self) -> None:
        old, new = take({"error": {"message": "No"}}, 400), take({"error": {"message": "No"}}, 401)
        assert said(old, new) == ("changed", "error: HTTP 400 → HTTP 401: No")

    def test_an_answer_in_its_place_is_a_change(self) -> None:
        refused = take({"error": {"message": "No"}}, 400)
        assert said(refused, answer(message("Hi"))) == ("changed", "the recorded error is gone: HTTP 400: No")

    def test_an_answer_that_nobody_can_compare_is_one(self) -> None:
        deep = '{"a": ' * 700 + "1" + "}" * 700
        kind, _ = said(answer(message(deep)), answer(message(deep.replace("1", "2"))))
        assert kind in ("error", "reworded")
        kind, _ = said(answer(message("[" * 100_000)), answer(message("[" * 100_001)))
        assert kind in ("error", "reworded")


class TestVectors:
    def embedded(self, *vectors: Any) -> Take:
        data = [{"object": "embedding", "index": at, "embedding": each} for at, each in enumerate(vectors)]
        return take({"object": "list", "data": data, "usage": {"total_tokens": 1}})

    def test_the_same_ones_are_identical(self) -> None:
        assert said(self.embedded([1.0, 0.5]), self.embedded([1.0, 0.5]), EMBEDDING) == ("identical", "")

    def test_base64_is_read_as_what_it_encodes(self) -> None:
        vector = [0.5, -0.25, 1.0, 0.0]
        packed = base64.b64encode(struct.pack("<4f", *vector)).decode()
        assert said(self.embedded(vector), self.embedded(packed), EMBEDDING) == ("identical", "")

    def test_the_least_cosine_counts(self) -> None:
        found = compared(EMBEDDING, self.embedded([1.0, 0.0], [1.0, 0.0]), self.embedded([1.0, 0.0], [0.6, 0.8]))
        assert found.kind == "reworded"
        assert found.similarity == pytest.approx(0.6)
        assert found.shown == "vector 1: cosine 0.600000"

    def test_other_numbers_of_them_and_other_lengths_are_changes(self) -> None:
        assert said(self.embedded([1.0]), self.embedded([1.0], [1.0]), EMBEDDING) == ("changed", "vectors: 1 → 2")
        shown = "vector 0: 2 → 3 dimensions"
        assert said(self.embedded([1.0, 2.0]), self.embedded([1.0, 2.0, 3.0]), EMBEDDING) == ("changed", shown)

    def test_texts_that_are_given_back_are_no_vectors(self) -> None:
        assert vectors({"texts": ["abcdefgh", "abcdefghabcdefgh"], "embeddings": [[1, 2]]}) == [[1.0, 2.0]]

    @given(st.lists(numbers, min_size=1, max_size=8))
    def test_a_vector_is_like_itself(self, vector: list[float]) -> None:
        assert cosine(vector, vector) == pytest.approx(1.0)

    @given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=8))
    def test_cosines_are_from_0_to_1_and_the_same_both_ways(self, pairs: list[tuple[float, float]]) -> None:
        one, other = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        assert 0.0 <= cosine(one, other) <= 1.0
        assert cosine(one, other) == pytest.approx(cosine(other, one))


class TestLikeness:
    def test_it_is_the_share_of_words_in_order(self) -> None:
        assert likeness("one two three four", "one two five four") == 0.75

    def test_very_long_texts_are_compared_without_their_order(self) -> None:
        words = [f"w{number % 40}" for number in range(4000)]
        assert likeness(" ".join(words), " ".join(reversed(words))) == 1.0

    @given(values, values)
    def test_it_is_from_0_to_1_and_1_for_equals(self, old: Any, new: Any) -> None:
        assert 0.0 <= likeness(old, new) <= 1.0
        assert likeness(old, old) == 1.0


class TestShapes:
    @given(values)
    def test_no_value_differs_from_itself(self, value: Any) -> None:
        assert shapes.changes(value, value, "text") == []

    @given(values, values)
    def test_what_changed_one_way_changed_the_other_unless_it_is_in_a_list(self, old: Any, new: Any) -> None:
        there, back = shapes.changes(old, new, "v"), shapes.changes(new, old, "v")
        if not any("[]" in line for line in (*there, *back)):
            assert bool(there) == bool(back)

    @given(st.dictionaries(st.text(min_size=1, max_size=4), values, min_size=1, max_size=4), st.data())
    def test_a_key_that_is_gone_is_told(self, value: dict[str, Any], data: st.DataObject) -> None:
        gone = data.draw(st.sampled_from(sorted(value)))
        rest = {name: item for name, item in value.items() if name != gone}
        assert shapes.changes(value, rest, "text") == [f"text.{gone} is gone"]
        assert shapes.changes(rest, value, "text") == [f"text.{gone} is new"]

    def test_a_kind_that_no_recorded_item_has_is_a_change(self) -> None:
        assert shapes.changes([1, "a"], [1, 2], "v") == []
        assert shapes.changes([1, 2], [1, "a"], "v") == ["v[]: number → number or text"]


def test_of_several_takes_the_closest_counts() -> None:
    takes = tuple(answer(message(text)) for text in ("one two three", "one two four", '{"a": 1}'))
    recording = Recording(Key("0" * 64, "request", "chat", ""), CHAT, takes, "", "")
    for live, kind, number in (
        ("one two four", "identical", 2),
        ("one two four five", "reworded", 2),
        ('{"a": 2}', "reworded", 3),
    ):
        found, take = closest(recording, answer(message(live)))
        assert (found.kind, take) == (kind, number)


class TestText:
    def result(self, number: int, kind: str, similarity: float | None = None, shown: str = "said") -> Result:
        return Result(f"cassettes/chat/{number:03}.json", f"test_it.py::test_{number}", kind, similarity, shown)  # type: ignore[arg-type]

    def test_what_is_said_of_several_is_said_once(self) -> None:
        found = tuple(self.result(number, "error", shown=f"refused {number % 2}") for number in range(20))
        shown = list(lines(Results(found), 0.3))
        assert shown[0] == "lmcache: 20 recordings verified: 20 errors"
        assert len(shown) == 1 + 2 * (5 + 2) + 1
        assert shown[6].strip() == "and 5 more recordings with the same error; -v shows all"
        assert len(list(lines(Results(found), 0.3, everything=True))) == 1 + 2 * (10 + 1) + 1

    def test_every_change_is_told(self) -> None:
        found = tuple(self.result(number, "changed", shown=f"text.{number} is gone") for number in range(20))
        assert len(list(lines(Results(found), 0.3))) == 1 + 2 * 20 + 1

    def test_a_similarity_below_the_bound_never_looks_as_if_it_were_not(self) -> None:
        [_, verdict, *_] = lines(Results((self.result(1, "reworded", 0.2999),)), 0.3)
        assert verdict.startswith("  reworded 0.29 ")

    def test_results_survive_the_way_from_a_worker(self) -> None:
        found = (self.result(1, "reworded", 0.5), self.result(2, "skipped"))
        results = Results(found, 20, "seed", {"cassettes": (2, 9)})
        assert Results.from_dict(json.loads(json.dumps(results.to_dict()))) == results

    def test_workers_that_found_nothing_take_nothing_away(self) -> None:
        results = Results((self.result(1, "changed"),), 20, "seed", {"cassettes": (2, 9)})
        assert Results() + results == results + Results() == results
