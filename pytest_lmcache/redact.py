"""Secrets out of requests and answers, before any tier and before any key.

Only by value so far as keys are concerned: the credentials this process holds are replaced by a fixed marker, so that
a developer with a key and a CI run without one make the same key of the same prompt.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote

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
        self._forms: tuple[str, ...] = ()
        self.learn(environment)

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
            self._forms = tuple(sorted({form for value in self._values for form in _forms(value)}, key=len)[::-1])
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
            for form in self._forms:
                if form in value:
                    value = value.replace(form, MARKER)
            return value
        if isinstance(value, list):
            return [self.clean(item) for item in value]
        if isinstance(value, dict):
            return {str(self.clean(name)): self.clean(item) for name, item in value.items()}
        return value


@lru_cache(maxsize=4096)
def _is_credential(name: str) -> bool:
    return _NAMES.search(name) is not None


def _forms(value: str) -> set[str]:
    """How a credential may stand in a text: as it is, JSON-escaped, URL-encoded, in base64."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    encoded = base64.b64encode(value.encode()).decode("ascii").rstrip("=")
    # The last character of unpadded base64 depends on what follows in the text.
    return {value, escaped, quote(value, safe=""), encoded[: len(encoded) - len(encoded) % 4] or encoded}
