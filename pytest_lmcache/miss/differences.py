"""Where two requests differ: paths into them, in the order a reader wants to know them."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from hashlib import sha256
from typing import Literal

from pytest_lmcache.call import JSON
from pytest_lmcache.miss.glance import glance, payload
from pytest_lmcache.miss.worddiff import IDEOGRAPH, word_diff

CONVERSATION = ("messages", "contents", "input", "prompt", "query", "system", "instructions", "system_instruction")

_SHORT = 40
_DEEP = 60
_MOST_ITEMS = 2_000
_MOST_PAIRED = 400
_NAME = re.compile(r"[^\W\d][\w$-]*")
_WORD = re.compile(rf"[{IDEOGRAPH}]|[^\W{IDEOGRAPH}]+")


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where two requests differ.

    `path` is like `messages[1].content`: a place in the new request, or in the old one for what was removed. `shown`
    is a word diff, `old → new`, or what was added or removed in a few words.
    """

    path: str
    kind: Literal["changed", "added", "removed"]
    shown: str


def differences(old: JSON, new: JSON, *, first: tuple[str, ...] = CONVERSATION) -> tuple[Difference, ...]:
    """What changed between two requests: the fields in `first`, then the model, then the others, tools last."""
    ranks = {name: rank for rank, name in enumerate((*first, "model"))}
    late = {"tools": 1, "functions": 1, "response_format": 1}

    def rank(difference: Difference) -> tuple[int, int]:
        field = re.split(r"[.\[]", difference.path, maxsplit=1)[0]
        return ranks.get(field, len(ranks)), late.get(field, 0)

    return tuple(sorted(_walk(old, new, "", 0), key=rank))


def similarity(old: JSON, new: JSON) -> float:
    """How much of their words two values share, from 0 to 1."""
    before, after = words(old), words(new)
    total = before.total() + after.total()
    return 2 * (before & after).total() / total if total else 1.0


def words(value: JSON) -> Counter[str]:
    """The words of every text in a value, each with how often it occurs; of a long text, its two ends."""
    found: Counter[str] = Counter()
    for text in _texts(value):
        found.update(_WORD.findall(text if len(text) <= 20_000 else f"{text[:10_000]} {text[-10_000:]}"))
    return found


def _texts(value: JSON) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif value is not None:
        yield str(value)


def _walk(old: JSON, new: JSON, path: str, depth: int) -> Iterator[Difference]:
    binary = payload(old) or payload(new)
    if isinstance(old, dict) and isinstance(new, dict) and not binary and depth < _DEEP:
        yield from _fields(old, new, path, depth)
    elif isinstance(old, list) and isinstance(new, list) and depth < _DEEP and _itemised(old, new):
        yield from _items(old, new, path, depth)
    elif _text(old) != _text(new):
        yield Difference(path, "changed", _change(old, new))


def _fields(old: dict[str, JSON], new: dict[str, JSON], path: str, depth: int) -> Iterator[Difference]:
    for name in sorted(old.keys() | new.keys()):
        below = _below(path, name)
        if name not in old:
            yield Difference(below, "added", glance(new[name]))
        elif name not in new:
            yield Difference(below, "removed", glance(old[name]))
        else:
            yield from _walk(old[name], new[name], below, depth + 1)


def _below(path: str, name: str) -> str:
    if not _NAME.fullmatch(name):
        return f"{path}[{json.dumps(name, ensure_ascii=False)}]"
    return f"{path}.{name}" if path else name


def _itemised(old: list[JSON], new: list[JSON]) -> bool:
    """Whether two lists are worth comparing item by item: not vectors and tokens, and not beyond measure."""
    numbers = all(isinstance(item, int | float) for item in (*old, *new))
    return len(old) + len(new) <= (16 if numbers else _MOST_ITEMS)


def _items(old: list[JSON], new: list[JSON], path: str, depth: int) -> Iterator[Difference]:
    matcher = SequenceMatcher(None, [_text(item) for item in old], [_text(item) for item in new], autojunk=False)
    for tag, i, j, k, m in matcher.get_opcodes():
        if tag == "equal":
            continue
        for pair in _paired(old[i:j], new[k:m]):
            match pair:
                case int(before), int(after):
                    yield from _walk(old[i + before], new[k + after], f"{path}[{k + after}]", depth + 1)
                case int(before), None:
                    yield Difference(f"{path}[{i + before}]", "removed", glance(old[i + before]))
                case None, int(after):
                    yield Difference(f"{path}[{k + after}]", "added", glance(new[k + after]))


def _paired(old: list[JSON], new: list[JSON]) -> Iterator[tuple[int | None, int | None]]:
    """Which old item became which new one, in order; None where an item has no counterpart."""
    if len(old) * len(new) > _MOST_PAIRED or len(old) == len(new) == 1:
        both = min(len(old), len(new))
        yield from ((index, index) for index in range(both))
        yield from ((index, None) for index in range(both, len(old)))
        yield from ((None, index) for index in range(both, len(new)))
        return
    alike = [[_alike(before, after) for after in new] for before in old]
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i in reversed(range(len(old))):
        for k in reversed(range(len(new))):
            best[i][k] = max(best[i + 1][k], best[i][k + 1], alike[i][k] + best[i + 1][k + 1])
    i = k = 0
    while i < len(old) or k < len(new):
        if i < len(old) and k < len(new) and best[i][k] == alike[i][k] + best[i + 1][k + 1]:
            yield i, k
            i, k = i + 1, k + 1
        elif k == len(new) or (i < len(old) and best[i][k] == best[i + 1][k]):
            yield i, None
            i += 1
        else:
            yield None, k
            k += 1


def _alike(old: JSON, new: JSON) -> float:
    """How likely one item is the other one changed; a role or a name that stayed says much."""
    if isinstance(old, dict) and isinstance(new, dict):
        same = any(name in old and old[name] == new.get(name) for name in ("role", "name", "id"))
        return similarity(old, new) + (0.5 if same else 0.0)
    return similarity(old, new)


def _change(old: JSON, new: JSON) -> str:
    before, after = glance(old), glance(new)
    if isinstance(old, str) and isinstance(new, str) and not payload(old) and not payload(new):
        short = max(len(old), len(new)) <= _SHORT and not re.search(r"\s", old + new)
        if not short or before == after or not (old and new):
            return word_diff(old, new)
    if before == after:
        before, after = (f"{glance(value)} ({_fingerprint(value)})" for value in (old, new))
    return f"{before} → {after}"


def _fingerprint(value: JSON) -> str:
    return sha256(_text(value).encode()).hexdigest()[:8]


def _text(value: JSON) -> str:
    """A value as the text that tells it from every other: in Python 1 == True == 1.0, in JSON not."""
    return json.dumps(value, sort_keys=True)
