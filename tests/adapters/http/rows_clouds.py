"""Rows of google-genai, on the Gemini API and on Vertex AI, and of boto3's Bedrock."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import import_module
from typing import Any

from calls import CITY, KEY, QUESTION, WEATHER, Table, all_from, all_of, dumped

TABLE = Table()
DECLARED = {"name": "get_weather", "description": "Weather", "parameters": CITY}


def api(url: str) -> Any:
    return import_module("google.genai").Client(api_key=KEY, http_options={"base_url": url})


def vertex(url: str) -> Any:
    credentials = import_module("google.oauth2.credentials").Credentials(token="fake-token")
    about = {"project": "p", "location": "us-central1", "credentials": credentials}
    return import_module("google.genai").Client(vertexai=True, **about, http_options={"base_url": url})


def told(response: Any) -> Any:
    """Everything of a response but the HTTP one it came in, whose headers tell the date."""
    response.sdk_http_response = None
    return dumped(response)


def gemini(sdk: str, client: Callable[[str], Any]) -> None:
    model = "gemini-2.5-flash"
    tools = {"tools": [{"function_declarations": [DECLARED]}]}
    forms: dict[str, dict[str, Any]] = {
        "generate_content": {"model": model, "contents": QUESTION},
        "tools": {"model": model, "contents": WEATHER[0]["content"], "config": tools},
    }
    for form, asked in forms.items():

        @TABLE.row(sdk, "sync", form, "google.genai")
        def _whole(url: str, asked: dict[str, Any] = asked) -> Any:
            made = client(url)
            return told(made.models.generate_content(**asked))

        @TABLE.row(sdk, "sync", f"{form} stream", "google.genai")
        def _stream(url: str, asked: dict[str, Any] = asked) -> Any:
            made = client(url)
            return [told(chunk) for chunk in made.models.generate_content_stream(**asked)]

        @TABLE.row(sdk, "async", form, "google.genai")
        async def _awhole(url: str, asked: dict[str, Any] = asked) -> Any:
            made = client(url)
            return told(await made.aio.models.generate_content(**asked))

        @TABLE.row(sdk, "async", f"{form} stream", "google.genai")
        async def _astream(url: str, asked: dict[str, Any] = asked) -> Any:
            made = client(url)
            return [told(chunk) async for chunk in await made.aio.models.generate_content_stream(**asked)]

    embedded = {"model": "text-embedding-005", "contents": ["a", "b"]}

    @TABLE.row(sdk, "sync", "embeddings", "google.genai", counted="Vertex" in sdk)
    def _embed(url: str) -> Any:
        made = client(url)
        return told(made.models.embed_content(**embedded))

    @TABLE.row(sdk, "async", "embeddings", "google.genai", counted="Vertex" in sdk)
    async def _aembed(url: str) -> Any:
        made = client(url)
        return told(await made.aio.models.embed_content(**embedded))

    @TABLE.row(sdk, "sync", "count_tokens", "google.genai", counted=False)
    def _count(url: str) -> Any:
        made = client(url)
        return told(made.models.count_tokens(model=model, contents=QUESTION))

    @TABLE.row(sdk, "async", "count_tokens", "google.genai", counted=False)
    async def _acount(url: str) -> Any:
        made = client(url)
        return told(await made.aio.models.count_tokens(model=model, contents=QUESTION))


gemini("google-genai", api)
gemini("google-genai (Vertex AI)", vertex)


@TABLE.row("google-genai (Vertex AI)", "sync", "compute_tokens", "google.genai", counted=False)
def _compute(url: str) -> Any:
    client = vertex(url)
    return told(client.models.compute_tokens(model="gemini-2.5-flash", contents=QUESTION))


FUNCTION = {"type": "function", "name": "get_weather", "description": "Weather", "parameters": CITY}
INTERACTIONS: dict[str, dict[str, Any]] = {
    "interactions": {"model": "gemini-2.5-flash", "input": QUESTION},
    "interactions tools": {"model": "gemini-2.5-flash", "input": WEATHER[0]["content"], "tools": [FUNCTION]},
}

for _form, _asked in INTERACTIONS.items():

    @TABLE.row("google-genai", "sync", _form, "google.genai.interactions")
    def _interact(url: str, asked: dict[str, Any] = _asked) -> Any:
        client = api(url)
        return dumped(client.interactions.create(**asked))

    @TABLE.row("google-genai", "sync", f"{_form} stream", "google.genai.interactions")
    def _interact_stream(url: str, asked: dict[str, Any] = _asked) -> Any:
        client = api(url)
        return all_of(client.interactions.create(**asked, stream=True))

    @TABLE.row("google-genai", "async", _form, "google.genai.interactions")
    async def _ainteract(url: str, asked: dict[str, Any] = _asked) -> Any:
        client = api(url)
        return dumped(await client.aio.interactions.create(**asked))

    @TABLE.row("google-genai", "async", f"{_form} stream", "google.genai.interactions")
    async def _ainteract_stream(url: str, asked: dict[str, Any] = _asked) -> Any:
        client = api(url)
        return await all_from(await client.aio.interactions.create(**asked, stream=True))


@TABLE.row("google-genai", "sync", "chats", "google.genai", requests=2)
def _chat(url: str) -> Any:
    client = api(url)
    chat = client.chats.create(model="gemini-2.5-flash")
    return [told(chat.send_message(text)) for text in (QUESTION, "What is the capital of Italy?")]


@TABLE.row("google-genai", "sync", "functions called", "google.genai", requests=2)
def _functions(url: str) -> Any:
    def get_weather(city: str) -> str:
        """Weather of a city."""
        return f"sunny in {city}"

    client = api(url)
    asked = {"model": "gemini-2.5-flash", "contents": WEATHER[0]["content"], "config": {"tools": [get_weather]}}
    return told(client.models.generate_content(**asked))


def runtime(url: str, **options: Any) -> Any:
    return import_module("boto3").client(
        "bedrock-runtime",
        region_name="us-east-1",
        endpoint_url=url,
        aws_access_key_id="fake-access-key",
        aws_secret_access_key="fake-secret-key",
        **options,
    )


SAID = [{"role": "user", "content": [{"text": QUESTION}]}]
SPEC = {"toolSpec": {"name": "get_weather", "description": "Weather", "inputSchema": {"json": CITY}}}
CONVERSE: dict[str, dict[str, Any]] = {
    "converse": {"modelId": "anthropic.claude", "messages": SAID},
    "tools": {
        "modelId": "anthropic.claude",
        "messages": [{"role": "user", "content": [{"text": WEATHER[0]["content"]}]}],
        "toolConfig": {"tools": [SPEC]},
    },
}
CLAUDE = {
    "anthropic_version": "bedrock-2023-05-31",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": QUESTION}],
}

for _form, _asked in CONVERSE.items():

    @TABLE.row("boto3", "sync", _form, "boto3")
    def _converse(url: str, asked: dict[str, Any] = _asked) -> Any:
        answer = runtime(url).converse(**asked)
        return {**answer, "ResponseMetadata": answer["ResponseMetadata"]["HTTPStatusCode"]}

    @TABLE.row("boto3", "sync", f"{_form} stream", "boto3")
    def _converse_stream(url: str, asked: dict[str, Any] = _asked) -> Any:
        return list(runtime(url).converse_stream(**asked)["stream"])


@TABLE.row("boto3", "sync", "invoke_model", "boto3")
def _invoke(url: str) -> Any:
    answer = runtime(url).invoke_model(modelId="anthropic.claude", body=json.dumps(CLAUDE))
    return answer["contentType"], json.loads(answer["body"].read())


@TABLE.row("boto3", "sync", "invoke_model stream", "boto3")
def _invoke_stream(url: str) -> Any:
    asked = {"modelId": "anthropic.claude", "body": json.dumps(CLAUDE)}
    return list(runtime(url).invoke_model_with_response_stream(**asked)["body"])


@TABLE.row("boto3", "sync", "embeddings", "boto3")
def _titan(url: str) -> Any:
    answer = runtime(url).invoke_model(modelId="amazon.titan-embed-text-v2:0", body=json.dumps({"inputText": "a"}))
    return json.loads(answer["body"].read())


COUNTED: dict[str, dict[str, Any]] = {
    "count_tokens of converse": {"converse": {"messages": SAID}},
    "count_tokens of invoke_model": {"invokeModel": {"body": json.dumps(CLAUDE)}},
}

for _form, _asked in COUNTED.items():

    @TABLE.row("boto3", "sync", _form, "boto3", counted=False)
    def _count(url: str, asked: dict[str, Any] = _asked) -> Any:
        return runtime(url).count_tokens(modelId="anthropic.claude", input=asked)["inputTokens"]
