"""A dialect that a project registers in its conftest.py."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pytest_lmcache import dialects

GUIDE = Path(__file__).parents[2] / "docs" / "how-to" / "dialects.md"
PYTHON = re.findall(r"```python\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)


@pytest.fixture
def gateway(project):
    """A project with the application and the dialect of the guide."""
    for text in PYTHON:
        if named := re.match(r"# (\w+\.py)\n", text):
            (project.path / named[1]).write_text(text)
    yield project.over_http()
    dialects.unregister("gateway")


def write(project, text):
    project.tests("from helpdesk import reply_to\n" + text)


def test_its_calls_are_recorded_and_replayed(gateway):
    write(gateway, "def test_it():\n    assert reply_to('Where is it?')\n")
    gateway.record().assert_outcomes(passed=1)
    (recording,) = gateway.load()
    assert (recording["adapter"], recording["operation"]) == ("http/gateway", "chat")
    assert recording["request"]["question"] == "Where is it?"
    assert "where-is-it" in gateway.recordings()[0].name
    gateway.replay("-n2", subprocess=True).assert_outcomes(passed=1)
    assert gateway.provider.count() == 1


def test_a_miss_says_what_was_asked_and_what_is_nearest(gateway):
    write(gateway, "def test_it():\n    assert reply_to('Where is it?')\n")
    gateway.record().assert_outcomes(passed=1)
    write(gateway, "def test_it():\n    assert reply_to('Where is he?')\n")
    result = gateway.replay()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*nothing recorded answers this call*", '*"Where is he?"*', "*nearest*where-is-it*"])


def test_requests_it_does_not_know_pass(gateway):
    write(
        gateway,
        "import httpx, helpdesk\ndef test_it(lmcache):\n"
        "    assert httpx.post(helpdesk.GATEWAY + '/ask', content=b'no json').status_code == 400\n"
        "    assert httpx.post(helpdesk.GATEWAY + '/ask', json={'q': 1}).status_code == 400\n"
        "    assert lmcache.calls == ()\n",
    )
    gateway.record().assert_outcomes(passed=1)
    assert gateway.recordings() == []
