"""Known forms of credentials in plain JSON: where one stands, and of which kind. Never what it is.

A credential is a token, a run of at least 16 characters without a space, that either has a form of its own (`AIza...`)
or stands behind words that say what it is (`api_key = ...`, `Authorization: Bearer ...`). Tokens are found by a
translation of bytes and a search for a fixed run, both of which are made in C; only what looks like chance is
then looked at in Python.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from pytest_lmcache.call import JSON

SHORTEST = 16
# Longer runs are pictures and sound. A JSON Web Token with many claims stays below it.
LONGEST = 8192

# Where a value stands: the whole, or a place and the step from there; None is a name that must not be told.
_Place: TypeAlias = "tuple[_Place, int | str | None] | None"


@dataclass(frozen=True, slots=True)
class Finding:
    """What looks like a credential. `path` says where (`$.messages[0].content`), `kind` what it looks like."""

    path: str
    kind: str


@dataclass(frozen=True, slots=True)
class _Form:
    """Credentials that are known by their own looks. `first` is what each of them begins with; one that is `exact`
    has so many characters and no others.
    """

    kind: str
    first: str
    pattern: re.Pattern[str]
    exact: bool


def findings(value: JSON) -> Iterator[Finding]:
    """Whatever looks like a credential in the texts and field names of `value`, in the order of the document."""
    found = _texts(value)
    for at in suspects([text for text, _, _ in found]):
        text, place, name = found[at]
        for kind in dict.fromkeys(_kinds(text, name)):
            yield Finding(_shown(place), kind)


def suspects(texts: Sequence[str]) -> Iterator[int]:
    """Which of some texts may have a credential in them, by number: many are ruled out at once."""
    whole = "\n".join(texts)
    if _PEM_END in whole:
        yield from range(len(texts))
        return
    runs = whole.encode("ascii", "replace").translate(_TOKEN)
    at, behind = -1, 0
    start = runs.find(_RUN)
    while start >= 0:
        while start >= behind:
            at += 1
            behind += len(texts[at]) + 1
        yield at
        start = runs.find(_RUN, behind)


def _texts(value: JSON) -> list[tuple[str, _Place, str]]:
    """The texts of `value` that are long enough, each with its place and the name of the field that it stands under; a
    field name is one of them where it looks like a credential.
    """
    found: list[tuple[str, _Place, str]] = []
    left: list[tuple[JSON, _Place, str]] = [(value, None, "")]
    while left:
        item, place, name = left.pop()
        if isinstance(item, str):
            found.append((item, place, name))
        elif isinstance(item, list):
            if not _HOLDING.isdisjoint(map(type, item)):
                left += [(item[at], (place, at), name) for at in range(len(item) - 1, -1, -1) if _may_hold(item[at])]
        elif isinstance(item, dict):
            members: list[tuple[JSON, _Place, str]] = []
            for own, member in item.items():
                telling = len(own) >= SHORTEST and _tells(own)
                if telling:
                    members.append((own, (place, None), ""))
                if _may_hold(member):
                    members.append((member, (place, None if telling else own), own))
            members.reverse()
            left += members
    return found


def _may_hold(value: JSON) -> bool:
    kind = type(value)
    return len(value) >= SHORTEST if kind is str else kind is dict or kind is list  # type: ignore[arg-type]


@lru_cache(maxsize=2048)
def _tells(name: str) -> bool:
    """Whether the name of a field looks like a credential. The names of fields are few, and come again and again."""
    return any(_kinds(name, ""))


_HOLDING = frozenset({str, dict, list})
_PEM_END = "PRIVATE KEY-----"
_TOKEN = bytes(
    ord("x") if chr(code).isascii() and (chr(code).isalnum() or chr(code) in "_-+/%") else ord(" ")
    for code in range(256)
)
_RUN = b"x" * SHORTEST


def masked(text: str) -> str:
    """`text` with the kind of each credential that is found in it in its place: `[Groq key]`."""
    parts, at = [], 0
    for start, end, kind in sorted(matches(text, "")):
        if start >= at:
            parts += [text[at:start], f"[{kind}]"]
        at = max(at, end)
    return "".join(parts) + text[at:] if parts else text


def is_kind(text: str) -> bool:
    """Whether `Finding.kind` may be this."""
    return text in KINDS or text.startswith(_VALUE_OF)


def _kinds(text: str, name: str) -> Iterator[str]:
    """The kinds of credentials in a text that stands under a name."""
    return (kind for _, _, kind in matches(text, name))


def matches(text: str, name: str) -> Iterator[tuple[int, int, str]]:
    """Where credentials stand in a text, each with its kind."""
    if _PEM_END in text:
        for match in _PEM.finditer(text):
            yield match.start(), match.end(), "private key"
    runs = text.encode("ascii", "replace").translate(_TOKEN)
    start = runs.find(_RUN)
    while start >= 0:
        end = runs.find(b" ", start)
        end = len(text) if end < 0 else end
        if end - start <= LONGEST and _CHANCE.search(text, start, end):
            yield from _match(text, start, end, name)
        start = runs.find(_RUN, end)


def _match(text: str, start: int, end: int, name: str) -> Iterator[tuple[int, int, str]]:
    """The credential that a token is, or has in it."""
    token = text[start:end]
    for form in _FORMS:
        if form.first in token:
            # Only the one with dots in it goes on behind the token that it begins with.
            reach = min(end + LONGEST, len(text)) if form.first == "eyJ" else end
            for match in form.pattern.finditer(text, start, reach):
                if not _PLACEHOLDER.search(match[0]) and (form.exact or _by_chance(match[0])):
                    yield match.start(), match.end(), form.kind
                    return
    before = text[max(0, start - _CONTEXT) : start]
    dotted = _DOTTED.search(before)
    if dotted is not None and _by_chance(token):
        yield start, end, _DOTTED_KINDS[dotted[1]]
        return
    if start < _CONTEXT and name:
        before = f'"{name}": "{before}'
    word = _named(before)
    if word is None or (word == "token" and len(token) < _LONG) or not _DIGIT.search(token):
        return
    if not _PLACEHOLDER.search(token) and _by_chance(token):
        yield start, end, _VALUE_OF + word


def _named(before: str) -> str | None:
    """What the words before a token call it, or None when they are no name of a credential."""
    for pattern in (_NAME, _VARIABLE, _QUERY, _SCHEME):
        match = pattern.search(before)
        if match is not None:
            return match["name"].lower()
    return None


def _by_chance(token: str) -> bool:
    """Whether a token has a part that nobody would type: letters and digits, or capitals and small letters, mixed."""
    return len(set(token)) >= 8 and any(len(_CHANGE.findall(part)) >= 3 for part in _PART.findall(token))


def _shown(place: _Place) -> str:
    steps = []
    while place is not None:
        place, step = place
        if step is None:
            steps.append(".*")
        elif isinstance(step, int):
            steps.append(f"[{step}]")
        else:
            steps.append(f".{step}" if step.isidentifier() else f"[{step!r}]")
    return "$" + "".join(reversed(steps))


_CONTEXT = 80
# Half a word of an answer is called its token, too.
_LONG = 32
_PEM = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?:\\+[nr]|\s)*[A-Za-z0-9+/=]{32}[A-Za-z0-9+/=\\\s]*")
# What is typed by people has a digit or a capital in few places; a form without either is none.
_CHANCE = re.compile(r"[0-9A-Z]")
_DIGIT = re.compile(r"[0-9]")
_PART = re.compile(r"[A-Za-z0-9]{10,}")
_CHANGE = re.compile(r"(?<=[a-zA-Z])[0-9]|(?<=[0-9])[a-zA-Z]|(?<=[a-z])[A-Z]|(?<=[A-Z])[A-Z](?=[a-z])")
_PLACEHOLDER = re.compile(
    r"your[-_]|example|placeholder|change-?me|redacted|dummy|sample|not-a-real|fake|(.)\1{4}|123456789|abcdefgh",
    re.IGNORECASE,
)
_DOTTED = re.compile(r"(?<![A-Za-z0-9_.-])(AQ|ya29|SG)\.$")
_DOTTED_KINDS = {"AQ": "Google key", "ya29": "Google token", "SG": "SendGrid key"}
_VALUE_OF = "value of "


def _form(kind: str, first: str, rest: str) -> _Form:
    exact = not rest.endswith(",}")
    end = "(?![A-Za-z0-9_-])" if exact else ""
    return _Form(kind, first, re.compile(rf"(?<![A-Za-z0-9_-]){re.escape(first)}{rest}{end}"), exact)


_FORMS = (
    _form("Anthropic key", "sk-ant-", r"[A-Za-z0-9_-]{20,}"),
    _form("OpenRouter key", "sk-or-", r"[A-Za-z0-9_-]{20,}"),
    _form("OpenAI or DeepSeek key", "sk-", r"[A-Za-z0-9_-]{20,}"),
    _form("Google key", "AIza", r"[A-Za-z0-9_-]{35}"),
    _form("Google secret", "GOCSPX-", r"[A-Za-z0-9_-]{20,}"),
    _form("Groq key", "gsk_", r"[A-Za-z0-9]{20,}"),
    _form("xAI key", "xai-", r"[A-Za-z0-9]{20,}"),
    _form("Replicate token", "r8_", r"[A-Za-z0-9]{20,}"),
    _form("Fireworks key", "fw_", r"[A-Za-z0-9]{20,}"),
    _form("Hugging Face token", "hf_", r"[A-Za-z0-9]{20,}"),
    _form("Perplexity key", "pplx-", r"[A-Za-z0-9]{20,}"),
    _form("NVIDIA key", "nvapi-", r"[A-Za-z0-9_-]{20,}"),
    _form("Voyage key", "pa-", r"[A-Za-z0-9_-]{40,}"),
    _form("Cerebras key", "csk-", r"[a-z0-9]{20,}"),
    _form("Tavily key", "tvly-", r"[A-Za-z0-9-]{20,}"),
    _form("LangSmith key", "lsv2_", r"[A-Za-z0-9_]{20,}"),
    _form("Databricks token", "dapi", r"[0-9a-f]{32}"),
    _form("AWS access key", "AKIA", r"[A-Z2-7]{16}"),
    _form("AWS access key", "ASIA", r"[A-Z2-7]{16}"),
    _form("Bedrock key", "ABSK", r"[A-Za-z0-9+/]{60,}"),
    *(_form("GitHub token", f"gh{letter}_", r"[A-Za-z0-9]{36,}") for letter in "pousr"),
    _form("GitHub token", "github_pat_", r"[A-Za-z0-9_]{22,}"),
    _form("GitLab token", "glpat-", r"[A-Za-z0-9_-]{20,}"),
    *(_form("Slack token", f"xox{letter}-", r"[A-Za-z0-9-]{20,}") for letter in "abeprs"),
    _form("Slack token", "xapp-", r"[A-Za-z0-9-]{20,}"),
    *(
        _form("Stripe key", f"{who}_{where}_", r"[A-Za-z0-9]{16,}")
        for who in ("sk", "rk")
        for where in ("live", "test")
    ),
    _form("npm token", "npm_", r"[A-Za-z0-9]{36}"),
    _form("PyPI token", "pypi-", r"[A-Za-z0-9_-]{50,}"),
    _form("JSON Web Token", "eyJ", r"[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{16,}"),
)
KINDS = frozenset({"private key", *_DOTTED_KINDS.values(), *(form.kind for form in _FORMS)})

_BETWEEN = r"""["'`\\\])]*\s*(?:[:=]>?|\bis\b)\s*[\[\s"'`\\-]*(?:(?:Bearer|Basic|Token)\s+)?["'`\\]*$"""
_NAME = re.compile(
    r"""(?P<name>api[-_ ]?keys?|access[-_ ]?key(?:[-_ ]?id)?|secret[-_ ]?(?:access[-_ ]?)?key|subscription[-_ ]?key
    |account[-_ ]?key|private[-_ ]?key|signing[-_ ]?key|(?:\b|_)secret|[a-z]Secret|pass(?:word|wd|phrase)|authorization
    |(?:access|auth|refresh|id|bearer|session|security|api|oauth)[-_ ]?token|(?<![A-Za-z_-])token)"""
    + _BETWEEN,
    re.IGNORECASE | re.VERBOSE,
)
_VARIABLE = re.compile(r"[A-Z0-9]_(?P<name>KEY|TOKEN|SECRET|PASSWORD)" + _BETWEEN)
_QUERY = re.compile(
    r"[?&;](?P<name>key|api[-_]?key|code|token|access_token|sig|signature|subscription-key|x-(?:amz|goog)-signature)=$",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"\b(?P<name>bearer|basic)\s+$", re.IGNORECASE)
