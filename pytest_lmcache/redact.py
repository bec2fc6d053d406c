"""Secrets out of requests and answers by value, before any tier and before any key.

The credentials this process holds are replaced by a fixed marker, so that a developer with a key and a CI run without
one make the same key of the same prompt.
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from pytest_lmcache import chunktexts
from pytest_lmcache.call import JSON

MARKER = "[credential]"
SHORTEST = 12

ARGUMENTS = frozenset(
    {
        "api_key",
        "aws_access_key_id",
        "aws_secret_access_key",
        "aws_session_token",
        "azure_ad_token",
        "client_secret",
        "vertex_credentials",
    }
)

_NAMES = re.compile(r"(?:_|^)(?:API_?KEY|KEY|TOKEN|SECRET|PASSWORD|CREDENTIALS?|ACCESS_KEY_ID)$", re.IGNORECASE)


class Redactor:
    """The credentials of this process, and what a text looks like without them.

    `generation` changes when a credential is learned, so that what was derived before can be forgotten.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.generation = 0
        self._values: set[str] = set()
        self._raw: dict[Any, Any] = {}
        self._plain: frozenset[str] = frozenset()
        self._encoded: frozenset[str] = frozenset()
        self._forms: tuple[str, ...] = ()
        self.learn(environment)

    def __repr__(self) -> str:
        return f"<Redactor of {len(self._values)} credentials>"

    def learn(self, environment: Mapping[str, str]) -> None:
        """Remember the values of variables whose names say that they are credentials.

        Asked at every new request, since a test may set one, and pytest itself sets a variable for every test. What has
        changed is told by the raw values, which are to be had without decoding each.
        """
        raw, known = getattr(environment, "_data", environment), self._raw
        if raw == known:
            return
        changed = [os.fsdecode(name) for name, value in raw.items() if known.get(name) != value]
        self._raw = dict(raw)
        self._remember(environment[name] for name in changed if _is_credential(name))

    def learn_arguments(self, arguments: Mapping[str, Any]) -> None:
        """Remember the credentials among the arguments of a call."""
        self._remember(arguments[name] for name in ARGUMENTS & arguments.keys())

    def _remember(self, values: Iterable[Any]) -> None:
        # A short password is found in too many innocent texts.
        new = {value for value in values if isinstance(value, str) and len(value) >= SHORTEST} - self._values
        if new:
            self._values |= new
            self._plain = frozenset(form for value in self._values for form in _written(value))
            self._encoded = frozenset(form for value in self._values for form in _in_base64(value))
            self._forms = tuple(self._plain | self._encoded)
            self.generation += 1

    @property
    def knows_any(self) -> bool:
        """Whether there is a credential to look for."""
        return bool(self._forms)

    def found_in(self, text: str) -> bool:
        """Whether one of the credentials stands in a text, in any of its forms."""
        return any(form in text for form in self._forms)

    def clean(self, value: JSON) -> JSON:
        """`value` with every credential in its texts replaced by the marker."""
        if isinstance(value, str):
            return _cut(value, self._spans(value)) if self.found_in(value) else value
        if isinstance(value, list):
            return [self.clean(item) for item in value]
        if isinstance(value, dict):
            return {str(self.clean(name)): self.clean(item) for name, item in value.items()}
        return value

    def clean_answer(self, answer: dict[str, JSON], text: str) -> dict[str, JSON]:
        """An answer without the credentials, also where one of them is spread over the chunks of a stream.

        `text` is the answer as JSON text. One that holds none is the answer itself.
        """
        if not self.knows_any:
            return answer
        if chunktexts.is_stream(answer) and any(map(self.found_in, chunktexts.texts(answer).values())):
            answer = chunktexts.replaced(answer, self._spans, MARKER)
        elif not self.found_in(text):
            return answer
        return {name: self.clean(item) for name, item in answer.items()}

    def _spans(self, text: str) -> chunktexts.Spans:
        """Where credentials stand in a text, as (start, end), in order and apart from each other."""
        found = [span for form in self._plain for span in _places(form, text)]
        found += [_token(text, *span) for form in self._encoded for span in _places(form, text)]
        spans: chunktexts.Spans = []
        for start, end in sorted(found):
            if spans and start < spans[-1][1]:
                spans[-1] = spans[-1][0], max(end, spans[-1][1])
            else:
                spans.append((start, end))
        return spans


@lru_cache(maxsize=4096)
def _is_credential(name: str) -> bool:
    return _NAMES.search(name) is not None


def _places(form: str, text: str) -> Iterator[tuple[int, int]]:
    start = text.find(form)
    while start >= 0:
        yield start, start + len(form)
        start = text.find(form, start + 1)


def _token(text: str, start: int, end: int) -> tuple[int, int]:
    """All of the base64 that has a credential in it: what stands around it there depends on how long it is."""
    while start and text[start - 1] in _BASE64:
        start -= 1
    rest = _REST.match(text, end)
    return start, rest.end() if rest else end


def _cut(text: str, spans: chunktexts.Spans) -> str:
    parts, at = [], 0
    for start, end in spans:
        parts += [text[at:start], MARKER]
        at = end
    return "".join(parts) + text[at:]


def _written(value: str) -> set[str]:
    """How a credential may stand in a text: as it is, JSON-escaped, URL-encoded."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    quoted = quote(value, safe="", errors="replace")
    return {
        value,
        escaped,
        escaped.replace("/", "\\/"),
        json.dumps(value)[1:-1],
        quoted,
        quote(value, errors="replace"),
        re.sub(r"%..", lambda code: code[0].lower(), quoted),
    }


def _in_base64(value: str) -> Iterator[str]:
    """The characters of base64 that a credential alone decides, wherever in the encoded text it stands."""
    data = value.encode("utf-8", "surrogatepass")
    for shift in range(3):
        first, last = -(-8 * shift // 6), 8 * (shift + len(data)) // 6
        encoded = base64.b64encode(bytes(shift) + data).decode("ascii")[first:last]
        yield encoded
        yield encoded.replace("+", "-").replace("/", "_")


_BASE64 = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_")
_REST = re.compile(r"[A-Za-z0-9+/_-]*={0,2}")
