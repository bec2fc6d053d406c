"""Rows of the SDKs of one provider each: cohere, ollama, huggingface_hub, voyageai, and what groq and together have
beside chat.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from calls import KEY, Table, all_from, all_of, chats, dumped

TABLE = Table()


def ollama(url: str, name: str = "Client") -> Any:
    return getattr(import_module("ollama"), name)(host=url)


def cohere(url: str, name: str = "ClientV2") -> Any:
    return getattr(import_module("cohere"), name)(api_key=KEY, base_url=url)


def hub(url: str, name: str = "InferenceClient") -> Any:
    return getattr(import_module("huggingface_hub"), name)(base_url=f"{url}/v1", api_key=KEY)


for _form, _asked in chats("llama3"):

    @TABLE.row("ollama", "sync", _form, "ollama")
    def _ollama(url: str, asked: dict[str, Any] = _asked) -> Any:
        return dumped(ollama(url).chat(**asked))

    @TABLE.row("ollama", "sync", f"{_form} stream", "ollama")
    def _ollama_stream(url: str, asked: dict[str, Any] = _asked) -> Any:
        return all_of(ollama(url).chat(**asked, stream=True))

    @TABLE.row("ollama", "async", _form, "ollama")
    async def _aollama(url: str, asked: dict[str, Any] = _asked) -> Any:
        return dumped(await ollama(url, "AsyncClient").chat(**asked))

    @TABLE.row("ollama", "async", f"{_form} stream", "ollama")
    async def _aollama_stream(url: str, asked: dict[str, Any] = _asked) -> Any:
        return await all_from(await ollama(url, "AsyncClient").chat(**asked, stream=True))


@TABLE.row("ollama", "sync", "generate", "ollama")
def _ollama_generate(url: str) -> Any:
    return dumped(ollama(url).generate(model="llama3", prompt="Hello"))


@TABLE.row("ollama", "sync", "generate stream", "ollama")
def _ollama_generate_stream(url: str) -> Any:
    return all_of(ollama(url).generate(model="llama3", prompt="Hello", stream=True))


@TABLE.row("ollama", "sync", "embeddings", "ollama")
def _ollama_embed(url: str) -> Any:
    return dumped(ollama(url).embed(model="nomic", input=["a", "b"]))


@TABLE.row("ollama", "async", "embeddings", "ollama")
async def _aollama_embed(url: str) -> Any:
    return dumped(await ollama(url, "AsyncClient").embed(model="nomic", input=["a", "b"]))


for _form, _asked in chats("command-a-03-2025"):

    @TABLE.row("cohere", "sync", _form, "cohere")
    def _cohere(url: str, asked: dict[str, Any] = _asked) -> Any:
        return dumped(cohere(url).chat(**asked))

    @TABLE.row("cohere", "sync", f"{_form} stream", "cohere")
    def _cohere_stream(url: str, asked: dict[str, Any] = _asked) -> Any:
        return all_of(cohere(url).chat_stream(**asked))

    @TABLE.row("cohere", "async", _form, "cohere")
    async def _acohere(url: str, asked: dict[str, Any] = _asked) -> Any:
        return dumped(await cohere(url, "AsyncClientV2").chat(**asked))

    @TABLE.row("cohere", "async", f"{_form} stream", "cohere")
    async def _acohere_stream(url: str, asked: dict[str, Any] = _asked) -> Any:
        return await all_from(cohere(url, "AsyncClientV2").chat_stream(**asked))


EMBED = {"model": "embed-v4.0", "texts": ["a", "b"], "input_type": "search_query", "embedding_types": ["float"]}
RERANK = {"model": "rerank-v3.5", "query": "capital", "documents": ["Paris is a capital", "a cat"]}


@TABLE.row("ollama", "async", "generate", "ollama")
async def _aollama_generate(url: str) -> Any:
    return dumped(await ollama(url, "AsyncClient").generate(model="llama3", prompt="Hello"))


@TABLE.row("ollama", "async", "generate stream", "ollama")
async def _aollama_generate_stream(url: str) -> Any:
    return await all_from(await ollama(url, "AsyncClient").generate(model="llama3", prompt="Hello", stream=True))


@TABLE.row("cohere", "sync", "embeddings", "cohere")
def _cohere_embed(url: str) -> Any:
    return dumped(cohere(url).embed(**EMBED))


@TABLE.row("cohere", "async", "embeddings", "cohere")
async def _acohere_embed(url: str) -> Any:
    return dumped(await cohere(url, "AsyncClientV2").embed(**EMBED))


@TABLE.row("cohere", "sync", "rerank", "cohere")
def _cohere_rerank(url: str) -> Any:
    return dumped(cohere(url).rerank(**RERANK))


@TABLE.row("cohere", "async", "rerank", "cohere")
async def _acohere_rerank(url: str) -> Any:
    return dumped(await cohere(url, "AsyncClientV2").rerank(**RERANK))


for _form, _asked in chats("m"):

    @TABLE.row("huggingface_hub", "sync", _form, "huggingface_hub")
    def _hub(url: str, asked: dict[str, Any] = _asked) -> Any:
        return dumped(hub(url).chat_completion(**asked))

    @TABLE.row("huggingface_hub", "sync", f"{_form} stream", "huggingface_hub", counted=False)
    def _hub_stream(url: str, asked: dict[str, Any] = _asked) -> Any:
        client = hub(url)
        return all_of(client.chat_completion(**asked, stream=True))

    @TABLE.row("huggingface_hub", "async", _form, "huggingface_hub")
    async def _ahub(url: str, asked: dict[str, Any] = _asked) -> Any:
        return dumped(await hub(url, "AsyncInferenceClient").chat_completion(**asked))

    @TABLE.row("huggingface_hub", "async", f"{_form} stream", "huggingface_hub", counted=False)
    async def _ahub_stream(url: str, asked: dict[str, Any] = _asked) -> Any:
        stream = await hub(url, "AsyncInferenceClient").chat_completion(**asked, stream=True)
        return await all_from(stream)


@TABLE.row("huggingface_hub", "async", "embeddings (TEI)", "huggingface_hub", "numpy", counted=False)
async def _ahub_embed(url: str) -> Any:
    client = import_module("huggingface_hub").AsyncInferenceClient(token=KEY, provider="hf-inference")
    return (await client.feature_extraction("a", model=f"{url}/embed")).tolist()


@TABLE.row("huggingface_hub", "sync", "embeddings (TEI)", "huggingface_hub", "numpy", counted=False)
def _hub_embed(url: str) -> Any:
    client = import_module("huggingface_hub").InferenceClient(token=KEY, provider="hf-inference")
    return client.feature_extraction("a", model=f"{url}/embed").tolist()


@TABLE.row("voyageai", "sync", "embeddings", "voyageai")
def _voyage(url: str) -> Any:
    return dumped(
        import_module("voyageai").Client(api_key=KEY, base_url=f"{url}/v1").embed(["a", "b"], model="voyage-3")
    )


@TABLE.row("voyageai", "async", "embeddings", "voyageai")
async def _avoyage(url: str) -> Any:
    client = import_module("voyageai").AsyncClient(api_key=KEY, base_url=f"{url}/v1")
    return dumped(await client.embed(["a", "b"], model="voyage-3"))


@TABLE.row("voyageai", "sync", "multimodal_embed", "voyageai")
def _voyage_pictures(url: str) -> Any:
    client = import_module("voyageai").Client(api_key=KEY, base_url=f"{url}/v1")
    return dumped(client.multimodal_embed([["a cat"], ["a hat"]], model="voyage-multimodal-3"))


@TABLE.row("voyageai", "sync", "contextualized_embed", "voyageai")
def _voyage_chunks(url: str) -> Any:
    client = import_module("voyageai").Client(api_key=KEY, base_url=f"{url}/v1")
    return dumped(client.contextualized_embed([["a", "b"], ["c"]], model="voyage-context-3").results)


@TABLE.row("voyageai", "async", "contextualized_embed", "voyageai")
async def _avoyage_chunks(url: str) -> Any:
    client = import_module("voyageai").AsyncClient(api_key=KEY, base_url=f"{url}/v1")
    return dumped((await client.contextualized_embed([["a", "b"], ["c"]], model="voyage-context-3")).results)


@TABLE.row("voyageai", "sync", "rerank", "voyageai")
def _voyage_rerank(url: str) -> Any:
    client = import_module("voyageai").Client(api_key=KEY, base_url=f"{url}/v1")
    return dumped(client.rerank("capital", ["Paris is a capital", "a cat"], model="rerank-2"))


@TABLE.row("voyageai", "async", "rerank", "voyageai")
async def _avoyage_rerank(url: str) -> Any:
    client = import_module("voyageai").AsyncClient(api_key=KEY, base_url=f"{url}/v1")
    return dumped(await client.rerank("capital", ["Paris is a capital", "a cat"], model="rerank-2"))


@TABLE.row("together", "async", "rerank", "together")
async def _atogether_rerank(url: str) -> Any:
    client = import_module("together").AsyncTogether(api_key=KEY, base_url=f"{url}/v1")
    return dumped(await client.rerank.create(model="r", query="capital", documents=["Paris is a capital", "a cat"]))


@TABLE.row("together", "sync", "rerank", "together")
def _together_rerank(url: str) -> Any:
    client = import_module("together").Together(api_key=KEY, base_url=f"{url}/v1")
    return dumped(client.rerank.create(model="r", query="capital", documents=["Paris is a capital", "a cat"]))


@TABLE.row("groq", "sync", "transcriptions", "groq", counted=False)
def _groq_hears(url: str) -> Any:
    sound = ("hello.wav", b"RIFF0000WAVEfmt ", "audio/wav")
    client = import_module("groq").Groq(api_key=KEY, base_url=url)
    return dumped(client.audio.transcriptions.create(model="whisper-large-v3", file=sound))


@TABLE.row("groq", "async", "transcriptions", "groq", counted=False)
async def _agroq_hears(url: str) -> Any:
    sound = ("hello.wav", b"RIFF0000WAVEfmt ", "audio/wav")
    client = import_module("groq").AsyncGroq(api_key=KEY, base_url=url)
    return dumped(await client.audio.transcriptions.create(model="whisper-large-v3", file=sound))
