"""`pytest-lmcache import` as it is typed: what it writes, what it says, and how it ends."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from shapes import BODY, STREAM, answer, asking, interaction, shaped, vcr

from pytest_lmcache.adapters.http import answers
from pytest_lmcache.cli import main
from pytest_lmcache.tiers.cassettes import Cassettes

KEY = "sk-" + "a1B2c3D4e5F6g7H8" + "i9J0k1L2m3N4o5P6"


class Project:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cassettes = Cassettes(folder / "cassettes")

    def write(self, name: str, data: bytes) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def type(self, *args: str) -> Result:
        result = CliRunner().invoke(main, ["import", *args])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    def report(self, *args: str) -> dict:
        return json.loads(self.type(*args, "--json").stdout)

    def recordings(self):
        return [self.cassettes.load(path) for path in sorted((self.folder / "cassettes").glob("*/*.json"))]


@pytest.fixture
def project(tmp_path, monkeypatch) -> Project:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    return Project(tmp_path)


def given(recording, take=0) -> bytes:
    """The bytes of an answer as a client will read them."""
    return b"".join(answers.replay(json.loads(recording.takes[take].response)).pieces)


@pytest.mark.parametrize("name", shaped())
def test_every_shape_of_a_call_makes_the_same_recording(project, name):
    project.write(f"old/{name}", shaped()[name])

    result = project.type("old")

    assert result.exit_code == 0, result.output
    (recording,) = project.recordings()
    assert recording.request.body == BODY
    assert recording.request.adapter == "http/openai-chat"
    assert recording.recorded_by == f"imported from old/{name}"
    assert json.loads(given(recording)) == answer()
    assert recording.takes[0].usage == {"prompt_tokens": 7, "completion_tokens": 2}
    assert "redacted" in name or recording.recorded_at == "2025-12-31T20:40:37Z"


def test_all_shapes_of_a_call_are_one_recording(project):
    for name, data in shaped().items():
        project.write(f"old/{name}", data)
    assert project.type("old").exit_code == 0
    assert len(project.recordings()) == 1


def test_a_stream_is_kept_event_by_event(project):
    body = asking("What is the capital of France?", stream=True)
    project.write("a.yaml", vcr(interaction(body, STREAM, headers={"Content-Type": ["text/event-stream"]})))
    assert project.type("a.yaml").exit_code == 0
    (recording,) = project.recordings()
    assert recording.request.stream
    assert given(recording) == STREAM.encode()
    assert len(json.loads(recording.takes[0].response)["chunks"]) == 3


def test_equal_requests_with_different_answers_become_takes_in_order(project):
    project.write("a.yaml", vcr(*(interaction(answered=answer(text)) for text in ("pending", "pending", "done"))))
    result = project.type("a.yaml")
    (recording,) = project.recordings()
    texts = [json.loads(given(recording, take))["choices"][0]["message"]["content"] for take in range(3)]
    assert texts == ["pending", "pending", "done"]
    assert "1 request asked more than once in a cassette and answered differently" in result.stdout


def test_a_sequence_of_answers_is_not_mixed_with_another_cassettes(project):
    project.write("old/a.yaml", vcr(interaction(answered=answer("once"))))
    project.write("old/b.yaml", vcr(*(interaction(answered=answer(text)) for text in ("pending", "done"))))
    result = project.type("old")
    (recording,) = project.recordings()
    texts = [json.loads(given(recording, take))["choices"][0]["message"]["content"] for take in range(3)]
    assert texts == ["pending", "done", "once"]
    assert "1 call asked in several cassettes and answered differently" in result.stdout


def test_a_conversation_that_goes_on_from_an_answer_of_another_cassette_is_told(project):
    def conversation(text):
        first = asking("Tell me a number")
        said = [{"role": "assistant", "content": text}, {"role": "user", "content": "And another"}]
        second = {**first, "messages": first["messages"] + said}
        return vcr(interaction(first, answer(text)), interaction(second, answer("seven")))

    project.write("old/a.yaml", conversation("My number is one."))
    project.write("old/b.yaml", conversation("My number is two."))
    result = project.type("old")
    assert "old/b.yaml\n  1 call may miss, going on from an answer that replays as old/a.yaml has it" in result.stdout
    assert "old/a.yaml\n" not in result.stdout


def test_what_changes_with_each_run_is_told_and_can_be_normalized(project):
    project.write("a.yaml", vcr(interaction(asking("Today is 2025-12-31. What day is it?"))))
    assert "1 call will miss: the request holds a date that is another one in each run" in project.type("a.yaml").stdout
    assert "will miss" not in project.type("a.yaml", "--normalize", "date", "--to", "other").stdout

    (project.folder / "pytest.ini").write_text("[pytest]\nlmcache_normalize = date\n")
    assert "will miss" not in project.type("a.yaml", "--to", "other").stdout
    assert project.report("a.yaml", "--to", "other")["written"]["unchanged"] == 1


def test_a_date_that_was_not_the_day_of_the_recording_is_no_drift(project):
    project.write("a.yaml", vcr(interaction(asking("What happened on 1969-07-20?"))))
    assert "miss" not in project.type("a.yaml").stdout


@pytest.mark.parametrize(
    ("body", "headers", "why"),
    [
        (asking("Hello **REDACTED**"), {}, "a value in its body was redacted"),
        (BODY, {"Content-Length": ["9"]}, "its body was changed in the file after it had been sent"),
    ],
)
def test_a_body_that_is_not_the_one_that_was_sent_is_told(project, body, headers, why):
    project.write("a.yaml", vcr(interaction(body, asked_headers=headers)))
    assert f"1 call may miss: {why}" in project.type("a.yaml").stdout


def test_a_body_written_with_other_blanks_is_the_one_that_was_sent(project):
    length = len(json.dumps(BODY, separators=(",", ":")))
    project.write("a.yaml", vcr(interaction(asked_headers={"Content-Length": [str(length)]})))
    assert "miss" not in project.type("a.yaml").stdout


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (interaction(status=401), "it was answered with an error (status 401)"),
        (interaction(status=307), "it was answered with status 307, which is no answer"),
        (interaction(""), "its request was recorded without a body"),
        (interaction(answered=""), "its answer was recorded without a body"),
        (interaction(answered='{"id": "c-1", '), "the provider's answer is cut short"),
        (interaction(answered="<html>", headers={"Content-Type": ["text/html"]}), "a page of HTML"),
        (
            interaction(
                asking("Hi", stream=True), STREAM[:90] + "\n\n", headers={"Content-Type": ["text/event-stream"]}
            ),
            "ended the stream before it was whole",
        ),
        (interaction(uri="**REDACTED**", answered={"hello": 1}), "its URI was redacted"),
        ({"request": interaction()["request"]}, "its request has no answer"),
        ({"request": "POST", "response": {}}, "it has no request"),
        ("nothing", "it has no request"),
        ({**interaction(), "response": {"body": {"string": "x"}}}, "its answer has no status"),
        (interaction(asking(f"My key is {KEY}, is it safe?")), "looks like a credential (OpenAI"),
        (interaction(answered=answer(f"Use {KEY}.")), "looks like a credential (OpenAI"),
    ],
)
def test_a_call_that_cannot_be_used_is_refused_with_its_place_and_reason(project, entry, reason):
    project.write("a.yaml", vcr(entry, interaction(asking("Another one"))))

    result = project.type("a.yaml")

    assert result.exit_code == 1
    assert "interaction 1" in result.stdout
    assert reason in result.stdout
    (recording,) = project.recordings()
    assert recording.request.body == asking("Another one")
    assert KEY not in result.output


def test_a_credential_that_a_stream_spells_in_pieces_is_found(project):
    middle = len(KEY) // 2
    stream = STREAM.replace("Paris", KEY[:middle]).replace('"delta":{}', f'"delta":{{"content":"{KEY[middle:]}"}}')
    body = asking("Make me a key", stream=True)
    project.write("a.yaml", vcr(interaction(body, stream, headers={"Content-Type": ["text/event-stream"]})))
    assert "looks like a credential" in project.type("a.yaml").stdout
    assert project.recordings() == []


def test_the_key_of_the_client_is_taken_out_of_what_was_said(project):
    secret = "not-a-real-key-but-long"
    headers = {"Authorization": [f"Bearer {secret}"]}
    project.write(
        "a.yaml", vcr(interaction(asking(f"Is {secret} mine?"), answer(f"{secret} it is"), asked_headers=headers))
    )
    assert project.type("a.yaml").exit_code == 0
    assert not [path for path in project.folder.glob("cassettes/*/*") if secret in path.read_text()]


def test_errors_are_imported_when_asked_for(project):
    project.write("a.yaml", vcr(interaction(answered={"error": {"message": "slow down"}}, status=429)))
    assert "import them with --errors" in project.type("a.yaml").stdout
    assert project.type("a.yaml", "--errors").exit_code == 0
    (recording,) = project.recordings()
    assert json.loads(recording.takes[0].response)["status"] == 429


def test_requests_that_are_no_calls_of_a_model_are_counted_and_left_alone(project):
    token = "https://user:secret-word@files.example/v1/token?key=" + KEY
    project.write(
        "a.yaml", vcr(interaction(), interaction(uri=token), interaction(method="GET", uri="https://x.example/"))
    )
    result = project.type("a.yaml")
    assert result.exit_code == 0
    assert "2 other requests, no calls of a model" in result.stdout
    assert "POST files.example/v1/token (1)" in result.stdout
    assert "secret-word" not in result.output
    assert len(project.recordings()) == 1


def test_a_dry_run_says_the_same_and_writes_nothing(project):
    project.write("a.yaml", vcr(interaction()))
    result = project.type("a.yaml", "--dry-run")
    assert "1 recording with 1 take in cassettes/: 1 would be new." in result.stdout
    assert result.stderr == ""
    assert not (project.folder / "cassettes").exists()


def test_recordings_that_differ_are_kept_unless_overwritten(project):
    project.write("a.yaml", vcr(interaction(answered=answer("old"))))
    project.type("a.yaml")
    project.write("a.yaml", vcr(interaction(answered=answer("new"))))
    assert "1 there already with other answers and kept (--overwrite replaces them)" in project.type("a.yaml").stdout
    assert b"old" in given(project.recordings()[0])
    assert "1 replaced" in project.type("a.yaml", "--overwrite").stdout
    assert b"new" in given(project.recordings()[0])


def test_a_broken_recording_in_the_folder_is_left_alone_and_told(project):
    project.write("a.yaml", vcr(interaction()))
    project.type("a.yaml")
    (path,) = project.folder.glob("cassettes/*/*.json")
    path.write_text("{")
    result = project.type("a.yaml", "--overwrite")
    assert result.exit_code == 1
    assert "not written" in result.stdout
    assert path.read_text() == "{"


def test_the_project_says_where_recordings_go_and_how_they_are_keyed(project):
    (project.folder / "pytest.ini").write_text("[pytest]\nlmcache_cassettes = tests/calls\nlmcache_key = messages\n")
    project.write("sub/a.yaml", vcr(interaction()))
    os.chdir(project.folder / "sub")
    assert project.type("a.yaml").exit_code == 0
    (path,) = (project.folder / "tests" / "calls").glob("*/*.json")
    recorded = json.loads(path.read_text())
    assert recorded["strategy"] == "messages"
    assert recorded["recorded_by"] == "imported from sub/a.yaml"


def test_a_callable_as_the_projects_key_needs_a_choice(project):
    (project.folder / "pytest.ini").write_text("[pytest]\nlmcache_key = keys:mine\n")
    project.write("a.yaml", vcr(interaction()))
    refused = project.type("a.yaml")
    assert refused.exit_code == 2
    assert "choose --key request or messages" in refused.output
    assert project.type("a.yaml", "--key", "request").exit_code == 0


BAD = {
    "empty.yaml": (b"", "it is empty"),
    "broken.yaml": (b"interactions: [", "it is no YAML (line "),
    "deep.yaml": (b"interactions: " + b"[" * 100_000, "it is nested deeper than 200 levels"),
    "tag.yaml": (b"interactions: !!python/object/apply:os.system ['touch ran']", "is no data (line 1)"),
    "name.yaml": (b"interactions: [!!python/name:os.system '']", "is no data (line 1)"),
    "self.yaml": (b"interactions: &a [*a]", "refers to nothing, or to itself"),
    "bomb.yaml": (
        b"interactions:\n- &a [lol, lol, lol, lol, lol, lol, lol, lol, lol]\n"
        + b"".join(b"- &%c [%s]\n" % (98 + at, b", ".join([b"*%c" % (97 + at)] * 9)) for at in range(12)),
        "its aliases stand for more than",
    ),
    "junk.yaml": (bytes(range(256)), "it is no YAML"),
    "several.yaml": (b"interactions: []\n---\ninteractions: []\n", "several YAML documents"),
    "other.yaml": (b"services: {web: 1}", "it is no cassette"),
    "text.yaml": (b"interactions: none of them", "it is no cassette: interactions is no list"),
    "broken.toml": (b"interactions = [", "it is no TOML"),
    "deep.toml": (b"interactions = " + b"[" * 100_000, "nested too deep"),
    "broken.json": (b'{"interactions": ', "it is no JSON"),
    "deep.json": (b'{"interactions": ' + b"[" * 100_000, "nested too deep"),
    "cut.yaml.gz": (gzip.compress(vcr(interaction()))[:-9], "its gzip is cut short"),
    "bomb.yaml.gz": (gzip.compress(b"#" * (70 * 2**20)), "it is larger than 64 MiB"),
    "pointer.yaml": (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_cannot_be_read_is_one_line_and_stops_nothing(project, name):
    data, reason = BAD[name]
    project.write(name, data)
    project.write("good.yaml", vcr(interaction()))

    result = project.type(name, "good.yaml")

    assert result.exit_code == 1
    assert f"{name}\n  not read: " in result.stdout
    (line,) = [line for line in result.stdout.splitlines() if "not read: " in line]
    assert reason in line
    assert len(project.recordings()) == 1
    assert not (project.folder / "ran").exists()


def test_a_body_that_unfolds_into_gigabytes_is_refused(project):
    bomb = gzip.compress(b" " * (70 * 2**20))
    project.write("a.yaml", vcr(interaction(answered=bomb, headers={"Content-Encoding": ["gzip"]})))
    assert "its answer is larger than 64 MiB" in project.type("a.yaml").stdout


def test_files_of_a_folder_that_are_no_cassettes_are_passed_over(project):
    project.write("tests/compose.yaml", b"services: {web: {{ broken")
    project.write("tests/data.json", b'{"a": 1}')
    project.write("tests/words.yaml", b"interactions_of: people")
    project.write("tests/chart.yaml", b"resources: {requests: {{ broken")
    project.write("tests/.hidden/a.yaml", b"interactions: [")
    project.write("tests/cassettes/a.yaml", vcr(interaction()))
    report = project.report("tests")
    assert report["files_read"] == 1
    assert report["files_unreadable"] == 0
    assert report["files_passed_over"] == 4


def test_what_does_not_exist_and_a_folder_that_cannot_be_written_are_errors_of_their_own(project):
    assert project.type("nowhere.yaml").exit_code == 2
    project.write("a.yaml", vcr(interaction()))
    project.write("taken", b"")
    refused = project.type("a.yaml", "--to", "taken")
    assert refused.exit_code == 2
    assert "taken: is no folder" in refused.output


def test_json_has_every_file_with_every_refusal(project):
    project.write("a.yaml", vcr(interaction(), interaction(status=500)))
    report = project.report("a.yaml")
    assert (report["calls"], report["refused"], report["recordings"], report["takes"]) == (2, 1, 1, 1)
    (file,) = report["files"]
    assert file["file"] == "a.yaml"
    assert file["refused"] == [
        {
            "number": 2,
            "place": "POST api.openai.com/v1/chat/completions",
            "reason": "it was answered with an error (status 500)",
        }
    ]


def test_the_paths_of_redacted_calls_are_told_by_what_was_answered(project):
    said = {
        "id": "m-1", "type": "message", "role": "assistant", "model": "claude", "stop_reason": "end_turn",
        "content": [{"type": "text", "text": "Hello."}], "usage": {"input_tokens": 3, "output_tokens": 2},
    }  # fmt: skip
    vector = {"object": "list", "data": [{"embedding": [0.1], "index": 0}], "usage": {"prompt_tokens": 1}}
    project.write(
        "a.yaml",
        vcr(
            interaction({**asking("Hi"), "max_tokens": 9}, said, uri="**REDACTED**"),
            interaction({"model": "e", "input": "a"}, vector, uri="**REDACTED**"),
            interaction(asking("Hi"), uri="**REDACTED**"),
        ),
    )
    result = project.type("a.yaml")
    assert result.exit_code == 0, result.output
    adapters = {recording.request.adapter for recording in project.recordings()}
    assert adapters == {"http/anthropic-messages", "http/openai-embeddings", "http/openai-chat"}
    assert "taken for anthropic-messages by what was said, since the URI was redacted" in result.stdout
