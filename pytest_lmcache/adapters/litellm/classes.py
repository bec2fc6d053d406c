"""The classes of the SDK that a recording may name, and how each is made from its fields.

A name read from a file is looked up in these modules only and has to be a pydantic model there; nothing is imported
because a file says so.
"""

from __future__ import annotations

import importlib
from functools import lru_cache
from typing import Any

import httpx
from litellm.types.llms.openai import HttpxBinaryResponseContent
from litellm.types.utils import HiddenParams, TranscriptionResponse, Usage
from pydantic import BaseModel

from pytest_lmcache.errors import LMCacheError, UnstorableResponse

MODULES = (
    "litellm.types.utils",
    "litellm.types.llms.openai",
    "litellm.types.rerank",
    "litellm.types.responses.main",
    "litellm.types.llms.anthropic",
    "litellm.types.llms.base",
    "openai.types.responses",
    "openai.types.responses.response",
    "openai.types.responses.response_output_text",
    "openai.types.responses.response_reasoning_item",
    "openai.types.chat",
    "openai.types.chat.chat_completion",
    "openai.types.completion_usage",
    "openai.types",
    "openai.types.audio",
    "openai.types.shared",
    "openai.types.moderation",
)


@lru_cache(maxsize=1024)
def named(name: str) -> type[BaseModel]:
    """The class of this name. Raises LMCacheError when the installed release has none."""
    for module_name in MODULES:
        try:
            found = getattr(importlib.import_module(module_name), name, None)
        except ImportError:
            continue
        if isinstance(found, type) and issubclass(found, BaseModel):
            return found
    raise LMCacheError(f"the recording needs litellm's class {name!r}, which the installed release does not have")


@lru_cache(maxsize=1024)
def name_of(cls: type) -> str:
    """The name under which `named` finds this very class. Raises UnstorableResponse when it does not."""
    try:
        known = named(cls.__name__) is cls
    except LMCacheError:
        known = False
    if not known:
        raise UnstorableResponse(f"an answer of type {cls.__module__}.{cls.__qualname__} is not known here")
    return cls.__name__


def constructed(cls: type[BaseModel], data: dict[str, Any]) -> Any:
    """An object of the class from its fields, by the SDK's own constructor."""
    if cls is TranscriptionResponse:
        # Its constructor knows one field only; litellm itself sets the others afterwards.
        value: Any = TranscriptionResponse(text=data.pop("text", None))
        for name, item in data.items():
            value[name] = item
        return value
    return cls(**data)


def unchecked(cls: type[BaseModel], data: dict[str, Any]) -> Any:
    """An object of the class with these fields as they are, for answers that litellm could not validate either."""
    return BaseModel.model_construct.__func__(cls, **data)  # type: ignore[attr-defined]


def hidden(kind: str, params: dict[str, Any]) -> Any:
    """`_hidden_params` in the form that an object of this class has them."""
    if "usage" in params:
        params["usage"] = Usage(**params["usage"])
    return HiddenParams(**params) if kind == "TextCompletionResponse" else params


def is_binary(value: object) -> bool:
    """Whether this is what `speech` returns."""
    return isinstance(value, HttpxBinaryResponseContent)


def binary(content: bytes, content_type: str) -> HttpxBinaryResponseContent:
    """What `speech` returns, around these bytes."""
    headers = {"content-type": content_type} if content_type else None
    return HttpxBinaryResponseContent(httpx.Response(200, headers=headers, content=content))
