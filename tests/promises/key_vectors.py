"""Prints the keys of requests made of everything a caller may pass, in an order drawn from a seed.

`python key_vectors.py SEED` needs nothing but what this package requires.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import enum
import json
import random
import sys
import uuid
from typing import Any

from pytest_lmcache.call import Request
from pytest_lmcache.dialects import Wire, recognise
from pytest_lmcache.keys import KeyRule, key_of
from pytest_lmcache.plain import plain


class Colour(enum.Enum):
    RED = "red"


@dataclasses.dataclass
class Point:
    x: int
    y: float


VALUES: dict[str, Any] = {
    "text": "Zürich, 東京, \U0001f30a, quotes \" ' and \\ / \u2028 \x00 \x7f",
    "numbers": [0, -0.0, 1, 1.0, 1e-07, 0.1, 1e300, 2**53 + 1, 2**70, -1.5],
    "words": {"alpha", "beta", "gamma", "delta", "epsilon"},
    "tuple": (1, (2, 3)),
    "bytes": b"\x00\xff",
    "colour": Colour.RED,
    "point": Point(1, 2.5),
    "moment": dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC),
    "money": decimal.Decimal("1.10"),
    "identity": uuid.UUID(int=7),
    "none": None,
    "truth": [True, False],
    "nested": {str(number): {"a": [number], "b": {}} for number in range(12)},
    "messages": [
        {"role": "system", "content": "Answer briefly."},
        {"role": "user", "content": [{"type": "text", "text": "What is the capital of France?"}]},
    ],
    "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}],
}
RULES = {
    "request": KeyRule(),
    "messages": KeyRule("messages"),
    "ignore": KeyRule(ignore=("numbers", "tools[*].function.parameters", "messages[?@.role=='system']")),
    "normalize": KeyRule(normalize=("uuid", "timestamp", "date", r"\d+")),
    "callable": KeyRule(lambda asked: [asked["operation"], asked["messages"][-1]]),
}
CHAT = {"model": "gpt-4o", "messages": VALUES["messages"], "tools": VALUES["tools"], "temperature": 0.1, "seed": 1}
WIRE = {
    "openai": ("https://api.openai.com/v1/chat/completions", CHAT),
    "azure": ("https://a.openai.azure.com/openai/deployments/gpt-4o/chat/completions?api-version=1", CHAT),
    "anthropic": ("https://api.anthropic.com/v1/messages", {**CHAT, "max_tokens": 9}),
    "gemini": (
        "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent",
        {"contents": [{"role": "user", "parts": [{"text": "hello"}]}], "generationConfig": {"temperature": 0.5}},
    ),
}


def shuffled(value: Any, chance: random.Random) -> Any:
    """The same value, its dictionaries and sets filled in another order."""
    if isinstance(value, dict):
        names = list(value)
        chance.shuffle(names)
        return {name: shuffled(value[name], chance) for name in names}
    if isinstance(value, set):
        items = sorted(value)
        chance.shuffle(items)
        return set(items)
    if isinstance(value, list):
        return [shuffled(item, chance) for item in value]
    return value


def keys(seed: int) -> dict[str, str]:
    """The digest of each request, by a name for it."""
    chance = random.Random(seed)
    found: dict[str, str] = {}
    for name, rule in RULES.items():
        body = plain(shuffled(VALUES, chance), "request")
        assert isinstance(body, dict)
        request = Request("litellm", "chat", "openai/gpt-4o", body, ("messages",))
        found[name] = key_of(request, rule).digest
    for name, (url, body) in WIRE.items():
        text = json.dumps(shuffled(body, chance), indent=chance.choice([None, 2]), ensure_ascii=chance.random() < 0.5)
        asked = recognise(Wire("POST", url, "application/json", text.encode()))
        assert asked is not None, name
        found[f"wire, {name}"] = key_of(asked, KeyRule()).digest
    return found


if __name__ == "__main__":
    print(json.dumps(keys(int(sys.argv[1]))))
