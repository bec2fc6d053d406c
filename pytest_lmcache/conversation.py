"""What one call asked and was answered, as plain data for pages: who said what, with long texts cut."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pytest_lmcache.call import Call, Recording
from pytest_lmcache.review.transcript import Turn, transcript
from pytest_lmcache.screen import masked_request

LONGEST = 4000
"""Characters of one piece of a message; what is longer is cut, and says so."""

MOST_TURNS = 60
_FIRST_TURNS = 2
_NOT_WORTH_IT = 40
_KEPT = frozenset({"replayed", "recorded", "refreshed"})


def conversation(call: Call) -> dict[str, Any]:
    """A call for people: `settings` as pairs, `tools` as lines, `asked` and `answered` as turns.

    A turn is `[voice, note, pieces]`, a piece `[kind, label, text]`, see `review.parts.Part`. Nothing that looks like a
    credential is told, unless a recording holds it.
    """
    request = call.request if call.outcome in _KEPT else masked_request(call.request)
    # Tokens, cost and time stand beside the conversation, not in it.
    takes = (replace(call.take, usage={}, cost=None),) if call.take is not None else ()
    told = transcript(Recording(call.key, request, takes, "", ""), timed=False)
    return {
        "settings": [[name, clipped(text, LONGEST)] for name, text in told.settings],
        "tools": [clipped(tool, LONGEST) for tool in told.tools],
        "asked": _turns(told.asked),
        "answered": _turns(told.answered),
    }


def clipped(text: str, length: int) -> str:
    """A text of about `length` characters at most, its beginning and its end, with what is missing counted."""
    missing = len(text) - length
    if missing <= _NOT_WORTH_IT:
        return text
    tail = length // 4
    return f"{text[: length - tail]}\n… {missing:,} characters left out …\n{text[len(text) - tail :]}"


def _turns(turns: tuple[Turn, ...]) -> list[list[Any]]:
    missing = len(turns) - MOST_TURNS
    if missing <= 0:
        return [_turn(turn) for turn in turns]
    gap = ["", "", [["gap", "", f"{missing:,} messages left out"]]]
    kept = MOST_TURNS - _FIRST_TURNS
    return [*(_turn(turn) for turn in turns[:_FIRST_TURNS]), gap, *(_turn(turn) for turn in turns[-kept:])]


def _turn(turn: Turn) -> list[Any]:
    pieces = [[part.kind, part.label, clipped(part.text, LONGEST)] for part in turn.parts]
    return [turn.voice, turn.note, pieces]
