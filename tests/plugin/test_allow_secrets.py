"""An answer that would bring a credential to the disk: the test has it, no tier does, and the test fails at its end."""

from __future__ import annotations

import random
import string

import pytest

SECRET = "".join(random.Random(9).choices(string.ascii_letters + string.digits, k=40))
GROQ = "gsk" + "_" + SECRET
WHERE = "$.request.messages[[]0].content: Groq key"


def cached(project) -> str:
    """What is in the local disk tier, as text."""
    files = project.user_cache.rglob("cache.db*")
    return "".join(file.read_bytes().decode("utf-8", "replace") for file in files)


@pytest.mark.parametrize("options", ["", ", stream=True"])
def test_a_recording_with_a_key_in_it_is_written_nowhere(project, options):
    # Tests share the folder of the local disk tier, and another one allows the other key.
    secret = SECRET[::-1]
    project.tests(f"""
def test_it(lmcache):
    messages = [{{"role": "user", "content": "Is gsk_{secret} a key?"}}]
    response = litellm.completion("openai/gpt-4o-mini", messages{options})
    list(response) if {bool(options)} else response.choices[0].message.content
    assert lmcache.recorded == 0
""")
    result = project.record()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*was not written*", f"*{WHERE}", "*allow_secrets=[[]'Groq key'[]]*"])
    assert secret not in str(result.stdout) + cached(project)
    assert project.recordings() == []
    assert project.provider.count() == 1


def test_a_key_spread_over_the_chunks_of_a_stream_is_found(project):
    """The provider sends six characters a chunk, and the prompt is not part of what is looked at."""
    project.ini(f"lmcache_allow_secrets = {WHERE.partition(': ')[0].replace('[[]', '[')}")
    project.tests(f"""
def test_it(lmcache):
    messages = [{{"role": "user", "content": "{GROQ}"}}]
    list(litellm.completion("openai/gpt-4o-mini", messages, stream=True))
""")
    result = project.record()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*$.responses[[]0].answer.chunks[[]*[]].*delta.content: Groq key"])


def test_a_stream_left_unread_is_looked_at_too(project):
    project.tests(f"""
def test_it(lmcache):
    messages = [{{"role": "user", "content": "Is {GROQ} a key?"}}]
    next(litellm.completion("openai/gpt-4o-mini", messages, stream=True))
""")
    project.record().assert_outcomes(failed=1)
    assert project.recordings() == []


def test_what_is_allowed_is_recorded_and_says_so(project):
    project.tests(f"""
@pytest.mark.lmcache(allow_secrets=["Groq key", "Slack token"])
def test_it():
    assert ask("Is {GROQ} a key?")
""")
    project.record().assert_outcomes(passed=1)
    (recording,) = project.load()
    assert recording["allow_secrets"] == ["Groq key"]
    project.replay().assert_outcomes(passed=1)


def test_the_name_of_an_allowed_recording_has_nothing_of_the_key(project):
    project.tests(f'def test_it(lmcache):\n    ask("{GROQ}")')
    project.record("-o", "lmcache_allow_secrets=Groq key").assert_outcomes(passed=1)
    (path,) = project.recordings()
    assert path.name.startswith("groq-key-")


def test_a_credential_that_the_process_holds_is_replaced_and_stops_nothing(project, monkeypatch):
    monkeypatch.setenv("SOMEBODY_S_KEY", GROQ)
    project.tests(f'def test_it(lmcache):\n    assert "{SECRET}" in ask("Is {GROQ} a key?")')
    project.record().assert_outcomes(passed=1)
    (recording,) = project.load()
    assert recording["request"]["messages"][0]["content"] == "Is [credential] a key?"


def test_other_recordings_of_the_run_are_not_harmed(project):
    project.tests(f"""
def test_good(lmcache):
    ask("Hello")

def test_bad(lmcache):
    ask("Is {GROQ} a key?")
""")
    project.record().assert_outcomes(passed=1, failed=1)
    assert len(project.recordings()) == 1


def test_an_entry_that_allows_nothing_is_refused(project):
    project.tests('@pytest.mark.lmcache(allow_secrets=["my key"])\ndef test_it(): ask()')
    result = project.record()
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*allow_secrets='my key' is neither a path*nor a kind*Groq key*"])
