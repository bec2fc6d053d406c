"""Rows of mistralai: its chat, and all that only Mistral has."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from calls import KEY, MESSAGES, Table, all_from, all_of, chats, dumped

TABLE = Table()


def mistral(url: str) -> Any:
    module = import_module("mistralai")
    cls = getattr(module, "Mistral", None) or import_module("mistralai.client").Mistral
    return cls(server_url=url, api_key=KEY)


for _form, _asked in chats("mistral-small"):

    @TABLE.row("mistralai", "sync", _form, "mistralai")
    def _mistral(url: str, asked: dict[str, Any] = _asked) -> Any:
        return dumped(mistral(url).chat.complete(**asked))

    @TABLE.row("mistralai", "sync", f"{_form} stream", "mistralai", counted=False)
    def _mistral_stream(url: str, asked: dict[str, Any] = _asked) -> Any:
        return all_of(mistral(url).chat.stream(**asked))

    @TABLE.row("mistralai", "async", _form, "mistralai")
    async def _amistral(url: str, asked: dict[str, Any] = _asked) -> Any:
        return dumped(await mistral(url).chat.complete_async(**asked))

    @TABLE.row("mistralai", "async", f"{_form} stream", "mistralai", counted=False)
    async def _amistral_stream(url: str, asked: dict[str, Any] = _asked) -> Any:
        return await all_from(await mistral(url).chat.stream_async(**asked))


@TABLE.row("mistralai", "sync", "embeddings", "mistralai")
def _mistral_embed(url: str) -> Any:
    return dumped(mistral(url).embeddings.create(model="mistral-embed", inputs=["a", "b"]))


@TABLE.row("mistralai", "async", "embeddings", "mistralai")
async def _amistral_embed(url: str) -> Any:
    return dumped(await mistral(url).embeddings.create_async(model="mistral-embed", inputs=["a", "b"]))


@TABLE.row("mistralai", "sync", "fim", "mistralai")
def _mistral_fim(url: str) -> Any:
    return dumped(mistral(url).fim.complete(model="codestral", prompt="def f(", suffix="return 1"))


@TABLE.row("mistralai", "sync", "fim stream", "mistralai", counted=False)
def _mistral_fim_stream(url: str) -> Any:
    return all_of(mistral(url).fim.stream(model="codestral", prompt="def f(", suffix="return 1"))


@TABLE.row("mistralai", "async", "fim", "mistralai")
async def _amistral_fim(url: str) -> Any:
    return dumped(await mistral(url).fim.complete_async(model="codestral", prompt="def f(", suffix="return 1"))


@TABLE.row("mistralai", "async", "agents", "mistralai")
async def _amistral_agents(url: str) -> Any:
    return dumped(await mistral(url).agents.complete_async(agent_id="ag_1", messages=MESSAGES))


@TABLE.row("mistralai", "sync", "agents", "mistralai")
def _mistral_agents(url: str) -> Any:
    return dumped(mistral(url).agents.complete(agent_id="ag_1", messages=MESSAGES))


@TABLE.row("mistralai", "sync", "ocr", "mistralai", counted=False)
def _mistral_ocr(url: str) -> Any:
    document = {"type": "document_url", "document_url": "https://example.invalid/a.pdf"}
    return dumped(mistral(url).ocr.process(model="mistral-ocr-latest", document=document))


for _form, _stream in (("conversations", ""), ("conversations stream", "_stream")):

    @TABLE.row("mistralai", "sync", _form, "mistralai", requests=3)
    def _mistral_conversation(url: str, stream: str = _stream) -> Any:
        """A conversation is begun, goes on, and goes on from elsewhere."""
        conversations = mistral(url).beta.conversations
        begun = conversations.start(model="mistral-small", inputs="Hello")
        named = {"conversation_id": begun.conversation_id, "inputs": "Go on."}
        later = getattr(conversations, f"append{stream}")(**named)
        again = getattr(conversations, f"restart{stream}")(**named, from_entry_id=begun.outputs[0].id)
        return dumped(begun), *((all_of(later), all_of(again)) if stream else (dumped(later), dumped(again)))

    @TABLE.row("mistralai", "async", _form, "mistralai", requests=2)
    async def _amistral_conversation(url: str, stream: str = _stream) -> Any:
        conversations = mistral(url).beta.conversations
        begun = await conversations.start_async(model="mistral-small", inputs="Hello")
        append = getattr(conversations, f"append{stream}_async")
        later = await append(conversation_id=begun.conversation_id, inputs="Go on.")
        return dumped(begun), await all_from(later) if stream else dumped(later)


@TABLE.row("mistralai", "sync", "conversations.start_stream", "mistralai")
def _mistral_conversation_stream(url: str) -> Any:
    return all_of(mistral(url).beta.conversations.start_stream(model="mistral-small", inputs="Hello"))


@TABLE.row("mistralai", "sync", "responses", "mistralai.client.responses")
def _responses(url: str) -> Any:
    return dumped(mistral(url).responses.create(model="mistral-small", input="Hello"))


@TABLE.row("mistralai", "sync", "responses stream", "mistralai.client.responses")
def _responses_stream(url: str) -> Any:
    return all_of(mistral(url).responses.create(model="mistral-small", input="Hello", stream=True))


@TABLE.row("mistralai", "async", "responses", "mistralai.client.responses")
async def _aresponses(url: str) -> Any:
    return dumped(await mistral(url).responses.create_async(model="mistral-small", input="Hello"))


@TABLE.row("mistralai", "async", "responses stream", "mistralai.client.responses")
async def _aresponses_stream(url: str) -> Any:
    return await all_from(await mistral(url).responses.create_async(model="mistral-small", input="Hello", stream=True))


@TABLE.row("mistralai", "sync", "responses.count_input_tokens", "mistralai.client.responses", counted=False)
def _count(url: str) -> Any:
    return dumped(mistral(url).responses.count_input_tokens(model="mistral-small", input="Hello"))


@TABLE.row("mistralai", "async", "responses.count_input_tokens", "mistralai.client.responses", counted=False)
async def _acount(url: str) -> Any:
    return dumped(await mistral(url).responses.count_input_tokens_async(model="mistral-small", input="Hello"))


@TABLE.row("mistralai", "sync", "moderate", "mistralai", counted=False)
def _moderate(url: str) -> Any:
    return dumped(mistral(url).classifiers.moderate(model="mistral-moderation-latest", inputs="Hello"))


@TABLE.row("mistralai", "sync", "moderate_chat", "mistralai", counted=False)
def _moderate_chat(url: str) -> Any:
    return dumped(mistral(url).classifiers.moderate_chat(model="mistral-moderation-latest", inputs=MESSAGES))
