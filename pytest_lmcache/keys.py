"""Key strategies and the digest: pure functions from a request to the address of its recording."""

from __future__ import annotations

import hashlib
import re
import tempfile
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

import ujson

from pytest_lmcache.call import JSON, Key, Request
from pytest_lmcache.errors import BadKeyStrategy, BadOption, UnkeyableRequest
from pytest_lmcache.patterns import masked
from pytest_lmcache.plain import plain

VERSION = 1
NAMED = ("request", "messages")
SLUG_LENGTH = 40

Strategy: TypeAlias = str | Callable[[dict[str, JSON]], Any]

_UUID = r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b"
_DATE = r"\b\d{4}-\d{2}-\d{2}"
_CLOCK = r"\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:Z|[+-]\d{2}:?\d{2}|\b)"
_TIMESTAMP = rf"{_DATE}[T ]{_CLOCK}|\b1[5-9]\d{{8}}(?:\d{{3}}|\.\d+)?\b"
_TMP_PATH = (
    r"(?:[A-Za-z]:)?[^\s\"'`<>|,;]*[/\\]pytest-of-[^/\\\s]+[/\\]pytest-(?:\d+|current)"
    r"(?:[/\\]popen-gw\d+)?(?:[/\\][^/\\\s\"'`<>|,;]+)?"
)
BUILT_IN = {"uuid": _UUID, "timestamp": _TIMESTAMP, "date": _DATE + r"\b", "tmp_path": _TMP_PATH}

_DIGEST = re.compile(r"[0-9a-f]{32,}")
_FIELD = re.compile(r"[A-Za-z_][\w-]*")
# Where the words of a request stand, best first: they make its slug.
_WORDS = ("messages", "contents", "input", "inputs", "prompt", "query")


@dataclass(frozen=True, slots=True)
class KeyRule:
    """How the requests of one test are keyed: a strategy, the fields left out, the text made equal before hashing."""

    strategy: Strategy = "request"
    ignore: tuple[str, ...] = ()
    normalize: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What the file and the header call it: `request`, `messages` or the name of the callable."""
        if isinstance(self.strategy, str):
            return self.strategy
        return getattr(self.strategy, "__qualname__", type(self.strategy).__qualname__)


def key_of(request: Request, rule: KeyRule) -> Key:
    """The key of a request under a rule. Raises BadKeyStrategy when a callable fails, UnkeyableRequest never."""
    material = material_of(request, rule)
    document: JSON = {
        "version": VERSION,
        "adapter": request.adapter,
        "operation": request.operation,
        "stream": request.stream,
        "strategy": rule.name if isinstance(rule.strategy, str) else "callable",
        "material": material,
    }
    return Key(digest(document), rule.name, request.operation, slug(material), rule.ignore, rule.normalize)


def rule_of(key: Key) -> KeyRule | None:
    """The rule that made a key, None for one that a callable made."""
    return KeyRule(key.strategy, key.ignore, key.normalize) if key.strategy in NAMED else None


def material_of(request: Request, rule: KeyRule) -> JSON:
    """What is hashed for a request: what the strategy picks of its body, without what the rule ignores."""
    body = request.body
    if rule.ignore:
        body = _without(body, rule.ignore)
    if rule.normalize:
        body = {name: _normalized(value, _patterns(rule.normalize)) for name, value in body.items()}
    if rule.strategy == "request":
        return body
    if rule.strategy == "messages":
        return {name: body[name] for name in request.conversation if name in body}
    return _called(rule, request, body)


def digest(material: JSON) -> str:
    """SHA-256 of the material's canonical text (sorted keys, ASCII), 64 hexadecimal digits."""
    return hashlib.sha256(canonical(material).encode("ascii")).hexdigest()


def canonical(material: JSON) -> str:
    """The one text of plain JSON: sorted keys, no spaces, ASCII with escapes."""
    return ujson.dumps(material, sort_keys=True, ensure_ascii=True, escape_forward_slashes=False)


def slug(material: JSON) -> str:
    """Words for the file name: ASCII `[a-z0-9-]`, at most 40 characters, empty when the material has no such words."""
    words = masked(_words(material)[:400])
    if _DIGEST.fullmatch(words):
        return ""
    ascii_words = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "-", ascii_words).strip("-")
    if len(name) <= SLUG_LENGTH:
        return name
    head, dash, _ = name[: SLUG_LENGTH + 1].rpartition("-")
    return head if dash and len(head) > SLUG_LENGTH // 2 else name[:SLUG_LENGTH].strip("-")


