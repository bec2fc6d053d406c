"""Credentials told by their looks, or by the words before them; and what only resembles them."""

from __future__ import annotations

import base64
import json
import random
import string
import uuid
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_lmcache.patterns import SHORTEST, Finding, findings, matches, suspects

CHANCE = random.Random(1105)
SECRET = "".join(CHANCE.choices(string.ascii_letters + string.digits, k=40))
OPENAI = "sk-" + SECRET


def kinds(value: object) -> list[str]:
    return [finding.kind for finding in findings(value)]  # type: ignore[arg-type]


def test_a_finding_says_where_and_what_and_never_the_value() -> None:
    document = {"messages": [{"role": "user"}, {"content": f"It is {OPENAI}, and {OPENAI}."}], "x-y": {"z": [OPENAI]}}
    assert list(findings(document)) == [
        Finding("$.messages[1].content", "OpenAI or DeepSeek key"),
        Finding("$['x-y'].z[0]", "OpenAI or DeepSeek key"),
    ]


PEM = f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}{SECRET}"


@given(st.lists(st.text("ab 1-é\n", max_size=30) | st.sampled_from([OPENAI, f"api_key={SECRET}", "", PEM, "x" * 16])))
def test_no_text_with_a_credential_is_ruled_out_for_standing_among_others(texts: list[str]) -> None:
    suspected = list(suspects(texts))
    assert suspected == sorted(set(suspected))
    assert {at for at, text in enumerate(texts) if any(matches(text, "password"))} <= set(suspected)


def test_a_name_of_a_field_is_looked_at_and_not_told() -> None:
    assert list(findings({OPENAI: {"inner": OPENAI}})) == [
        Finding("$.*", "OpenAI or DeepSeek key"),
        Finding("$.*.inner", "OpenAI or DeepSeek key"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {SECRET}",
        f"curl -H 'x-api-key: {SECRET}' localhost",
        f'{{"api_key": "{SECRET}"}}',
        json.dumps(json.dumps({"clientSecret": SECRET})),
        f"export MISTRAL_KEY='{SECRET}'",
        f"AWS_SECRET_ACCESS_KEY={SECRET}",
        f"https://localhost/v1/models?key={SECRET}",
        f"https://localhost/a.png?se=2030-01-01&sp=r&sv=2022-11-02&sr=b&sig={SECRET}%3D",
        f"api-key:\n- {SECRET}",
        f"The password is {SECRET}.",
        f"my token: {SECRET}",
        "-----BEGIN RSA PRIVATE KEY-----\n" + SECRET * 2,
        json.dumps("-----BEGIN PRIVATE KEY-----\n" + SECRET * 2),
    ],
)
def test_what_words_call_a_credential_is_one(text: str) -> None:
    assert len(kinds(text)) == 1


@pytest.mark.parametrize("name", ["api_key", "Authorization", "password", "client_secret", "accessToken", "x-api-key"])
def test_the_name_of_the_field_counts_also_for_a_list_below_it(name: str) -> None:
    assert kinds({name: SECRET}) == kinds({name: [SECRET]}) == [f"value of {kinds({name: SECRET})[0][9:]}"]


@pytest.mark.parametrize(
    "text",
    [
        "a risk-adjusted-return-on-capital-2024-version-3a, and a task-based-evaluation-of-models-2025b",
        "sk-learn-based-approaches-to-clustering",
        'api_key = os.environ["OPENAI_API_KEY"]',
        'api_key="YOUR_API_KEY_GOES_HERE_1234"',
        'client = OpenAI(api_key="sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxx")',
        "api_key: Optional[str] = None, password: SecretStr",
        "AKIA" + "IOSFODNN7EXAMPLE",
        "lmcache-placeholder-not-a-real-key",
        "sk-fake-1234567890abcdef1234567890",
        "chatcmpl-B7xYz12AbCdEfGhIjKlMnOpQr and call_9aBcDeFgHiJkLmNoPqRsTuVw",
        "msg_01XFDUDYJgAACzvnptvVoYEL toolu_01T1x1fJ34qAmk2tNTrN7Up6",
        "the key is under the mat; the token count is 4096; the secret is to keep going",
        f"data:image/png;base64,{base64.b64encode(random.Random(3).randbytes(3000)).decode()}",
    ],
)
def test_what_only_resembles_a_credential_is_none(text: str) -> None:
    assert kinds(text) == []


@pytest.mark.parametrize(
    "value",
    [
        {"token": "Paris", "logprob": -0.1, "bytes": [80]},
        {"encrypted_content": base64.b64encode(random.Random(4).randbytes(900)).decode()},
        {"thoughtSignature": base64.b64encode(random.Random(5).randbytes(300)).decode()},
        {"id": f"resp_{sha256(b'x').hexdigest()}", "system_fingerprint": "fp_44709d6fcb"},
        {"cache_key": sha256(b"y").hexdigest(), "prompt_cache_key": str(uuid.UUID(int=5))},
        {"commit": "f3b2c9d8e7a6b5c4d3e2f1a0b9c8d7e6f5a4b3c2", "max_tokens": 100},
    ],
)
def test_what_answers_hold_anyway_is_none(value: object) -> None:
    assert kinds(value) == []


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=20))
def test_any_json_can_be_looked_at(value: object) -> None:
    kinds(value)


@given(st.text(), st.text())
def test_a_key_is_found_between_any_words(before: str, after: str) -> None:
    assert "OpenAI or DeepSeek key" in kinds(f"{before} {OPENAI} {after}")


def test_any_depth_can_be_looked_at() -> None:
    value: list[object] = [OPENAI]
    for _ in range(50_000):
        value = [value]
    assert len(kinds(value)) == 1


def test_half_a_surrogate_pair_hides_nothing() -> None:
    assert kinds(f"\ud83d {OPENAI}") == ["OpenAI or DeepSeek key"]


def test_short_texts_hold_none() -> None:
    assert kinds({"api_key": SECRET[: SHORTEST - 1]}) == []
