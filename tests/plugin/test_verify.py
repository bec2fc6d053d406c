"""`--lmcache=verify`: the provider is asked once more for each recording that a run uses, and nothing is written."""

from __future__ import annotations

import json

import pytest
from verifying import (
    ASYNC_STREAM,
    HTTP,
    HTTP_STREAM,
    JSON,
    ONE,
    OUTLIVING,
    STREAM,
    THREE,
    TOOL,
    VECTORS,
    drifts,
    record,
    refuses,
    told,
    verify,
)

CALLS = [ONE, TOOL, JSON, VECTORS, STREAM, ASYNC_STREAM, HTTP, HTTP_STREAM]
NAMES = ["whole", "tool", "json", "vectors", "stream", "async stream", "http", "http stream"]


class TestVerdicts:
    @pytest.mark.parametrize("tests", [ONE, TOOL, JSON, STREAM, ASYNC_STREAM, HTTP, HTTP_STREAM])
    def test_the_same_answer_is_identical(self, project, tests):
        count = record(project, tests, mark="the same")
        project.provider.mark = "the same"
        result = verify(project)
        assert result.ret == 0
        assert project.provider.count() == count
        [line] = told(result)
        assert f"{count} recording{'s' if count > 1 else ''} verified: {count} identical" in line

    @pytest.mark.parametrize("tests", CALLS, ids=NAMES)
    def test_other_words_are_no_failure(self, project, tests):
        count = record(project, tests)
        result = verify(project)
        assert result.ret == 0
        assert project.provider.count() == count
        lines = told(result)
        same = tests in (TOOL, VECTORS)
        assert ("identical" in lines[0]) == same
        assert len(lines) == 1 + 2 * (0 if same else count)

    def test_where_they_differ_is_shown_word_by_word(self, project):
        record(project, ONE)
        drifts(project.provider, "Paris", "Lyon")
        result = verify(project)
        assert result.ret == 0
        result.stdout.fnmatch_lines(
            [
                "lmcache: 1 recording verified: 1 reworded · * tokens and $* spent",
                "  reworded 0.7?  cassettes/chat/what-is-the-capital-of-france-*.json (test_it.py::test_it)",
                "                 text: The capital of France is [[]-Paris-[]]{+Lyon+}. (answer *",
            ],
            consecutive=True,
        )
        result.assert_outcomes(passed=1)

    @pytest.mark.parametrize(
        ("tests", "old", "new", "shown"),
        [
            (ONE, '"finish_reason": "stop"', '"finish_reason": "length"', "finish_reason: stop → length"),
            (STREAM, '"finish_reason": "stop"', '"finish_reason": "length"', "finish_reason: stop → length"),
            (HTTP, '"finish_reason": "stop"', '"finish_reason": "length"', "finish_reason: stop → length"),
            (TOOL, "get_weather", "forecast", "tool_calls: get_weather → forecast"),
            (TOOL, '\\"city\\"', '\\"place\\"', "tool_calls[0].arguments.city is gone (and 1 more)"),
            (JSON, '\\"city\\"', '\\"town\\"', "text.city is gone (and 1 more)"),
            (ONE, '"content": "', '"content": null, "text": "', "text is gone"),
            (ONE, '"content": "', '"content": "[]", "text": "', "text: words → JSON (list)"),
        ],
    )
    def test_another_structure_fails_the_run_and_no_test(self, project, tests, old, new, shown):
        record(project, tests)
        drifts(project.provider, old, new)
        result = verify(project)
        result.assert_outcomes(passed=1)
        assert result.ret == 1
        count, verdict, what, end = told(result)
        assert "1 recording verified: 1 changed" in count
        assert verdict.startswith("  changed        cassettes/")
        assert what.strip() == shown
        assert end == "lmcache: this run fails for what has changed: 1 changed"

    def test_vectors_of_another_length_are_a_change(self, project):
        record(project, VECTORS)
        project.tests(VECTORS.replace("input", "dimensions=4, input"), name="test_other")
        project.record("test_other.py").assert_outcomes(passed=1)
        [short] = [file for file in project.recordings() if '"dimensions": 4' in file.read_text()]
        [long] = [file for file in project.recordings() if file != short]
        vectors, others = (json.loads(file.read_text()) for file in (long, short))
        vectors["responses"] = others["responses"]
        long.write_text(json.dumps(vectors))
        result = verify(project, "test_it.py")
        assert result.ret == 1
        result.stdout.re_match_lines([r" +vector 0: 4 → [\d,]+ dimensions"])

    def test_vectors_that_moved_by_what_providers_round_are_identical(self, project):
        record(project, VECTORS)
        assert "1 recording verified: 1 identical" in told(verify(project))[0]

    def test_vectors_that_moved_further_are_reworded_by_their_cosine(self, project):
        record(project, VECTORS)
        [file] = project.recordings()
        project.tests(VECTORS.replace("red", "rust"), name="test_other")
        project.record("test_other.py").assert_outcomes(passed=1)
        [other] = set(project.recordings()) - {file}
        responses = json.loads(other.read_text())["responses"]
        file.write_text(json.dumps(json.loads(file.read_text()) | {"responses": responses}))
        result = verify(project, "test_it.py")
        result.stdout.re_match_lines([r"  reworded 0\.\d\d +cassettes/embedding/.*", r" +vector 0: cosine 0\.\d+"])

    def test_what_is_said_of_several_is_said_once(self, project):
        record(project, "@pytest.mark.parametrize('n', range(8))\ndef test_it(n):\n    ask(f'Number {n}?')\n")
        refuses(project.provider, 401, '{"error": {"message": "This key was revoked.", "code": "invalid_api_key"}}')
        lines = told(verify(project))
        assert "8 recordings verified: 8 errors" in lines[0]
        assert sum(line.startswith("  error          cassettes/") for line in lines) == 5
        assert lines[6].strip() == "and 3 more recordings with the same error; -v shows all"
        assert [number for number, line in enumerate(lines) if "This key was revoked." in line] == [7]
        assert sum(line.startswith("  error          cassettes/") for line in told(verify(project, "-v"))) == 8

    def test_what_the_provider_refuses_is_an_error_with_its_words(self, project):
        record(project, ONE + HTTP.replace("def test_it", "def test_http"))
        refuses(project.provider, 401, '{"error": {"message": "This key was revoked.", "code": "invalid_api_key"}}')
        result = verify(project)
        result.assert_outcomes(passed=2)
        assert result.ret == 1
        lines = told(result)
        assert "2 recordings verified: 2 errors" in lines[0]
        assert all("This key was revoked." in line for line in lines[2:5:2])
        assert lines[-1].endswith("fails for what has changed: 2 errors")

    def test_no_key_stands_in_what_is_told(self, project):
        project.key = "sk-" + "fake" + "7Hq2mZ9cXw4LtR8vNb3K"
        record(project, ONE + HTTP.replace("def test_it", "def test_http"))
        leaked = "sk-" + "proj-" + "Q8wZ3nX6vB1mK4jH7gF2dS5aP9oL"
        message = f"Wrong key {project.key}, did you mean {leaked}?"
        refuses(project.provider, 401, json.dumps({"error": {"message": message}}))
        text = verify(project, "--lmcache-report=report.json").stdout.str() + (project.path / "report.json").read_text()
        assert "Wrong key" in text
        assert project.key not in text
        assert leaked not in text

    @pytest.mark.parametrize("tests", CALLS, ids=NAMES)
    def test_a_provider_that_is_not_there_is_an_error_and_tests_pass(self, project, tests, monkeypatch):
        count = record(project, tests)
        project.provider.url_of_nobody = "http://127.0.0.1:9"
        for name in ("OPENAI_API_BASE", "ANTHROPIC_API_BASE"):
            monkeypatch.setenv(name, "http://127.0.0.1:9/v1")
        monkeypatch.setenv("OPENAI_API_KEY", project.key)
        result = project.pytester.runpytest_inprocess("--lmcache=verify")
        result.assert_outcomes(passed=len(project.recordings()))
        assert result.ret == 1
        assert f"{count} error" in told(result)[0]
        assert "onnect" in told(result)[2]
        assert project.provider.count() == 0

    def test_a_connection_that_breaks_once_is_tried_again(self, project):
        record(
            project,
            HTTP.replace(
                "def test_it():", "def test_it():\n    HEADERS['x-provider-fault'] = os.environ.get('FAULT', '')"
            ),
        )
        project._monkeypatch.setenv("FAULT", "reset-once")
        assert "1 recording verified: 1 reworded" in told(verify(project))[0]
        assert project.provider.count() == 2
        project._monkeypatch.setenv("FAULT", "reset")
        assert "1 recording verified: 1 error" in told(verify(project))[0]
        assert project.provider.count() == 4

    def test_a_client_that_outlives_its_event_loop_is_no_error(self, project):
        project.ini("lmcache_adapters = http")
        record(project, OUTLIVING)
        result = verify(project)
        result.assert_outcomes(passed=3)
        assert "3 recordings verified: 3 reworded" in told(result)[0]

    @pytest.mark.parametrize("fault", ["cut", "short", "midstream", "reset", "html"])
    def test_an_answer_that_is_not_whole_is_an_error(self, project, fault):
        record(project, HTTP_STREAM)
        project.tests(HTTP_STREAM.replace("json=", f"headers={{'x-provider-fault': '{fault}'}}, json="))
        result = verify(project)
        result.assert_outcomes(passed=2)
        assert result.ret == 1
        assert "2 recordings verified: 2 errors" in told(result)[0]

    def test_a_redirect_is_an_error(self, project):
        record(project, HTTP)
        refuses(project.provider, 307, '{"message": "moved"}')
        result = verify(project)
        assert result.ret == 1
        assert told(result)[2].strip() == "HTTP 307: moved"

    def test_the_take_that_is_closest_counts(self, project):
        project.tests("@pytest.mark.lmcache(repeat='next')\ndef test_it():\n    ask()\n    ask()\n    ask()\n")
        project.provider.edit = None
        project.record().assert_outcomes(passed=1)
        [file] = project.recordings()
        takes = [take["answer"]["data"] for take in json.loads(file.read_text())["responses"]]
        marks = [take["choices"][0]["message"]["content"] for take in takes]
        assert len(set(marks)) == 3
        project.provider.reset()
        project.provider.mark = marks[1].split("(answer ")[1].rstrip(")")
        result = verify(project)
        assert "1 recording verified: 1 identical" in told(result)[0]
        assert project.provider.count() == 1
        project.provider.reset()
        drifts(project.provider, '"stop"', '"length"')
        result = verify(project)
        assert "test_it.py::test_it, take 1 of 3)" in told(result)[1]


