"""Promise 3: keys do not depend on secrets. What was recorded with one key replays with another, and with none."""

from __future__ import annotations

import random
import string

import pytest
from trials import trials

CALLS = """
import os
from random import Random

LETTERS = {letters!r}
CHANCE = Random({seed})

def secret():
    return "Zq9" + "".join(CHANCE.choices(LETTERS, k=37))

FIELDS = (
    lambda s: {{"api_key": s}},
    lambda s: {{"organization": s}},
    lambda s: {{"extra_headers": {{"Authorization": f"Bearer {{s}}", "x-api-key": s}}}},
    lambda s: {{"headers": {{"api-key": s}}}},
    lambda s: {{"aws_secret_access_key": s}},
    lambda s: {{"aws_access_key_id": s, "aws_session_token": s}},
    lambda s: {{"vertex_credentials": s}},
    lambda s: {{"azure_ad_token": s}},
    lambda s: {{"extra_query": {{"key": s}}}},
    lambda s: {{"metadata": {{"token": s}}}},
)

@pytest.mark.parametrize("number", range({rounds}))
def test_it(lmcache, number):
    for field in FIELDS:
        ask("Who am I?", **field(secret()))

def test_named_in_the_prompt(lmcache, monkeypatch):
    mine = secret() if {named} else "{placeholder}"
    monkeypatch.setenv("MISTRAL_API_KEY", mine)
    ask(f"Is {{mine}} a key?")
"""


def test_a_hundred_credentials_in_ten_fields_make_one_key(project, figure):
    rounds = trials(3, 100)
    letters = string.ascii_letters + string.digits
    placeholder = "lmcache-placeholder-not-a-real-key"
    recorded = CALLS.format(letters=letters, seed=1, rounds=rounds, named=True, placeholder=placeholder)
    project.tests(recorded)
    project.record("-q").assert_outcomes(passed=rounds + 1)
    assert project.provider.count() == 2
    assert len(project.recordings()) == 2
    # Other credentials in the same fields, and the placeholder of replay in the prompt.
    project.tests(CALLS.format(letters=letters, seed=2, rounds=rounds, named=False, placeholder=placeholder))
    result = project.replay("-q")
    result.assert_outcomes(passed=rounds + 1)
    assert project.provider.count() == 2
    figure(f"{rounds} credentials in 10 fields: 1 key; replayed without a key: {rounds * 10 + 1} of {rounds * 10 + 1}")


HTTP = """
import httpx, os

@pytest.mark.parametrize("key", {keys!r})
def test_it(lmcache, key):
    base = os.environ.get("OPENAI_API_BASE", "http://127.0.0.1:9/v1")
    body = {{"model": "gpt-4o-mini", "messages": [{{"role": "user", "content": "Who am I?"}}], "user": key}}
    headers = {{"authorization": f"Bearer {{key}}", "x-api-key": key, "openai-organization": key,
        "cookie": f"a={{key}}"}}
    response = httpx.post(f"{{base}}/chat/completions?key={{key}}", json=body, headers=headers)
    assert response.status_code == 200
"""


def test_credentials_of_http_requests_make_one_key(project, figure):
    chance = random.Random(5)
    keys = ["Zq9" + "".join(chance.choices(string.ascii_letters + string.digits, k=37)) for _ in range(trials(5, 100))]
    project.tests(HTTP.format(keys=keys[:1]))
    project.record("-q").assert_outcomes(passed=1)
    project.tests(HTTP.format(keys=keys))
    project.replay("-q").assert_outcomes(passed=len(keys))
    assert project.provider.count() == 1
    text = project.recordings()[0].read_text()
    assert not [key for key in keys if key in text]
    figure(f"{len(keys)} credentials in 5 fields of HTTP requests: 1 key")


@pytest.mark.parametrize("shown", ["raw", "URL", "base64"])
def test_a_prompt_with_the_key_of_the_process_replays_where_another_is_set(project, shown):
    encode = {
        "raw": "key",
        "URL": "quote(key, safe='')",
        "base64": "base64.b64encode(f'user:{key}'.encode()).decode()",
    }[shown]
    project.tests(f"""
import base64, os
from urllib.parse import quote

def test_it(lmcache, monkeypatch):
    key = os.environ["OTHER_API_KEY"]
    ask("The value " + {encode} + " opens nothing.")
""")
    project.pytester.makeconftest('import os\nos.environ["OTHER_API_KEY"] = "Zq8/+first=key-of-one-length"\n')
    project.record().assert_outcomes(passed=1)
    project.pytester.makeconftest('import os\nos.environ["OTHER_API_KEY"] = "Zq8/second+key-of-another=length!"\n')
    project.replay().assert_outcomes(passed=1)
    assert project.provider.count() == 1
