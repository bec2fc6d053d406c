"""A provider's error as JSON, and the same litellm exception again."""

from __future__ import annotations

from typing import Any

import httpx
from litellm import exceptions
from openai import APIResponseValidationError, APIStatusError

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
    known = _named(name) is type(error) and isinstance(getattr(error, "status_code", None), int)
    if not known or not _was_answered(error):
        return None
    kept = {attribute: getattr(error, attribute, None) for attribute in _KEPT}
    # An attribute of the error may itself be called `type`, so that they have a place of their own.
    attributes: dict[str, JSON] = {name: value for name, value in kept.items() if value is not None and _is_json(value)}
    return Answer({"type": "error", "class": name, "attributes": attributes}, error=True)


def build_error(response: dict[str, Any]) -> Exception:
    """The exception to raise. Its own constructor is not run: it would put its prefix before the message again."""
    cls = _named(response["class"])
    if cls is None:
        raise ValueError(f"{response['class']!r} is no exception of litellm")
    attributes = {name: response["attributes"].get(name) for name in _KEPT}
    error = cls.__new__(cls)
    Exception.__init__(error, attributes["message"])
    attributes["request"] = request = httpx.Request("POST", "")
    if isinstance(error, APIStatusError | APIResponseValidationError):
        attributes["response"] = httpx.Response(attributes["status_code"], json=attributes["body"], request=request)
    for name, value in attributes.items():
        setattr(error, name, value)
    error.__dict__.setdefault("litellm_debug_info", None)
    error.__dict__.setdefault("headers", None)
    return error


def _named(name: str) -> type[Exception] | None:
    found = getattr(exceptions, name, None)
    ours = isinstance(found, type) and issubclass(found, Exception) and found.__module__ == exceptions.__name__
    return found if ours and name not in _NOT_AN_ANSWER else None


def _was_answered(error: BaseException) -> bool:
    """Whether the provider's answer is behind the error: litellm kept its headers, or what it caught has a response.

    A refused connection and a missing key become errors with a status too, of litellm's own making.
    """
    if getattr(error, "litellm_response_headers", None):
        return True
    caught = error.__cause__ or error.__context__
    while caught is not None:
        status = getattr(getattr(caught, "response", None), "status_code", None)
        if isinstance(status, int) and not type(caught).__module__.startswith("litellm."):
            return True
        caught = caught.__cause__ or caught.__context__
    return False


def _is_json(value: Any) -> bool:
    if isinstance(value, dict):
        return all(isinstance(name, str) and _is_json(item) for name, item in value.items())
    if isinstance(value, list):
        return all(_is_json(item) for item in value)
    return value is None or isinstance(value, str | int | float)
