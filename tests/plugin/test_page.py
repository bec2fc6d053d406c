"""The page of a run, --lmcache-html: what is in its file. How it behaves in a browser is tested beside this."""

from __future__ import annotations

import importlib.util
import json
from html.parser import HTMLParser

import pytest
from verifying import drifts, verify

pytestmark = pytest.mark.skipif(importlib.util.find_spec("pygal") is None, reason="the extra html is not installed")

HTML = "--lmcache-html=out/page.html"
ONE = "def test_one():\n    ask('One?')\n"
NASTY = "</script><script>document.title = 'taken'</script><b>&amp; 'bold' \u2028 \\u003c"


@pytest.fixture
def project(project):
    """What the page shows is no matter of the SDK."""
    return project.over_http()


class Page(HTMLParser):
    """A page as a browser reads it: the elements that could load something, and what scripts hold."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.scripts: list[str] = []
        self.policy = ""
        self._in_script = False
        self.feed(text)
        self.data = json.loads(self.scripts[0])

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.addresses += [value for name, value in attrs if name in ("src", "href", "xlink:href", "action", "data")]
        if attributes.get("http-equiv") == "Content-Security-Policy":
            self.policy = attributes["content"]
        if tag == "script":
            self._in_script = True
            self.scripts.append("")

    def handle_endtag(self, tag):
        self._in_script = self._in_script and tag != "script"

    def handle_data(self, data):
        if self._in_script:
            self.scripts[-1] += data

    def tests(self):
        return {test["name"]: test for test in self.data["tests"]}

    def calls(self, name):
        return [dict(zip(self.data["columns"], call, strict=True)) for call in self.tests()[name]["calls"]]

    def said(self, turns):
        """What is said in messages, as `role: text`."""
        found = [self.data["turns"][number] for number in turns]
        return [f"{voice}: {self.data['texts'][piece[2]]}" for voice, _, pieces in found for piece in pieces]


def page(project):
    return Page((project.path / "out" / "page.html").read_text("utf-8"))


def test_it_has_every_test_with_its_conversations(project, spread):
    project.tests(ONE + "def test_none():\n    pass\n@pytest.mark.skip\ndef test_left():\n    pass\n")
    project.record().assert_outcomes(passed=2, skipped=1)
    project.replay(HTML, *spread).assert_outcomes(passed=2, skipped=1)
    shown = page(project)
    assert [(test["name"], test["outcome"], test["verdict"]) for test in shown.data["tests"]] == [
        ("test_it.py::test_one", "passed", "1 replayed"),
        ("test_it.py::test_none", "passed", "no calls"),
        ("test_it.py::test_left", "skipped", "no calls"),
    ]
    (call,) = shown.calls("test_it.py::test_one")
    answer = project.load()[0]["responses"][0]["answer"]["body"]["choices"][0]["message"]["content"]
    assert shown.said(call["asked"]) == ["user: One?"]
    assert shown.said(call["answered"]) == [f"assistant: {answer}"]
    assert (project.path / call["recording"]).exists()
    assert call["tokensIn"] > 0
    assert call["cost"] > 0
    assert call["latency"] > 0
    assert call["began"] == 0
    assert project.provider.count() == 1


def test_where_the_plugin_acts_on_no_test_it_is_written_and_says_so(project):
    project.tests("def test_none():\n    pass\n")
    result = project.bare(HTML)
    assert result.ret == 0
    assert page(project).tests() == {}
    assert f"lmcache: {project.path / 'out' / 'page.html'} lists no test" in result.stdout.str()


def test_nothing_in_it_can_be_loaded_from_anywhere(project):
    project.tests("def test_it():\n    ask('See https://example.invalid/picture.png')\n")
    project.record(HTML).assert_outcomes(passed=1)
    shown = page(project)
    assert shown.policy.startswith("default-src 'none'")
    assert {address.partition("=")[0] for address in shown.addresses} == {"#model"}


def test_what_a_prompt_holds_stays_text(project, spread):
    project.tests(
        f"def test_it():\n    ask({NASTY!r})\n@pytest.mark.parametrize('x', [{NASTY!r}])\ndef test_x(x): ask('1')\n"
    )
    project.record(HTML, *spread).assert_outcomes(passed=2)
    shown = page(project)
    assert len(shown.scripts) == 2
    (call,) = shown.calls("test_it.py::test_it")
    assert shown.said(call["asked"]) == [f"user: {NASTY}"]


def test_half_a_surrogate_pair_does_no_harm(project):
    project.tests("def test_it():\n    with pytest.raises(Exception): ask('\\ud83d broken')\n")
    project.replay(HTML)
    assert page(project).tests().keys() == {"test_it.py::test_it"}


def test_a_miss_has_what_was_asked_and_what_is_nearest(project, spread):
    project.tests(ONE)
    project.record().assert_outcomes(passed=1)
    project.tests("def test_one():\n    ask('One or two?')\n")
    project.replay(HTML, *spread).assert_outcomes(failed=1)
    shown = page(project)
    (call,) = shown.calls("test_it.py::test_one")
    (text,) = shown.tests()["test_it.py::test_one"]["refusals"]
    assert call["outcome"] == "missed"
    assert shown.said(call["asked"]) == ["user: One or two?"]
    assert call["answered"] == []
    assert "{+ or two+}" in text
    assert "To record it:  pytest test_it.py::test_one --lmcache=record" in text


def test_the_answer_of_a_test_that_failed_is_there_though_no_cassette_has_it(project, spread):
    project.tests("def test_it():\n    assert ask() == 'something else'\n")
    project.record(HTML, *spread).assert_outcomes(failed=1)
    shown = page(project)
    (call,) = shown.calls("test_it.py::test_it")
    assert not project.recordings()
    assert len(shown.said(call["answered"])) == 1
    assert shown.data["exitStatus"] == 1


def test_a_credential_that_no_recording_holds_is_not_in_it(project):
    credential = "sk-" + "ant-api03-" + "a1B2c3D4" * 12
    project.tests(f"def test_it():\n    ask('Use {credential} please')\n")
    project.replay(HTML).assert_outcomes(failed=1)
    text = (project.path / "out" / "page.html").read_text("utf-8")
    assert "Use " in text
    assert credential not in text


def test_calls_at_the_same_time_stand_below_each_other(project):
    project.tests(
        "def test_it():\n    async def both():\n        await asyncio.gather(aask('One?'), aask('Two?'))\n"
        "    asyncio.run(both())\n"
    )
    project.record(HTML).assert_outcomes(passed=1)
    one, two = page(project).calls("test_it.py::test_it")
    assert two["began"] < one["began"] + one["took"]
    assert [one["lane"], two["lane"]] == [one["runLane"], two["runLane"]] == [0, 1]


def test_a_stream_is_told_as_one_answer(project):
    project.tests(
        "from app import CLIENT, request\ndef test_it():\n"
        "    with CLIENT.stream('POST', **request('One?', 'gpt-4o-mini', stream=True)) as answer:\n"
        "        assert len(list(answer.iter_lines())) > 4\n"
    )
    project.record(HTML).assert_outcomes(passed=1)
    shown = page(project)
    (call,) = shown.calls("test_it.py::test_it")
    assert call["stream"] == 1
    assert len(shown.said(call["answered"])) == 1


def test_the_report_beside_it_is_what_it_would_be_alone(project):
    project.tests(ONE)
    project.record().assert_outcomes(passed=1)
    project.replay(HTML, "--lmcache-report=out/both.json")
    project.replay("--lmcache-report=out/alone.json")
    both, alone = (json.loads((project.path / "out" / f"{name}.json").read_text()) for name in ("both", "alone"))
    assert both["tests"][0].keys() == alone["tests"][0].keys()
    assert both["tests"][0]["calls"][0].keys() == alone["tests"][0]["calls"][0].keys()


def test_a_run_that_asks_no_model_has_one_too(project, spread):
    project.tests("def test_it():\n    pass\n")
    project.bare(HTML, *spread).assert_outcomes(passed=1)
    assert page(project).data["tests"] == []


def test_a_file_that_cannot_be_written_is_named(project):
    project.tests(ONE)
    project.record().assert_outcomes(passed=1)
    (project.path / "out").write_text("a file")
    result = project.replay(HTML)
    assert result.ret == 1
    result.stdout.fnmatch_lines(["lmcache: --lmcache-html=*page.html: cannot be written*"])


def test_it_warns_of_what_a_verify_run_fails_for_and_marks_it(project):
    project.tests(ONE)
    project.record().assert_outcomes(passed=1)
    drifts(project.provider, '"stop"', '"length"')
    assert verify(project, HTML).ret == 1
    shown = page(project)
    [warning] = shown.data["notes"]
    assert warning.startswith("verify: changed, cassettes/chat/one-")
    assert warning.endswith(" (test_it.py::test_one): finish_reason: stop → length")
    [call] = shown.calls("test_it.py::test_one")
    told, difference, fails = call["verified"]
    assert (told, shown.data["texts"][difference], fails) == ("changed", "finish_reason: stop → length", 1)


def test_each_call_has_the_verdict_of_a_verify_run(project, spread):
    project.tests(ONE + "def test_two():\n    ask('Two?'), ask('Two?')\n")
    project.record().assert_outcomes(passed=2)
    drifts(project.provider, "Two", "Three")
    assert verify(project, HTML, *spread).ret == 0
    shown = page(project)
    [one] = shown.calls("test_it.py::test_one")
    both = shown.calls("test_it.py::test_two")
    told, difference, fails = one["verified"]
    assert (told[:9], fails) == ("reworded ", 0)
    assert shown.data["texts"][difference].startswith("text: ")
    assert [call["verified"] for call in both] == [both[0]["verified"]] * 2
    assert "[-Two" in shown.data["texts"][both[0]["verified"][1]]


def test_it_warns_of_models_that_answer_to_the_name_of_another(project):
    project.tests(ONE)
    project.record().assert_outcomes(passed=1)
    drifts(project.provider, '"gpt-4o-mini"', '"gpt-4o-mini-2026-10-01"')
    assert verify(project, HTML).ret == 0
    [warning] = page(project).data["notes"]
    assert warning == "verify: gpt-4o-mini was gpt-4o-mini when 1 recording was made, and is gpt-4o-mini-2026-10-01 now"


def test_a_replay_has_no_such_verdicts(project):
    project.tests(ONE)
    project.record().assert_outcomes(passed=1)
    project.replay(HTML).assert_outcomes(passed=1)
    [call] = page(project).calls("test_it.py::test_one")
    assert call["verified"] is None
