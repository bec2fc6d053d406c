"""What is gathered for the text of a miss: the nearest recordings, and what else would have answered."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pytest_lmcache.call import Key, Recording, Request
from pytest_lmcache.errors import LMCacheError
from pytest_lmcache.keys import NAMED, KeyRule, key_of, material_of
from pytest_lmcache.miss.nearest import Neighbourhood, nearest
from pytest_lmcache.miss.text import MissReport, Neighbour, miss_text
from pytest_lmcache.options import Settings
from pytest_lmcache.tiers.cassettes import Cassettes


def explain(
    request: Request, key: Key, number: int, settings: Settings, rule: KeyRule, cassettes: Cassettes | None, test: str
) -> str:
    """The text of a miss in the test of that node id. It never fails: what cannot be read is left out."""
    report = MissReport(
        request=request,
        material=material_of(request, rule),
        strategy=rule.name,
        folder=settings.cassettes,
        path=f"{settings.cassettes}/{key.path}",
        node_id=test,
        mode=settings.mode,
    )
    if cassettes is None:
        note = "The cassette tier is off (cassettes = none), and replay reads no other."
        return miss_text(replace(report, folder="", path=key.path, notes=(note,)))
    around = nearest(cassettes.folder, key, request, load=cassettes.load)
    takes = _takes(cassettes, key)
    return miss_text(
        replace(
            report,
            folder_exists=cassettes.folder.is_dir(),
            recorded=around.recorded,
            nearest=tuple(_neighbour(cassettes, path, recording, rule) for path, recording in around.closest),
            other_strategy=_other_strategy(cassettes, request, rule, around),
            take=number if takes else 0,
            takes=takes,
            notes=(*_imported(around), *_notes(cassettes, request, rule)),
        )
    )


def _neighbour(cassettes: Cassettes, path: Path, recording: Recording, rule: KeyRule) -> Neighbour:
    try:
        material = material_of(recording.request, rule)
    except LMCacheError:
        material = recording.request.body
    return Neighbour(_shown(cassettes, path), recording.request, recording.key.strategy, material)


def _takes(cassettes: Cassettes, key: Key) -> int:
    try:
        return len(cassettes.get(key).takes)
    except (KeyError, LMCacheError):
        return 0


def _other_strategy(
    cassettes: Cassettes, request: Request, rule: KeyRule, around: Neighbourhood
) -> tuple[str, str] | tuple[()]:
    """A named strategy under which a recording there is would have answered, and that recording."""
    for name in NAMED:
        other = KeyRule(name, rule.ignore, rule.normalize)
        if other == rule:
            continue
        key = key_of(request, other)
        if _takes(cassettes, key):
            return name, cassettes.name(key.path)
        for path, recording in around.closest:
            if key_of(recording.request, other).digest == key.digest:
                return name, _shown(cassettes, path)
    return ()


def _imported(around: Neighbourhood) -> tuple[str, ...]:
    """What an imported recording close by means: its recorder did not compare what was asked, and this plugin does."""
    if not around.closest or not (origin := around.closest[0][1].imported_from):
        return ()
    return (f"The nearest one was imported from {origin}: the request has changed since it was recorded there.",)


def _notes(cassettes: Cassettes, request: Request, rule: KeyRule) -> tuple[str, ...]:
    other = key_of(replace(request, stream=not request.stream), rule)
    if not _takes(cassettes, other):
        return ()
    was, asked = ("whole", "streamed") if request.stream else ("streamed", "whole")
    recorded = f"The same request is recorded with its answer {was} ({cassettes.name(other.path)})"
    return (f"{recorded}; this call asks for it {asked}.",)


def _shown(cassettes: Cassettes, path: Path) -> str:
    return cassettes.name(path.relative_to(cassettes.folder).as_posix())
