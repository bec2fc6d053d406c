"""A miss in replay: one clear failure that nothing hides, with what was asked, what is near, and what to type."""

from __future__ import annotations

import pytest

HEADLINE = "lmcache: nothing recorded answers this call, and replay makes no live calls."
MISSED = "def test_it():\n    ask('What is the capital of Spain?')\n"


def section(result):
    """The lines between a failure's heading and the summary."""
    lines = result.stdout.lines
    start = next(number for number, line in enumerate(lines) if HEADLINE in line)
    end = next(
        number
        for number in range(start, len(lines))
        if lines[number].startswith(("=====", "lmcache: ", "_____")) and number > start
    )
    return "\n".join(lines[start:end])


def test_it_says_what_was_asked_where_it_looked_what_is_near_and_what_to_type(project):
    project.tests("def test_it():\n    ask('What is the capital of France?')\n")
    project.record().assert_outcomes(passed=1)
    project.tests(MISSED)
    result = project.replay()
    result.assert_outcomes(failed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            HEADLINE,
            "  asked    chat · openai/gpt-4o-mini · 1 message (user): *What is the capital of Spain?*",
            "  key      request, looked for cassettes/chat/what-is-the-capital-of-spain-*.json",
            "  nearest  cassettes/chat/what-is-the-capital-of-france-*.json, which differs in (recorded → asked)",
            "*messages*France*Spain*",
            "  To record it:  pytest test_it.py::test_it --lmcache=record",
            "lmcache: 1 missed",
        ]
    )


def test_the_command_it_names_records_what_was_missing(project):
    project.tests(MISSED)
    result = project.replay()
    (line,) = [line for line in result.stdout.lines if "To record it:" in line]
    _, node_id, option = line.split("To record it:")[1].split()
    project.live(node_id, option).assert_outcomes(passed=1)
    project.replay().assert_outcomes(passed=1)


def test_a_change_at_the_end_of_a_long_prompt_is_shown_word_by_word_with_context(project):
    prompt = " ".join(f"word{number}" for number in range(1200))
    assert len(prompt) > 10_000 - 500
    project.tests(f"def test_it():\n    ask('{prompt} please answer in English today')\n")
    project.record().assert_outcomes(passed=1)
    project.tests(f"def test_it():\n    ask('{prompt} please answer in Polish today')\n")
    text = section(project.replay())
    assert "English" in text
    assert "Polish" in text
    assert "please answer in" in text
    assert "word3 " not in text.split("nearest")[1]
    assert len(text) < 3_000


def test_another_key_strategy_that_would_have_hit_is_named(project):
    project.tests("def test_it():\n    ask(temperature=0)\n")
    project.record().assert_outcomes(passed=1)
    project.tests("def test_it():\n    ask(temperature=1)\n")
    text = section(project.replay())
    assert '@pytest.mark.lmcache(key="messages") this call would have been answered by cassettes/chat/' in text
    assert "temperature" in text


def test_an_answer_recorded_in_the_other_form_is_named(project):
    project.tests("def test_it():\n    ask()\n")
    project.record().assert_outcomes(passed=1)
    project.tests(
        "def test_it():\n    messages = [{'role': 'user', 'content': 'What is the capital of France?'}]\n"
        "    list(litellm.completion(model='openai/gpt-4o-mini', messages=messages, stream=True))\n"
    )
    text = section(project.replay())
    assert "The same request is recorded with its answer whole" in text


@pytest.mark.parametrize("project_has", ["no folder", "an empty folder", "another operation"])
def test_without_anything_near_it_says_what_there_is(project, project_has):
    if project_has == "an empty folder":
        project.cassettes.mkdir()
    elif project_has == "another operation":
        project.tests("def test_it():\n    litellm.embedding(model='openai/m', input=['text'])\n")
        project.record().assert_outcomes(passed=1)
    project.tests(MISSED)
    text = section(project.replay())
    if project_has == "no folder":
        assert "There is no folder cassettes/ yet: record first, and commit what was recorded." in text
        assert not project.cassettes.exists()
    else:
        assert "cassettes/ holds no recording of this operation (chat)." in text


