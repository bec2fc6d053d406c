"""Calls that bring no answer, or none that can be kept, and calls that are refused."""

from __future__ import annotations

import json

import pytest
from echo_sdk import Broken, Caller, Provider, committed

from pytest_lmcache.errors import Refusal
from pytest_lmcache.options import Settings


def test_an_error_is_raised_as_it_is_and_not_recorded(run, provider):
    this = run()
    scope = this.scope("test_it", Settings(mode="record"))
    with pytest.raises(Broken, match="the provider failed"):
        Caller(scope, provider)("fail")
    scope.end(passed=True)
    assert scope.calls == []
    assert committed(this) == []


def test_a_retry_after_an_error_is_the_same_take(run, provider):
    scope = run().scope("test_it", Settings(mode="record", repeat="next"))
    call, answer = Caller(scope, provider), provider.answer
    provider.answer = lambda **asked: answer(**{**asked, "prompt": "fail"})
    with pytest.raises(Broken):
        call()
    provider.answer = answer
    assert call.told() == "live 1 from provider, recorded"
    assert scope.calls[-1].number == 1


@pytest.mark.parametrize("awaited", [False, True], ids=["blocking", "awaited"])
def test_a_recorded_error_is_raised_again(run, provider, awaited):
    recording = run().scope("test_it", Settings(mode="record", record_errors=True))
    with pytest.raises(Broken) as first:
        Caller(recording, provider, awaited=awaited)("fail")
    recording.end(passed=True)
    replaying = run("later").scope("test_it", Settings(mode="replay"))
    with pytest.raises(Broken, match="the provider failed") as second:
        Caller(replaying, provider, awaited=awaited)("fail")
    assert str(first.value) == str(second.value)
    assert provider.requests == 1


def test_an_answer_that_cannot_be_kept_reaches_its_caller_and_is_told_of(run, provider):
    this = run()
    scope = this.scope("test_it", Settings(mode="record"))
    assert type(Caller(scope, provider)("opaque")) is object
    scope.end(passed=True)
    totals = this.totals()
    assert (totals.live, totals.recorded) == (1, 0)
    assert totals.unrecorded == ("an answer that is no text",)


def test_an_unkeyable_request_is_refused_before_it_is_made(run, provider):
    scope = run().scope("test_it", Settings(mode="record"))
    with pytest.raises(Refusal, match=r"tools\[0\]"):
        Caller(scope, provider)(tools=[object()])
    assert provider.requests == 0
    assert len(scope.take_refusals()) == 1


def test_a_call_that_is_not_the_adapters_passes_untouched(run, provider):
    scope = run().scope("test_it", Settings(mode="replay"))
    assert Caller(scope, provider)(mocked=True) == "live 1"
    assert scope.calls == []


def test_a_recording_edited_away_from_its_key_is_refused(run, provider, tmp_path):
    recording = run().scope("test_it", Settings(mode="record"))
    Caller(recording, provider)()
    recording.end(passed=True)
    [file] = (tmp_path / "project").glob("cassettes/*/*.json")
    content = json.loads(file.read_text())
    content["request"]["prompt"] = "Another question"
    file.write_text(json.dumps(content))
    replaying = run("later").scope("test_it", Settings(mode="replay"))
    with pytest.raises(Refusal, match="its request was edited"):
        Caller(replaying, provider)()


def test_an_edited_response_is_what_replays(run, provider, tmp_path):
    recording = run().scope("test_it", Settings(mode="record"))
    Caller(recording, provider)()
    recording.end(passed=True)
    [file] = (tmp_path / "project").glob("cassettes/*/*.json")
    file.write_text(file.read_text().replace("live 1", "made up"))
    assert Caller(run("later").scope("test_it", Settings(mode="replay")), provider)() == "made up"


def test_a_credential_in_an_answer_reaches_no_tier(run, provider, monkeypatch):
    monkeypatch.setenv("ECHO_API_KEY", "fake-secret-0123456789")
    provider.answer = lambda **asked: "your key is fake-secret-0123456789"
    this = run()
    scope = this.scope("test_it", Settings(mode="record"))
    assert "fake-secret" in Caller(scope, provider)()
    scope.end(passed=True)
    [text] = committed(this)
    assert "fake-secret" not in text
    assert "your key is" in text


def test_an_answer_is_on_disk_before_its_test_has_ended(run, provider):
    scope = run().scope("test_it", Settings(mode="record"))
    Caller(scope, provider)()
    later = run("later").scope("test_it", Settings(mode="record"))
    assert Caller(later, provider).told() == "live 1 from disk, replayed"


def test_a_stream_left_unread_is_read_to_its_end_when_the_phase_ends(run, provider):
    scope = run().scope("test_it", Settings(mode="record"))
    assert next(Caller(scope, provider)(stream=True)) == "live 1"
    scope.end(passed=True)
    replaying = run("later").scope("test_it", Settings(mode="replay"))
    assert list(Caller(replaying, Provider())(stream=True)) == ["live 1", "end"]


def test_a_call_identical_to_a_stream_still_open_has_it_read_and_replays_it(run, provider):
    scope = run().scope("test_it", Settings(mode="record"))
    call = Caller(scope, provider)
    first, second = call(stream=True), call(stream=True)
    assert [next(first), next(second), *first, *second] == ["live 1", "live 1", "end", "end"]
    assert provider.requests == 1


def test_without_any_tier_every_call_is_live(run, provider):
    this = run(memory=False, disk=False)
    scope = this.scope("test_it", Settings(mode="record", cassettes="none"))
    call = Caller(scope, provider)
    assert [call(), call()] == ["live 1", "live 2"]
