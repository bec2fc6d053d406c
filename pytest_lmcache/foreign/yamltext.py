"""YAML as plain data: events put together here, so that no tag makes an object and nothing has no bound.

The parser (libyaml's where PyYAML has it) keeps no stack of its own that could overflow; an alias is the same object
again, and what it stands for is counted as if it were written out.
"""

from __future__ import annotations

import re
from typing import Any

from pytest_lmcache.errors import UnreadableCassette

MAX_DEPTH = 200
MAX_EXPANDED = 128 * 1024 * 1024
"""Characters and nodes that a document may stand for, its aliases written out."""

_PLAIN = frozenset(f"tag:yaml.org,2002:{name}" for name in ("null", "bool", "int", "float", "binary"))
_TEXT = frozenset({"tag:yaml.org,2002:str", "tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:value"})
_MERGE = "tag:yaml.org,2002:merge"
_CONTAINERS = frozenset({None, "!", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"})
# What a plain word is in YAML 1.2, which cassetter writes. PyYAML knows 1.1, where `2024-01-01` is no text.
_CORE = (
    (re.compile(r"~|null|Null|NULL|"), lambda word: None),
    (re.compile(r"true|True|TRUE|false|False|FALSE"), lambda word: word[0] in "tT"),
    (re.compile(r"[-+]?[0-9]+"), int),
    (re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"), float),
)
_NO_KEY = object()


def parsed(data: bytes, *, core: bool) -> Any:
    """The one document in `data`, its plain words read as YAML 1.2 has them when `core`, else as PyYAML does.

    Raises UnreadableCassette.
    """
    try:
        import yaml
    except ImportError:
        raise UnreadableCassette("reading YAML needs PyYAML: pip install 'pytest-lmcache[cli]'") from None
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(data)
    try:
        return _Document(loader, core=core).read()
    except yaml.YAMLError as error:
        raise UnreadableCassette(f"it is no YAML{_place(error)}") from None
    finally:
        loader.dispose()


def _place(error: Any) -> str:
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    words = f": {problem}" if isinstance(problem, str) else ""
    return f" (line {mark.line + 1}{words})" if mark is not None else f" ({getattr(error, 'reason', 'odd characters')})"


class _Open:
    """A list or mapping that is not closed yet."""

    def __init__(self, value: Any, anchor: str | None, before: int) -> None:
        self.value = value
        self.anchor = anchor
        self.before = before
        self.key: Any = _NO_KEY


class _Document:
    def __init__(self, loader: Any, *, core: bool) -> None:
        self._loader = loader
        self._core = core
        self._open: list[_Open] = []
        self._anchored: dict[str, tuple[Any, int]] = {}
        self._expanded = 0
        self._root: Any = None

    def read(self) -> Any:
        from yaml import events

        documents = 0
        while True:
            event = self._loader.get_event()
            kind = type(event)
            if kind is events.ScalarEvent:
                self._count(len(event.value) + 1)
                self._add(self._scalar(event), event.anchor, len(event.value) + 1)
            elif kind is events.MappingStartEvent or kind is events.SequenceStartEvent:
                self._enter({} if kind is events.MappingStartEvent else [], event)
            elif kind is events.MappingEndEvent or kind is events.SequenceEndEvent:
                closed = self._open.pop()
                self._add(closed.value, closed.anchor, self._expanded - closed.before)
            elif kind is events.AliasEvent:
                if event.anchor not in self._anchored:
                    raise UnreadableCassette(f"its alias *{event.anchor:.40} refers to nothing, or to itself")
                value, size = self._anchored[event.anchor]
                self._count(size)
                self._add(value, None, size)
            elif kind is events.DocumentStartEvent:
                documents += 1
                if documents > 1:
                    raise UnreadableCassette("it holds several YAML documents")
            elif kind is events.StreamEndEvent:
                return self._root

    def _enter(self, value: Any, event: Any) -> None:
        if event.tag not in _CONTAINERS:
            raise UnreadableCassette(f"its tag {event.tag:.80} is no data (line {event.start_mark.line + 1})")
        if len(self._open) >= MAX_DEPTH:
            raise UnreadableCassette(f"it is nested deeper than {MAX_DEPTH} levels")
        self._open.append(_Open(value, event.anchor, self._expanded))
        self._count(1)

    def _count(self, size: int) -> None:
        self._expanded += size
        if self._expanded > MAX_EXPANDED:
            raise UnreadableCassette(f"its aliases stand for more than {MAX_EXPANDED // 2**20} MiB")

    def _add(self, value: Any, anchor: str | None, size: int) -> None:
        if anchor is not None:
            self._anchored[anchor] = value, size
        if not self._open:
            self._root = value
            return
        holder = self._open[-1]
        if isinstance(holder.value, list):
            holder.value.append(value)
        elif holder.key is not _NO_KEY:
            holder.value[holder.key] = value
            holder.key = _NO_KEY
        elif isinstance(value, dict | list):
            raise UnreadableCassette("it has a list or a mapping as a key")
        else:
            holder.key = value

    def _scalar(self, event: Any) -> Any:
        """The value of a text, a number or a word."""
        text: str = event.value
        if event.tag in (None, "!") and not event.implicit[0]:
            return text
        if event.tag is None and self._core:
            return next((read(text) for pattern, read in _CORE if pattern.fullmatch(text)), text)
        from yaml import ScalarNode

        tag = event.tag if event.tag not in (None, "!") else self._loader.resolve(ScalarNode, text, event.implicit)
        if tag in _TEXT:
            return text
        if tag in _PLAIN:
            try:
                return self._loader.construct_object(ScalarNode(tag, text))
            except (LookupError, ValueError):
                line = event.start_mark.line + 1
                raise UnreadableCassette(
                    f"it calls something {tag.rpartition(':')[2]} that is none (line {line})"
                ) from None
        if tag == _MERGE:
            raise UnreadableCassette("it merges mappings (<<), which no recorder writes")
        raise UnreadableCassette(f"its tag {tag:.80} is no data (line {event.start_mark.line + 1})")