def test_a_take_past_the_last_is_a_miss_of_its_own(project):
    suite = "@pytest.mark.lmcache(repeat='next')\ndef test_it():\n    ask()\n"
    project.tests(suite)
    project.record().assert_outcomes(passed=1)
    project.tests(suite + "    ask()\n")
    result = project.replay()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            (
                'lmcache: the recording of this call has 1 take, repeat="next" gives each of them once, and this '
                "call asks for number 2."
            )
        ]
    )


SECRET = "fake-key-of-the-user-1234567890"


@pytest.mark.parametrize("shown", [["-vv", "--showlocals"], ["-vv", "--showlocals", "--tb=long"], ["--tb=native"]])
def test_neither_frames_of_ours_nor_keys_nor_headers_are_printed(project, monkeypatch, shown):
    monkeypatch.setenv("SOME_API_KEY", SECRET)
    project.tests(
        """
import os

def test_it():
    key = os.environ["SOME_API_KEY"]
    ask(f"Is {key} mine?", api_key=key, extra_headers={"x-token": f"header {key}"})
"""
    )
    result = project.replay(*shown)
    result.assert_outcomes(failed=1)
    failure = section(result)
    assert "Is [credential] mine?" in failure
    assert SECRET not in result.stdout.str()
    assert "x-token" not in result.stdout.str()
    assert not project.shows_frames(result)


SWALLOWED = {
    "except Exception": "    try:\n        ask()\n    except Exception:\n        pass\n",
    "except BaseException": "    try:\n        ask()\n    except BaseException:\n        pass\n",
    "suppress": "    import contextlib\n    with contextlib.suppress(BaseException):\n        ask()\n",
    "thread": ("    thread = __import__('threading').Thread(target=ask)\n    thread.start()\n    thread.join()\n"),
    "pool": (
        "    from concurrent.futures import ThreadPoolExecutor\n"
        "    with ThreadPoolExecutor() as pool:\n        future = pool.submit(ask)\n"
        "    assert future.done()\n"
    ),
    "gather": (
        "    async def main():\n        await asyncio.gather(aask(), return_exceptions=True)\n    asyncio.run(main())\n"
    ),
    "task": (
        "    async def main():\n        task = asyncio.create_task(aask())\n"
        "        await asyncio.wait([task])\n        task.exception()\n    try:\n"
        "        asyncio.run(main())\n    except BaseException:\n        pass\n"
    ),
    "pytest.raises": "    with pytest.raises(BaseException):\n        ask()\n",
    "retries": "    try:\n        ask(num_retries=3)\n    except BaseException:\n        pass\n",
    "router": (
        "    models = [{'model_name': 'm', 'litellm_params': {'model': 'openai/m'}}]\n"
        "    router = litellm.Router(model_list=models, num_retries=2)\n    try:\n"
        "        router.completion(model='m', messages=[{'role': 'user', 'content': 'Hello'}])\n"
        "    except BaseException:\n        pass\n"
    ),
    "skip": ("    try:\n        ask()\n    except BaseException:\n        pytest.skip('the model does not answer')\n"),
}


@pytest.mark.parametrize("swallowed", SWALLOWED.values(), ids=SWALLOWED)
def test_one_that_was_swallowed_fails_the_test_at_its_end(project, swallowed):
    project.tests(f"def test_it():\n{swallowed}")
    result = project.live("--lmcache=replay")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([HEADLINE])
    assert project.provider.count() == 0


def test_one_swallowed_in_setup_or_teardown_is_an_error_of_the_test(project):
    project.tests(
        "@pytest.fixture\ndef opened():\n    yield\n    try:\n        ask()\n    except BaseException:\n        pass\n"
        "def test_it(opened):\n    pass\n"
    )
    result = project.replay()
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines([HEADLINE])


@pytest.mark.parametrize("arguments", ["", "raises=AssertionError", "strict=True", "raises=BaseException"])
def test_xfail_does_not_hide_one(project, arguments):
    project.tests(f"@pytest.mark.xfail({arguments})\n{MISSED}")
    result = project.replay()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([HEADLINE])
