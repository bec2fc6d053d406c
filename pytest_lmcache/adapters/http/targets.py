"""Where a request goes, without the host and without credentials."""

from __future__ import annotations

import re

_CREDENTIALS = re.compile(
    r"(?<=[?&])(?:key|api[-_]?key|access_token|token|sig|signature|x-amz-[\w-]+)=[^&]*&?", re.IGNORECASE
)


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