class TestTests:
    def test_they_get_what_was_recorded(self, project):
        tests = (
            "import pathlib\n"
            "def test_it(lmcache):\n"
            "    seen = pathlib.Path('seen.txt')\n"
            "    text = ask()\n"
            "    if seen.exists():\n"
            "        assert (text, lmcache.calls[0].outcome) == (seen.read_text(), 'replayed')\n"
            "    else:\n"
            "        seen.write_text(text)\n"
        )
        record(project, tests)
        verify(project).assert_outcomes(passed=1)
        assert project.provider.count() == 1

    def test_a_miss_is_a_miss_and_nothing_is_recorded(self, project):
        record(project, ONE)
        project.tests(ONE + "def test_other():\n    ask('Something else?')\n")
        result = verify(project)
        result.assert_outcomes(passed=1, failed=1)
        assert project.provider.count() == 1
        result.stdout.fnmatch_lines(["lmcache: nothing recorded answers this call, and verify records nothing."])

    def test_they_fail_as_in_replay(self, project):
        record(project, ONE)
        project.tests("def test_it():\n    assert 'Rome' in ask()\n")
        result = verify(project)
        result.assert_outcomes(failed=1)
        assert "1 recording verified" in told(result)[0]

    def test_the_provider_gets_the_real_key(self, project):
        record(project, ONE + HTTP.replace("def test_it", "def test_http"))
        verify(project)
        headers = [request.headers["authorization"] for request in project.provider.requests]
        assert headers == [f"Bearer {project.key}"] * 2

    def test_a_test_that_is_off_stays_off(self, project):
        record(project, ONE)
        project.tests("@pytest.mark.lmcache(mode='off')\n" + ONE)
        result = verify(project)
        result.assert_outcomes(passed=1)
        assert project.provider.count() == 1
        assert told(result) == ["lmcache: verify checked nothing: no test of this run used a recording"]

    def test_the_mode_of_a_marker_is_weaker(self, project):
        record(project, ONE)
        project.tests("@pytest.mark.lmcache(mode='refresh')\n" + ONE)
        assert "1 recording verified" in told(verify(project))[0]

    def test_one_that_stops_waiting_for_its_call_is_told(self, project):
        record(project, "def test_it():\n    asyncio.run(asyncio.wait_for(aask(), 20))\n")
        project.tests(
            "def test_it():\n"
            "    with pytest.raises(TimeoutError):\n"
            "        asyncio.run(asyncio.wait_for(aask(extra_headers={'x-provider-fault': 'timeout'}), 0.5))\n"
        )
        result = verify(project)
        result.assert_outcomes(passed=1)
        assert "1 recording verified: 1 error" in told(result)[0]
        assert told(result)[2].strip() == "the test did not wait for the answer"

    def test_the_guard_stands_as_in_replay(self, project):
        record(project, ONE)
        port = int(project.provider.url.rpartition(":")[2])
        project.ini(f"lmcache_guard_hosts = 127.0.0.1:{port}")
        project.tests(
            ONE + f"import http.client\ndef test_other():\n"
            f"    http.client.HTTPConnection('127.0.0.1', {port}).request('GET', '/v1/models')\n"
        )
        result = verify(project)
        result.assert_outcomes(passed=1, failed=1)
        assert "1 recording verified" in told(result)[0]
        assert project.provider.count("models") == 0

    def test_bounds_of_a_test_are_on_what_was_recorded(self, project):
        record(project, THREE)
        project.tests("@pytest.mark.lmcache(max_calls=0)\n" + THREE)
        result = verify(project)
        result.assert_outcomes(failed=3)
        result.stdout.fnmatch_lines(["lmcache: this test's calls are above its max_calls=0."])
        assert project.provider.count() == 3


