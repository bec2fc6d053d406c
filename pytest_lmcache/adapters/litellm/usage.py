"""Tokens and cost of an answer, wherever litellm or the provider put them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import litellm

_TOKENS = {
    "prompt_tokens": (("prompt_tokens",), ("input_tokens",)),
    "completion_tokens": (("completion_tokens",), ("output_tokens",)),
    "cached_tokens": (
        ("prompt_tokens_details", "cached_tokens"),
        ("input_tokens_details", "cached_tokens"),
        ("cache_read_input_tokens",),
    ),
    "cache_creation_tokens": (
        ("cache_creation_input_tokens",),
        ("prompt_tokens_details", "cache_creation_tokens"),
        ("input_tokens_details", "cache_creation_tokens"),
    ),
}
"""Our name of a count, and the places where it may stand in a `usage`, first come first served."""


def tokens(result: Any) -> dict[str, int]:
    """The counts of an answer or of a chunk that carries them; empty when there are none."""
    return counts(_get(result, "usage"))


def counts(usage: Any) -> dict[str, int]:
    """Our counts from any of the shapes of `usage`; a count of zero is left out."""
    found: dict[str, int] = {}
    for name, places in _TOKENS.items():
        for place in places:
            value = usage
            for part in place:
                value = _get(value, part)
            if isinstance(value, int) and not isinstance(value, bool) and value > 0:
                found[name] = value
                break
    return found


def cost(result: Any) -> float | None:
    """What litellm says the answer cost in US dollars, None when it does not know the model's price."""
    hidden = getattr(result, "_hidden_params", None)
    if isinstance(hidden, dict) and "response_cost" in hidden:
        known = hidden["response_cost"]
        return float(known) if isinstance(known, int | float) else None
    if isinstance(result, dict):
        return _priced(_get(result, "model"), counts(_get(result, "usage")))
    return _asked(result, None)


def of_stream(chunks: list[Any], model: str | None) -> tuple[dict[str, int], float | None]:
    """Tokens and cost of a stream, from the chunk that carries them. Nothing is counted here when none does: the
    tokenizers of litellm are fetched from the network.
    """
    carrier: Any = None
    events: dict[str, Any] = {}
    for chunk in chunks:
        if isinstance(chunk, bytes | str):
            events |= _in_event(chunk)
            continue
        for holder in (chunk, _get(chunk, "response"), _get(chunk, "message"), _get(chunk, "_hidden_params")):
            if counts(_get(holder, "usage")):
                carrier = holder
    if carrier is None:
        return counts(events), _priced(model or events.get("model"), counts(events))
    usage = _get(carrier, "usage")
    if isinstance(carrier, litellm.ResponsesAPIResponse):
        return counts(usage), cost(carrier)
    if isinstance(usage, litellm.Usage):
        return counts(usage), _asked(litellm.ModelResponse(model=model, usage=usage), model)
    return counts(usage), _priced(model, counts(usage))


def _asked(result: Any, model: str | None) -> float | None:
    if result is None:
        return None
    return _price(lambda: litellm.completion_cost(completion_response=result, model=model))


def _priced(model: Any, found: dict[str, int]) -> float | None:
    if not isinstance(model, str) or not found:
        return None
    cached, created = found.get("cached_tokens", 0), found.get("cache_creation_tokens", 0)
    return _price(
        lambda: sum(
            litellm.cost_per_token(
                model=model,
                prompt_tokens=found.get("prompt_tokens", 0) + cached + created,
                completion_tokens=found.get("completion_tokens", 0),
                cache_read_input_tokens=cached,
                cache_creation_input_tokens=created,
            )
        )
    )


def _price(ask: Callable[[], float]) -> float | None:
    suppressed = litellm.suppress_debug_info
    litellm.suppress_debug_info = True  # or it prints a list of providers for a model it does not know
    try:
        return float(ask()) or None
    except Exception:  # noqa: BLE001 - litellm raises plain Exceptions for models without a price
        return None
    finally:
        litellm.suppress_debug_info = suppressed


def _in_event(chunk: bytes | str) -> dict[str, Any]:
    """What the server-sent events of a chunk say of the usage so far."""
    text = chunk.decode("utf-8", "replace") if isinstance(chunk, bytes) else chunk
    found: dict[str, Any] = {}
    if '"usage"' in text:
        for line in text.splitlines():
            if line.startswith("data:"):
                try:
                    event = json.loads(line[5:])
                except ValueError:
                    continue
                for holder in (_get(event, "message"), event):
                    usage = _get(holder, "usage")
                    if isinstance(usage, dict):
                        found |= {name: value for name, value in usage.items() if value}
    return found


def _get(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else getattr(value, name, None)
