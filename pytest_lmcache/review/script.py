"""A transcript as lines: what a person reads on a terminal, and what git compares."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pytest_lmcache.call import Recording
from pytest_lmcache.review.parts import Part
from pytest_lmcache.review.transcript import Turn, transcript
from pytest_lmcache.wording import many

Tone = Literal["title", "fact", "voice", "said", "thought", "act", "data", "error"]
_TONES: dict[str, Tone] = {
    "text": "said",
    "thinking": "thought",
    "call": "act",
    "result": "data",
    "payload": "act",
    "json": "data",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line and what it is; `indent` in blanks holds for what is wrapped, too."""

    text: str
    tone: Tone = "said"
    indent: int = 0


def script(recording: Recording, path: str = "", *, timed: bool = True) -> Iterator[Line]:
    """The lines of a recording. With `timed` they say when and how long; without, only what a change would change."""
    if path:
        yield Line(path, "title")
    yield Line(" · ".join(_heading(recording, timed=timed)), "fact")
    told = transcript(recording, timed=timed)
    for name, value in told.settings:
        yield from _block(f"{name}: ", value, "fact")
    for number, tool in enumerate(told.tools):
        yield from _block("tools: " if number == 0 else "       ", tool, "fact")
    for turn in (*told.asked, *told.answered):
        yield Line("")
        yield from _turn(turn)


def _heading(recording: Recording, *, timed: bool) -> Iterator[str]:
    request = recording.request
    yield request.operation
    if request.model:
        yield clean(request.model)
    yield f"keyed by {clean(recording.key.strategy)}"
    if len(recording.takes) > 1:
        yield many(len(recording.takes), "take")
    if recording.recorded_by:
        yield clean(recording.recorded_by)
    if timed:
        yield clean(recording.recorded_at.replace("T", " ").removesuffix("Z") + " UTC")


def _turn(turn: Turn) -> Iterator[Line]:
    head = f"{clean(turn.voice)} · {clean(turn.note)}" if turn.note else clean(turn.voice)
    yield Line(head, "error" if turn.voice == "error" else "voice")
    if not turn.parts:
        yield Line("(nothing)", "fact", 2)
    for part in turn.parts:
        yield from _part(part)


def _part(part: Part) -> Iterator[Line]:
    tone = _TONES[part.kind]
    match part.kind:
        case "call":
            yield from _block(f"calls {clean(part.label)} ", part.text, tone, 2)
        case "result":
            yield from _block(f"result {clean(part.label)}: " if part.label else "result: ", part.text, tone, 2)
        case "payload":
            yield Line(f"[{clean(part.text)}]", tone, 2)
        case "thinking":
            yield from _block("thinks: ", part.text, tone, 2)
        case _:
            yield from _block(f"{part.label}: " if part.label else "", part.text, tone, 2)


def _block(head: str, text: str, tone: Tone, indent: int = 0) -> Iterator[Line]:
    """A text of any number of lines; a long one begins below its head."""
    lines = clean(text, lines=True).split("\n")
    if head and len(lines) > 1 and not lines[0].startswith(("{", "[")):
        yield Line(head.rstrip(), tone, indent)
        yield from (Line(line, tone, indent + 2) for line in lines)
        return
    yield Line(head + lines[0], tone, indent)
    yield from (Line(line, tone, indent) for line in lines[1:])


def clean(text: str, *, lines: bool = False) -> str:
    """Text that does nothing to a terminal but stand there; with `lines` it may have several."""
    if text.isascii() and text.isprintable():
        return text
    if lines:
        text = text.replace("\r\n", "\n").replace("\t", "    ")
    return "".join(char if _harmless(char) or (lines and char == "\n") else f"<U+{ord(char):04X}>" for char in text)


def _harmless(char: str) -> bool:
    return unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"} or char == "\u200d"
