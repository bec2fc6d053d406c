"""One import: cassettes read one after another, the recordings they make, and what there is to say of each."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pytest_lmcache import screen
from pytest_lmcache.adapters.http.exchange import Exchange
from pytest_lmcache.adapters.http.targets import credential_of
from pytest_lmcache.call import Recording
from pytest_lmcache.errors import BadRecording, LMCacheError, UnreadableCassette
from pytest_lmcache.foreign import drift, files
from pytest_lmcache.foreign.files import Source
from pytest_lmcache.foreign.gathering import Gathering, Made, Otherwise
from pytest_lmcache.foreign.interactions import Broken, Interaction, elsewhere, interactions
from pytest_lmcache.foreign.report import FileReport, Refused, Written
from pytest_lmcache.foreign.telling import NotUsed, Told, place, said, told
from pytest_lmcache.keys import KeyRule
from pytest_lmcache.patterns import findings
from pytest_lmcache.recorder.identity import Identities
from pytest_lmcache.recorder.takes import take_of
from pytest_lmcache.redact import Redactor
from pytest_lmcache.tiers.cassettes import Cassettes

# Of an answer so much is enough to know it again, and less than so much is not.
_PIECE, _SHORTEST_PIECE = 60, 6
_CHANGING = {"uuid": "UUID", "timestamp": "time", "date": "date", "tmp_path": "temporary path"}


class Intake:
    """Reads cassettes for a project whose tests key their calls by `rule`; `errors` makes answers of errors, too.

    `root` is the folder that the names of cassettes are told from, `environment` holds the credentials to take out;
    `allowed` is what the project's tests may record although it looks like one, by path or by kind.
    """

    def __init__(
        self,
        root: Path,
        rule: KeyRule,
        environment: Mapping[str, str],
        *,
        errors: bool = False,
        allowed: tuple[str, ...] = (),
    ) -> None:
        self.passed_over = 0
        self._root = root
        self._rule = rule
        self._errors = errors
        self._allowed = allowed
        self._redactor = Redactor(environment)
        self._identities = Identities(rule, self._redactor)
        self._gathering = Gathering()
        self._files: list[FileReport] = []
        self._changing: dict[str, Counter[str]] = {}

    def read(self, source: Source) -> None:
        """Read one file. Whatever is wrong with it is in the report."""
        name = self._name(source.path)
        try:
            document = files.document(source)
            if document is None:
                self.passed_over += 1
                return
            self._files.append(self._file(name, source, document))
        except UnreadableCassette as error:
            self._files.append(FileReport(name, unreadable=str(error)))

    def recordings(self) -> list[Recording]:
        """The recordings of all that was read."""
        return list(self._gathering.recordings())

    def files(self) -> tuple[FileReport, ...]:
        """What there is to say of each file, now that all are read."""
        elsewhere: dict[str, list[Otherwise]] = {}
        for other in self._gathering.otherwise():
            elsewhere.setdefault(other.made.file, []).append(other)
        several = self._gathering.several()
        return tuple(
            replace(
                report,
                drift=(*report.drift, *_following(elsewhere.get(report.file, []))),
                elsewhere=len(elsewhere.get(report.file, [])),
                several=several.get(report.file, 0),
            )
            for report in self._files
        )

    def _file(self, name: str, source: Source, document: Any) -> FileReport:
        refused: list[Refused] = []
        others: Counter[str] = Counter()
        drifting: Counter[str] = Counter()
        made, said_before = 0, ""
        for entry in interactions(document):
            if isinstance(entry, Broken):
                refused.append(Refused(entry.number, "", entry.reason))
                continue
            try:
                call = told(entry, errors=self._errors)
                if call is None:
                    others[place(entry)] += 1
                    continue
                one = self._made(name, source, entry, call)
            except NotUsed as error:
                refused.append(Refused(entry.number, place(entry), str(error)))
            except LMCacheError as error:
                refused.append(Refused(entry.number, place(entry), " ".join(str(error).split())))
            else:
                made += 1
                self._gathering.add(one)
                drifting.update(_drift(entry, call, one, self._rule, said_before))
                said_before += one.take.response
        for protocol, count in elsewhere(document).items():
            others[f"{protocol} calls"] += count
        drifted = tuple(f"{_calls(count)} {what}" for what, count in drifting.items())
        return FileReport(name, made, tuple(refused), tuple(others.items()), drifted)

    def _made(self, name: str, source: Source, interaction: Interaction, call: Told) -> Made:
        exchange = Exchange(call.request, takes=lambda status: False)
        arguments = (interaction.method, interaction.uri, interaction.asked.body)
        identity = self._identities.of(exchange, "", arguments, credential_of(interaction.asked.headers))
        assert identity is not None
        request, key = identity
        take = take_of(call.answer, 0.0, self._redactor)
        found = [*screen.in_request(request.body), *screen.in_answer(take.parsed(), 0), *findings(name)]
        for finding in screen.unallowed(found, self._allowed):
            raise NotUsed(
                f"it holds what looks like a credential ({finding.kind}, in {finding.path.removeprefix('$.')})"
            )
        allowed = tuple(entry for entry in self._allowed if any(entry in (each.path, each.kind) for each in found))
        reading = said(call.request, call.answer)
        moment = interaction.recorded_at
        pieces = (reading.text.strip()[:_PIECE], *(tool.id for tool in reading.tool_calls))
        telling = tuple(piece for piece in pieces if len(piece) >= _SHORTEST_PIECE)
        return Made(name, interaction.number, request, key, take, moment, telling, allowed)

    def _name(self, path: Path) -> str:
        """A file as it is told of and written down: below the root, or else by its last names alone."""
        relative = os.path.relpath(path, self._root)
        if relative.startswith("..") or os.path.isabs(relative):
            return "/".join(path.parts[-3:]).lstrip("/")
        return relative.replace(os.sep, "/")


def store(recordings: Iterable[Recording], cassettes: Cassettes, *, overwrite: bool, dry: bool) -> Written:
    """Put recordings into a folder, or only see what would become of them when `dry`. Those that are there and differ
    are kept unless `overwrite`; those that cannot be read are left alone. Raises CassettesUnusable.
    """
    new = same = replaced = 0
    kept: list[str] = []
    broken: list[str] = []
    for recording in recordings:
        try:
            known = cassettes.get(recording.key)
        except KeyError:
            new += 1
        except BadRecording as error:
            broken.append(str(error))
            continue
        else:
            if [take.response for take in known.takes] == [take.response for take in recording.takes]:
                same += 1
                continue
            if not overwrite:
                kept.append(cassettes.name(recording.key.path))
                continue
            replaced += 1
        if not dry:
            cassettes.put(recording)
    return Written(new, same, tuple(kept), replaced, tuple(broken))


def _drift(interaction: Interaction, call: Told, made: Made, rule: KeyRule, said_before: str) -> Iterator[str]:
    if call.by_body:
        yield f"taken for {made.request.adapter.removeprefix('http/')} by what was said, since the URI was redacted"
    if why := drift.edited(interaction, made.request):
        yield f"may miss: {why}"
    for name in drift.changing(made.request, rule, interaction.recorded_at, said_before):
        yield (
            f"will miss: the request holds a {_CHANGING[name]} that is another one in each run; import it with "
            f"--normalize {name}, and set lmcache_normalize = {name}"
        )


def _following(others: list[Otherwise]) -> Iterator[str]:
    """What follows where another cassette answers: a conversation that goes on otherwise."""
    numbers: dict[str, set[int]] = {}
    for other in others:
        if other.followers:
            numbers.setdefault(other.by, set()).update(other.followers)
    for by, followers in numbers.items():
        yield (
            f"{_calls(len(followers))} may miss, going on from an answer that replays as {by} has it, where the same "
            "request is answered otherwise; if so, import one of the two into a folder of its own with --to"
        )


def _calls(count: int) -> str:
    return "1 call" if count == 1 else f"{count:,} calls"