class TestOtherRecordings:
    def test_functions_of_the_project_are_not_called(self, project):
        record(
            project,
            "def test_it(lmcache):\n"
            "    def pay(amount):\n"
            "        with open('paid.txt', 'a') as file:\n            file.write('paid')\n"
            "        return amount\n"
            "    assert lmcache.wrap(pay, name='pay')(3) == 3\n" + ONE.replace("test_it", "test_ask"),
        )
        result = verify(project)
        result.assert_outcomes(passed=2)
        assert (project.path / "paid.txt").read_text() == "paid"
        lines = told(result)
        assert "1 recording verified" in lines[0]
        assert lines[-1] == "  1 skipped: functions of the project's own are not called"

    def test_what_is_injected_is_not_checked(self, project):
        record(project, ONE)
        project.tests(
            "def test_it(lmcache):\n"
            "    lmcache.fail(status=429)\n"
            "    with pytest.raises(litellm.RateLimitError):\n"
            "        ask(max_retries=0)\n"
        )
        result = verify(project)
        result.assert_outcomes(passed=1)
        assert project.provider.count() == 0
        assert told(result) == ["lmcache: verify checked nothing: no test of this run used a recording"]

    FAILS = (
        "@pytest.mark.lmcache(record_errors=True)\n"
        "def test_it():\n"
        "    with pytest.raises(litellm.BadRequestError):\n"
        "        ask('Too long [error 400]', max_retries=0)\n"
    )

    def test_a_recorded_error_is_an_answer_as_any_other(self, project):
        record(project, self.FAILS, mark="the same")
        project.provider.mark = "the same"
        assert "1 recording verified: 1 identical" in told(verify(project))[0]
        project.provider.mark = "another"
        assert "1 recording verified: 1 reworded" in told(verify(project))[0]

    def test_a_recorded_error_that_is_gone_is_a_change(self, project):
        record(project, self.FAILS)
        answer = {
            "id": "1",
            "object": "chat.completion",
            "created": 1,
            "model": "m",
            "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hello"}}],
        }
        refuses(project.provider, 200, json.dumps(answer))
        result = verify(project)
        result.assert_outcomes(passed=1)
        assert result.ret == 1
        assert told(result)[2].strip().startswith("the recorded error is gone: ContextWindowExceededError: ")

    def test_a_recorded_error_that_is_another_is_a_change(self, project):
        record(project, self.FAILS)
        refuses(project.provider, 401, '{"error": {"message": "No."}}')
        result = verify(project)
        assert result.ret == 1
        assert told(result)[2].strip().startswith("error: ContextWindowExceededError → AuthenticationError: ")
