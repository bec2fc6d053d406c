"""Credentials out of texts: by value, in every form in which a text may carry them."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pytest_lmcache.redact import MARKER, SHORTEST, Redactor

SECRET = 'fake/key+of=the user"1'
secrets = st.text(st.characters(codec="ascii", min_codepoint=33, max_codepoint=126), min_size=SHORTEST, max_size=40)
plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    "name",
    [
        "OPENAI_API_KEY",
        "SOME_TOKEN",
        "HF_TOKEN",
        "CLIENT_SECRET",
        "DB_PASSWORD",
        "MY_APIKEY",
        "AWS_ACCESS_KEY_ID",
        "API_KEY",
        "openai_api_key",
    ],
)
def test_variables_whose_names_say_so_are_credentials(name: str) -> None:
    assert Redactor({name: SECRET}).clean(f"It is {SECRET}.") == f"It is {MARKER}."


@pytest.mark.parametrize("name", ["HOME", "KEYBOARD", "TOKENIZERS_PARALLELISM", "MONKEY", "PATH"])
def test_other_variables_are_none(name: str) -> None:
    assert not Redactor({name: SECRET}).found_in(SECRET)


def test_short_values_are_left_alone() -> None:
    redactor = Redactor({"SOME_TOKEN": "a" * (SHORTEST - 1)})
    assert redactor.clean("a" * 50) == "a" * 50


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        json.dumps(SECRET)[1:-1],
        quote(SECRET, safe=""),
        base64.b64encode(SECRET.encode()).decode(),
        base64.b64encode(SECRET.encode()).decode().rstrip("="),
        base64.b64encode(SECRET.encode() + b" and more").decode(),
    ],
    ids=["as it is", "JSON", "URL", "base64", "base64 without padding", "base64 of a longer text"],
)
def test_every_form_of_a_credential_is_found(form: str) -> None:
    redactor = Redactor({"SOME_API_KEY": SECRET})
    assert redactor.found_in(f"before {form} after")
    assert form not in str(redactor.clean({"text": f"before {form} after"}))


@given(secrets, plain)
def test_nothing_cleaned_holds_the_credential(secret: str, value: object) -> None:
    assume(secret not in MARKER)
    redactor = Redactor({"SOME_API_KEY": secret})
    document = {"nested": [value, {f"name {secret}": f"<{secret}>"}], "plain": secret}
    cleaned = redactor.clean(document)  # type: ignore[arg-type]
    assert not redactor.found_in(json.dumps(cleaned, ensure_ascii=False))


@given(plain)
def test_what_holds_no_credential_is_unchanged(value: object) -> None:
    redactor = Redactor({"SOME_API_KEY": "fake-key-that-stands-nowhere"})
    assert redactor.clean(value) == value  # type: ignore[arg-type]


def test_the_longest_credential_goes_first() -> None:
    redactor = Redactor({"A_TOKEN": "fake-key-of-one", "B_TOKEN": "fake-key-of-one-and-two"})
    assert redactor.clean("fake-key-of-one-and-two fake-key-of-one") == f"{MARKER} {MARKER}"


def test_arguments_of_a_call_are_learned_by_name() -> None:
    redactor = Redactor({})
    redactor.learn_arguments({"api_key": SECRET, "messages": "innocent text of some length", "aws_session_token": None})
    assert redactor.clean([SECRET, "innocent text of some length"]) == [MARKER, "innocent text of some length"]


def test_the_generation_changes_when_something_is_learned_and_only_then() -> None:
    redactor = Redactor({"SOME_TOKEN": SECRET})
    known = redactor.generation
    redactor.learn({"OTHER_TOKEN": SECRET})
    assert redactor.generation == known
    redactor.learn({"OTHER_TOKEN": "fake-key-of-somebody-else"})
    assert redactor.generation == known + 1
