"""Placeholder credentials, so that SDKs which refuse to start without a key start in replay."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping

VALUE = "lmcache-placeholder-not-a-real-key"

# Constructors that refuse without one of these were found by trying them; the names are the SDKs' own.
KEYS = (
    "OPENAI_API_KEY",
    "AZURE_OPENAI_API_KEY",
    "AZURE_API_KEY",
    "ANTHROPIC_API_KEY",
    "GEMINI_API_KEY",
    "MISTRAL_API_KEY",
    "GROQ_API_KEY",
    "CO_API_KEY",
    "COHERE_API_KEY",
    "TOGETHER_API_KEY",
    "TOGETHERAI_API_KEY",
    "FIREWORKS_API_KEY",
    "VOYAGE_API_KEY",
    "HF_TOKEN",
    "XAI_API_KEY",
    "DEEPSEEK_API_KEY",
    "OPENROUTER_API_KEY",
    "PERPLEXITYAI_API_KEY",
    "PERPLEXITY_API_KEY",
    "CEREBRAS_API_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
)
PLAIN = {"AWS_DEFAULT_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true"}

# litellm fetches its price map at import and a table of headers at the first call, unless told to use its own copies.
QUIET = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True"}


class Environment:
    """Variables set for a while in an environment, and put back as they were. Never overwrites one that is set."""

    def __init__(self, target: MutableMapping[str, str], values: Mapping[str, str]) -> None:
        self._target = target
        self._values = values
        self._set: list[str] = []

    def install(self) -> None:
        """Set what is not set."""
        for name, value in self._values.items():
            if name not in self._target:
                self._target[name] = value
                self._set.append(name)

    def restore(self) -> None:
        """Take away what was set here, unless something else has changed it since."""
        while self._set:
            name = self._set.pop()
            if self._target.get(name) == self._values[name]:
                del self._target[name]


def credentials() -> dict[str, str]:
    """The placeholder for every known variable, by name."""
    return {**dict.fromkeys(KEYS, VALUE), **PLAIN}
