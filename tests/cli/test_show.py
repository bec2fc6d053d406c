"""`pytest-lmcache show`."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys

import pytest

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAoAAAAHgCAYAAAA10dzkAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
) + bytes(2000)
QUESTION = """
def test_it():
    picture = "data:image/png;base64,{data}"
    picture = {{"type": "image_url", "image_url": {{"url": picture}}}}
    content = [{{"type": "text", "text": "What is on this picture?"}}, picture]
    litellm.completion("openai/gpt-4o-mini", [{{"role": "user", "content": content}}])
"""


def test_a_conversation_reads_as_one(shop):
    result = shop.run("show", "good-morning")
    assert (
        result.stdout
        == """\
cassettes/chat/good-morning-8f3d4c670a5873186717.json
chat · openai/gpt-4o-mini · keyed by request · examples/test_agent.py::test_small_talk_needs_no_tool · \
2026-11-23 18:04:24 UTC
tools: look_up_order(order_id): Status, destination and arrival of an order.
       weather_forecast(city): The weather a courier will have in a city.

system
  You are the assistant of an online shop. Use the tools for facts, and answer in one short paragraph.

user
  Good morning!

assistant · stop · 94 + 8 tokens · $0.000019 · 7 ms
  You said: Good morning! (answer 5-4ad6)
"""
    )


def test_tool_calls_and_their_results(shop):
    lines = shop.run("show", "2a08bb4b").stdout.splitlines()
    assert '  calls look_up_order (call_2-69d3_00) {"order_id": "A-1042"}' in lines
    assert "tool · call_2-69d3_00" in lines
    assert '  result: {"status": "shipped", "city": "Lisbon", "carrier": "Blue Bird", "arrives": "2025-06-03"}' in lines


def test_json_in_an_answer_is_laid_out(shop):
    assert '    "priority": "low",' in shop.run("show", "it-would-be-great").stdout.splitlines()


def test_a_stream_is_joined(shop):
    shown = shop.run("show", "the-customer-ordered").stdout
    (one,) = shop.json("show", "the-customer-ordered")
    assert one["takes"][0]["text"] in shown
    assert "stream: true" in shown.splitlines()


def test_vectors_are_counted(shop):
    shown = shop.run("show", "how-to-reset").stdout
    assert " numbers" in shown
    assert len(shown) < 2000


def test_several_recordings_at_once(shop):
    shown = shop.run("show", "good-morning", "2a08bb4b").stdout
    assert [line for line in shown.splitlines() if line.startswith("cassettes/")] == [
        "cassettes/chat/good-morning-8f3d4c670a5873186717.json",
        "cassettes/chat/which-of-my-orders-comes-first-a-1042-or-2a08bb4b5ae1b377615d.json",
    ]


@pytest.mark.parametrize(
    "name",
    [
        "8f3d",
        "8f3d4c670a58731867173a3f582025f86c59e25acb0fc114ef8ca4f70872d2a1",
        "good-morning",
        "Good Morning",
        "good",
        "od-morning",
        "chat/good-morning-8f3d4c670a5873186717",
        "chat/good-morning-8f3d4c670a5873186717.json",
        "cassettes/chat/good-morning-8f3d4c670a5873186717.json",
    ],
)
def test_a_recording_is_named_by_path_key_or_words(shop, name):
    assert shop.run("show", name).stdout.startswith("cassettes/chat/good-morning-8f3d")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("please-cancel-order-a-9999", "means 2 recordings: chat/please-cancel-order-a-9999-2541879c9bd55487d2e8.json"),
        ("ffff", "'ffff' is no recording of cassettes/: no path, beginning of a key or words of a file's name."),
        ("/etc/hosts", "is no recording of cassettes/"),
        ("", "is no recording of cassettes/"),
    ],
)
def test_a_name_for_none_or_several_is_refused(shop, name, said):
    result = shop.run("show", name)
    assert said in result.stderr
    assert result.stdout == ""
    assert result.exit_code == 2


def test_a_broken_file_is_one_line(shop):
    shop.file("good-morning").write_text("version https://git-lfs.github.com/spec/v1\n")
    result = shop.run("show", "good-morning")
    assert result.stderr == (
        "pytest-lmcache: cassettes/chat/good-morning-8f3d4c670a5873186717.json: is a Git LFS pointer, not the "
        "recording. Fetch the content with: git lfs pull\n"
    )
    assert result.exit_code == 2


def test_several_takes_are_numbered(shop):
    file = shop.file("good-morning")
    document = json.loads(file.read_text())
    document["responses"] *= 2
    file.write_text(json.dumps(document))
    shown = shop.run("show", "good-morning").stdout
    assert " · 2 takes · " in shown
    assert "assistant · stop · take 2 of 2 · 94 + 8 tokens" in shown


def test_control_characters_are_spelled(shop):
    shop.edit("good-morning", "You said: Good morning!", "\\u001b[2JYou said:\\u202e hello\\n  next line")
    shown = shop.run("show", "good-morning").stdout
    assert "\x1b" not in shown
    assert "<U+001B>[2JYou said:<U+202E> hello\n    next line" in shown


def test_a_picture_is_its_dimensions(project, shop):
    """Recorded by a run of the plugin, with the picture in a blob."""
    project.tests(QUESTION.format(data=base64.b64encode(PNG).decode()))
    project.record().assert_outcomes(passed=1)
    shown = shop.run("show", "what-is-on").stdout
    assert "  What is on this picture?\n  [PNG 640 x 480, 2.1 kB, " in shown
    (file,) = project.recordings()
    converted = shop.run("show", "--textconv", str(file)).stdout
    assert "[PNG 640 x 480, 2.1 kB, " in converted
    elsewhere = project.path / "copy.json"
    shutil.copy(file, elsewhere)
    assert shop.run("show", "--textconv", str(elsewhere)).stdout == converted
    shutil.rmtree(project.cassettes / "blobs")
    assert "[blob " in shop.run("show", "--textconv", str(elsewhere)).stdout


def test_http_answers_and_errors_are_told(project, shop):
    """Over HTTP, with `record_errors`: a whole answer, a streamed one, and a refusal of the provider."""
    project.tests("""
