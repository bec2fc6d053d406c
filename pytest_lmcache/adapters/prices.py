"""What tokens cost, by the price table of litellm, where that is imported."""

from __future__ import annotations

import sys


def cost(model: str, usage: dict[str, int]) -> float | None:
    """US dollars for token counts (see `Take.usage`), None where litellm is not at hand or does not know the model."""
    price = getattr(sys.modules.get("litellm"), "cost_per_token", None)
    if price is None or not usage:
        return None
    try:
        asked, answered = price(
            model=model,
            prompt_tokens=usage.get("prompt_tokens", 0),
            completion_tokens=usage.get("completion_tokens", 0),
            cache_read_input_tokens=usage.get("cached_tokens", 0),
            cache_creation_input_tokens=usage.get("cache_creation_tokens", 0),
        )
    except Exception:  # noqa: BLE001 - each provider's table fails in a way of its own
        return None
    return float(asked + answered) or None
