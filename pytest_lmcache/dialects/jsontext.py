"""JSON text and back, byte for byte: strict parsing, and the few ways in which providers write JSON."""

from __future__ import annotations

import json
import math
import re
from decimal import Decimal
from functools import lru_cache
from itertools import product
from typing import Any

import ujson

from pytest_lmcache.call import JSON

MAX_DEPTH = 200
LARGE = 32_000
"""From so many characters on, most of a text is one long string, and looking at every object is cheap beside it."""

_HALF = re.compile(r"\\u[dD][89a-fA-F]")
_NUMBERS = re.compile(r'"(?:[^"\\]|\\.)*"|-?\d[\d.]*[eE][-+]?\d+')
_PADDED = re.compile(r"[^ ]( +)\}\Z")
_PLAIN = {"fixed": -1000, "js": -6, "ryu": -5}
"""Ways of writing small numbers: the exponent down to which they have none, where Python's is -4."""

_HTML = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}


def strict(text: str) -> JSON:
    """The value of JSON text. Raises ValueError for a key given twice, NaN, a number out of range, half a surrogate
    pair and more than 200 levels, all of which the parser of the standard library lets pass.
    """
    large = len(text) > LARGE
    value = None if large else _at_once(text)
    if value is None:
        try:
            value = _DECODER.decode(text)
        except RecursionError:
            raise ValueError("nested too deep") from None
    if (large or text.count("{") + text.count("[") > MAX_DEPTH) and _depth(value) > MAX_DEPTH:
        raise ValueError("nested too deep")
    if "\\" in text and "\\u" in text and _HALF.search(text):
        _encoder("").encode(value).encode()
    return value


def parsed(text: str) -> tuple[JSON, dict[str, JSON]] | None:
    """The object or array in a text and the marks `written` needs to make the same text of it again; None when there
    is none, or no such marks. No marks: `{"a":1,"b":"é"}`.
    """
    if not text.startswith(("{", "[")):
        return None
    try:
        value = strict(text)
    except ValueError:
        return None
    if _encoder("").encode(value) == text:
        return value, {}
    marks: dict[str, JSON] = {}
    if padding := _PADDED.search(text):
        marks["pad"] = len(padding[1])
    for style in _styles(text):
        tried = {**marks, "style": style} if style else marks
        if written(value, tried) == text:
            return value, tried
    return None


def written(value: JSON, marks: dict[str, Any]) -> str:
    """JSON text of a value. Marks: `style`, words of `comma colon indent ascii html fixed js ryu` (a space after each
    comma, after each colon; two spaces of indent; only ASCII; `<` as an escape; three ways of writing small numbers),
    and `pad`, a number of spaces before the last brace.
    """
    style: str = marks.get("style", "")
    text = _encoder(style).encode(value)
    if numbers := _PLAIN.keys() & style.split():
        lowest = _PLAIN[numbers.pop()]
        text = _NUMBERS.sub(lambda match: _number(match[0], lowest), text)
    if "html" in style:
        for character, escape in _HTML.items():
            text = text.replace(character, escape)
    pad = marks.get("pad", 0)
    return f"{text[:-1]}{' ' * pad}{text[-1]}" if pad else text


def _at_once(text: str) -> JSON:
    """The value of JSON text as SDKs write it, None for any other: what makes the same text again has no key twice
    and nothing else to reject. Three times as fast as looking at every object.
    """
    separators = (", ", ": ") if '": ' in text[:100] else (",", ":")
    try:
        value: JSON = ujson.loads(text)
        again = ujson.dumps(
            value,
            ensure_ascii="\\u" in text,
            escape_forward_slashes=False,
            allow_nan=False,
            separators=separators,
        )
    except (ValueError, OverflowError, RecursionError):
        return None
    return value if again == text else None


def _styles(text: str) -> list[str]:
    escapes = []
    if "\\u" in text and text.isascii():
        escapes.append("ascii")
    if any(escape in text for escape in _HTML.values()):
        escapes.append("html")
    spaces = ["indent"] if "\n" in text else ["", "colon", "comma colon", "comma"]
    return [
        " ".join(filter(None, (space, *chosen, numbers)))
        for numbers, space, chosen in product(("", *_PLAIN), spaces, (escapes[1:], escapes) if escapes else ([],))
    ]


@lru_cache(maxsize=64)
def _encoder(style: str) -> json.JSONEncoder:
    comma, colon = ", " if "comma" in style else ",", ": " if "colon" in style else ":"
    indent = 2 if "indent" in style else None
    separators = (",", ": ") if indent else (comma, colon)
    return json.JSONEncoder(ensure_ascii="ascii" in style, separators=separators, indent=indent)


def _number(token: str, lowest: int) -> str:
    """A number with an exponent in another way of writing; a text as it is."""
    if token.startswith('"'):
        return token
    if Decimal(token).adjusted() >= lowest:
        return f"{Decimal(token):f}"
    digits, _, exponent = token.partition("e")
    return f"{digits}e{int(exponent)}"


def _pairs(members: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(members)
    if len(value) != len(members):
        raise ValueError("the same key twice in one object")
    return value


def _float(token: str) -> float:
    value = float(token)
    if math.isinf(value):
        raise ValueError("a number out of range")
    return value


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _depth(value: JSON) -> int:
    depth, level = 0, [value]
    while level and depth <= MAX_DEPTH:
        holders = [item for item in level if isinstance(item, dict | list)]
        level = [item for holder in holders for item in (holder.values() if isinstance(holder, dict) else holder)]
        depth += bool(holders)
    return depth


_DECODER = json.JSONDecoder(object_pairs_hook=_pairs, parse_float=_float, parse_constant=_constant)
