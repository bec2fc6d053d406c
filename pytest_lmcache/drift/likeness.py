"""How alike two answers are that have one shape, from 0 to 1: by their words in order, or by the angle of vectors."""

from __future__ import annotations

import base64
import math
import re
import struct
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from pytest_lmcache.call import JSON
from pytest_lmcache.miss.worddiff import IDEOGRAPH

_WORD = re.compile(rf"[{IDEOGRAPH}]|[^\W{IDEOGRAPH}]+(?:['\u2019.,:-][^\W{IDEOGRAPH}]+)*")
# SequenceMatcher visits every pair of equal words, over and over; some 5,000 words of prose have so many of them.
_MOST_PAIRS = 200_000
_FLOAT = 4


def likeness(old: JSON, new: JSON) -> float:
    """Twice the words that two values share in order, by the words of both: the ratio of difflib, on words.

    The words are those of texts, and numbers; neither names of fields nor punctuation. Without any, 1.
    """
    before, after = list(words(old)), list(words(new))
    if not before and not after:
        return 1.0
    count = Counter(after)
    if sum(count[word] for word in before) > _MOST_PAIRS:
        shared = (Counter(before) & count).total()
        return 2 * shared / (len(before) + len(after))
    return SequenceMatcher(None, before, after, autojunk=False).ratio()


def words(value: JSON) -> Iterator[str]:
    """The words in a value, in the order of its fields' names. A fraction counts with its first three digits."""
    left = [value]
    while left:
        each = left.pop()
        if isinstance(each, str):
            yield from (match[0].casefold() for match in _WORD.finditer(each))
        elif isinstance(each, dict):
            left += [each[name] for name in sorted(each, reverse=True)]
        elif isinstance(each, list):
            left += reversed(each)
        elif isinstance(each, float):
            yield f"{each:.3g}"
        elif each is not None:
            yield str(each).lower()


def vectors(value: JSON) -> list[Sequence[float]]:
    """The vectors in an answer of embeddings, in order: lists of numbers, or 32-bit floats in base64."""
    found: list[Sequence[float]] = []
    left = [(value, False)]
    while left:
        each, named = left.pop()
        if isinstance(each, dict):
            # Texts are given back beside their vectors.
            inner = [(each[name], named or name.startswith("embedding")) for name in sorted(each, reverse=True)]
            left += inner
        elif isinstance(each, list) and each and all(type(item) in (int, float) for item in each):
            found.append([float(item) for item in each if isinstance(item, int | float)])
        elif isinstance(each, list):
            left += [(item, named) for item in reversed(each)]
        elif isinstance(each, str) and named and (decoded := _floats(each)):
            found.append(decoded)
    return found


def cosine(one: Sequence[float], other: Sequence[float]) -> float:
    """The cosine of the angle of two vectors of one length; what points apart counts as 0."""
    lengths = math.hypot(*one) * math.hypot(*other)
    if not lengths:
        return float(list(one) == list(other))
    return min(max(math.fsum(a * b for a, b in zip(one, other, strict=True)) / lengths, 0.0), 1.0)


def _floats(text: str) -> tuple[float, ...]:
    """The numbers that a text is in base64, none where it is something else."""
    if len(text) < 2 * _FLOAT or re.search(r"\s", text):
        return ()
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        return ()
    if len(data) % _FLOAT:
        return ()
    numbers = struct.unpack(f"<{len(data) // _FLOAT}f", data)
    return numbers if all(map(math.isfinite, numbers)) else ()
