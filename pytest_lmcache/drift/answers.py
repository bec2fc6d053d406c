"""What an answer of today is to the recorded one: identical, reworded, changed in its structure, or an error. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from pytest_lmcache.call import JSON, Recording, Request, Take
from pytest_lmcache.drift import shapes
from pytest_lmcache.drift.likeness import cosine, likeness, vectors
from pytest_lmcache.miss.differences import differences
from pytest_lmcache.patterns import masked
from pytest_lmcache.review.parts import payload
from pytest_lmcache.review.structure import answer

Kind = Literal["identical", "reworded", "changed", "error", "skipped"]

_FIRST = ("text", "tool_calls", "finish_reason")
_LONGEST = 240
# Providers reckon with few digits: vectors of one text are a little apart from call to call.
_SAME_DIRECTION = 0.9999
_ADDRESS = re.compile(r"(https?://[^/?#\s]+)\S*")
# Fields of an answer that is no message: they tell about the call, and nothing of what was answered.
_ABOUT_THE_CALL = frozenset(
    {
        "created", "created_at", "createTime", "eval_count", "eval_duration", "id", "inputTextTokenCount",
        "load_duration", "meta", "metadata", "metrics", "prompt_eval_count", "prompt_eval_duration", "request_id",
        "responseId", "system_fingerprint", "total_duration", "usage", "usageMetadata",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Comparison:
    """What one answer is to another. `similarity` is from 0 to 1, None where there is nothing to measure; `shown` is
    one line that says where they differ, empty for what is identical.
    """

    kind: Kind
    similarity: float | None
    shown: str = ""
    changes: int = 0

    @property
    def rank(self) -> tuple[int, float]:
        """The higher, the closer the two are."""
        order = ("error", "changed", "reworded", "identical").index(self.kind)
        return order, self.similarity if self.similarity is not None else -self.changes


def closest(recording: Recording, live: Take) -> tuple[Comparison, int]:
    """An answer of today, compared with the take that it is closest to; and the number of that take, from 1."""
    request = recording.request
    found = [compared(request, take, live) for take in recording.takes]
    best = max(range(len(found)), key=lambda index: found[index].rank)
    return found[best], best + 1


def compared(request: Request, recorded: Take, live: Take) -> Comparison:
    """What an answer is to the one of a take."""
    try:
        return _compared(request, answer(request, recorded), answer(request, live))
    except RecursionError:
        return Comparison("error", None, "the answer is nested too deep to be compared")


def _compared(request: Request, old: dict[str, Any], new: dict[str, Any]) -> Comparison:
    if "error" in old or "error" in new:
        return _errors(old, new)
    if request.operation == "embedding":
        before, after = vectors(old.get("content")), vectors(new.get("content"))
        if before and after:
            return _vectors(before, after)
    old, new = _plain(old), _plain(new)
    if _same(old, new):
        return Comparison("identical", 1.0)
    found = list(_changes(old, new))
    if found:
        more = f" (and {len(found) - 1:,} more)" if len(found) > 1 else ""
        return Comparison("changed", None, _cut(found[0]) + more, len(found))
    return Comparison("reworded", likeness(_said(old), _said(new)), _excerpt(old, new))


def _same(old: JSON, new: JSON) -> bool:
    """Whether two values are equal; in Python 1 == True, in JSON not."""
    if isinstance(old, dict) and isinstance(new, dict):
        return old.keys() == new.keys() and all(_same(old[name], new[name]) for name in old)
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(_same, old, new))
    return isinstance(old, bool) == isinstance(new, bool) and old == new


def _errors(old: dict[str, Any], new: dict[str, Any]) -> Comparison:
    """A recorded error is an answer as any other: to be the same again is to be an error of the same kind."""
    was, is_now = old.get("error", ""), new.get("error", "")
    if not was:
        return Comparison("error", None, _cut(is_now))
    if not is_now:
        return Comparison("changed", None, f"the recorded error is gone: {_cut(was)}", 1)
    if was == is_now:
        return Comparison("identical", 1.0)
    before, after = was.partition(":")[0], is_now.partition(":")[0]
    if before != after:
        return Comparison("changed", None, _cut(f"error: {before} → {is_now}"), 1)
    return Comparison("reworded", likeness(was, is_now), _excerpt({"error": was}, {"error": is_now}))


def _vectors(old: list[Any], new: list[Any]) -> Comparison:
    if len(old) != len(new):
        return Comparison("changed", None, f"vectors: {len(old):,} → {len(new):,}", 1)
    for index, (before, after) in enumerate(zip(old, new, strict=True)):
        if len(before) != len(after):
            shown = f"vector {index}: {len(before):,} → {len(after):,} dimensions"
            return Comparison("changed", None, shown, 1)
    alike = [cosine(before, after) for before, after in zip(old, new, strict=True)]
    least = min(alike, default=1.0)
    if least >= _SAME_DIRECTION:
        return Comparison("identical", 1.0)
    return Comparison("reworded", least, f"vector {alike.index(least)}: cosine {least:.6f}")


def _changes(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    """Where the structures of two answers differ."""
    before, after = old.get("alternatives"), new.get("alternatives")
    if before is None and after is None:
        yield from _in_message(old, new, "")
        return
    olds, news = before or [old], after or [new]
    if len(olds) != len(news):
        yield f"choices: {len(olds)} → {len(news)}"
        return
    for index, (one, other) in enumerate(zip(olds, news, strict=True)):
        yield from _in_message(one, other, f"choices[{index}].")


def _in_message(old: dict[str, Any], new: dict[str, Any], place: str) -> Iterator[str]:
    if old.get("finish_reason") != new.get("finish_reason"):
        yield f"{place}finish_reason: {old.get('finish_reason', 'none')} → {new.get('finish_reason', 'none')}"
    before, after = old.get("tool_calls", []), new.get("tool_calls", [])
    names = [[call["name"] for call in calls] for calls in (before, after)]
    if names[0] != names[1]:
        yield f"{place}tool_calls: {_names(names[0])} → {_names(names[1])}"
    else:
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from shapes.changes(one["arguments"], other["arguments"], f"{place}tool_calls[{index}].arguments")
    for name in ("text", "content"):
        if name in old and name in new:
            yield from _in_text(old[name], new[name], f"{place}{name}")
    # What a model says beside its tool calls is no more than words.
    if ("text" in old) != ("text" in new) and not (before and after):
        yield f"{place}text is {'gone' if 'text' in old else 'new'}"


def _in_text(old: JSON, new: JSON, path: str) -> Iterator[str]:
    if isinstance(old, str) != isinstance(new, str):
        one, other = ("words" if isinstance(value, str) else f"JSON ({shapes.kind(value)})" for value in (old, new))
        yield f"{path}: {one} → {other}"
    else:
        yield from shapes.changes(old, new, path)


def _plain(told: dict[str, Any]) -> dict[str, Any]:
    """What an answer says, without what is told about the call; files by what they are, addresses by their hosts."""
    return {**told, "content": _without(told["content"])} if "content" in told else told


def _without(value: JSON) -> JSON:
    if isinstance(value, dict):
        return {name: _without(item) for name, item in value.items() if name not in _ABOUT_THE_CALL}
    if isinstance(value, list):
        return [_without(item) for item in value]
    if not isinstance(value, str):
        return value
    # Where a picture is to be had for an hour is another place each time.
    address = _ADDRESS.fullmatch(value)
    return address[1] if address else (payload(value) if len(value) > _LONGEST else "") or value


def _said(told: dict[str, Any]) -> JSON:
    """What the words of an answer are in: no reasons of its end, no names of tools, which are the same anyway."""
    messages = told.get("alternatives", [told])
    return [
        [message.get("text"), [call["arguments"] for call in message.get("tool_calls", [])], message.get("content")]
        for message in messages
    ]


def _names(names: list[str]) -> str:
    return ", ".join(names) or "none"


def _excerpt(old: dict[str, Any], new: dict[str, Any]) -> str:
    found = differences(old, new, first=_FIRST)
    more = f" (and {len(found) - 1:,} more)" if len(found) > 1 else ""
    path = found[0].path.replace("alternatives", "choices", 1) if found else ""
    return _cut(f"{path}: {found[0].shown}") + more if found else ""


def _cut(text: str) -> str:
    """A text on one line that a terminal has room for, without what looks like a credential."""
    line = masked(" ".join(text.split()))
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
