"""Rows of the LangChain packages, each above the SDK of its provider: the calls of a Runnable, tools, vectors."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from calls import KEY, QUESTION, WEATHER, Table
from pydantic import BaseModel
from rows_clouds import runtime

TABLE = Table()
ASKED = WEATHER[0]["content"]


class City(BaseModel):
    """A city."""

    name: str


def get_weather(city: str) -> str:
    """Weather of a city."""
    return f"sunny in {city}"


def told(message: Any) -> Any:
    """A message as plain data, without the names that LangChain itself gives to what has none."""
    plain = message.model_dump()
    if str(plain.get("id")).startswith(("run-", "lc_run")):
        del plain["id"]
    # Of the headers of an answer few are kept, and botocore shows all of them.
    plain["response_metadata"].get("ResponseMetadata", {}).pop("HTTPHeaders", None)
    return plain


def made(module: str, name: str, **options: Any) -> Callable[[str], Any]:
    """What makes a model or an embedder from the provider's URL; `URL` in an option stands for it."""

    def make(url: str) -> Any:
        filled = {
            key: value(url) if callable(value) else value.replace("URL", url) if isinstance(value, str) else value
            for key, value in options.items()
        }
        return getattr(import_module(module), name)(**filled)

    return make


MODELS: dict[str, Callable[[str], Any]] = {
    "langchain_openai": made(
        "langchain_openai", "ChatOpenAI", model="gpt-4o", base_url="URL/v1", api_key=KEY, stream_usage=True
    ),
    "langchain_anthropic": made(
        "langchain_anthropic", "ChatAnthropic", model="claude-opus-4-1", base_url="URL", api_key=KEY, max_tokens=100
    ),
    "langchain_google_genai": made(
        "langchain_google_genai",
        "ChatGoogleGenerativeAI",
        model="gemini-2.5-flash",
        base_url="URL",
        google_api_key=KEY,
    ),
    "langchain_ollama": made("langchain_ollama", "ChatOllama", model="llama3", base_url="URL"),
    "langchain_aws": made(
        "langchain_aws", "ChatBedrockConverse", model="anthropic.claude", client=runtime, provider="anthropic"
    ),
}
EMBEDDERS: dict[str, Callable[[str], Any]] = {
    "langchain_openai": made(
        "langchain_openai", "OpenAIEmbeddings", base_url="URL/v1", api_key=KEY, check_embedding_ctx_length=False
    ),
    "langchain_google_genai": made(
        "langchain_google_genai",
        "GoogleGenerativeAIEmbeddings",
        model="gemini-embedding-001",
        base_url="URL",
        google_api_key=KEY,
    ),
    "langchain_ollama": made("langchain_ollama", "OllamaEmbeddings", model="nomic", base_url="URL"),
    "langchain_aws": made(
        "langchain_aws", "BedrockEmbeddings", model_id="amazon.titan-embed-text-v2:0", client=runtime
    ),
}


def rows(module: str, make: Callable[[str], Any]) -> None:
    sdk = module.replace("_", "-")

    @TABLE.row(sdk, "sync", "invoke", module)
    def _invoke(url: str) -> Any:
        return told(make(url).invoke(QUESTION))

    @TABLE.row(sdk, "async", "ainvoke", module)
    async def _ainvoke(url: str) -> Any:
        return told(await make(url).ainvoke(QUESTION))

    @TABLE.row(sdk, "sync", "stream", module)
    def _stream(url: str) -> Any:
        return [told(chunk) for chunk in make(url).stream(QUESTION)]

    @TABLE.row(sdk, "async", "astream", module)
    async def _astream(url: str) -> Any:
        return [told(chunk) async for chunk in make(url).astream(QUESTION)]

    @TABLE.row(sdk, "sync", "batch", module, requests=2)
    def _batch(url: str) -> Any:
        return [told(message) for message in make(url).batch([QUESTION, "What is the capital of Italy?"])]

    @TABLE.row(sdk, "async", "abatch", module, requests=2)
    async def _abatch(url: str) -> Any:
        return [told(message) for message in await make(url).abatch([QUESTION, "What is the capital of Italy?"])]

    @TABLE.row(sdk, "sync", "bind_tools", module, requests=2)
    def _tools(url: str) -> Any:
        """A tool is called, and its result is told."""
        messages = import_module("langchain_core.messages")
        model = make(url).bind_tools([get_weather])
        asked = [messages.HumanMessage(ASKED)]
        first = model.invoke(asked)
        (call,) = first.tool_calls
        result = messages.ToolMessage(get_weather(**call["args"]), tool_call_id=call["id"])
        return call["name"], call["args"], told(model.invoke([*asked, first, result]))

    @TABLE.row(sdk, "sync", "with_structured_output", module)
    def _structured(url: str) -> Any:
        return make(url).with_structured_output(City).invoke("Tell me the name of a city: Paris")

    @TABLE.row(sdk, "async", "with_structured_output", module)
    async def _astructured(url: str) -> Any:
        return await make(url).with_structured_output(City).ainvoke("Tell me the name of a city: Paris")


def tool_stream_rows(module: str, make: Callable[[str], Any]) -> None:
    def told_of(chunk: Any) -> Any:
        """A chunk without the names of calls: LangChain invents those that the provider leaves out."""
        pieces = getattr(chunk, "tool_call_chunks", chunk.tool_calls)
        return chunk.content, [(piece["name"], piece["args"]) for piece in pieces], chunk.usage_metadata

    @TABLE.row(module.replace("_", "-"), "async", "bind_tools stream", module)
    async def _atools(url: str) -> Any:
        return [told_of(chunk) async for chunk in make(url).bind_tools([get_weather]).astream(ASKED)]


def count_rows(module: str, make: Callable[[str], Any]) -> None:
    @TABLE.row(module.replace("_", "-"), "sync", "get_num_tokens_from_messages", module, counted=False)
    def _count(url: str) -> Any:
        messages = import_module("langchain_core.messages")
        return make(url).get_num_tokens_from_messages([messages.HumanMessage(ASKED)])


def vector_rows(module: str, make: Callable[[str], Any]) -> None:
    sdk, counted = module.replace("_", "-"), module != "langchain_google_genai"

    @TABLE.row(sdk, "sync", "embed_documents", module, counted=counted)
    def _embed(url: str) -> Any:
        return make(url).embed_documents(["a"])

    @TABLE.row(sdk, "async", "aembed_query", module, counted=counted)
    async def _aembed(url: str) -> Any:
        return await make(url).aembed_query("a")


for _module, _make in MODELS.items():
    rows(_module, _make)
    tool_stream_rows(_module, _make)
for _module in ("langchain_anthropic", "langchain_google_genai"):
    count_rows(_module, MODELS[_module])
for _module, _make in EMBEDDERS.items():
    vector_rows(_module, _make)
