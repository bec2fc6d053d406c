"""What the dialects share when they recognise a request: its path, its body, and the Request made of them."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any
from urllib.parse import parse_qsl, unquote

from pytest_lmcache.call import JSON, Request
from pytest_lmcache.dialects.jsontext import strict

CREDENTIALS = frozenset(
    {"api_key", "azure_ad_token", "aws_access_key_id", "aws_secret_access_key", "aws_session_token"}
)
"""Fields of a body that say who asks."""

OPENAI_LABELS = frozenset(
    {
        "user",
        "metadata",
        "store",
        "prompt_cache_key",
        "prompt_cache_retention",
        "safety_identifier",
        "idempotency_key",
        "request_id",
        "trace_id",
    }
)
"""Fields of OpenAI and its likes that say who asked, where to file it and for how long, and change no answer."""

_IN_PATH = re.compile(r"/(?:deployments|models|(?:serving-)?endpoints)/(?!openapi\Z)(.+?)(?:/v\d\w*)?\Z")


def path_of(url: str) -> str:
    """The path of a URL, without a slash at its end."""
    rest = url.partition("?")[0].partition("#")[0].rstrip("/")
    _, slash, path = rest.partition("://")[2].partition("/") if "://" in rest else ("", "", rest)
    return slash + path


def before(url: str, suffix: str) -> str | None:
    """What stands before a suffix in the path of a URL, None when the path does not end with it."""
    path = path_of(url)
    return path[: -len(suffix)] if path.endswith(suffix) else None


def served(url: str) -> str | None:
    """The path of an endpoint that Databricks serves a model at; what is asked of it, only the body tells."""
    head = before(url, "/invocations")
    return head if head is not None and "/serving-endpoints/" in head else None


def tail_of(url: str) -> str:
    """The last word of a path: what follows the last slash, and there the last colon."""
    return url.partition("?")[0].partition("#")[0].rstrip("/").rpartition("/")[2].rpartition(":")[2]


def parent_of(url: str) -> str:
    """The word of a path before its last slash, empty where there is none."""
    return url.partition("?")[0].partition("#")[0].rstrip("/").rpartition("/")[0].rpartition("/")[2]


def query_of(url: str) -> dict[str, str]:
    """The parameters of a URL by name, the last one where a name stands twice."""
    try:
        return dict(parse_qsl(url.partition("?")[2].partition("#")[0], keep_blank_values=True))
    except ValueError:
        return {}


def json_object(body: bytes) -> dict[str, Any] | None:
    """The JSON object a body is, or None. A name that begins with a dollar sign is one of ours, and none of theirs."""
    if body[:64].lstrip()[:1] != b"{":
        return None
    try:
        value = strict(body.decode())
    except ValueError:
        return None
    if not isinstance(value, dict) or (b"$" in body and any(name.startswith("$") for name in value)):
        return None
    return value


def request_of(
    dialect: str,
    operation: str,
    body: dict[str, JSON],
    conversation: tuple[str, ...],
    *,
    head: str = "",
    model: str | None = None,
    stream: bool | None = None,
    labels: Collection[str] = (),
) -> Request | None:
    """The request made of a body, without credentials and `labels`.

    The model is the one of the body, else `model`, else what `head` says, the path before the dialect's own part of
    it. `stream` None takes it from the body, where absent, null and false are one; for any other value there is
    None, and for a body without a conversation.
    """
    asked = {name: value for name, value in body.items() if name not in labels and name not in CREDENTIALS}
    if stream is None:
        flag = asked.pop("stream", None)
        if flag is not None and not isinstance(flag, bool):
            return None
        stream = bool(flag)
    if not any(name in asked for name in conversation):
        return None
    in_path = _model_in(head) if model is None else model
    named = asked.get("model")
    if named is not None and not isinstance(named, str):
        return None
    if in_path and in_path != named:
        asked["$path" if named else "model"] = in_path
    return Request(
        adapter=f"http/{dialect}",
        operation=operation,
        model=named or in_path,
        body=asked,
        conversation=conversation,
        stream=stream,
    )


def said(value: object) -> bool:
    """Whether a value is a conversation: messages with a role each, at least one."""
    if not isinstance(value, list) or not value:
        return False
    return all(isinstance(message, dict) and isinstance(message.get("role"), str) for message in value)


def without_tokens(body: dict[str, Any]) -> dict[str, Any]:
    """A body without the credentials it hands on to others: MCP servers and the data sources of Azure."""
    for name, secret in _HANDED_ON.items():
        entries = body.get(name)
        if isinstance(entries, list) and any(isinstance(entry, dict) and secret & entry.keys() for entry in entries):
            body = {**body, name: [_bare(entry, secret) for entry in entries]}
    return body


_HANDED_ON = {
    "tools": frozenset({"authorization", "headers"}),
    "mcp_servers": frozenset({"authorization_token"}),
    "data_sources": frozenset({"parameters"}),
}


def _bare(entry: Any, secret: frozenset[str]) -> Any:
    if not isinstance(entry, dict):
        return entry
    if "parameters" in secret:
        return {
            name: {k: v for k, v in value.items() if k != "authentication"} if isinstance(value, dict) else value
            for name, value in entry.items()
        }
    if "authorization" in secret and entry.get("type") not in ("mcp", "mcp_server"):
        return entry
    return {name: value for name, value in entry.items() if name not in secret}


def _model_in(head: str) -> str:
    found = _IN_PATH.search(head)
    return "" if found is None else unquote(found[1])
