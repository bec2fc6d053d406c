"""The text of a miss: what was asked, where it was looked for, what comes nearest, and what to type."""

from __future__ import annotations

import re
import shlex
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from pytest_lmcache.call import JSON, Request
from pytest_lmcache.miss.differences import Difference, differences
from pytest_lmcache.miss.glance import glance, is_message, payload, quoted, spoken, who
from pytest_lmcache.miss.worddiff import visible
from pytest_lmcache.readers import VERIFY
from pytest_lmcache.wording import many

WIDTH = 118
MOST_DIFFERENCES = 6

_LABEL = 11
_PATH_COLUMN = 32


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A recording close to what was asked. `path` is how the user would type it.

    `material` is what the key rule of the call that missed makes of this recording's request, and `strategy` the one
    it was recorded under.
    """

    path: str
    request: Request
    strategy: str
    material: JSON


@dataclass(frozen=True, slots=True)
class MissReport:
    """Everything the text of one miss is made of.

    `folder` and `path` (the file looked for) are as the user would type them; no folder means that none is used.
    `material` is what the key was made of. `recorded` counts the recordings of this operation in the folder, `nearest`
    holds some of them, best first. `other_strategy` is a named strategy that would have hit, and the recording it would
    have hit. `take` is the number of the take asked for, `takes` how many there are, where the recording exists and
    only that take is missing. `command` replaces the command that records, which is else made from `node_id`.
    """

    request: Request
    material: JSON
    strategy: str
    folder: str
    path: str
    node_id: str = ""
    mode: str = "replay"
    folder_exists: bool = True
    recorded: int = 0
    nearest: tuple[Neighbour, ...] = ()
    other_strategy: tuple[str, str] | tuple[()] = ()
    take: int = 0
    takes: int = 0
    command: str = ""
    notes: tuple[str, ...] = ()


def miss_text(report: MissReport) -> str:
    """The whole explanation of a miss, ready to print."""
    paragraphs = [
        [_headline(report)],
        [*_asked(report.request), *_looked(report), *_nearest(report)],
        [*_advice(report)],
        [f"  To record it:  {report.command or record_command(report.node_id)}"],
    ]
    return "\n\n".join("\n".join(lines) for lines in paragraphs if lines)


def record_command(node_id: str = "") -> str:
    """The shell command that records what one test asks; without a node id, the whole run."""
    return f"pytest {shell_quoted(node_id)} --lmcache=record" if node_id else "pytest --lmcache=record"


def shell_quoted(word: str) -> str:
    """A word as it can be typed: bare, in double quotes, which every shell knows, or else as POSIX shells want it."""
    if re.fullmatch(r"[\w./:@%+=,-]+", word, re.ASCII):
        return word
    return shlex.quote(word) if re.search(r'["$`\\!]', word) else f'"{word}"'


def asked(request: Request) -> tuple[str, ...]:
    """What a call asks: its operation and model, then each field of its conversation in a few words."""
    head = [request.operation, request.model, "streamed" if request.stream else ""]
    said = [_said(name, request.body[name]) for name in request.conversation if name in request.body]
    return (" · ".join(visible(part) for part in head if part), *filter(None, said))


def _headline(report: MissReport) -> str:
    if report.take:
        takes = "1 take" if report.takes == 1 else f"{report.takes} takes"
        return (
            f'lmcache: the recording of this call has {takes}, repeat="next" gives each of them once, '
            f"and this call asks for number {report.take}."
        )
    does = "records nothing" if report.mode == VERIFY else "makes no live calls"
    return f"lmcache: nothing recorded answers this call, and {report.mode} {does}."


def _asked(request: Request) -> Iterator[str]:
    head, *said = asked(request)
    if said and len(head) + len(said[0]) + 3 <= WIDTH - _LABEL:
        head, said = f"{head} · {said[0]}", said[1:]
    yield from labelled("asked", [head, *said])


def _looked(report: MissReport) -> Iterator[str]:
    if report.take:
        yield from labelled("take", [f"number {report.take}, looked for in {report.path}, which holds {report.takes}"])
        return
    lines = [f"{report.strategy}, looked for {report.path}"]
    if not report.folder:
        yield from labelled("key", lines)
        return
    folder = f"{report.folder.rstrip('/')}/"
    operation = visible(report.request.operation)
    if not report.folder_exists:
        lines.append(f"There is no folder {folder} yet: record first, and commit what was recorded.")
    elif not report.recorded:
        lines.append(f"{folder} holds no recording of this operation ({operation}).")
    elif not report.nearest:
        many = "1 recording" if report.recorded == 1 else f"{report.recorded:,} recordings"
        lines.append(f"{folder} holds {many} of this operation ({operation}), none of them close.")
    yield from labelled("key", lines)


def _nearest(report: MissReport) -> Iterator[str]:
    if report.take or not report.nearest:
        return
    best, *others = report.nearest
    found = _all_differences(best, report)
    relation = "which differs in (recorded → asked)" if found else "which asks the same, as far as this key sees"
    yield from labelled("nearest", [f"{best.path}, {relation}"])
    yield from _table(found)
    for other in others:
        places = list(dict.fromkeys(difference.path for difference in _all_differences(other, report)))
        text = ", ".join(places[:3]) + (f" and {len(places) - 3} more" if len(places) > 3 else "")
        yield from labelled("also", [f"{other.path}{f' ({text})' if text else ''}"])


def _all_differences(neighbour: Neighbour, report: MissReport) -> tuple[Difference, ...]:
    """What keeps a neighbour from being the answer: the key material first, then what is part of every key."""
    old, new = neighbour.material, report.material
    if not (isinstance(old, dict) and isinstance(new, dict)):
        old, new = {"key": old}, {"key": new}
    found = differences(old, new, first=report.request.conversation)
    extra = (
        ("stream", neighbour.request.stream, report.request.stream),
        ("adapter", neighbour.request.adapter, report.request.adapter),
        ("key strategy", neighbour.strategy, report.strategy),
    )
    seen = {difference.path for difference in found}
    return found + tuple(
        Difference(name, "changed", f"{_fact(before)} → {_fact(after)}")
        for name, before, after in extra
        if before != after and name not in seen
    )


def _fact(value: object) -> str:
    if isinstance(value, bool):
        return "streamed" if value else "not streamed"
    return visible(str(value))


def _table(found: tuple[Difference, ...]) -> Iterator[str]:
    shown, rest = found[:MOST_DIFFERENCES], found[MOST_DIFFERENCES:]
    column = max((len(item.path) for item in shown if len(item.path) <= _PATH_COLUMN), default=0)
    indent = " " * (_LABEL + column + 2)
    for difference in shown:
        text = {"changed": "", "added": "added: ", "removed": "no longer: "}[difference.kind] + difference.shown
        lines = textwrap.wrap(text, WIDTH - len(indent), break_long_words=False, break_on_hyphens=False)
        path = visible(difference.path)
        if len(path) > column:
            yield f"{' ' * _LABEL}{path}"
            path = ""
        yield f"{' ' * _LABEL}{path:<{column}}  {lines[0]}"
        yield from (f"{indent}{line}" for line in lines[1:])
    if rest:
        names = list(dict.fromkeys(re.split(r"[.\[]", difference.path, maxsplit=1)[0] for difference in rest))
        places = "1 more place" if len(rest) == 1 else f"{len(rest)} more places"
        yield f"{' ' * _LABEL}and in {places}: {', '.join(names[:8])}{' …' if len(names) > 8 else ''}"


def _advice(report: MissReport) -> Iterator[str]:
    if report.take:
        yield '  With repeat="same" the last take would answer this call again.'
    elif report.other_strategy:
        name, path = report.other_strategy
        yield f'  With @pytest.mark.lmcache(key="{name}") this call would have been answered by {path}.'
    yield from (f"  {note}" for note in report.notes)


def labelled(label: str, lines: list[str]) -> Iterator[str]:
    """Lines beside a word that says what they are."""
    yield f"  {label:<{_LABEL - 2}}{lines[0]}"
    yield from (f"{' ' * _LABEL}{line}" for line in lines[1:])


def _said(name: str, value: JSON) -> str:
    """One field of a conversation: how much there is of it, and the words a reader knows it by."""
    if value is None or value in ([], ""):
        return ""
    if isinstance(value, list) and all(is_message(item) for item in value):
        last = value[-1]
        assert isinstance(last, dict)
        count = many(len(value), "message" if name in {"messages", "contents"} else "item")
        which = "" if len(value) == 1 else ", last one"
        return f"{count}{which} ({who(last)}): {spoken(last)}"
    if isinstance(value, list) and len(value) > 1 and all(isinstance(item, str) for item in value):
        return f"{visible(name)}: {many(len(value), 'text')}, first one {glance(value[0])}"
    if isinstance(value, str):
        return f"{visible(name)}: {payload(value) or quoted(value)}"
    return f"{visible(name)}: {glance(value)}"