import httpx, json, os
def post(**body):
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Say hello"}], **body}
    return httpx.post(os.environ.get("OPENAI_API_BASE", "http://127.0.0.1:9/v1") + "/chat/completions", json=body,
                      headers={"authorization": "Bearer fake-key-for-tests"})
def test_it():
    assert post().status_code == 200
    assert post(stream=True, stream_options={"include_usage": True}).status_code == 200
""")
    project.ini("lmcache_adapters = http")
    project.record().assert_outcomes(passed=1)
    found = shop.json("show", *[file.stem[-20:] for file in project.recordings()])
    assert {one["stream"] for one in found} == {True, False}
    for one in found:
        assert "Say hello" in one["takes"][0]["text"]
        assert one["takes"][0]["finish_reason"] == "stop"
        assert one["takes"][0]["tokens"]["completion_tokens"] > 0


def test_textconv_leaves_out_what_changes_each_time(shop):
    file = shop.file("good-morning")
    before = shop.run("show", "--textconv", str(file)).stdout
    shop.edit("good-morning", "chatcmpl-5-4ad6", "chatcmpl-6-0000")
    shop.edit("good-morning", '"latency_s": 0.007', '"latency_s": 1.5')
    shop.edit("good-morning", "2026-11-23T18:04:24Z", "2026-12-23T18:04:24Z")
    assert shop.run("show", "--textconv", str(file)).stdout == before


def test_textconv_gives_a_broken_file_as_it_is(shop):
    file = shop.file("good-morning")
    file.write_bytes(b"<<<<<<< ours\n\xff")
    command = [sys.executable, "-m", "pytest_lmcache.cli", "show", "--textconv", str(file)]
    assert subprocess.run(command, capture_output=True, check=True).stdout == b"<<<<<<< ours\n\xff"