def check_ignore(entry: str) -> str:
    """`entry` itself when it is a field name or a JSONPath; raises BadOption otherwise."""
    if not _FIELD.fullmatch(entry):
        _path(entry)
    return entry


def check_normalize(entry: str) -> str:
    """`entry` itself when it is a built-in name or a regular expression; raises BadOption otherwise."""
    if entry not in BUILT_IN:
        try:
            re.compile(entry)
        except re.error as error:
            names = ", ".join(BUILT_IN)
            raise BadOption(
                f"normalize={entry!r} is neither one of {names} nor a regular expression ({error})"
            ) from None
    return entry


def _called(rule: KeyRule, request: Request, body: dict[str, JSON]) -> JSON:
    assert callable(rule.strategy)
    asked = {"operation": request.operation, "stream": request.stream, **ujson.loads(canonical(body))}
    try:
        result = rule.strategy(asked)
    except Exception as error:
        raise BadKeyStrategy(
            f"the key strategy {rule.name} failed on a {request.operation} request: {type(error).__name__}: {error}. "
            f"It was given the fields {', '.join(asked)}."
        ) from error
    try:
        return plain(result, "its result")
    except UnkeyableRequest as error:
        raise BadKeyStrategy(
            f"the key strategy {rule.name} must return JSON, but {error.path} is {error.cause}."
        ) from None


def _without(body: dict[str, JSON], ignore: tuple[str, ...]) -> dict[str, JSON]:
    kept: dict[str, JSON] = {name: value for name, value in body.items() if name not in ignore}
    paths = [entry for entry in ignore if not _FIELD.fullmatch(entry)]
    if not paths:
        return kept
    kept = ujson.loads(canonical(kept))
    for entry in paths:
        places = [_parts(match.full_path) for match in _path(entry).find(kept)]
        for *parents, last in sorted(places, key=_position, reverse=True):
            holder: Any = kept
            for part in parents:
                holder = holder[part]
            del holder[last]
    return kept


def _position(parts: tuple[int | str, ...]) -> tuple[tuple[bool, int, str], ...]:
    return tuple((isinstance(p, str), p if isinstance(p, int) else 0, p if isinstance(p, str) else "") for p in parts)


@lru_cache
def _path(entry: str) -> Any:
    """A compiled JSONPath; the leading `$.` may be left out."""
    from jsonpath_ng.exceptions import JSONPathError
    from jsonpath_ng.ext import parse

    try:
        return parse(entry)
    except JSONPathError as error:
        raise BadOption(f"ignore={entry!r} is neither the name of a field nor a JSONPath ({error})") from None


def _parts(path: Any) -> tuple[int | str, ...]:
    """The fields and indices that lead to a match, from the root."""
    if hasattr(path, "left"):
        return (*_parts(path.left), *_parts(path.right))
    return tuple(getattr(path, "fields", ()) or getattr(path, "indices", ()))


@lru_cache
def _patterns(normalize: tuple[str, ...]) -> tuple[tuple[re.Pattern[str], str], ...]:
    pairs = []
    for entry in normalize:
        pattern = BUILT_IN.get(entry, entry)
        if entry == "tmp_path":
            pattern += "|" + re.escape(tempfile.gettempdir()) + r"[/\\]tmp[a-z0-9_]{8}"
        pairs.append((re.compile(pattern), f"<{entry}>" if entry in BUILT_IN else "<normalized>"))
    return tuple(pairs)


def _normalized(value: JSON, patterns: tuple[tuple[re.Pattern[str], str], ...]) -> JSON:
    if isinstance(value, str):
        for pattern, replacement in patterns:
            value = pattern.sub(replacement, value)
        return value
    if isinstance(value, list):
        return [_normalized(item, patterns) for item in value]
    if isinstance(value, dict):
        return {name: _normalized(item, patterns) for name, item in value.items()}
    return value


def _words(material: JSON) -> str:
    if isinstance(material, dict):
        for name in _WORDS:
            if name in material:
                return _last_said(material[name])
    return next(_texts(material), "")


def _last_said(conversation: JSON) -> str:
    """The text of the last thing the user said, or the first text there is."""
    if isinstance(conversation, list):
        for message in reversed(conversation):
            if isinstance(message, dict) and message.get("role") == "user":
                text = next(_texts({k: v for k, v in message.items() if k in ("content", "parts")}), "")
                if text:
                    return text
    return next(_texts(conversation), "")


def _texts(value: JSON) -> Iterator[str]:
    if isinstance(value, str):
        if not value.startswith("data:"):
            yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for name in sorted(value, key=lambda name: (name not in ("text", "content"), name)):
            if name not in ("type", "role", "cache_control", "detail"):
                yield from _texts(value[name])
