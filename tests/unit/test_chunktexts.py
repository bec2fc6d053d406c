"""Texts that the chunks of a stream make, and a replacement across chunks."""

from __future__ import annotations

import json
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pytest_lmcache.chunktexts import is_stream, texts
from pytest_lmcache.folding import fold, unfold
from pytest_lmcache.redact import MARKER, Redactor

SECRET = "Zq7fakeKeyOf3Nobody9"
PLACE = ("choices", 0, "delta", "content")


def stream(pieces: list[str]) -> dict[str, object]:
    chunks = [{"id": "c-1", "choices": [{"index": 0, "delta": {"content": piece}}]} for piece in pieces]
    shared, own = fold(chunks)
    return {"type": "stream", "shared": shared, "chunks": own}


def contents(answer: dict) -> list[str]:
    chunks = [unfold(answer["shared"], own) for own in answer["chunks"]]
    return [chunk["choices"][0]["delta"]["content"] for chunk in chunks]


def cut(text: str, places: list[int]) -> list[str]:
    edges = [0, *sorted(place % (len(text) + 1) for place in places), len(text)]
    return [text[start:end] for start, end in pairwise(edges)]


@given(st.lists(st.integers(0, 1000), max_size=30), st.text(max_size=12), st.text(max_size=12))
def test_however_a_stream_is_cut_a_credential_in_it_is_replaced_and_the_rest_kept(places, before, after):
    text = f"{before}{SECRET}{after}"
    pieces = cut(text, places)
    answer = stream(pieces)
    cleaned = Redactor({"A_KEY": SECRET}).clean_answer(answer, json.dumps(answer))
    assert len(contents(cleaned)) == len(pieces)
    assert "".join(contents(cleaned)) == f"{before}{MARKER}{after}"


@given(st.lists(st.text(max_size=5), min_size=1, max_size=20))
def test_the_text_of_a_place_is_its_pieces_joined(pieces):
    assert texts(stream(pieces)).get(PLACE, "".join(pieces)) == "".join(pieces)


@given(st.lists(st.text(max_size=5), min_size=1, max_size=20))
def test_a_stream_without_a_credential_is_itself(pieces):
    answer = stream(pieces)
    assert Redactor({"A_KEY": SECRET}).clean_answer(answer, json.dumps(answer)) is answer


def test_two_credentials_and_one_twice_are_replaced_each():
    answer = stream(["a ", SECRET[:5], SECRET[5:] + " b " + SECRET[:3], SECRET[3:], " c"])
    cleaned = Redactor({"A_KEY": SECRET}).clean_answer(answer, json.dumps(answer))
    assert contents(cleaned) == ["a ", MARKER, f" b {MARKER}", "", " c"]


def test_only_what_has_chunks_and_what_they_share_is_a_stream():
    assert is_stream(stream(["a"]))
    assert not any(map(is_stream, [None, {}, {"chunks": ["a"]}, {"chunks": [{}], "shared": 5}]))
