"""Faults as litellm words them: the exception it raises for each, and streams that break off."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import litellm
from litellm import exceptions
from litellm.litellm_core_utils.exception_mapping_utils import exception_type
from litellm.llms.base_llm.chat.transformation import BaseLLMException

from pytest_lmcache.adapters.litellm import replayed
from pytest_lmcache.whatif import Fault

# pytest shows no frame of a module that says so, and none of its locals: a credential may be among them.
__tracebackhide__ = True

_BROKEN = "peer closed connection without sending complete message body (injected by lmcache)"


class Unmapped(Exception):
    """A fault on its way to the place where it is known which provider it is of."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


def mapped(unmapped: Unmapped, model: str, provider: str | None) -> Exception:
    """The exception that litellm raises when this provider of a model behaves so."""
    fault = unmapped.fault
    model, provider = _split(model, provider)
    if fault.kind == "timeout":
        late: Exception = exceptions.Timeout("the request timed out (injected by lmcache)", model, provider)
        return late
    if fault.kind == "filtered":
        response = httpx.Response(400, request=httpx.Request("POST", "https://injected.invalid"))
        text = "the content filter stopped the request (injected by lmcache)"
        stopped: Exception = exceptions.ContentPolicyViolationError(text, model, provider, response)
        return stopped
    if fault.kind == "cut":
        return _of_status(500, _BROKEN, {}, model, provider)
    headers = {} if fault.retry_after is None else {"retry-after": f"{fault.retry_after:g}"}
    return _of_status(fault.status, f"status {fault.status} (injected by lmcache)", headers, model, provider)


def cut(response: dict[str, Any], after_chunks: int, *, awaited: bool) -> object:
    """A recorded stream that breaks after so many chunks."""
    recorded = response["chunks"]
    kept = {**response, "chunks": recorded[:after_chunks]}
    whole = replayed.chunks(kept)
    return replayed.stream_of(_breaking(whole, response), response, awaited=awaited)


def _breaking(chunks: Iterator[Any], response: dict[str, Any]) -> Iterator[Any]:
    given = []
    for chunk in chunks:
        given.append(chunk)
        yield chunk
    model, provider = str(response.get("model") or ""), str(response.get("custom_llm_provider") or "")
    broken = exceptions.APIConnectionError(_BROKEN, provider, model)
    midstream = getattr(exceptions, "MidStreamFallbackError", None)
    if midstream is None or response["of"] not in ("CustomStreamWrapper", "TextCompletionStreamWrapper"):
        raise broken
    text = "".join(map(_text, given))
    raise midstream(
        str(broken),
        model,
        provider,
        original_exception=broken,
        generated_content=text,
        is_pre_first_chunk=not given,
    )


def _text(chunk: Any) -> str:
    """What a chunk adds to the text of its answer."""
    said = ""
    for choice in getattr(chunk, "choices", None) or ():
        said += getattr(getattr(choice, "delta", None), "content", None) or getattr(choice, "text", None) or ""
    return said


def _of_status(status: int, message: str, headers: dict[str, str], model: str, provider: str) -> Exception:
    """What litellm makes of a provider's answer with this status."""
    original = BaseLLMException(status_code=status, message=message, headers=httpx.Headers(headers))
    told, litellm.suppress_debug_info = litellm.suppress_debug_info, True
    try:
        exception_type(model=model, original_exception=original, custom_llm_provider=provider)
    except Exception as error:  # noqa: BLE001 - the exceptions of litellm have no class in common
        return error
    finally:
        litellm.suppress_debug_info = told
    unmapped: Exception = original
    return unmapped


def _split(model: str, provider: str | None) -> tuple[str, str]:
    """A model's own name, and its provider, as litellm tells them apart."""
    try:
        own, found, *_ = litellm.get_llm_provider(model=model, custom_llm_provider=provider)
    except Exception:  # noqa: BLE001 - a model that litellm does not know
        return model, provider or "openai"
    return own, found
