"""Rows of instructor, LlamaIndex, openai-agents and smolagents: what stands on openai's SDK, or on litellm."""

from __future__ import annotations

from importlib import import_module
from typing import Any, ClassVar

from calls import KEY, MESSAGES, QUESTION, WEATHER, Table, all_from, all_of, dumped
from pydantic import BaseModel, field_validator

TABLE = Table()
TELL = [{"role": "user", "content": "Tell me the name of a city: Paris"}]


class City(BaseModel):
    """A city."""

    name: str


def picky(seen: list[str]) -> type[City]:
    """A city that takes no name for an answer the first time; `seen` gets the names."""

    class Picky(City):
        @field_validator("name")
        @classmethod
        def not_the_first(cls, name: str) -> str:
            seen.append(name)
            if len(seen) == 1:
                raise ValueError("tell it once more")
            return name

    return Picky


def instructed(url: str, name: str = "OpenAI") -> Any:
    client = getattr(import_module("openai"), name)(base_url=f"{url}/v1", api_key=KEY)
    return import_module("instructor").from_openai(client)


INSTRUCTOR = ("instructor", "openai")


@TABLE.row("instructor", "sync", "response_model", *INSTRUCTOR)
def _instructor(url: str) -> Any:
    return dumped(instructed(url).chat.completions.create(model="gpt-4o", response_model=City, messages=TELL))


@TABLE.row("instructor", "async", "response_model", *INSTRUCTOR)
async def _ainstructor(url: str) -> Any:
    client = instructed(url, "AsyncOpenAI")
    return dumped(await client.chat.completions.create(model="gpt-4o", response_model=City, messages=TELL))


@TABLE.row("instructor", "sync", "create_partial", *INSTRUCTOR, counted=False)
def _partial(url: str) -> Any:
    return all_of(instructed(url).chat.completions.create_partial(model="gpt-4o", response_model=City, messages=TELL))


@TABLE.row("instructor", "async", "create_partial", *INSTRUCTOR, counted=False)
async def _apartial(url: str) -> Any:
    completions = instructed(url, "AsyncOpenAI").chat.completions
    return await all_from(completions.create_partial(model="gpt-4o", response_model=City, messages=TELL))


@TABLE.row("instructor", "sync", "create_iterable", *INSTRUCTOR, counted=False)
def _iterable(url: str) -> Any:
    return all_of(instructed(url).chat.completions.create_iterable(model="gpt-4o", response_model=City, messages=TELL))


@TABLE.row("instructor (anthropic)", "sync", "response_model", "instructor", "anthropic")
def _claude(url: str) -> Any:
    client = import_module("instructor").from_anthropic(import_module("anthropic").Anthropic(base_url=url, api_key=KEY))
    asked = {"model": "claude-opus-4-1", "max_tokens": 100, "response_model": City, "messages": TELL}
    return dumped(client.messages.create(**asked))


@TABLE.row("instructor (anthropic)", "async", "response_model", "instructor", "anthropic")
async def _aclaude(url: str) -> Any:
    made = import_module("anthropic").AsyncAnthropic(base_url=url, api_key=KEY)
    asked = {"model": "claude-opus-4-1", "max_tokens": 100, "response_model": City, "messages": TELL}
    return dumped(await import_module("instructor").from_anthropic(made).messages.create(**asked))


@TABLE.row("instructor", "sync", "asked again after a failed validation", *INSTRUCTOR, requests=3)
def _again(url: str) -> Any:
    seen: list[str] = []
    client = instructed(url)
    made = client.chat.completions.create(model="gpt-4o", response_model=picky(seen), messages=TELL, max_retries=2)
    return dumped(made), seen


def llama(url: str) -> Any:
    return import_module("llama_index.llms.openai").OpenAI(model="gpt-4o", api_base=f"{url}/v1", api_key=KEY)


def said() -> Any:
    return [import_module("llama_index.core.llms").ChatMessage(role="user", content=QUESTION)]


