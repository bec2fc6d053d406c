"""`pytest-lmcache diff`."""

from __future__ import annotations

import json
import shutil

import pytest

from pytest_lmcache.keys import KeyRule, key_of
from pytest_lmcache.review.project import find
from pytest_lmcache.tiers.cassettes import Cassettes


def ask_otherwise(shop, words, old, new):
    """What recording a changed prompt does: the file of the old one goes, another one comes."""
    file = shop.file(words)
    other = json.loads(file.read_text().replace(old, new))
    file.write_text(json.dumps(other))
    cassettes = Cassettes(find(shop.path).cassettes)
    recording = cassettes.load(file)
    file.unlink()
    key = key_of(recording.request, KeyRule())
    cassettes.put(
        type(recording)(key, recording.request, recording.takes, "2026-12-01T00:00:00Z", recording.recorded_by)
    )
    return cassettes.folder / key.path


def test_nothing_changed(shop):
    shop.commit()
    result = shop.run("diff")
    assert result.stdout == "HEAD → the working tree: no recording says anything else\n"
    assert result.exit_code == 0


def test_a_changed_answer_is_told_word_by_word(shop):
    shop.commit()
    shop.edit("good-morning", "You said: Good morning!", "You said: Good evening!")
    result = shop.run("diff")
    assert result.stdout.splitlines() == [
        "changed answer  chat/good-morning-8f3d4c670a5873186717.json",
        "  examples/test_agent.py::test_small_talk_needs_no_tool",
        "  answer text  You said: Good [-morning-]{+evening+}! (answer 5-4ad6)",
        "",
        "HEAD → the working tree: 1 changed answer",
    ]
    assert result.exit_code == 1


def test_a_changed_prompt_is_paired_with_the_file_it_replaces(shop):
    shop.commit()
    new = ask_otherwise(shop, "good-morning", "Good morning!", "Good evening to you!")
    (change,) = shop.json("diff")["changes"]
    assert change["kind"] == "prompt"
    assert change["old"] == "chat/good-morning-8f3d4c670a5873186717.json"
    assert change["new"] == f"chat/{new.name}"
    (difference,) = change["prompt"]
    assert difference["path"] == "messages[1].content"
    assert "[-morning-]" in difference["shown"]


def test_a_tool_call_and_json_are_compared_as_structure(shop):
    shop.commit()
    file = shop.file("which-of-my-orders-comes-first-a-1042-or-d151")
    document = json.loads(file.read_text())
    message = document["responses"][0]["answer"]["data"]["choices"][0]["message"]
    message["tool_calls"][0]["function"]["arguments"] = '{"order_id":  "A-7"}'
    file.write_text(json.dumps(document))
    shop.edit("it-would-be-great", '\\"priority\\": \\"low\\"', '\\"priority\\": \\"high\\"')
    found = {change["new"]: change["answer"] for change in shop.json("diff")["changes"]}
    (tool,) = found[f"chat/{file.name}"]
    assert (tool["path"], tool["shown"]) == ("tool_calls[0].arguments.order_id", '"A-1042" → "A-7"')
    (field,) = found["chat/it-would-be-great-to-have-a-dark-theme-c17fed4e5ac3d41e5651.json"]
    assert (field["path"], field["shown"]) == ("text.priority", '"low" → "high"')


def test_what_says_the_same_is_no_change(shop):
    """Recorded again: another time, another id, other seconds."""
    shop.commit()
    shop.edit("good-morning", "chatcmpl-5-4ad6", "chatcmpl-9-9999")
    shop.edit("good-morning", "2026-11-23T18:04:24Z", "2026-12-24T18:04:24Z")
    assert shop.run("diff").exit_code == 0


def test_new_and_gone_recordings_say_what_was_asked(shop):
    shop.commit()
    shop.file("good-morning").unlink()
    gone = shop.run("diff")
    assert "gone  chat/good-morning-8f3d4c670a5873186717.json" in gone.stdout
    assert '2 messages, last one (user): "Good morning!"' in gone.stdout
    shop.commit()
    new = shop.run("diff", "HEAD~1", "HEAD")
    assert new.stdout.splitlines()[-1] == "HEAD~1 → HEAD: 1 gone"
    back = shop.run("diff", "HEAD..HEAD~1")
    assert back.stdout.splitlines()[-1] == "HEAD → HEAD~1: 1 new"


def test_an_untracked_recording_is_new(shop):
    file = shop.file("good-morning")
    kept = file.read_bytes()
    file.unlink()
    shop.commit()
    file.write_bytes(kept)
    assert [change["kind"] for change in shop.json("diff")["changes"]] == ["added"]


def test_two_folders(shop):
    shutil.copytree(shop.cassettes, shop.path / "before")
    shop.edit("good-morning", "You said: Good morning!", "You said: Hello!")
    result = shop.run("diff", "before/", "cassettes/")
    assert result.stdout.splitlines()[-1] == "before → cassettes: 1 changed answer"


def test_two_recordings(shop):
    result = shop.run("diff", "2a08", "which-of-my-orders-comes-first-a-1042-or-d151")
    assert "messages[2]  no longer: assistant, calls look_up_order" in result.stdout
    assert result.exit_code == 1


def test_below_the_top_of_the_repository(shop, monkeypatch):
    shop.commit()
    shop.edit("good-morning", "You said: Good morning!", "You said: Hello!")
    (shop.path / "tests").mkdir()
    monkeypatch.chdir(shop.path / "tests")
    assert len(shop.json("diff", "main")["changes"]) == 1


def test_a_broken_file_is_named(shop):
    shop.commit()
    shop.file("good-morning").write_text("<<<<<<< HEAD\n")
    result = shop.run("diff")
    assert "cassettes/chat/good-morning-8f3d4c670a5873186717.json: has the markers of a merge conflict" in result.stderr
    assert result.exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["no-such-branch"], "'no-such-branch' is no git revision"),
        (["good-morning", "nothing-like-it"], "'nothing-like-it' is no recording of cassettes/"),
        (["a", "b", "c"], "Two sides can be compared, not more."),
        (["--upload-pack=x", "b"], "No such option"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_nobody_can_mean_is_told_in_one_line(shop, arguments, said):
    shop.commit()
    result = shop.run("diff", *arguments)
    assert said in result.stderr.splitlines()[-1]
    assert result.exit_code == 2


def test_without_git_two_things_must_be_named(shop):
    result = shop.run("diff")
    assert "cassettes is in no git repository: name two recordings or two folders" in result.stderr
    assert result.exit_code == 2
