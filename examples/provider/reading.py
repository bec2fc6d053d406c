"""What can be read out of a prompt without understanding it: sentences, keywords, and values by name and pattern."""

from __future__ import annotations

import json
import re
from typing import Any

# Which words speak for which choice. A choice that is not listed speaks for itself.
_KEYWORDS: dict[str, tuple[str, ...]] = {
    "billing": ("invoice", "charged", "refund", "payment", "credit card", "subscription"),
    "technical": ("error", "crash", "bug", "broken", "blank", "fails", "exception"),
    "bug": ("error", "crash", "broken", "blank", "fails", "exception"),
    "account": ("password", "log in", "login", "sign in", "locked", "e-mail address"),
    "shipping": ("parcel", "package", "delivery", "delivered", "courier", "shipped", "arrived"),
    "feature": ("would be great", "could you add", "wish", "suggestion"),
    "urgent": ("production", "outage", "immediately", "urgent", "asap", "everyone"),
    "high": ("twice", "cannot", "can't", "locked", "deadline"),
    "low": ("whenever", "no hurry", "would be great", "suggestion"),
    "positive": ("thank", "love", "great", "happy"),
    "negative": ("angry", "disappointed", "terrible", "unacceptable", "cannot", "twice", "broken"),
}
_COMMON = ("the", "and", "for", "get", "has", "was", "with")
_DEFAULTS = ("other", "general", "normal", "medium", "neutral", "unknown", "none")

_PATTERNS: tuple[tuple[str, str], ...] = (
    (r"e_?mail", r"[\w.+-]+@[\w-]+\.[\w.]+\w"),
    (r"date|day", r"\b\d{4}-\d\d-\d\d\b"),
    (r"url|link", r"https?://[^\s)\"']+"),
    (r"id$|number|order|sku|code", r"\b[A-Z]{1,4}-?\d{2,}\b"),
    (r"city|location|place|destination", r"\b(?:in|to|from|for|at|and|,) (?:the )?([A-Z][a-z]+(?: [A-Z][a-z]+)?)"),
    (r"name|person|customer", r"\b(?:I am|I'm|is|named|and|for|Regards,|Thanks,)\s+([A-Z][a-z]+(?: [A-Z][a-z]+)?)"),
)


def sentences(text: str) -> list[str]:
    """The sentences of a text, without surrounding space."""
    return [found.strip() for found in re.split(r"(?<=[.!?])\s+", text.strip()) if found.strip()]


def stems(text: str) -> set[str]:
    """The longer words of a text, cut to what most forms of a word share."""
    return {word[:5] for word in re.findall(r"[a-z]{3,}", text.lower().replace("_", " ")) if word not in _COMMON}


def choose(options: list[Any], text: str) -> Any:
    """The option a text speaks for most: by name, by keywords, else one that means nothing special."""
    lower = text.lower()

    def score(option: Any) -> int:
        words = (str(option).lower(), *_KEYWORDS.get(str(option).lower(), ()))
        return sum(word in lower for word in words)

    best = max(options, key=score)
    if score(best):
        return best
    return next((option for option in options if str(option).lower() in _DEFAULTS), options[0])


def numbers(text: str) -> list[float]:
    """The numbers of a text that are not part of a code, in order."""
    return [float(found) for found in re.findall(r"(?<![\w-])-?\d+(?:\.\d+)?(?![\w-])", text)]


def strings(name: str, text: str, results: tuple[str, ...] = ()) -> list[str]:
    """The texts that a field of this name may mean: from JSON that tools returned, then by pattern, then in quotes."""
    for result in reversed(results):
        try:
            known = json.loads(result)
        except ValueError:
            continue
        if isinstance(known, dict) and isinstance(known.get(name), str):
            return [known[name]]
    for names, pattern in _PATTERNS:
        if re.search(names, name.lower()):
            return list(dict.fromkeys(re.findall(pattern, text)))
    if re.search("query|question|text|prompt|message", name.lower()):
        return [text.strip()]
    return re.findall(r"[\"“]([^\"”]+)[\"”]", text)
