"""Promise 14: a recording can be reviewed. What was asked and answered stands in the diff; what is deleted is gone."""

from __future__ import annotations

import json

import pytest
from repository import Repository

# Each is one line of a prompt, so that each must be one piece of a line of the diff.
ASKED = (
    "canary-system: answer briefly",
    "canary-first: Zürich, 東京 and the sea 🌊",
    "canary-second: 'quotes', \\back\\slashes\\ and <tags>",
    "canary-third: {braces} and $dollars",
)

TALK = f"""
MESSAGES = [
    {{"role": "system", "content": {ASKED[0]!r}}},
    {{"role": "user", "content": {chr(10).join(ASKED[1:])!r}}},
]
TOOL = {{"type": "function", "function": {{"name": "get_weather", "description": "canary-tool: the weather of a city",
    "parameters": {{"type": "object", "properties": {{"city": {{"type": "string"}}}}, "required": ["city"]}}}}}}

def text_of(response):
    return response.choices[0].message.content

def test_whole(lmcache):
    print("ANSWER", text_of(litellm.completion("openai/gpt-4o-mini", MESSAGES)))

def test_tools(lmcache):
    asked = [{{"role": "user", "content": "canary-weather: What is the weather in Paris?"}}]
    response = litellm.completion("openai/gpt-4o-mini", asked, tools=[TOOL])
    print("ANSWER", response.choices[0].message.tool_calls[0].function.name)

def test_embedding(lmcache):
    litellm.embedding("openai/text-embedding-3-small", ["canary-input: a red lamp"])

def test_stream(lmcache):
    asked = [{{"role": "user", "content": "canary-story: Tell me a story"}}]
    for chunk in litellm.completion("openai/gpt-4o-mini", asked, stream=True):
        if chunk.choices[0].delta.content:
            print("ANSWER", chunk.choices[0].delta.content.strip())
"""

MORE = (
    "canary-tool: the weather of a city",
    "canary-weather: What is the weather in Paris?",
    "canary-input: a red lamp",
    "canary-story: Tell me a story",
)


def as_json(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


@pytest.mark.parametrize("adapters", ["litellm", "http"])
def test_the_log_of_git_shows_every_line_of_prompts_and_answers(project, adapters, figure):
    project.ini(f"lmcache_adapters = {adapters}")
    repository = Repository(project.path)
    project.tests(TALK)
    repository.commit("tests")
    result = project.record("-s")
    result.assert_outcomes(passed=4)
    answers = [line.partition("ANSWER ")[2] for line in result.outlines if "ANSWER " in line]
    assert len(answers) > 4
    repository.commit("recordings")
    shown = repository.git("log", "-p", "-1")
    added = "\n".join(line[1:] for line in shown.splitlines() if line.startswith("+"))
    wanted = [*map(as_json, (*ASKED, *MORE)), *map(as_json, answers)]
    assert [text for text in wanted if text not in added] == []
    assert "Binary files" not in shown
    figure(f"{len(wanted)} of {len(wanted)} texts are in the diff")


def test_a_changed_line_of_a_prompt_is_a_changed_line_of_the_diff(project):
    """Recordings are named by what was asked; git shows a changed prompt as a rename with the line that changed."""
    repository = Repository(project.path)
    lines = [f"Rule {number}: be kind." for number in range(30)]
    project.tests(f"def test_it(lmcache):\n    ask({chr(10).join(lines)!r})")
    project.record().assert_outcomes(passed=1)
    repository.commit("before")
    [before] = project.recordings()
    lines[17] = "Rule 17: be brief."
    project.tests(f"def test_it(lmcache):\n    ask({chr(10).join(lines)!r})")
    before.unlink()
    project.record().assert_outcomes(passed=1)
    repository.commit("after")
    shown = repository.git("log", "-p", "-1", "-M", "--", "cassettes").splitlines()
    assert any(line.startswith("rename from cassettes/chat/") for line in shown)
    assert [line[1:].strip() for line in shown if line[:1] == "-" and '  "Rule' in line] == ['"Rule 17: be kind.",']
    assert [line[1:].strip() for line in shown if line[:1] == "+" and '  "Rule' in line] == ['"Rule 17: be brief.",']


@pytest.mark.parametrize("deleted", ["the file", "the folder"])
def test_what_is_deleted_is_gone(project, deleted):
    project.tests("def test_it(lmcache):\n    assert ask('canary-gone')")
    project.record().assert_outcomes(passed=1)
    for path in project.recordings():
        path.unlink()
    if deleted == "the folder":
        for path in sorted(project.cassettes.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        project.cassettes.rmdir()
    result = project.replay()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*nothing recorded answers this call*"])
    assert project.provider.count() == 1
