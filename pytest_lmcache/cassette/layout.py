"""How JSON is laid out for a reader: what fits stands on one line, a chunk of a stream always does.

In what was asked every field has a line of its own, since that is what people write and compare. Elsewhere short
fields that are neighbours share lines, so that a whole call fits on a screen.
"""

from __future__ import annotations

import json

from pytest_lmcache.call import JSON

WIDTH = 120
# A longer field has a line to itself.
SHORT = 80
# The field of a recording that holds what was asked.
ASKED = "request"

_LINES = "$lines"
_ROWS = frozenset({"chunks", _LINES})


def laid_out(value: JSON) -> str:
    """`value` as indented JSON text with a line break at its end; the order of keys is the caller's."""
    if not isinstance(value, dict):
        return _block(value, "", 0, filled=True) + "\n"
    return _members(value, 0, filled=True) + "\n"


def _block(value: JSON, name: str, depth: int, *, filled: bool) -> str:
    """`value` as the rest of the line that begins with its name, and the lines below it."""
    line = _compact(value)
    if not isinstance(value, dict | list) or not value or _numbers(value):
        return line
    if isinstance(value, dict) and value.keys() == {_LINES}:
        return f'{{"{_LINES}": {_block(value[_LINES], _LINES, depth, filled=filled)}}}'
    if name not in _ROWS and f'"{_LINES}"' not in line and _width(line, name, depth) <= WIDTH:
        return line
    if isinstance(value, dict):
        return _members(value, depth, filled=filled and name != ASKED)
    if filled and len(value) == 1 and isinstance(value[0], dict) and name not in _ROWS:
        return f"[{_members(value[0], depth, filled=True)}]"
    rows = [_compact(item) if name in _ROWS else _block(item, "", depth + 1, filled=filled) for item in value]
    return _enclosed("[", rows, "]", depth)


def _members(value: dict[str, JSON], depth: int, *, filled: bool) -> str:
    """An object of more than one line."""
    rows: list[str] = []
    joins = False
    for name, item in value.items():
        text = f"{_compact(name)}: {_block(item, name, depth + 1, filled=filled)}"
        short = filled and len(text) <= SHORT and "\n" not in text
        if short and joins and 2 * (depth + 1) + len(rows[-1]) + len(text) + 3 <= WIDTH:
            rows[-1] += f", {text}"
        else:
            rows.append(text)
        joins = short
    return _enclosed("{", rows, "}", depth)


def _enclosed(opening: str, rows: list[str], closing: str, depth: int) -> str:
    body = ",\n".join("  " * (depth + 1) + row for row in rows)
    return f"{opening}\n{body}\n{'  ' * depth}{closing}"


def _width(line: str, name: str, depth: int) -> int:
    """How wide the line is on which `line` stands after its name and before a comma."""
    return 2 * depth + (len(name) + 4 if name else 0) + len(line) + 1


def _numbers(value: dict[str, JSON] | list[JSON]) -> bool:
    return isinstance(value, list) and all(isinstance(item, int | float) for item in value)


_readable = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode
_ascii = json.JSONEncoder(allow_nan=False).encode


def _compact(value: JSON) -> str:
    text = _readable(value)
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            return _ascii(value)
    return text
