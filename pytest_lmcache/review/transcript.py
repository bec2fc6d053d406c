"""A recording as a conversation: who said what, which tools were there, what was answered, take by take."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pytest_lmcache.adapters.reading import told
from pytest_lmcache.call import JSON, Recording, Take
from pytest_lmcache.dialects.jsontext import strict
from pytest_lmcache.review import amounts
from pytest_lmcache.review.parts import Part, call, parts, payload, pretty

# Fields of a request that are told in a way of their own.
_TOOLS = ("tools", "functions", "toolConfig")
_SYSTEM = ("system", "instructions", "systemInstruction", "system_instruction", "preamble")
_VOICES = {"model": "assistant", "CHATBOT": "assistant", "USER": "user", "SYSTEM": "system"}
_TYPES = {
    "function_call": "assistant",
    "custom_tool_call": "assistant",
    "function_call_output": "tool",
    "custom_tool_call_output": "tool",
    "reasoning": "assistant",
}


@dataclass(frozen=True, slots=True)
class Turn:
    """Something one side says. `voice` is a role, or the name of a field; `note` what else is known of it."""

    voice: str
    parts: tuple[Part, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Transcript:
    """A recording for people: `settings` are the fields that are no conversation, `tools` one line each."""

    settings: tuple[tuple[str, str], ...]
    tools: tuple[str, ...]
    asked: tuple[Turn, ...]
    answered: tuple[Turn, ...]


def transcript(recording: Recording, *, timed: bool = True) -> Transcript:
    """The conversation in a recording. What differs each time it is recorded is left out unless `timed`."""
    request = recording.request
    body = request.body
    settings = [(name, pretty(body[name])) for name in body if not _is_told(name, request.conversation)]
    settings += [("stream", "true")] if request.stream else []
    asked = [turn for name in _ordered(request.conversation) if name in body for turn in _turns(name, body[name])]
    answered: list[Turn] = []
    for number, take in enumerate(recording.takes, 1):
        which = f"take {number} of {len(recording.takes)}" if len(recording.takes) > 1 else ""
        answered += _answers(recording, take, which, timed=timed)
    tools = tuple(_tool(tool) for name in _TOOLS for tool in _tools(body.get(name)))
    return Transcript(tuple(settings), tools, tuple(asked), tuple(answered))


def _is_told(name: str, conversation: tuple[str, ...]) -> bool:
    return name in conversation or name in _TOOLS or name == "model"


def _ordered(conversation: tuple[str, ...]) -> list[str]:
    """The fields of a conversation, what holds for all of it first."""
    return sorted(conversation, key=lambda name: name not in _SYSTEM)


def _turns(name: str, value: JSON) -> Iterator[Turn]:
    """What one field of a conversation says."""
    if value is None or value in ("", []):
        return
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        for item in value:
            yield _turn(item, name)
    elif isinstance(value, list) and all(isinstance(item, str) for item in value):
        numbered = (f"{number}. {payload(str(item)) or item}" for number, item in enumerate(value, 1))
        yield Turn(name, (Part("text", "\n".join(numbered)),))
    elif name in _SYSTEM:
        yield Turn("system", tuple(parts(value.get("parts", value) if isinstance(value, dict) else value)))
    else:
        yield Turn(name, tuple(parts(value)))


def _turn(message: JSON, name: str) -> Turn:
    """One message of a conversation, in any of the providers' shapes."""
    if not isinstance(message, dict):
        return Turn(name, tuple(parts(message)))
    role = message.get("role") or _TYPES.get(str(message.get("type"))) or ("system" if name in _SYSTEM else name)
    voice = _VOICES.get(str(role), str(role))
    pieces: list[Part] = []
    for field in ("reasoning_content", "thinking"):
        if isinstance(text := message.get(field), str) and text:
            pieces.append(Part("thinking", text))
    known = False
    for field in ("content", "parts", "message"):
        if field in message and not _is_item(message):
            pieces += parts(message[field])
            known = True
    for field in ("tool_calls", "function_call", "images"):
        if message.get(field):
            given = message[field]
            pieces += _function(given) if field == "function_call" and "type" not in message else parts(given)
            known = True
    if not known:
        pieces += parts(message)
    note = "" if _is_item(message) else str(message.get("tool_call_id") or message.get("name") or "")
    return Turn(voice, tuple(_as_result(piece) if voice == "tool" else piece for piece in pieces), note)


