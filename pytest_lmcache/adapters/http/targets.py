"""Where a request goes, without the host and without credentials; and the credential, to know it elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

_CREDENTIALS = re.compile(
    r"(?<=[?&])(?:key|api[-_]?key|access_token|token|sig|signature|x-amz-[\w-]+)=[^&]*&?", re.IGNORECASE
)


_BEARERS = frozenset({"authorization", "x-api-key", "api-key", "x-goog-api-key"})


def credential_of(headers: Iterable[tuple[Any, Any]]) -> dict[str, str]:
    """The key a request is made with, as an argument `api_key`, so that it is taken out where a prompt repeats it."""
    for name, value in headers:
        if _text(name).lower() in _BEARERS:
            return {"api_key": _text(value).removeprefix("Bearer ")}
    return {}


def target_of(url: str) -> str:
    """Path and query of a URL, as they are in keys: without scheme, host, fragment and credentials."""
    _, scheme, rest = url.partition("://")
    if scheme:
        _, slash, path = rest.partition("/")
        url = slash + path
    path, mark, query = url.partition("#")[0].partition("?")
    if not mark:
        return path
    query = _CREDENTIALS.sub("", mark + query).rstrip("?&")
    return path + query


def _text(value: Any) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
