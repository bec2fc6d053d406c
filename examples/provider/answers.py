"""What the provider says: which tools it calls and what it writes, by rules, and without understanding."""

from __future__ import annotations

import json
import re

from provider.conversation import Answer, Asked, Called, Tool, pieces
from provider.fields import filled, form_of
from provider.filling import Filler, MissingError
from provider.reading import sentences, stems, strings

_KNOWN = {
    "capital of france": "The capital of France is Paris.",
    "capital of italy": "The capital of Italy is Rome.",
    "capital of portugal": "The capital of Portugal is Lisbon.",
    "capital of japan": "The capital of Japan is Tokyo.",
}
_COUNTS = {"one": 1, "a": 1, "two": 2, "three": 3, "four": 4, "five": 5}


def answer(asked: Asked, mark: str, *, reasons: bool = False, limit: int | None = None) -> Answer:
    """The answer to one request. `mark` makes it unlike any other; `limit` cuts it after so many tokens."""
    wish = " ".join(sentences(asked.user)[:1])
    reasoning = f"The user wants: {wish} Let me think about it ({mark})." if reasons else ""
    calls = _calls(asked, mark)
    if calls:
        return Answer(calls=calls, reasoning=reasoning)
    form = form_of(asked)
    if form is not None:
        text = filled(form, asked, mark, lambda told: _prose(Asked(user=told)))
    elif asked.schema is not None:
        filler = Filler(asked.schema, asked.user, mark, asked.results)
        text = json.dumps(filler.fill(asked.schema), ensure_ascii=False)
    else:
        text = f"{_prose(asked)} (answer {mark})"
    parts = pieces(text)
    cut = limit is not None and len(parts) > limit
    return Answer(text="".join(parts[:limit]) if cut else text, reasoning=reasoning, cut=cut)


def _calls(asked: Asked, mark: str) -> tuple[Called, ...]:
    if asked.choice == "none":
        return ()
    forced = [tool for tool in asked.tools if tool.name == asked.choice]
    if asked.choice == "required" and not asked.called:
        forced = [_nearest(asked)]
    if forced and not asked.called:
        filler = Filler(forced[0].schema, asked.user, mark, asked.results)
        return (Called(forced[0].name, filler.fill(forced[0].schema)),)
    calls: list[Called] = []
    for tool in asked.tools:
        if tool.name not in asked.called and _fits(tool, asked):
            calls += _calls_of(tool, asked, mark)
    return tuple(calls if asked.parallel else calls[:1])


def _fits(tool: Tool, asked: Asked) -> bool:
    """Whether the user speaks of what a tool is named after; the description decides where no tool's name does."""
    words = stems(asked.user)
    if any(stems(other.name) & words for other in asked.tools):
        return bool(stems(tool.name) & words)
    return len(stems(tool.description) & words) >= 2


def _nearest(asked: Asked) -> Tool:
    words = stems(asked.user)
    return max(asked.tools, key=lambda tool: len(stems(f"{tool.name} {tool.description}") & words))


def _calls_of(tool: Tool, asked: Asked, mark: str) -> list[Called]:
    """One call, or one for each value that the first text argument may take (the weather in Rome and Oslo)."""
    filler = Filler(tool.schema, asked.user, mark, asked.results, strict=True)
    try:
        arguments = filler.fill(tool.schema)
    except MissingError:
        return []
    for name, schema in tool.schema.get("properties", {}).items():
        if schema.get("type") == "string" and "enum" not in schema and name in arguments:
            return [Called(tool.name, {**arguments, name: value}) for value in strings(name, asked.user, asked.results)]
    return [Called(tool.name, arguments)]


def _prose(asked: Asked) -> str:
    task = f"{asked.system}\n{asked.user}".lower()
    if asked.results:
        return "Here is what I found. " + " ".join(_told(result) for result in asked.results)
    if "summar" in task:
        wanted = re.search(r"(\w+)[ -]sentences?\b", task)
        count = _COUNTS.get(wanted[1], 2) if wanted else 2
        return " ".join(sentences(asked.user.partition("\n\n")[2] or asked.user)[:count])
    for question, known in _KNOWN.items():
        if question in task:
            return known
    seen = f"I looked at the {' and the '.join(asked.attachments)}. " if asked.attachments else ""
    said = " ".join(asked.user.split())
    return f"{seen}You said: {said if len(said) <= 120 else said[:119] + '…'}"


def _told(result: str) -> str:
    """A tool's result as a sentence."""
    try:
        known = json.loads(result)
    except ValueError:
        known = result
    if isinstance(known, dict):
        return ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in known.items()) + "."
    return f"{known}."