def _is_item(message: dict[str, JSON]) -> bool:
    """Whether a message is an item of the responses API that is a whole by itself."""
    return message.get("type") in _TYPES


def _function(given: JSON) -> Iterator[Part]:
    if isinstance(given, dict):
        yield call(given.get("name"), given.get("arguments"))


def _as_result(piece: Part) -> Part:
    if piece.kind == "text":
        return next(iter(parts({"type": "tool_result", "content": piece.text})))
    return piece


def _answers(recording: Recording, take: Take, which: str, *, timed: bool) -> Iterator[Turn]:
    said = told(recording.request, take)
    facts = [which, *_facts(take, timed=timed)]
    if said.error:
        yield Turn("error", (Part("text", said.error),), _joined(facts))
        return
    for number, reading in enumerate(said.readings, 1):
        alternative = f"alternative {number} of {len(said.readings)}" if len(said.readings) > 1 else ""
        pieces = list(parts(reading.text)) if reading.text else []
        pieces = [_tidied(piece) for piece in pieces]
        pieces += [call(tool.name, tool.arguments, tool.id if timed else "") for tool in reading.tool_calls]
        if said.content is not None:
            pieces.append(Part("json", pretty(said.content)))
        yield Turn("assistant", tuple(pieces), _joined([alternative, reading.finish_reason, *facts]))
        facts = []


def _tidied(piece: Part) -> Part:
    """An answer that is JSON as text reads better laid out."""
    return next(iter(_json_text(piece)), piece)


def _json_text(piece: Part) -> Iterator[Part]:
    if piece.text[:1] in ("{", "["):
        try:
            yield Part("json", pretty(strict(piece.text)))
        except ValueError:
            return


def _facts(take: Take, *, timed: bool) -> list[str]:
    asked, answered = take.usage.get("prompt_tokens", 0), take.usage.get("completion_tokens", 0)
    tokens = f"{asked:,} + {answered:,} tokens" if asked or answered else ""
    cached = take.usage.get("cached_tokens", 0)
    facts = [tokens + (f" ({cached:,} from the prompt cache)" if cached else ""), amounts.dollars(take.cost)]
    return [*facts, amounts.seconds(take.latency)] if timed else facts


def _joined(facts: list[str]) -> str:
    return " · ".join(filter(None, facts))


def _tools(value: Any) -> list[Any]:
    """The tools in a field; Gemini and Bedrock put them one level lower."""
    if isinstance(value, dict):
        value = value.get("tools", [])
    found: list[Any] = []
    for tool in value if isinstance(value, list) else []:
        inner = tool.get("functionDeclarations", tool.get("function_declarations")) if isinstance(tool, dict) else None
        found += inner if isinstance(inner, list) else [tool]
    return found


def _tool(tool: Any) -> str:
    """`look_up_order(order_id): Status of an order`, or the type of a tool that the provider runs."""
    if not isinstance(tool, dict):
        return pretty(tool)
    inner = next((tool[name] for name in ("function", "toolSpec") if isinstance(tool.get(name), dict)), tool)
    schema: Any = next((inner[name] for name in _SCHEMAS if isinstance(inner.get(name), dict)), {})
    schema = schema.get("json", schema)
    properties = schema.get("properties") if isinstance(schema, dict) else None
    arguments = ", ".join(properties) if isinstance(properties, dict) else ""
    name = inner.get("name") or inner.get("type") or next(iter(inner), "tool")
    description = inner.get("description")
    signature = f"{name}({arguments})" if schema else str(name)
    return f"{signature}: {description}" if isinstance(description, str) and description else signature


_SCHEMAS = ("parameters", "input_schema", "inputSchema", "parametersJsonSchema")
