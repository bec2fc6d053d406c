"""What looks like a credential in files: in recordings by field, in any other text by line."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pytest_lmcache import patterns, screen
from pytest_lmcache.call import Recording
from pytest_lmcache.cassette import MAX_BYTES
from pytest_lmcache.errors import BadRecording
from pytest_lmcache.redact import Redactor
from pytest_lmcache.tiers.cassettes import Cassettes

OWN = "credential of this environment"


@dataclass(frozen=True, slots=True)
class Leak:
    """What looks like a credential in `file`. `place` is a path in a recording, or `line 3`."""

    file: Path
    place: str
    kind: str


def below(path: Path) -> Iterator[Path]:
    """The files that are meant by a path: itself, or all below a folder but those of .git. No link is followed."""
    if not path.is_dir() or path.is_symlink():
        yield path
        return
    for folder, names, files in os.walk(path):
        names[:] = sorted(name for name in names if name != ".git")
        yield from (Path(folder, name) for name in sorted(files))


def leaks(file: Path, redactor: Redactor) -> list[Leak]:
    """What a file has that looks like a credential and is not allowed in it, and what `redactor` knows for one.

    A recording that cannot be read is looked through as text. Links, pipes and what is no text hold nothing.
    """
    if file.is_symlink() or not file.is_file() or file.stat().st_size > MAX_BYTES:
        return []
    if file.suffix == ".json":
        try:
            recording = Cassettes(file.parent.parent).load(file)
        except BadRecording:
            pass
        else:
            return [Leak(file, place, kind) for place, kind in dict.fromkeys(_in_recording(recording, redactor))]
    try:
        text = file.read_bytes().decode()
    except UnicodeDecodeError:
        return []
    return [Leak(file, place, kind) for place, kind in dict.fromkeys(_in_text(text, redactor))]


def _in_recording(recording: Recording, redactor: Redactor) -> Iterator[tuple[str, str]]:
    found = [*screen.in_request(recording.request.body)]
    for number, take in enumerate(recording.takes):
        found += screen.in_answer(take.parsed(), number)
    yield from ((each.path, each.kind) for each in screen.unallowed(found, recording.allowed))
    if redactor.clean(recording.request.body) != recording.request.body:
        yield "$.request", OWN
    for number, take in enumerate(recording.takes):
        answer = take.parsed()
        if redactor.clean_answer(answer, take.response) is not answer:
            yield f"$.responses[{number}].answer", OWN


def _in_text(text: str, redactor: Redactor) -> Iterator[tuple[str, str]]:
    for start, _, kind in sorted(patterns.matches(text, "")):
        yield f"line {text.count(chr(10), 0, start) + 1}", kind
    for number, line in enumerate(text.splitlines(), 1):
        if redactor.found_in(line):
            yield f"line {number}", OWN
