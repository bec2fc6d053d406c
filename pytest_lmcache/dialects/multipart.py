"""Form bodies (`multipart/form-data`) as plain JSON: what their parts hold, whatever boundary kept them apart."""

from __future__ import annotations

import hashlib
import re
from posixpath import splitext

from pytest_lmcache.call import JSON

_BOUNDARY = re.compile(r';\s*boundary=(?:"([^"]{1,200})"|([^\s";,]{1,200}))', re.IGNORECASE)
_HEADER = re.compile(r"^([\w-]+):[ \t]*(.*?)[ \t]*$", re.MULTILINE | re.ASCII)
_NAME = re.compile(r';\s*name="((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_FILENAME = re.compile(r';\s*filename(\*?)=(?:"((?:[^"\\]|\\.)*)"|([^\s;]+))', re.IGNORECASE)


def fields(content_type: str, body: bytes) -> dict[str, JSON] | None:
    """The parts of a form by name, None when it is none. A name that stands more than once has a list of its values,
    in their order; a file is `{"$bytes": {"sha256", "size", "suffix"}}`, where the suffix is that of its file name.
    """
    if not content_type[:19].lower().startswith("multipart/form-data"):
        return None
    found = _BOUNDARY.search(content_type)
    if found is None:
        return None
    mark = b"--" + (found[1] or found[2]).encode("utf-8", "replace")
    opening, *parts = (b"\r\n" + body).split(b"\r\n" + mark)
    if opening or not parts or parts.pop().rstrip() != b"--":
        return None
    values: dict[str, list[JSON]] = {}
    for part in parts:
        read = _part(part)
        if read is None:
            return None
        name, value = read
        if name.startswith("$"):
            return None
        values.setdefault(name, []).append(value)
    return {name: found[0] if len(found) == 1 else list(found) for name, found in values.items()}


def _part(part: bytes) -> tuple[str, JSON] | None:
    head, blank, content = part.partition(b"\r\n\r\n")
    if not blank or not head.startswith(b"\r\n"):
        return None
    try:
        headers = {name.lower(): value for name, value in _HEADER.findall(head.decode().replace("\r\n", "\n"))}
    except UnicodeDecodeError:
        return None
    disposition = headers.get("content-disposition", "")
    name = _NAME.search(disposition)
    if name is None:
        return None
    kind = headers.get("content-type", "")
    filename = _FILENAME.search(disposition)
    if filename is None and kind.partition(";")[0] in ("", "text/plain"):
        try:
            return name[1], content.decode()
        except UnicodeDecodeError:
            pass
    # The type of a file is a guess from its name, and another one on another machine.
    suffix = splitext(filename[2] or filename[3])[1].lower() if filename else ""
    about: dict[str, JSON] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
    if suffix or kind:
        about["suffix" if suffix else "type"] = suffix or kind
    return name[1], {"$bytes": about}
