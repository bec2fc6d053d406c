"""A provider's error as JSON, and the same litellm exception again."""

from __future__ import annotations

from typing import Any

import httpx
from litellm import exceptions

from pytest_lmcache.call import JSON
from pytest_lmcache.seam import Answer

# The fault of the connection, the clock or litellm's own checks, and not an answer of the provider.
_NOT_AN_ANSWER = frozenset(
    {
        "APIConnectionError",
        "BudgetExceededError",
        "LiteLLMUnknownProvider",
        "MockException",
        "Timeout",
        "UnsupportedParamsError",
    }
)
_KEPT = (
    "message",
    "status_code",
    "llm_provider",
    "model",
    "body",
    "code",
    "type",
    "param",
    "num_retries",
    "max_retries",
    "category",
    "rate_limit_type",
    "detail",
    "request_id",
    "provider_specific_fields",
)


def dump_error(error: Exception) -> Answer | None:
    """The error as JSON; None when no provider gave it (no connection, no time, a mistake in the arguments)."""
    name = type(error).__name__
    if _named(name) is not type(error) or not isinstance(getattr(error, "status_code", None), int):
        return None
    response: dict[str, JSON] = {"type": "error", "class": name}
    for attribute in _KEPT:
        value = getattr(error, attribute, None)
        if value is not None and _is_json(value):
            response[attribute] = value
    return Answer(response)


def build_error(response: dict[str, Any]) -> Exception:
    """The exception to raise. Its own constructor is not run: it would put its prefix before the message again."""
    cls = _named(response["class"])
    if cls is None:
        raise ValueError(f"{response['class']!r} is no exception of litellm")
    attributes = {name: response.get(name) for name in _KEPT}
    error = cls.__new__(cls)
    Exception.__init__(error, attributes["message"])
    request = httpx.Request("POST", "")
    answer = httpx.Response(response["status_code"], json=response.get("body"), request=request)
    for name, value in {**attributes, "request": request, "response": answer}.items():
        setattr(error, name, value)
    error.__dict__.setdefault("litellm_debug_info", None)
    error.__dict__.setdefault("headers", None)
    return error


def _named(name: str) -> type[Exception] | None:
    found = getattr(exceptions, name, None)
    ours = isinstance(found, type) and issubclass(found, Exception) and found.__module__ == exceptions.__name__
    return found if ours and name not in _NOT_AN_ANSWER else None


def _is_json(value: Any) -> bool:
    if isinstance(value, dict):
        return all(isinstance(name, str) and _is_json(item) for name, item in value.items())
    if isinstance(value, list):
        return all(_is_json(item) for item in value)
    return value is None or isinstance(value, str | int | float)