LLAMA = ("llama_index.llms.openai",)


@TABLE.row("llama-index", "sync", "complete", *LLAMA)
def _complete(url: str) -> Any:
    return dumped(llama(url).complete(QUESTION))


@TABLE.row("llama-index", "async", "acomplete", *LLAMA)
async def _acomplete(url: str) -> Any:
    return dumped(await llama(url).acomplete(QUESTION))


@TABLE.row("llama-index", "sync", "stream_complete", *LLAMA, counted=False)
def _stream_complete(url: str) -> Any:
    return all_of(llama(url).stream_complete(QUESTION))


@TABLE.row("llama-index", "sync", "chat", *LLAMA)
def _chat(url: str) -> Any:
    return dumped(llama(url).chat(said()))


@TABLE.row("llama-index", "async", "achat", *LLAMA)
async def _achat(url: str) -> Any:
    return dumped(await llama(url).achat(said()))


@TABLE.row("llama-index", "sync", "stream_chat", *LLAMA, counted=False)
def _stream_chat(url: str) -> Any:
    return all_of(llama(url).stream_chat(said()))


@TABLE.row("llama-index", "async", "astream_chat", *LLAMA, counted=False)
async def _astream_chat(url: str) -> Any:
    return await all_from(await llama(url).astream_chat(said()))


@TABLE.row("llama-index", "sync", "structured_predict", *LLAMA)
def _structured(url: str) -> Any:
    template = import_module("llama_index.core").PromptTemplate("Tell me the name of a city: {city}")
    return dumped(llama(url).structured_predict(City, template, city="Paris"))


@TABLE.row("llama-index", "async", "astream_complete", *LLAMA, counted=False)
async def _astream_complete(url: str) -> Any:
    return await all_from(await llama(url).astream_complete(QUESTION))


@TABLE.row("llama-index", "async", "astructured_predict", *LLAMA)
async def _astructured(url: str) -> Any:
    template = import_module("llama_index.core").PromptTemplate("Tell me the name of a city: {city}")
    return dumped(await llama(url).astructured_predict(City, template, city="Paris"))


def weather() -> list[Any]:
    def get_weather(city: str) -> str:
        """Weather of a city."""
        return f"sunny in {city}"

    return [import_module("llama_index.core.tools").FunctionTool.from_defaults(get_weather)]


@TABLE.row("llama-index", "sync", "chat_with_tools", *LLAMA)
def _chat_with_tools(url: str) -> Any:
    return dumped(llama(url).chat_with_tools(weather(), user_msg=WEATHER[0]["content"]))


@TABLE.row("llama-index", "async", "astream_chat_with_tools", *LLAMA, counted=False)
async def _astream_chat_with_tools(url: str) -> Any:
    return await all_from(await llama(url).astream_chat_with_tools(weather(), user_msg=WEATHER[0]["content"]))


@TABLE.row("llama-index", "sync", "embeddings", "llama_index.embeddings.openai")
def _llama_embed(url: str) -> Any:
    made = import_module("llama_index.embeddings.openai").OpenAIEmbedding(api_base=f"{url}/v1", api_key=KEY)
    return made.get_text_embedding("a")


@TABLE.row("llama-index", "async", "embeddings", "llama_index.embeddings.openai")
async def _allama_embed(url: str) -> Any:
    made = import_module("llama_index.embeddings.openai").OpenAIEmbedding(api_base=f"{url}/v1", api_key=KEY)
    return await made.aget_text_embedding("a")


def agent(url: str, kind: str, *, tools: bool) -> Any:
    agents = import_module("agents")
    agents.set_tracing_disabled(True)
    client = import_module("openai").AsyncOpenAI(base_url=f"{url}/v1", api_key=KEY)

    @agents.function_tool
    def get_weather(city: str) -> str:
        """Weather of a city."""
        return f"sunny in {city}"

    model = getattr(agents, kind)(model="gpt-4o", openai_client=client)
    return agents.Agent(name="guide", instructions="Be brief.", model=model, tools=[get_weather] if tools else [])


