"""`pytest-lmcache ls`."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys

import pytest


def keys(result):
    """The first column of a list, without its title."""
    return [line.split()[0] for line in result.stdout.splitlines()[1:]]


def test_every_recording_has_a_line(shop):
    result = shop.run("ls")
    files = sorted(path.stem[-20:-12] for path in shop.cassettes.glob("*/*.json"))
    assert sorted(keys(result)) == files
    assert result.exit_code == 0
    assert "examples/test_agent.py::test_small_talk_needs_no_tool" in result.stdout


def test_in_a_pipe_nothing_is_cut_and_nothing_is_coloured(shop):
    done = subprocess.run(
        [sys.executable, "-m", "pytest_lmcache.cli", "ls"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "COLUMNS": "40"},
    )
    assert "…" not in done.stdout
    assert "\x1b" not in done.stdout
    assert done.stdout == shop.run("ls").stdout


@pytest.mark.parametrize(
    ("variables", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)], ids=["colour", "NO_COLOR"]
)
def test_on_a_terminal_lines_fit_and_have_colours(shop, variables, coloured):
    """On a real pseudo-terminal."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": "80", "TERM": "xterm-256color", **variables}
    with subprocess.Popen(
        [sys.executable, "-m", "pytest_lmcache.cli", "ls"], stdout=theirs, stderr=theirs, env=environment
    ) as process:
        os.close(theirs)
        told = b""
        try:
            while part := os.read(ours, 65536):
                told += part
        except OSError:  # Linux says so when the other end is closed
            pass
        finally:
            os.close(ours)
    assert process.returncode == 0
    text = told.decode()
    assert ("\x1b[1m" in text) is coloured
    plain = re.sub(r"\x1b\[\d*m", "", text).splitlines()
    assert max(map(len, plain)) <= 80
    assert plain[-1].startswith("22 recordings · ")


@pytest.mark.parametrize(
    ("options", "count"),
    [
        (["--model", "gpt-4o"], 17),
        (["--model", "openai/text-*"], 5),
        (["--operation", "embedding"], 5),
        (["--test", "test_small_talk"], 1),
        (["--text", "good MORNING"], 1),
        (["--text", "blue bird"], 2),
        (["--older-than", "1s"], 22),
        (["--older-than", "99y"], 0),
        (["--newer-than", "1s"], 0),
        (["--larger-than", "4kB"], 4),
        (["--cost-above", "0.00003"], 3),
        (["--operation", "chat", "--test", "search"], 0),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_options_choose(shop, options, count):
    assert len(shop.json("ls", *options)) == count


def test_text_is_found_in_a_streamed_answer(shop):
    """Where the words stand in chunks, none of which has the phrase."""
    file = shop.file("the-customer-ordered-a-desk-lamp")
    (take,) = shop.json("show", file.stem[-20:])[0]["takes"]
    phrase = take["text"][-40:]
    assert phrase not in file.read_text()
    assert [one["path"] for one in shop.json("ls", "--text", phrase)] == [f"chat/{file.name}"]


def test_it_is_sorted_and_limited(shop):
    sizes = [one["bytes"] for one in shop.json("ls", "--sort", "size", "--limit", "3")]
    every = sorted((path.stat().st_size for path in shop.cassettes.glob("*/*.json")), reverse=True)
    assert sizes == every[:3]
    assert [one["bytes"] for one in shop.json("ls", "--sort", "size", "--reverse", "--limit", "1")] == every[-1:]


def test_json_has_what_the_file_says(shop):
    (one,) = shop.json("ls", "--test", "test_small_talk")
    assert one == {
        "path": "chat/good-morning-8f3d4c670a5873186717.json",
        "key": "8f3d4c670a58731867173a3f582025f86c59e25acb0fc114ef8ca4f70872d2a1",
        "strategy": "request",
        "adapter": "litellm",
        "operation": "chat",
        "model": "openai/gpt-4o-mini",
        "recorded_at": "2026-11-23T18:04:24Z",
        "recorded_by": "examples/test_agent.py::test_small_talk_needs_no_tool",
        "takes": 1,
        "bytes": shop.file("good-morning").stat().st_size,
        "latency_s": 0.007,
        "cost_usd": 1.89e-05,
        "tokens": {"completion_tokens": 8, "prompt_tokens": 94},
    }


def test_paths_can_be_handed_on(shop):
    told = shop.run("ls", "--paths", "--operation", "embedding").stdout.split()
    assert len(told) == 5
    assert all((shop.path / path).is_file() for path in told)


def test_a_broken_file_is_named_and_the_others_are_listed(shop):
    shop.file("good-morning").write_text("{")
    result = shop.run("ls")
    assert len(keys(result)) == 21
    assert "good-morning-8f3d4c670a5873186717.json: is cut short or no JSON" in result.stderr
    assert result.exit_code == 2


def test_many_broken_files_are_counted(shop):
    for file in shop.cassettes.glob("*/*.json"):
        file.write_text("")
    result = shop.run("ls")
    assert result.stderr.count("\n") == 4
    assert "19 more files cannot be read; see pytest-lmcache check" in result.stderr


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--older-than", "soon"], "'soon' is no age; write for example 90d"),
        (["--larger-than", "big"], "'big' is no size"),
        (["--sort", "luck"], "'luck' is not one of"),
        (["--cassettes", "elsewhere"], "elsewhere: does not exist. Record first"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_nobody_can_mean_is_told_in_one_line(shop, options, said):
    result = shop.run("ls", *options)
    assert said in result.stderr.splitlines()[-1]
    assert result.stdout == ""
    assert result.exit_code == 2


def test_an_empty_folder_has_an_empty_list(shop, tmp_path):
    (tmp_path / "empty").mkdir()
    result = shop.run("ls", "--cassettes", str(tmp_path / "empty"))
    assert (result.stdout, result.exit_code) == ("", 0)
    assert shop.json("ls", "--cassettes", str(tmp_path / "empty")) == []


def test_control_characters_in_a_recording_do_not_reach_the_terminal(shop):
    shop.edit("good-morning", "openai/gpt-4o-mini", "openai/\\u001b]0;title\\u0007x")
    assert "\x1b" not in shop.run("ls").stdout
    assert "<U+001B>" in shop.run("ls").stdout
