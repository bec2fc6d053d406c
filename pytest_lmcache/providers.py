"""The hosts of language-model providers: one table, and what a project adds to it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pytest_lmcache.errors import BadOption

# Names as they are looked up; `*` stands for any text. Loopback is not here: a test may run servers of its own there.
HOSTS = (
    "api.openai.com",
    "*.api.openai.com",
    "*.openai.azure.com",
    "*.services.ai.azure.com",
    "*.inference.ai.azure.com",
    "*.models.ai.azure.com",
    "models.github.ai",
    "api.anthropic.com",
    "generativelanguage.googleapis.com",
    "aiplatform.googleapis.com",
    "*-aiplatform.googleapis.com",
    "bedrock-runtime.*.amazonaws.com",
    "bedrock-runtime-fips.*.amazonaws.com",
    "bedrock-agent-runtime.*.amazonaws.com",
    "api.mistral.ai",
    "codestral.mistral.ai",
    "api.cohere.com",
    "api.cohere.ai",
    "api.groq.com",
    "api.together.xyz",
    "api.together.ai",
    "api.fireworks.ai",
    "openrouter.ai",
    "api.deepseek.com",
    "api.x.ai",
    "api.perplexity.ai",
    "api.cerebras.ai",
    "api.sambanova.ai",
    "api.deepinfra.com",
    "api.replicate.com",
    "api.ai21.com",
    "api.moonshot.ai",
    "api.z.ai",
    "api.voyageai.com",
    "api.jina.ai",
    "integrate.api.nvidia.com",
    "dashscope.aliyuncs.com",
    "dashscope-intl.aliyuncs.com",
    "router.huggingface.co",
    "api-inference.huggingface.co",
    "*.endpoints.huggingface.cloud",
    "ollama.com",
)

_ENTRY = re.compile(r"(?P<host>\[[0-9a-f:.]+\]|[\w*.-]+)(?::(?P<port>\d{1,5}))?", re.IGNORECASE)


def check_host(entry: str) -> str:
    """An entry as it stands in the table: `host`, `*.host`, `host:port` or `[ipv6]:port`. Raises BadOption."""
    entry = entry.strip()
    if not _ENTRY.fullmatch(entry) or not entry.strip("*."):
        raise BadOption(
            f"guard_hosts={entry!r} is no host; write a name, for example llm.example.org, *.example.org or "
            "llm.example.org:8080, without https:// and path"
        )
    return entry


class Hosts:
    """The table together with what a project adds."""

    def __init__(self, added: Iterable[str] = ()) -> None:
        patterns = "|".join(_pattern(entry) for entry in (*HOSTS, *added))
        self._pattern = re.compile(patterns, re.IGNORECASE)

    def has(self, host: str, port: int | None) -> bool:
        """Whether a provider answers there; an entry without a port stands for all of them."""
        return self._pattern.fullmatch(f"{host.rstrip('.')}:{port or ''}") is not None


def _pattern(entry: str) -> str:
    found = _ENTRY.fullmatch(entry)
    assert found is not None
    host = re.escape(found["host"].strip("[]")).replace(r"\*", ".*")
    return f"{host}:{found['port'] or '[0-9]*'}"
