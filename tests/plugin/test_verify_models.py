"""A model that answers to the name of another: a verify run tells, and fails for what was answered only."""

from __future__ import annotations

import json

import pytest
from verifying import HTTP, HTTP_STREAM, JSON, ONE, STREAM, THREE, VECTORS, drifts, record, told, verify

ANTHROPIC = """
import httpx, os
URL = os.environ.get("OPENAI_API_BASE", "http://127.0.0.1:9/v1") + "/messages"
BODY = {"model": "gpt-4o-mini", "max_tokens": 64, "messages": [{"role": "user", "content": "What is the capital?"}]}
def test_it():
    assert httpx.post(URL, json=BODY).raise_for_status().json()["content"]
def test_stream():
    assert "message_stop" in httpx.post(URL, json={**BODY, "stream": True}).raise_for_status().text
"""
RESPONSES = """
def test_it():
    assert litellm.responses(model="openai/gpt-4o-mini", input="Why?").output
def test_stream():
    assert len(list(litellm.responses(model="openai/gpt-4o-mini", input="Why?", stream=True))) > 2
"""
GEMINI = """
import httpx, os
ROOT = os.environ.get("OPENAI_API_BASE", "http://127.0.0.1:9/v1").removesuffix("/v1")
URL = ROOT + "/v1beta/models/gpt-4o-mini:"
BODY = {"contents": [{"role": "user", "parts": [{"text": "What is the capital of France?"}]}]}
def test_it():
    assert "Paris" in httpx.post(URL + "generateContent", json=BODY).raise_for_status().text
def test_stream():
    assert "Paris" in httpx.post(URL + "streamGenerateContent?alt=sse", json=BODY).raise_for_status().text
"""


def moves(provider, name="gpt-4o-mini", now="gpt-4o-mini-2026-10-01"):
    """From now on the provider's answers are of another model than the one that was asked for."""
    drifts(provider, json.dumps(name), json.dumps(now))


@pytest.mark.parametrize("tests", [ONE, JSON, HTTP, HTTP_STREAM, RESPONSES, ANTHROPIC, GEMINI])
def test_it_is_told_and_fails_nothing(project, tests):
    count = record(project, tests, mark="the same")
    project.provider.mark = "the same"
    moves(project.provider)
    result = verify(project)
    assert result.ret == 0
    counted, moved = told(result)
    assert f"verified: {count} identical" in counted
    made = "2 recordings were" if count == 2 else "1 recording was"
    assert moved.endswith(f"gpt-4o-mini was gpt-4o-mini when {made} made, and is gpt-4o-mini-2026-10-01 now")


def test_it_stands_above_what_is_worded_otherwise(project):
    record(project, ONE)
    moves(project.provider)
    counted, moved, verdict, _ = told(verify(project))
    assert "1 reworded" in counted
    assert "2026-10-01 now" in moved
    assert verdict.startswith("  reworded")


def test_each_name_is_told_once_by_all_workers(project, spread):
    record(project, THREE)
    moves(project.provider)
    moved = [line for line in told(verify(project, *spread)) if line.endswith(" now")]
    assert moved == [
        "  openai/gpt-4o-mini was gpt-4o-mini when 3 recordings were made, and is gpt-4o-mini-2026-10-01 now"
    ]


def test_an_answer_that_names_no_model_tells_nothing(project):
    record(project, HTTP, mark="the same")
    project.provider.mark = "the same"
    moves(project.provider, now="")
    assert len(told(verify(project))) == 1


@pytest.mark.parametrize(("adapters", "lines"), [("litellm", 1), ("http", 2)])
def test_a_stream_of_litellm_names_what_was_asked_for_but_not_at_its_transport(project, adapters, lines):
    project.ini(f"lmcache_adapters = {adapters}")
    record(project, STREAM, mark="the same")
    project.provider.mark = "the same"
    moves(project.provider)
    assert len(told(verify(project))) == lines


def test_the_report_has_both_models(project):
    record(project, ONE + VECTORS.replace("test_it", "test_vectors"))
    moves(project.provider)
    verify(project, "--lmcache-report=report.json")
    recordings = json.loads((project.path / "report.json").read_text())["verify"]["recordings"]
    models = {each["operation"]: (each["recorded_model"], each["live_model"]) for each in recordings}
    assert models == {
        "chat": ("gpt-4o-mini", "gpt-4o-mini-2026-10-01"),
        "embedding": ("text-embedding-3-small", "text-embedding-3-small"),
    }