for _kind, _api in (("OpenAIChatCompletionsModel", "chat"), ("OpenAIResponsesModel", "responses")):
    _sdk = f"openai-agents ({_api})"

    @TABLE.row(_sdk, "sync", "run_sync", "agents")
    def _run_sync(url: str, kind: str = _kind) -> Any:
        result = import_module("agents").Runner.run_sync(agent(url, kind, tools=False), QUESTION)
        return result.final_output, result.to_input_list()

    @TABLE.row(_sdk, "async", "run with a tool", "agents", requests=2)
    async def _run(url: str, kind: str = _kind) -> Any:
        result = await import_module("agents").Runner.run(agent(url, kind, tools=True), WEATHER[0]["content"])
        return result.final_output, result.to_input_list()

    @TABLE.row(_sdk, "async", "run_streamed with a tool", "agents", requests=2, counted=_api == "responses")
    async def _run_streamed(url: str, kind: str = _kind) -> Any:
        runner = import_module("agents").Runner
        result = runner.run_streamed(agent(url, kind, tools=True), WEATHER[0]["content"])
        events = [event.type async for event in result.stream_events()]
        return events, result.final_output, result.to_input_list()


def smol(model: Any) -> Any:
    """An agent that asks for the weather twice, and is then made to answer."""
    smolagents = import_module("smolagents")

    class Weather(smolagents.Tool):
        name = "get_weather"
        description = "Weather of a city."
        inputs: ClassVar[Any] = {"city": {"type": "string", "description": "the city"}}
        output_type = "string"

        def forward(self, city: str) -> str:
            return f"sunny in {city}"

    made = smolagents.ToolCallingAgent(tools=[Weather()], model=model, max_steps=2, verbosity_level=0)
    return made.run("What is the weather in Paris?.")


@TABLE.row("smolagents (openai)", "sync", "ToolCallingAgent", "smolagents", "openai", requests=3)
def _smol(url: str) -> Any:
    model = import_module("smolagents").OpenAIServerModel(model_id="gpt-4o", api_base=f"{url}/v1", api_key=KEY)
    return smol(model)


@TABLE.row("smolagents (openai)", "sync", "generate_stream", "smolagents", "openai")
def _smol_stream(url: str) -> Any:
    model = import_module("smolagents").OpenAIServerModel(model_id="gpt-4o", api_base=f"{url}/v1", api_key=KEY)
    return all_of(model.generate_stream([{"role": "user", "content": [{"type": "text", "text": QUESTION}]}]))


@TABLE.row("smolagents (litellm)", "sync", "ToolCallingAgent", "smolagents", "litellm", requests=3)
def _smol_litellm(url: str) -> Any:
    model = import_module("smolagents").LiteLLMModel(model_id="openai/gpt-4o", api_base=f"{url}/v1", api_key=KEY)
    return smol(model)


@TABLE.row("litellm", "sync", "completion", "litellm")
def _litellm(url: str) -> Any:
    asked = {"model": "openai/gpt-4o", "messages": MESSAGES, "api_base": f"{url}/v1", "api_key": KEY}
    return dumped(import_module("litellm").completion(**asked))


@TABLE.row("litellm", "async", "acompletion", "litellm")
async def _alitellm(url: str) -> Any:
    asked = {"model": "openai/gpt-4o", "messages": MESSAGES, "api_base": f"{url}/v1", "api_key": KEY}
    return dumped(await import_module("litellm").acompletion(**asked))


@TABLE.row("litellm", "async", "acount_tokens", "litellm", counted=False)
async def _litellm_count(url: str) -> Any:
    """One that litellm asks the provider for, where it could not count by itself."""
    asked = {"model": "anthropic/claude-opus-4-1", "messages": MESSAGES, "api_base": url, "api_key": KEY}
    return dumped(await import_module("litellm").acount_tokens(**asked))
