"""Prompts that ask for named fields, as DSPy writes them, and answers in the form that is asked for."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from provider.conversation import Asked
from provider.filling import Filler, MissingError
from provider.reading import choose, stems
from provider.wire import Object

_MARKER = r"\[\[ ## (\w+) ## \]\]"
_FORMS = (
    ("markers", "Respond with the corresponding output fields, starting with the field", rf"`{_MARKER}`"),
    ("json", "Respond with a JSON object in the following order of fields:", r"(?<!\w)`(\w+)`"),
    ("xml", "Respond with the corresponding output fields wrapped in XML tags", r"`<(\w+)>`"),
)
_THOUGHTS = re.compile("reasoning|thought|rationale|discussion")
_KINDS = {"str": "string", "int": "integer", "float": "number", "bool": "boolean"}


@dataclass(frozen=True, slots=True)
class Form:
    """The fields that a prompt asks for, with the words their types were written in, and those that it gives.

    `style` is `markers`, `json` or `xml`.
    """

    style: str
    wanted: dict[str, str]
    given: dict[str, str]

    @property
    def text(self) -> str:
        """What the prompt is about: the values of the fields that it gives."""
        return "\n".join(value for name, value in self.given.items() if name != "trajectory")


def form_of(asked: Asked) -> Form | None:
    """The form that a prompt asks to be filled, None for one that asks for no fields."""
    for style, opening, pattern in _FORMS:
        said, found, order = asked.user.rpartition(opening)
        if found:
            kinds = dict(re.findall(r"^\d+\. `(\w+)` \((.*?)\):", asked.system, re.MULTILINE))
            names = [name for name in re.findall(pattern, order) if name != "completed"]
            return Form(style, {name: kinds.get(name, "str") for name in names}, _given(style, said))
    return None


def filled(form: Form, asked: Asked, mark: str, prose: Callable[[str], str]) -> str:
    """The answer to a form. `prose` is what is said about a text where a field wants words; `mark` goes into them."""
    if asked.schema is not None:
        return json.dumps(Filler(asked.schema, form.text, mark).fill(asked.schema), ensure_ascii=False)
    values: Object = {}
    for name, kind in form.wanted.items():
        values[name] = _value(name, kind, form, asked, mark, prose, values)
    if form.style == "json":
        return json.dumps(values, ensure_ascii=False)
    written = {name: value if isinstance(value, str) else json.dumps(value) for name, value in values.items()}
    if form.style == "xml":
        return "\n".join(f"<{name}>\n{value}\n</{name}>" for name, value in written.items())
    sections = [f"[[ ## {name} ## ]]\n{value}" for name, value in written.items()]
    return "\n\n".join([*sections, "[[ ## completed ## ]]"])


def _given(style: str, said: str) -> dict[str, str]:
    if style == "xml":
        return {name: value.strip() for name, value in re.findall(r"<(\w+)>\n(.*?)\n</\1>", said, re.DOTALL)}
    parts = re.split(_MARKER, said)
    given: dict[str, str] = {}
    for name, value in zip(parts[1::2], parts[2::2], strict=True):
        # What an agent did so far is one field, with sections of its own.
        whole = "trajectory" if "trajectory" in given else name
        given[whole] = f"{given.get(whole, '')}\n{f'{name}: ' if whole != name else ''}{value.strip()}".strip()
    return given


def _value(
    name: str,
    kind: str,
    form: Form,
    asked: Asked,
    mark: str,
    prose: Callable[[str], str],
    before: Object,
) -> Any:
    text = form.text
    if name == "next_tool_name":
        return _tool(form, asked, text)
    if name == "next_tool_args":
        return _arguments(before.get("next_tool_name", ""), asked, text, mark)
    if kind.startswith("Literal["):
        return choose(list(ast.literal_eval(kind.removeprefix("Literal"))), text)
    if kind in ("str", "Reasoning"):
        if _THOUGHTS.search(name):
            return f"Let me think about it step by step ({mark})."
        seen = form.given.get("trajectory", "")
        observed = re.findall(r"^observation_\d+: (.*)", seen, re.MULTILINE)
        said = " ".join(observed[:-1]) or prose(text)
        return f"{said} (answer {mark})"
    return Filler({}, text, mark).fill(_schema(name, kind, asked.system), name)


def _schema(name: str, kind: str, system: str) -> Object:
    """The JSON schema of a field: the one in the prompt, or that of a plain type."""
    told = re.search(rf"^\W*{{{name}}}.*?JSON schema: (.*)$", system, re.MULTILINE)
    if told:
        schema: Object = json.JSONDecoder().raw_decode(told[1])[0]
        return schema
    return {"type": _KINDS.get(kind, "string")}


def _tools(system: str) -> dict[str, tuple[str, Object]]:
    """The tools that a prompt for an agent lists: name, description, and the schemas of the arguments."""
    listed = re.findall(r"^ *\(\d+\) (\w+)(.*?)It takes arguments (\{.*\})\.", system, re.MULTILINE)
    return {name: (told, ast.literal_eval(arguments)) for name, told, arguments in listed}


def _tool(form: Form, asked: Asked, text: str) -> str:
    """The tool that the question speaks of and that was not called yet; then the end."""
    words, seen = stems(text), form.given.get("trajectory", "")
    for name, (told, _) in _tools(asked.system).items():
        if name != "finish" and name not in seen and (stems(name) | stems(told)) & words:
            return name
    return "finish"


def _arguments(tool: str, asked: Asked, text: str, mark: str) -> Object:
    _, properties = _tools(asked.system).get(tool, ("", {}))
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    try:
        arguments: Object = Filler(schema, text, mark, strict=True).fill(schema)
    except MissingError:
        arguments = Filler(schema, text, mark).fill(schema)
    return arguments
