"""Key strategies as a project uses them: what is one request, and what are two."""

from __future__ import annotations

import pytest


def asked(project, marker, *calls, expected):
    """Record a test with a marker; `expected` is how many of its calls the provider gets."""
    project.tests(f"@pytest.mark.lmcache({marker})\ndef test_it():\n    " + "\n    ".join(calls) + "\n")
    project.record().assert_outcomes(passed=1)
    assert project.provider.count() == expected
    project.replay().assert_outcomes(passed=1)
    assert project.provider.count() == expected


@pytest.mark.parametrize(
    "option",
    [
        "temperature=1",
        "max_tokens=50",
        "seed=1",
        "stop=['.']",
        "top_p=0.5",
        "n=2",
        "user='me'",
        "model='openai/other'",
        "nobody_knows=1",
    ],
)
def test_request_keys_everything_that_is_asked(project, option):
    asked(project, "key='request'", "ask()", f"ask({option})", expected=2)


@pytest.mark.parametrize(
    "option",
    [
        "timeout=30",
        "num_retries=2",
        "api_key='fake-key-of-another'",
        "extra_headers={'x-trace': '1'}",
        "metadata={'run': 1}",
        "user=None",
    ],
)
def test_no_key_sees_credentials_endpoints_or_client_options(project, option):
    asked(project, "", "ask()", f"ask({option})", expected=1)


@pytest.mark.parametrize(
    "option", ["temperature=1", "model='openai/other'", "model='anthropic/claude-3-5-haiku-latest'", "max_tokens=50"]
)
def test_messages_keys_the_conversation_alone(project, option):
    asked(project, "key='messages'", f"assert ask() == ask({option})", expected=1)


def test_messages_keys_every_message(project):
    asked(project, "key='messages'", "assert ask('One?') != ask('Two?')", expected=2)


def test_messages_keys_the_input_of_an_embedding(project):
    call = "litellm.embedding(model='openai/{}', input=['{}'])"
    asked(project, "key='messages'", *[call.format(*pair) for pair in (("a", "x"), ("b", "x"), ("a", "y"))], expected=2)


def test_messages_tells_a_streamed_answer_from_a_whole_one(project):
    messages = [{"role": "user", "content": "Hi"}]
    stream = f"list(litellm.completion(model='openai/m', messages={messages}, stream=True))"
    asked(project, "key='messages'", "ask('Hi')", stream, expected=2)


def test_a_test_switched_to_messages_costs_nothing(project):
    project.tests("def test_it():\n    ask(temperature=0)\n")
    project.record().assert_outcomes(passed=1)
    project.tests("@pytest.mark.lmcache(key='messages')\ndef test_it():\n    ask(temperature=1)\n")
    project.record().assert_outcomes(passed=1)
    assert project.provider.count() == 1
    project.replay().assert_outcomes(passed=1)


def test_a_callable_of_the_test_module(project):
    asked(project, "key=lambda request: request['model']", "assert ask('One?') == ask('Two?')", expected=1)


def test_a_callable_named_by_module_and_name(project):
    project.pytester.makepyfile(
        strategies="def last_word(request):\n    return request['messages'][-1]['content'].split()[-1]\n"
    )
    asked(project, "key='strategies:last_word'", "assert ask('Is it Rome?') == ask('Or Rome?')", expected=1)


def test_a_callable_may_change_what_it_is_given(project):
    project.pytester.makepyfile(
        strategies="def spoil(request):\n    request['messages'].clear()\n    return request.pop('model')\n"
    )
    asked(project, "key='strategies:spoil'", "assert ask('One?') == ask('Two?')", expected=1)
    assert project.load()[0]["request"]["messages"] == [{"content": "One?", "role": "user"}]


def test_ignore_leaves_out_fields(project):
    asked(project, "ignore=['temperature', 'seed']", "ask(temperature=0, seed=1)", "ask(temperature=1)", expected=1)


def test_ignore_leaves_out_paths(project):
    call = (
        "litellm.completion(model='openai/m', messages=[{{'role': 'system', 'content': '{}'}}, "
        "{{'role': 'user', 'content': '{}'}}])"
    )
    asked(
        project,
        "ignore=[\"$.messages[?@.role == 'system'].content\"]",
        *[call.format(*pair) for pair in (("a", "x"), ("b", "x"), ("a", "y"))],
        expected=2,
    )


@pytest.mark.parametrize(
    ("normalize", "one", "other"),
    [
        ("uuid", "6f1c1a0e-8a5b-4a57-9d5e-1f2a3b4c5d6e", "00000000-1111-4222-8333-444444444444"),
        ("timestamp", "2024-01-02T03:04:05Z", "2025-06-07 08:09:10.5"),
        ("date", "2024-01-02", "2025-06-07"),
        (r"#\d+", "#1", "#22"),
    ],
)
def test_normalize_makes_volatile_text_equal_in_the_key_and_keeps_it_in_the_recording(project, normalize, one, other):
    asked(project, f"normalize=[{normalize!r}]", f"assert ask('Read {one}.') == ask('Read {other}.')", expected=1)
    assert project.load()[0]["request"]["messages"][0]["content"] == f"Read {one}."


def test_normalize_takes_compiled_patterns(project):
    asked(project, "normalize=[__import__('re').compile('[ab]')]", "assert ask('a') == ask('b')", expected=1)


def test_normalized_temporary_folders_replay_in_the_next_run(project):
    project.tests(
        "@pytest.mark.lmcache(normalize=['tmp_path'])\ndef test_it(tmp_path):\n    ask(f'Read {tmp_path}/notes.txt')\n"
    )
    project.record().assert_outcomes(passed=1)
    project.replay().assert_outcomes(passed=1)


def test_repeat_same_gives_one_answer_to_one_key(project):
    asked(project, "repeat='same'", "assert ask() == ask() == ask()", expected=1)


def test_repeat_next_makes_each_repetition_a_take_of_its_own(project):
    asked(project, "repeat='next'", "assert len({ask(), ask(), ask()}) == 3", expected=3)
    (recording,) = project.load()
    assert len(recording["responses"]) == 3


def test_takes_come_in_the_order_they_were_recorded(project):
    project.tests(
        "@pytest.mark.lmcache(repeat='next')\ndef test_it():\n    answers = [ask(), ask(), ask()]\n"
        "    print('ANSWERS', answers)\n"
    )
    runs = [project.record("-s"), project.replay("-s"), project.record("-s")]
    told = [[line.split("ANSWERS")[1] for line in run.outlines if "ANSWERS" in line] for run in runs]
    assert told[0] == told[1] == told[2]
    assert project.provider.count() == 3


def test_the_takes_of_one_test_are_counted_apart_from_those_of_another(project):
    project.tests(
        "ANSWERS = []\npytestmark = pytest.mark.lmcache(repeat='next')\n"
        "@pytest.mark.parametrize('n', [1, 2])\ndef test_it(n):\n    ANSWERS.append((ask(), ask()))\n"
        "def test_all():\n    assert ANSWERS[0] == ANSWERS[1]\n"
    )
    project.record().assert_outcomes(passed=3)
    assert project.provider.count() == 2
