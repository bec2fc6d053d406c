"""How each kind of provider words an error: the status, the headers and the body of its answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pytest_lmcache.call import JSON, Request
from pytest_lmcache.dialects.registry import ADAPTER, framing

_JSON = {"content-type": "application/json"}
_TEXT = "injected by lmcache"
_STOPPED = f"the content filter stopped the request ({_TEXT})"


@dataclass(frozen=True, slots=True)
class Failure:
    """An answer that is none. `framing` is that of the stream it comes in, None for a body of its own."""

    status: int
    body: JSON
    headers: Mapping[str, str] = field(default_factory=lambda: _JSON)
    framing: str | None = None


def failed(request: Request, status: int) -> Failure:
    """An error with this status, in the dialect of a request."""
    return _wording(request)(status, f"status {status} ({_TEXT})", "")


def filtered(request: Request) -> Failure:
    """What a provider says when its content filter stops a request. For Gemini that is no error."""
    if _dialect(request) != "gemini":
        return _wording(request)(400, _STOPPED, "content_filter")
    body: JSON = {"promptFeedback": {"blockReason": "SAFETY"}, "modelVersion": request.model}
    if not request.stream:
        return Failure(200, body)
    kind = "text/event-stream"
    return Failure(200, body, {"content-type": kind}, framing(kind, request))


def _openai(status: int, message: str, code: str) -> Failure:
    kind, known = _OPENAI.get(status, ("server_error", "") if status >= 500 else ("invalid_request_error", ""))
    error: dict[str, JSON] = {"message": message, "type": kind, "param": None, "code": code or known or None}
    return Failure(status, {"error": error})


def _anthropic(status: int, message: str, code: str) -> Failure:
    kind = _ANTHROPIC.get(status, "api_error" if status >= 500 else "invalid_request_error")
    error: dict[str, JSON] = {"type": kind, "message": message}
    return Failure(status, {"type": "error", "error": error, "request_id": "req_injected"})


def _google(status: int, message: str, code: str) -> Failure:
    kind = _GOOGLE.get(status, "INTERNAL" if status >= 500 else "INVALID_ARGUMENT")
    return Failure(status, {"error": {"code": status, "message": message, "status": kind}})


def _aws(status: int, message: str, code: str) -> Failure:
    kind = _AWS.get(status, "InternalServerException" if status >= 500 else "ValidationException")
    return Failure(status, {"message": message}, {**_JSON, "x-amzn-errortype": kind})


def _mistral(status: int, message: str, code: str) -> Failure:
    kind = _OPENAI.get(status, ("server_error" if status >= 500 else "invalid_request_error", ""))[0]
    return Failure(
        status, {"object": "error", "message": message, "type": kind, "param": None, "code": code or str(status)}
    )


def _ollama(status: int, message: str, code: str) -> Failure:
    return Failure(status, {"error": message})


def _message(status: int, message: str, code: str) -> Failure:
    return Failure(status, {"message": message})


def _wording(request: Request) -> Callable[[int, str, str], Failure]:
    name = _dialect(request)
    return next((worded for start, worded in _WORDINGS if name.startswith(start)), _openai)


def _dialect(request: Request) -> str:
    return request.adapter.removeprefix(ADAPTER)


# The first that the name of a dialect begins with; what is not here speaks as OpenAI does.
_WORDINGS: tuple[tuple[str, Callable[[int, str, str], Failure]], ...] = (
    ("anthropic", _anthropic),
    ("gemini", _google),
    ("vertex", _google),
    ("bedrock", _aws),
    ("mistral", _mistral),
    ("ollama", _ollama),
    ("cohere", _message),
    ("rerank", _message),
)
_OPENAI = {
    401: ("invalid_request_error", "invalid_api_key"),
    404: ("invalid_request_error", "model_not_found"),
    429: ("requests", "rate_limit_exceeded"),
}
_ANTHROPIC = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_GOOGLE = {
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
_AWS = {
    403: "AccessDeniedException",
    404: "ResourceNotFoundException",
    408: "ModelTimeoutException",
    424: "ModelErrorException",
    429: "ThrottlingException",
    503: "ServiceUnavailableException",
}
