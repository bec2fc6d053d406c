"""`pytest-lmcache scan`: credentials in recordings and beside them, told by place and kind."""

from __future__ import annotations

import json
import random
import string
from pathlib import Path

import pytest

SECRET = "".join(random.Random(7).choices(string.ascii_letters + string.digits, k=40))
GROQ = "gsk" + "_" + SECRET


def plant(shop, text: str) -> Path:
    """Write a text into the answer of a recording."""
    file = sorted(shop.cassettes.glob("chat/*.json"))[0]
    document = json.loads(file.read_text("utf-8"))
    document["responses"][0]["answer"]["note"] = text
    file.write_text(json.dumps(document), "utf-8")
    return file


def test_recordings_without_a_credential_pass(shop):
    result = shop.run("scan")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.startswith("nothing found in ")


def test_a_credential_is_told_by_file_field_and_kind_and_never_by_value(shop):
    file = plant(shop, f"It is {GROQ}.")
    result = shop.run("scan")
    assert result.exit_code == 1
    assert result.stdout == f"cassettes/chat/{file.name}: $.responses[0].answer.note: Groq key\n"
    assert SECRET not in result.output
    (found,) = shop.json("scan")["found"]
    assert found == {"file": f"cassettes/chat/{file.name}", "place": "$.responses[0].answer.note", "kind": "Groq key"}


@pytest.mark.parametrize("entry", ["Groq key", "$.responses[0].answer.note"])
def test_what_a_recording_allows_is_accepted(shop, entry):
    file = plant(shop, f"It is {GROQ}.")
    document = json.loads(file.read_text("utf-8"))
    file.write_text(json.dumps({**document, "allow_secrets": [entry]}), "utf-8")
    assert shop.run("scan").exit_code == 0


def test_a_credential_of_the_environment_is_found_without_looks_of_its_own(shop, monkeypatch):
    plant(shop, "the word is lighthouse-keeper")
    assert shop.run("scan").exit_code == 0
    monkeypatch.setenv("DOOR_PASSWORD", "lighthouse-keeper")
    result = shop.run("scan")
    assert result.exit_code == 1
    assert "$.responses[0].answer: credential of this environment" in result.stdout


@pytest.mark.parametrize("name", ["notes.yaml", "chat/cut.json", "blobs/some.txt"])
def test_other_text_is_looked_through_by_line(shop, name):
    file = shop.cassettes / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(f'{{"format": 1,\nauthorization:\n- Bearer {SECRET}\n', "utf-8")
    result = shop.run("scan", "cassettes")
    assert (result.exit_code, result.stdout) == (1, f"cassettes/{name}: line 3: value of authorization\n")


def test_files_can_be_named_as_a_hook_of_pre_commit_does(shop):
    file = plant(shop, GROQ)
    others = [str(path.relative_to(shop.path)) for path in shop.cassettes.glob("*/*.json") if path != file]
    assert shop.run("scan", *others).exit_code == 0
    assert shop.run("scan", str(file.relative_to(shop.path))).exit_code == 1


def test_links_and_binary_files_hold_nothing(shop, tmp_path):
    outside = tmp_path / "outside.txt"
    outside.write_text(GROQ)
    (shop.cassettes / "link.txt").symlink_to(outside)
    (shop.cassettes / "picture.png").write_bytes(b"\x89PNG\xff" + GROQ.encode())
    assert shop.run("scan").exit_code == 0


def test_a_path_that_is_not_there_is_an_error(shop):
    assert shop.run("scan", "nowhere").exit_code == 2


def test_the_hook_of_pre_commit_is_this_command():
    import yaml

    (hook,) = yaml.safe_load((Path(__file__).parents[2] / ".pre-commit-hooks.yaml").read_text("utf-8"))
    assert hook["entry"] == "pytest-lmcache scan"
    import tomllib

    extras = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))["project"]
    assert hook["additional_dependencies"] == extras["optional-dependencies"]["cli"]
