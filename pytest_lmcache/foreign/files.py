"""The files that hold cassettes of other tools: which they are, and what is in one as plain data."""

from __future__ import annotations

import json
import os
import re
import tomllib
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_lmcache.errors import UnreadableCassette
from pytest_lmcache.foreign import yamltext

MAX_BYTES = 64 * 1024 * 1024
SUFFIXES = (".yaml", ".yml", ".toml", ".json")
LISTS = ({"interactions"}, {"http_interactions"}, {"requests", "responses"})
"""The names below which a cassette keeps its calls: one of these sets."""

# Folders in which nobody keeps cassettes, and much else.
_SKIPPED = frozenset({"node_modules", "__pycache__", "site-packages"})
_CASSETTER = re.compile(rb"^[ ]*body:[ ]*\r?\n[ ]*type: (?:json|text|binary|none)\b", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Source:
    """A file that may be a cassette. `named` says that a person named it; others were found in a folder."""

    path: Path
    named: bool


def found(paths: Iterable[Path]) -> tuple[Source, ...]:
    """The files that paths stand for, each once: files themselves, and those in folders that are named like cassettes.

    In the order of their names below each path. What does not exist is a Source, too: reading it tells.
    """
    sources: dict[str, Source] = {}
    for path in paths:
        if path.is_dir():
            for folder, names, files in os.walk(path):
                names[:] = sorted(name for name in names if name[0] != "." and name not in _SKIPPED)
                for name in sorted(files):
                    if name.lower().removesuffix(".gz").endswith(SUFFIXES):
                        file = os.path.join(folder, name)
                        sources.setdefault(os.path.realpath(file), Source(Path(file), named=False))
        else:
            sources[os.path.realpath(path)] = Source(path, named=True)
    return tuple(sources.values())


def document(source: Source) -> Any:
    """What is in a file as plain data; None for a file that was found and is no cassette. Raises UnreadableCassette."""
    data = _content(source.path)
    if not source.named and not any(all(name.encode() in data for name in names) for names in LISTS):
        return None
    parsed = _parsed(data, source.path.name.lower().removesuffix(".gz"))
    if parsed is None and source.named:
        raise UnreadableCassette("it is no cassette: it holds nothing")
    return parsed if source.named or _is_cassette(parsed) else None


def _is_cassette(parsed: Any) -> bool:
    if isinstance(parsed, dict):
        return any(names <= parsed.keys() for names in LISTS)
    return isinstance(parsed, list) and bool(parsed) and isinstance(parsed[0], dict) and "request" in parsed[0]


def _content(path: Path) -> bytes:
    try:
        with open(path, "rb", opener=_opener) as file:
            if not path.is_file():
                raise UnreadableCassette("it is no regular file")
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UnreadableCassette(f"it cannot be read ({error.strerror or type(error).__name__})") from None
    if data.startswith(b"\x1f\x8b"):
        data = _gunzipped(data)
    if len(data) > MAX_BYTES:
        raise UnreadableCassette(f"it is larger than {MAX_BYTES // 2**20} MiB")
    return data


def _opener(path: str, flags: int) -> int:
    # A pipe in place of a file is not waited for.
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _gunzipped(data: bytes) -> bytes:
    decompressor = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        content = decompressor.decompress(data, MAX_BYTES + 1)
    except zlib.error:
        raise UnreadableCassette("its gzip is broken") from None
    if not decompressor.eof and len(content) <= MAX_BYTES:
        raise UnreadableCassette("its gzip is cut short")
    return content


def _parsed(data: bytes, name: str) -> Any:
    if not data.strip():
        raise UnreadableCassette("it is empty")
    if data.startswith(b"version https://git-lfs"):
        raise UnreadableCassette("it is a Git LFS pointer, not the cassette; fetch it with: git lfs pull")
    try:
        if name.endswith(".toml"):
            return tomllib.loads(data.decode())
        if name.endswith(".json"):
            return json.loads(data)
    except RecursionError:
        raise UnreadableCassette("it is nested too deep") from None
    except UnicodeDecodeError:
        raise UnreadableCassette("it is not UTF-8") from None
    except ValueError as error:
        raise UnreadableCassette(f"it is no {name.rpartition('.')[2].upper()} ({_one_line(error)})") from None
    return yamltext.parsed(data, core=_CASSETTER.search(data) is not None)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:120]
