"""`pytest-lmcache check`."""

from __future__ import annotations

import json

import pytest


def found(shop):
    """The findings, as kind and path."""
    return [(one["kind"], one["path"]) for one in shop.json("check")["findings"]]


GOOD = "chat/good-morning-8f3d4c670a5873186717.json"


def test_a_folder_in_order(shop):
    result = shop.run("check")
    assert result.stdout == "22 recordings checked: all in order\n"
    assert result.exit_code == 0


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("", "is empty"),
        ("{}", "its field 'adapter' is missing"),
        ("<<<<<<< a\n", "merge conflict"),
        ("[[[", "cut short"),
    ],
)
def test_a_file_that_cannot_be_read(shop, text, cause):
    shop.file("good-morning").write_text(text)
    (one,) = shop.json("check")["findings"]
    assert (one["kind"], one["path"]) == ("unreadable", GOOD)
    assert cause in one["cause"]
    assert shop.run("check").exit_code == 1


def test_a_request_that_was_edited(shop):
    shop.edit("good-morning", "Good morning!", "Good evening!")
    assert found(shop) == [("key", GOOD)]


def test_an_answer_may_be_edited(shop):
    shop.edit("good-morning", "You said", "You shouted")
    assert found(shop) == []


def test_a_file_under_another_name(shop):
    file = shop.file("good-morning")
    file.rename(file.with_name("hello-8f3d4c670a5873186717.json"))
    (one,) = shop.json("check")["findings"]
    assert (one["kind"], one["path"]) == ("name", "chat/hello-8f3d4c670a5873186717.json")
    assert GOOD in one["remedy"]


def test_what_looks_like_a_credential_is_named_and_not_shown(shop):
    secret = "sk-" + "proj-" + "fAk3" * 2 + "T3BlbkFJ" + "n0tR34lK3y" * 4
    shop.edit("good-morning", "You said: Good morning!", f"Your key is {secret}")
    result = shop.run("check")
    assert f"secret  cassettes/{GOOD}\n  what looks like a" in result.stdout
    assert "stands at $.responses[0].answer.data.choices[0].message.content" in result.stdout
    assert secret not in result.stdout
    assert result.exit_code == 1
    assert shop.run("check", "--no-secrets").exit_code == 0


def test_what_is_beside_the_recordings(shop):
    (shop.cassettes / "blobs").mkdir()
    (shop.cassettes / "blobs" / ("0" * 64 + ".png")).write_bytes(b"x")
    (shop.cassettes / "chat" / "x.json.1234abcd.lmcache-tmp").touch()
    assert found(shop) == [
        ("unused", f"blobs/{'0' * 64}.png"),
        ("leftover", "chat/x.json.1234abcd.lmcache-tmp"),
    ]


def test_no_blob_is_called_unused_while_a_file_cannot_be_read(shop):
    (shop.cassettes / "blobs").mkdir()
    (shop.cassettes / "blobs" / ("0" * 64 + ".png")).write_bytes(b"x")
    shop.file("good-morning").write_text("")
    assert [kind for kind, _ in found(shop)] == ["unreadable"]


def test_keys_made_with_ignore_and_normalize_are_true(project, shop):
    project.tests("""
@pytest.mark.lmcache(ignore=["seed"], normalize=["uuid"])
def test_marked(): ask("Order 6f1c1f6e-6b0a-4c1e-9a53-0c7f3f1d2b11?", seed=7)
@pytest.mark.lmcache(key="messages")
def test_messages(): ask("By messages", temperature=0.3)
@pytest.mark.lmcache(key=lambda request: request["messages"])
def test_callable(): ask("By a callable")
def test_bare(): ask("By the request")
""")
    project.record().assert_outcomes(passed=4)
    assert found(shop) == []
    (marked,) = (file for file in project.recordings() if file.name.startswith("order-uuid"))
    recording = json.loads(marked.read_text())
    assert (recording["ignore"], recording["normalize"]) == (["seed"], ["uuid"])
    marked.write_text(marked.read_text().replace('"seed": 7', '"seed": 8'))
    assert found(shop) == []
    marked.write_text(marked.read_text().replace("Order ", "Parcel "))
    assert [kind for kind, _ in found(shop)] == ["key"]
    project.replay().assert_outcomes(passed=3, failed=1)


def test_a_blob_that_is_damaged(project, shop):
    project.tests(
        "import base64, hashlib\n"
        "data = base64.b64encode(b'\\x89PNG' + hashlib.sha256(b'x').digest() * 99).decode()\n"
        "def test_it(): ask('data:image/png;base64,' + data)\n"
    )
    project.record().assert_outcomes(passed=1)
    assert found(shop) == []
    (blob,) = (project.cassettes / "blobs").iterdir()
    blob.write_bytes(b"something else")
    (one,) = shop.json("check")["findings"]
    assert one["kind"] == "unreadable"


def test_a_missing_folder_is_no_finding(shop):
    result = shop.run("check", "--cassettes", "nowhere")
    assert result.exit_code == 2
    assert result.stderr.startswith("pytest-lmcache: nowhere: does not exist.")
