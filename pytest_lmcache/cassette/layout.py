"""How JSON is laid out for a reader: a field a line, what is short on one line, and one chunk of a stream a line."""

from __future__ import annotations

import json

from pytest_lmcache.call import JSON

WIDTH = 100


def laid_out(value: JSON) -> str:
    """`value` as indented JSON text with a line break at its end; the order of keys is the caller's."""
    return _laid_out(value, 0, "") + "\n"


def _laid_out(value: JSON, depth: int, name: str) -> str:
    if not isinstance(value, dict | list) or not value:
        return _compact(value)
    if _leaf(value, name):
        line = _compact(value)
        if len(line) + 2 * depth <= WIDTH or _numbers(value):
            return line
    if isinstance(value, dict) and value.keys() == {"$lines"}:
        return f'{{"$lines": {_laid_out(value["$lines"], depth, "$lines")}}}'
    indent = "  " * (depth + 1)
    if isinstance(value, list):
        items = [_compact(item) if name == "chunks" else _laid_out(item, depth + 1, "") for item in value]
        opening, closing = "[", "]"
    else:
        items = [f"{_compact(key)}: {_laid_out(item, depth + 1, key)}" for key, item in value.items()]
        opening, closing = "{", "}"
    body = ",\n".join(indent + item for item in items)
    return f"{opening}\n{body}\n{'  ' * depth}{closing}"


def _leaf(value: dict[str, JSON] | list[JSON], name: str) -> bool:
    """Whether a value holds nothing that deserves lines of its own. Lines of text keep theirs."""
    if name == "$lines" or (isinstance(value, dict) and "$lines" in value):
        return False
    items = value.values() if isinstance(value, dict) else value
    return not any(isinstance(item, dict | list) and item for item in items)


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
