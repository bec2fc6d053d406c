"""Whether a folder of recordings is as it should be: each file readable, true to its key and rightly named, no secrets
in it, nothing beside it that no recording needs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import ujson

from pytest_lmcache import cassette, screen
from pytest_lmcache.call import JSON, Recording
from pytest_lmcache.errors import BadRecording, LMCacheError
from pytest_lmcache.keys import key_of, rule_of
from pytest_lmcache.review.folder import BLOBS, path_of
from pytest_lmcache.review.library import Library
from pytest_lmcache.tiers.cassettes import TEMP_SUFFIX, Cassettes

KINDS = ("unreadable", "key", "name", "secret", "unused", "leftover")
"""What may be wrong with a file: it cannot be read; its request does not make its key; its name is not that of its key;
it holds what looks like a credential; no recording refers to it; a run that was interrupted left it.
"""

_EXPOSED = (
    "If it is real, revoke it; delete the file and record it again without it. If it opens nothing: allow_secrets"
)
_PRUNE = "Remove it: pytest-lmcache prune"
_REFERENCE = b'"$blob"'


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong with a file of the folder. `path` is below it, `cause` and `remedy` are sentences."""

    path: str
    kind: str
    cause: str
    remedy: str


def audit(library: Library, *, secrets: bool = True) -> Iterator[Finding]:
    """Everything that is wrong with a folder, file by file, then with what stands beside the recordings."""
    cassettes = library.cassettes
    used, clean = _Blobs(cassettes), _Clean()
    whole = True
    for file in library.progress(library.files(), "Checking"):
        path = path_of(file)
        try:
            recording, answers = cassette.opened(cassettes.read(file), cassettes.name(path), used.read)
        except BadRecording as error:
            whole = False
            yield Finding(path, "unreadable", error.cause, error.remedy)
            continue
        yield from _of_key(path, recording)
        if secrets:
            yield from clean.findings(path, recording, answers)
    yield from _beside(cassettes.folder, used.names, whole=whole)


def unused_blobs(library: Library, gone: Collection[str] = ()) -> list[str]:
    """The blobs that no recording refers to once those of the paths in `gone` are removed; paths below the folder.

    Raises BadRecording when a recording that stays cannot be read: what it refers to is not known.
    """
    cassettes = library.cassettes
    blobs, used = _blobs(cassettes.folder), _Blobs(cassettes)
    for file in library.progress(library.files() if blobs else [], "Reading"):
        path = path_of(file)
        if path not in gone:
            data = cassettes.read(file)
            if _REFERENCE in data or not _is_whole(data):
                cassette.loads(data, cassettes.name(path), used.note)
    return [f"{BLOBS}/{name}" for name in blobs if name not in used.names]


def leftovers(folder: Path) -> list[str]:
    """The temporary files that an interrupted run left, paths below the folder."""
    found = [*folder.glob(f"*{TEMP_SUFFIX}"), *folder.glob(f"*/*{TEMP_SUFFIX}")]
    return sorted(file.relative_to(folder).as_posix() for file in found)


class _Blobs:
    """Reads blobs and remembers which were asked for."""

    def __init__(self, cassettes: Cassettes) -> None:
        self.names: set[str] = set()
        self._cassettes = cassettes

    def note(self, name: str) -> bytes:
        """Nothing in place of a blob, which need not be there."""
        self.names.add(name)
        return b""

    def read(self, name: str) -> bytes:
        """A blob that is to be there and intact. Raises BadRecording."""
        self.names.add(name)
        return self._cassettes.blob(name)


def _is_whole(data: bytes) -> bool:
    """Whether a file is JSON: neither cut short nor in conflict, so that it refers to what stands in it and no more."""
    try:
        ujson.loads(data)
    except ValueError:
        return False
    return True


def _of_key(path: str, recording: Recording) -> Iterator[Finding]:
    rule = rule_of(recording.key)
    if rule is None:
        if path[-25:-5] != recording.key.digest[:20]:
            yield _misnamed(path, f"…-{recording.key.digest[:20]}.json")
        return
    try:
        key = key_of(recording.request, rule)
    except LMCacheError as error:
        yield Finding(path, "key", f"its key cannot be made: {error}", "Record it again.")
        return
    if key.digest != recording.key.digest:
        cause = f"its request does not make its key under {rule.name!r}: one of the two was edited"
        yield Finding(path, "key", cause, "Undo the edit, or delete the file and record it again.")
    elif path != key.path:
        yield _misnamed(path, key.path)


def _misnamed(path: str, name: str) -> Finding:
    return Finding(path, "name", "no call looks for it under this name", f"Name it {name}, or delete it.")


class _Clean:
    """Remembers parts of requests in which nothing was found: recordings of one application share prompts and tools."""

    def __init__(self) -> None:
        self._known: set[bytes] = set()

    def findings(self, path: str, recording: Recording, answers: Iterable[dict[str, JSON]]) -> Iterator[Finding]:
        """What looks like a credential in a recording with these answers, and is not allowed there."""
        body = recording.request.body
        found = [] if self._is_clean(body) else [*screen.in_request(body)]
        for number, answer in enumerate(answers):
            found += screen.in_answer(answer, number)
        for one in screen.unallowed(found, recording.allowed):
            yield Finding(path, "secret", f"what looks like a {one.kind} stands at {one.path}", _EXPOSED)

    def _is_clean(self, body: dict[str, JSON]) -> bool:
        for name, value in body.items():
            for part in value if type(value) is list else (value,):
                if isinstance(part, str | dict | list) and not self._is_clean_part({name: part}):
                    return False
        return True

    def _is_clean_part(self, part: dict[str, JSON]) -> bool:
        digest = blake2b(ujson.dumps(part).encode(), digest_size=16).digest()
        if digest not in self._known:
            if next(screen.in_request(part), None) is not None:
                return False
            self._known.add(digest)
        return True


def _beside(folder: Path, used: set[str], *, whole: bool) -> Iterator[Finding]:
    """What stands beside the recordings; blobs only when all recordings could be read."""
    if whole:
        for name in _blobs(folder):
            if name not in used:
                yield Finding(
                    f"{BLOBS}/{name}", "unused", "no recording refers to it", "Remove it: pytest-lmcache prune"
                )
    for path in leftovers(folder):
        yield Finding(path, "leftover", "an interrupted run left it", _PRUNE)


def _blobs(folder: Path) -> list[str]:
    try:
        return sorted(file.name for file in (folder / BLOBS).iterdir() if not file.name.endswith(TEMP_SUFFIX))
    except (FileNotFoundError, NotADirectoryError):
        return []
