"""Cassettes that projects have committed, where they are at hand: every call of a model is imported or refused."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from pytest_lmcache import dialects
from pytest_lmcache.adapters.http import answers
from pytest_lmcache.adapters.http.exchange import asked
from pytest_lmcache.adapters.http.targets import target_of
from pytest_lmcache.call import Request
from pytest_lmcache.foreign import files
from pytest_lmcache.foreign.bodies import kind_of, plain
from pytest_lmcache.foreign.intake import Intake, store
from pytest_lmcache.foreign.interactions import Interaction, interactions
from pytest_lmcache.keys import KeyRule, key_of
from pytest_lmcache.tiers.cassettes import Cassettes

TRAFFIC = Path(__file__).parents[3] / "shared" / "traffic"
pytestmark = pytest.mark.skipif(not TRAFFIC.is_dir(), reason="no recorded traffic beside the project")

FILES, CALLS, OTHERS, RECORDINGS, TAKES = 350, 595, 54, 447, 570
REFUSED = [("it was answered with an error (status 401)", 7), ("it was answered with an error (status 400)", 1)]


@pytest.fixture(scope="module")
def intake() -> Intake:
    intake = Intake(TRAFFIC, KeyRule(), {})
    for source in files.found([TRAFFIC]):
        intake.read(source)
    return intake


@pytest.fixture(scope="module")
def calls() -> list[Interaction]:
    documents = [files.document(source) for source in files.found([TRAFFIC])]
    return [entry for document in documents for entry in interactions(document) if isinstance(entry, Interaction)]


def test_every_call_of_a_model_is_imported_or_refused_with_a_true_reason(intake):
    reports = intake.files()
    assert len(reports) == FILES
    assert not [report.unreadable for report in reports if report.unreadable]
    assert sum(report.calls for report in reports) == CALLS
    assert sum(count for report in reports for _, count in report.others) == OTHERS
    reasons = Counter(each.reason for report in reports for each in report.refused)
    assert reasons.most_common() == REFUSED


def test_each_imported_call_is_found_under_the_key_of_its_request_with_its_answer(intake, calls):
    recordings = {recording.key.digest: recording for recording in intake.recordings()}
    assert len(recordings) == RECORDINGS
    assert sum(len(recording.takes) for recording in recordings.values()) == TAKES
    found = 0
    for call in calls:
        request = asked(call.method, target_of(call.uri), call.asked.header("content-type"), call.asked.body)
        if request is None or call.status >= 400:
            continue
        recording = recordings[key_of(request, KeyRule()).digest]
        body = plain(call.answered.body, call.answered.header("content-encoding"))
        kind = kind_of(body, call.answered.header("content-type"))
        given = [b"".join(answers.replay(json.loads(take.response)).pieces) for take in recording.takes]
        assert _events(kind, request, body) in [_events(kind, request, answer) for answer in given], call.uri
        found += 1
    assert found == CALLS - sum(count for _, count in REFUSED)


def _events(kind: str, request: Request, body: bytes) -> object:
    """A body as its client sees it: its events, or the JSON or the bytes it is."""
    cut = dialects.framing(kind, request)
    if cut is None:
        return json.loads(body) if "json" in kind else body
    return [dialects.decode(cut, frame) for frame in dialects.splitter(cut).feed(body)]


def test_they_are_written_and_read_again_whole(intake, tmp_path):
    cassettes = Cassettes(tmp_path / "cassettes")
    assert store(intake.recordings(), cassettes, overwrite=False, dry=False).new == RECORDINGS
    for recording in intake.recordings():
        again = cassettes.get(recording.key)
        assert [take.response for take in again.takes] == [take.response for take in recording.takes]
        assert again.request == recording.request
    assert store(intake.recordings(), cassettes, overwrite=False, dry=True).same == RECORDINGS
