"""What is asked of a model by a call to litellm: its arguments without credentials, endpoints and client options."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from pytest_lmcache.adapters.litellm.swap import parameters
from pytest_lmcache.call import JSON, Request
from pytest_lmcache.plain import plain

CONVERSATION = {
    "chat": ("messages",),
    "text": ("prompt",),
    "embedding": ("input",),
    "responses": ("input", "instructions", "previous_response_id"),
    "messages": ("system", "messages"),
    "image": ("prompt",),
    "image-edit": ("image", "mask", "prompt"),
    "transcription": ("file", "prompt"),
    "speech": ("input",),
    "rerank": ("query", "documents"),
    "moderation": ("input",),
}
"""Operation -> the arguments that are the conversation itself."""

_CREDENTIALS = {
    "api_key",
    "azure_ad_token",
    "azure_ad_token_provider",
    "azure_username",
    "azure_password",
    "azure_scope",
    "client_id",
    "client_secret",
    "tenant_id",
    "vertex_credentials",
    "vertex_ai_credentials",
    "credentials",
    "token",
    "hf_token",
    "organization",
    "project",
    "secret_fields",
}
"""Who asks."""

_ENDPOINTS = {
    "api_base",
    "base_url",
    "api_version",
    "api_type",
    "vertex_project",
    "vertex_ai_project",
    "vertex_location",
    "vertex_ai_location",
    "region_name",
    "headers",
    "extra_headers",
    "default_headers",
    "extra_query",
    "default_query",
    "provider_specific_header",
    "ssl_verify",
    "use_litellm_proxy",
}
"""Where the provider is."""

_CLIENT = {
    "client",
    "shared_session",
    "use_client",
    "self",
    "timeout",
    "request_timeout",
    "force_timeout",
    "stream_timeout",
    "client_side_timeout",
    "timeout_by_service_tier",
    "stream_timeout_by_service_tier",
    "num_retries",
    "max_retries",
    "retry_policy",
    "retry_strategy",
    "cooldown_time",
}
"""The client and its patience."""

_CACHE = {
    "caching",
    "cache",
    "ttl",
    "caching_groups",
    "cache_key",
    "preset_cache_key",
}
"""litellm's own cache."""

_LOGGING = {
    "callbacks",
    "success_callback",
    "failure_callback",
    "logger_fn",
    "verbose",
    "no-log",
    "metadata",
    "tags",
    "turn_off_message_logging",
    "proxy_server_request",
    "completion_call_id",
}
"""Callbacks and bookkeeping."""

_ASYNC_FLAGS = {
    "acompletion",
    "atext_completion",
    "aembedding",
    "aresponses",
    "aimg_generation",
    "aimage_generation",
    "aimage_edit",
    "atranscription",
    "aspeech",
    "arerank",
    "amoderation",
    "is_async",
    "async_call",
}
"""How litellm tells a blocking function to answer with a coroutine."""

CLIENT_OPTIONS = frozenset(_CREDENTIALS | _ENDPOINTS | _CLIENT | _CACHE | _LOGGING | _ASYNC_FLAGS)
"""Arguments that say how to reach the provider and not what to ask of it."""

_PREFIXES = (
    "aws_",
    "s3_",
    "litellm_",
    "_litellm_",
    "langfuse_",
    "langsmith_",
    "anthropic_federation_",
    "anthropic_keycloak_",
)
_SUFFIXES = ("_api_key", "_secret", "_secret_key", "_access_key", "_password", "_credentials", "_identity_token")
_ASKED_AFTER_ALL = frozenset({"litellm_system_prompt"})
_NESTED = frozenset(
    {
        "fallbacks",
        "context_window_fallbacks",
        "content_policy_fallbacks",
        "default_fallbacks",
        "context_window_fallback_dict",
        "model_list",
    }
)
_MOCKS = ("mock_response", "mock_tool_calls", "mock_timeout")

_PUBLIC = {
    "chat": "completion",
    "text": "text_completion",
    "embedding": "embedding",
    "responses": "responses",
    "messages": "anthropic_messages",
    "image": "image_generation",
    "image-edit": "image_edit",
    "transcription": "transcription",
    "speech": "speech",
    "rerank": "rerank",
    "moderation": "moderation",
}
_names: dict[str, tuple[str, ...]] = {}


def describe(operation: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Request | None:
    """The request, or None for a mocked answer. An argument given as None is one not given, as in litellm itself."""
    if args:
        kwargs = {**dict(zip(_positional(operation), args, strict=False)), **kwargs}
    for mock in _MOCKS:
        if kwargs.get(mock):
            return None
    body: dict[str, JSON] = {}
    for name, value in kwargs.items():
        if value is None or name == "stream" or is_client_option(name):
            continue
        body[name] = plain(_without_credentials(value) if name in _NESTED else value, name)
    model = body.get("model")
    return Request(
        adapter="litellm",
        operation=operation,
        model=model if isinstance(model, str) else "",
        body=body,
        conversation=CONVERSATION[operation],
        stream=bool(kwargs.get("stream")),
    )


@lru_cache(maxsize=4096)
def is_client_option(name: str) -> bool:
    """Whether an argument of this name is about the client, so that it is in no key and in no recording."""
    if name in CLIENT_OPTIONS:
        return True
    return (name.startswith(_PREFIXES) or name.endswith(_SUFFIXES)) and name not in _ASKED_AFTER_ALL


def _without_credentials(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: _without_credentials(item)
            for name, item in value.items()
            if not (isinstance(name, str) and is_client_option(name))
        }
    if isinstance(value, list | tuple):
        return [_without_credentials(item) for item in value]
    return value


def _positional(operation: str) -> tuple[str, ...]:
    if operation not in _names:
        import litellm

        _names[operation] = parameters(getattr(litellm, _PUBLIC[operation]))
    return _names[operation]
