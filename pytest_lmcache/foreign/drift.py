"""What makes a call miss now that was answered before, because nobody compared what was asked: told from its request.

A recorder that matches by method and path answers whatever is asked. That the prompts of a test have changed since is
seen when it runs; that they change with each run, or were changed in the file, is seen here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from pytest_lmcache.call import JSON, Request
from pytest_lmcache.foreign.interactions import Interaction
from pytest_lmcache.keys import BUILT_IN, KeyRule, material_of

_MARKS = re.compile(
    r"\*\*+[A-Z_ ]*REDACTED|[\[<]+(?:REDACTED|FILTERED|SCRUBBED)[\]>]+|^(?:REDACTED|FILTERED|SCRUBBED)$"
)
_UUID, _DATE = re.compile(BUILT_IN["uuid"]), re.compile(r"\b\d{4}-\d{2}-\d{2}")
_CLOCK = re.compile(r"\b1[5-9]\d{8}(?=\d{3}\b|\.\d|\b)")
_TEMPORARY = re.compile(r"pytest-of-|[/\\]T(?:e?mp)?[/\\]tmp[a-z0-9_]{8}\b", re.IGNORECASE)
# Of a longer text without a space nobody wrote a word.
_LONGEST_WORD = 4096


def edited(interaction: Interaction, request: Request) -> str:
    """Why the request in the file is not the one that was sent; empty when nothing says so."""
    length, asked = interaction.asked.header("content-length"), interaction.asked
    if any(_MARKS.search(text) for text in texts(request.body)):
        return "a value in its body was redacted"
    if asked.rewritten or asked.header("content-encoding") or not length.isdecimal():
        return ""
    if int(length) == len(asked.body) or int(length) in _lengths(asked.body):
        return ""
    return "its body was changed in the file after it had been sent"


def changing(request: Request, rule: KeyRule, recorded_at: str, said_before: str) -> tuple[str, ...]:
    """The built-ins of `normalize` that would take out what the key of a request holds of the moment it was made at.

    What an earlier answer of the same cassette said (`said_before`) is the same in each replay, and does not count.
    """
    days = _days(recorded_at)
    found = set()
    for text in texts(material_of(request, rule)):
        if len(text) > _LONGEST_WORD and " " not in text[:_LONGEST_WORD]:
            continue
        if any(match[0] not in said_before for match in _UUID.finditer(text)):
            found.add("uuid")
        if _TEMPORARY.search(text):
            found.add("tmp_path")
        for match in _DATE.finditer(text):
            if match[0] in days and match[0] not in said_before:
                clock = text[match.end() : match.end() + 4]
                found.add("timestamp" if re.match(r"[T ]\d\d:", clock) else "date")
        for match in _CLOCK.finditer(text):
            if _day(int(match[0])) in days and match[0] not in said_before:
                found.add("timestamp")
    return tuple(name for name in BUILT_IN if name in found)


def _lengths(body: bytes) -> set[int]:
    """How many bytes the same JSON takes in other ways of writing it, which change no key."""
    try:
        value = json.loads(body)
        written = [
            json.dumps(value, ensure_ascii=ascii_only, separators=separators)
            for ascii_only in (True, False)
            for separators in ((",", ":"), (", ", ": "))
        ]
        return {len(text.encode()) for text in written}
    except (ValueError, RecursionError):
        return set()


def _days(recorded_at: str) -> frozenset[str]:
    """The day of a recording and its neighbours: the clock of the test may have stood elsewhere."""
    try:
        day = date.fromisoformat(recorded_at[:10])
    except ValueError:
        return frozenset()
    return frozenset((day + timedelta(days=by)).isoformat() for by in (-1, 0, 1))


def _day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def texts(value: JSON) -> Iterator[str]:
    """Every text in a value, names of fields aside, in no order."""
    left = [value]
    while left:
        item = left.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            left += item.values()
        elif isinstance(item, list):
            left += item
