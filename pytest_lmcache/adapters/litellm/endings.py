"""Whether a stream that ended without an error was whole: a connection that closes neatly half-way raises nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from pytest_lmcache.adapters.litellm.swap import Hook

_CLOSING = ("response.completed", "response.incomplete", "response.failed")
_invented: ContextVar[list[str] | None] = ContextVar("lmcache_invented_finish_reasons", default=None)


@contextmanager
def noticing(found: list[str]) -> Iterator[None]:
    """The span of reading one chunk; a finish reason that litellm makes up in it is added to `found`."""
    token = _invented.set(found)
    try:
        yield
    finally:
        _invented.reset(token)


def notice(original: Callable[..., Any]) -> Hook:
    """The hook of `CustomStreamWrapper.finish_reason_handler`, which says "stop" where the provider said nothing."""

    def run(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        wrapper, found = args[0], _invented.get()
        told = (getattr(wrapper, name, None) for name in ("received_finish_reason", "intermittent_finish_reason"))
        if found is not None and not any(told):
            found.append("a finish reason")
        return original(*args, **kwargs)

    return run


def lacking(chunks: list[Any]) -> str:
    """What closes a stream of this kind and does not come in these chunks, empty when they are whole."""
    kinds = {str(getattr(kind, "value", kind)) for kind in map(_type_of, chunks) if kind}
    if any(kind.startswith("response.") for kind in kinds) and kinds.isdisjoint(_CLOSING):
        return _CLOSING[0]
    texts = [chunk.encode() if isinstance(chunk, str) else chunk for chunk in chunks if isinstance(chunk, bytes | str)]
    events = b"".join(texts)
    if ("message_start" in kinds or b'"message_start"' in events) and not (
        "message_stop" in kinds or b'"message_stop"' in events
    ):
        return "message_stop"
    return ""


def _type_of(chunk: Any) -> Any:
    return chunk.get("type") if isinstance(chunk, dict) else getattr(chunk, "type", None)
