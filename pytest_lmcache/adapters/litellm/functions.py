"""The public functions of litellm that make calls, and the seam that puts a hook on each."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from functools import partial
from types import ModuleType, SimpleNamespace
from typing import Any

from pytest_lmcache.adapters.litellm import attempts, endings
from pytest_lmcache.adapters.litellm.adapter import AWAITED, BLOCKING
from pytest_lmcache.adapters.litellm.hooks import hook
from pytest_lmcache.adapters.litellm.swap import Hook, Restore, parameters, swap
from pytest_lmcache.seam import Gate

# pytest shows no frame of a module that says so, and none of its locals: a credential may be among them.
__tracebackhide__ = True

OPERATIONS = {
    "completion": "chat",
    "acompletion": "chat",
    "text_completion": "text",
    "atext_completion": "text",
    "embedding": "embedding",
    "aembedding": "embedding",
    "responses": "responses",
    "aresponses": "responses",
    "anthropic_messages": "messages",
    "anthropic_messages_handler": "messages",
    "image_generation": "image",
    "aimage_generation": "image",
    "image_edit": "image-edit",
    "aimage_edit": "image-edit",
    "transcription": "transcription",
    "atranscription": "transcription",
    "speech": "speech",
    "aspeech": "speech",
    "rerank": "rerank",
    "arerank": "rerank",
    "moderation": "moderation",
    "amoderation": "moderation",
}
"""The function's name, and what it is called in recordings: the same for its async form and for a Router's."""

# Where older releases keep a public function that `litellm` itself does not name.
_ELSEWHERE = ("litellm.llms.anthropic.experimental_pass_through.messages.handler",)

_swapped: list[Restore] = []


def install(module: ModuleType, gate: Gate) -> None:
    """Hook every function of `OPERATIONS` that this release has; a second time does nothing."""
    if _swapped:
        return
    # First, as the innermost function of some is the public one.
    for function in _innermost(module):
        make = partial(attempts.innermost, parameters(function))
        _swapped.append(swap(SimpleNamespace(function=function), "function", make))
    for owner, name in _reachable(module):
        _swapped.append(swap(owner, name, _maker(module, owner, name, gate)))
    _swapped.append(swap(module.CustomStreamWrapper, "finish_reason_handler", endings.notice))


def uninstall() -> None:
    """Put back what `install` replaced."""
    while _swapped:
        _swapped.pop()()


def bound(names: tuple[str, ...], args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Positional arguments by name, together with the named ones; what has no name is kept under `args`."""
    by_name = {**dict(zip(names, args, strict=False)), **kwargs}
    if len(args) > len(names):
        by_name["args"] = args[len(names) :]
    return by_name


def _maker(module: ModuleType, owner: Any, name: str, gate: Gate) -> Callable[[Callable[..., Any]], Hook]:
    function = getattr(owner, name)
    operation, awaited = OPERATIONS[name], inspect.iscoroutinefunction(function)
    # Some async forms take anything and hand it to the blocking one, whose names they are.
    names = parameters(function) or parameters(getattr(module, name[1:], function))

    def asked(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        return operation, bound(names, args, kwargs) if args else kwargs

    return lambda original: hook(original, gate=gate, adapters=(BLOCKING, AWAITED), asked=asked, awaited=awaited)


def _innermost(module: ModuleType) -> list[Any]:
    """What the chains of wrappers end at, each once."""
    found = {id(raw): raw for raw in (inspect.unwrap(getattr(owner, name)) for owner, name in _reachable(module))}
    return list(found.values())


def _reachable(module: ModuleType) -> Iterator[tuple[Any, str]]:
    """Each function object a user can get hold of, once, as (owner, attribute).

    A public function is a chain of wrappers, and several links of it may be public: `litellm.completion` wraps
    `litellm.main.completion`, which wraps what only the chain can reach.
    """
    seen: set[int] = set()
    modules = [module, *(sys.modules[name] for name in _ELSEWHERE if name in sys.modules)]
    for home in modules:
        for name in OPERATIONS:
            owner: Any = home
            link = getattr(home, name, None)
            while link is not None:
                if getattr(owner, name, None) is link and id(link) not in seen:
                    seen.add(id(link))
                    yield owner, name
                link = getattr(link, "__wrapped__", None)
                owner = sys.modules.get(getattr(link, "__module__", ""))
