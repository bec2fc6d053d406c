"""The texts that the chunks of a stream make together: found in a recorded answer, and replaced across chunks.

What a model writes arrives in pieces, and a credential in it may begin in one chunk and end in another. A text is all
pieces that stand at one place of the chunks (`data.choices[0].delta.content`), one after the other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from pytest_lmcache.call import JSON
from pytest_lmcache.folding import ORDER, WITHOUT, fold, unfold

Place: TypeAlias = "tuple[str | int, ...]"
Spans: TypeAlias = "list[tuple[int, int]]"

_TAGS = (ORDER, WITHOUT)


def is_stream(answer: JSON) -> bool:
    """Whether an answer is a recorded stream, with what its chunks share and what each has of its own."""
    if not isinstance(answer, dict) or not isinstance(answer.get("shared"), dict):
        return False
    chunks = answer.get("chunks")
    return isinstance(chunks, list) and all(isinstance(chunk, dict) for chunk in chunks)


def texts(answer: dict[str, Any]) -> dict[Place, str]:
    """The texts of a recorded stream by their places; a piece that is the same in all chunks makes none."""
    pieces: dict[Place, list[str | None]] = {}
    chunks = answer["chunks"]
    for number, chunk in enumerate(chunks):
        for place, piece in _pieces(chunk):
            if place not in pieces:
                pieces[place] = [None] * len(chunks)
            pieces[place][number] = piece
    made = {}
    for place, found in pieces.items():
        shared = _at(answer["shared"], place)
        filled = [shared if piece is None else piece for piece in found]
        if len(set(found)) > 1 or shared:
            made[place] = "".join(filled)
    return made


def replaced(answer: dict[str, Any], spans: Callable[[str], Spans], marker: str) -> dict[str, Any]:
    """The stream with `marker` in place of what `spans` finds in its texts, in as many chunks as before.

    The marker stands in the chunk in which a span begins; what reaches into later chunks is taken out of them.
    """
    chunks = [unfold(answer["shared"], own) for own in answer["chunks"]]
    places: dict[Place, list[tuple[int, str]]] = {}
    for number, chunk in enumerate(chunks):
        for place, piece in _pieces(chunk):
            places.setdefault(place, []).append((number, piece))
    for place, found in places.items():
        cut = spans("".join(piece for _, piece in found))
        if cut:
            _cut(chunks, place, found, cut, marker)
    shared, own = fold(chunks)
    return {**answer, "shared": shared, "chunks": own}


def _cut(chunks: list[dict[str, Any]], place: Place, found: list[tuple[int, str]], spans: Spans, marker: str) -> None:
    start = 0
    for number, piece in found:
        end, kept, at = start + len(piece), [], start
        for first, last in spans:
            if last <= start or first >= end:
                continue
            kept.append(piece[at - start : max(first, start) - start])
            if first >= start:
                kept.append(marker)
            at = min(last, end)
        if kept:
            _put(chunks[number], place, "".join(kept) + piece[at - start :])
        start = end


def _pieces(chunk: dict[str, Any]) -> list[tuple[Place, str]]:
    """The texts of one chunk, each with its place."""
    found: list[tuple[Place, str]] = []
    left: list[tuple[Place, Any]] = [((), chunk)]
    while left:
        place, value = left.pop()
        for step, item in value.items() if type(value) is dict else enumerate(value):
            kind = type(item)
            if kind is str:
                found.append(((*place, step), item))
            elif (kind is dict or kind is list) and item and step not in _TAGS:
                left.append(((*place, step), item))
    return found


def _at(value: Any, place: Place) -> str:
    """The text at a place, empty where there is none."""
    for step in place:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return ""
    return value if isinstance(value, str) else ""


def _put(value: Any, place: Place, text: str) -> None:
    for step in place[:-1]:
        value = value[step]
    value[place[-1]] = text
