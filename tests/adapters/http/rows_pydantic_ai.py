"""Rows of pydantic-ai, above the SDK of each provider: runs, streams, tools, structured output."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from calls import KEY, QUESTION, WEATHER, Table
from pydantic import BaseModel
from rows_clouds import runtime

TABLE = Table()
# What pydantic-ai notes of a run by itself.
OWN = frozenset({"timestamp", "run_id", "conversation_id"})


class City(BaseModel):
    """A city."""

    name: str


def model(kind: str, name: str, provider: str, named: str = "gpt-4o", **options: Any) -> Callable[[str], Any]:
    """What makes a model from the provider's URL; the URL takes the place of `URL` in an option."""

    def make(url: str) -> Any:
        filled = {key: value(url) if callable(value) else value.replace("URL", url) for key, value in options.items()}
        made = getattr(import_module(f"pydantic_ai.providers.{kind}"), provider)(**filled)
        return getattr(import_module(f"pydantic_ai.models.{kind}"), name)(named, provider=made)

    return make


MODELS = {
    "openai": model("openai", "OpenAIChatModel", "OpenAIProvider", base_url="URL/v1", api_key=KEY),
    "openai responses": model("openai", "OpenAIResponsesModel", "OpenAIProvider", base_url="URL/v1", api_key=KEY),
    "anthropic": model(
        "anthropic", "AnthropicModel", "AnthropicProvider", "claude-opus-4-1", base_url="URL", api_key=KEY
    ),
    "google": model("google", "GoogleModel", "GoogleProvider", "gemini-2.5-flash", base_url="URL", api_key=KEY),
    "groq": model("groq", "GroqModel", "GroqProvider", base_url="URL", api_key=KEY),
    "mistral": model("mistral", "MistralModel", "MistralProvider", "mistral-small", base_url="URL", api_key=KEY),
    "bedrock": model(
        "bedrock",
        "BedrockConverseModel",
        "BedrockProvider",
        "anthropic.claude-3-5-sonnet-20241022-v2:0",
        bedrock_client=runtime,
    ),
}
MODULES = {"openai responses": "openai", "google": "google.genai", "mistral": "mistralai", "bedrock": "boto3"}


def told(result: Any) -> Any:
    messages = import_module("pydantic_ai.messages").ModelMessagesTypeAdapter
    return result.output, _without(messages.dump_python(result.all_messages(), mode="json"))


def _without(value: Any) -> Any:
    if isinstance(value, list):
        return [_without(each) for each in value]
    return {k: _without(v) for k, v in value.items() if k not in OWN} if isinstance(value, dict) else value


def rows(provider: str, make: Callable[[str], Any]) -> None:
    sdk, modules = f"pydantic-ai ({provider})", ("pydantic_ai", MODULES.get(provider, provider))

    def agent(url: str, **options: Any) -> Any:
        return import_module("pydantic_ai").Agent(make(url), **options)

    @TABLE.row(sdk, "sync", "run_sync", *modules)
    def _run_sync(url: str) -> Any:
        return told(agent(url).run_sync(QUESTION))

    @TABLE.row(sdk, "async", "run", *modules)
    async def _run(url: str) -> Any:
        return told(await agent(url).run(QUESTION))

    @TABLE.row(sdk, "async", "run_stream", *modules, counted=provider not in ("groq", "mistral"))
    async def _run_stream(url: str) -> Any:
        async with agent(url).run_stream(QUESTION) as result:
            return [text async for text in result.stream_text(debounce_by=None)]

    @TABLE.row(sdk, "sync", "run_stream_sync", *modules, counted=provider not in ("groq", "mistral"))
    def _run_stream_sync(url: str) -> Any:
        return list(agent(url).run_stream_sync(QUESTION).stream_text(debounce_by=None))

    @TABLE.row(sdk, "sync", "tools", *modules, requests=2)
    def _tools(url: str) -> Any:
        made = agent(url)

        @made.tool_plain
        def get_weather(city: str) -> str:
            """Weather of a city."""
            return f"sunny in {city}"

        return made.run_sync(WEATHER[0]["content"]).output

    @TABLE.row(sdk, "sync", "output_type", *modules)
    def _structured(url: str) -> Any:
        return agent(url, output_type=City).run_sync("Tell me the name of a city: Paris").output


def counts(provider: str, make: Callable[[str], Any]) -> None:
    """A row of a run that counts the tokens of its prompt before it asks."""
    modules = "pydantic_ai", MODULES.get(provider, provider)

    @TABLE.row(f"pydantic-ai ({provider})", "async", "count_tokens", *modules, requests=2, counted=(False, True))
    async def _count(url: str) -> Any:
        limits = import_module("pydantic_ai.usage").UsageLimits(count_tokens_before_request=True)
        return told(await import_module("pydantic_ai").Agent(make(url)).run(QUESTION, usage_limits=limits))


for _provider, _make in MODELS.items():
    rows(_provider, _make)
for _provider in ("anthropic", "google", "bedrock"):
    counts(_provider, MODELS[_provider])
