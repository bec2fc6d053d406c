"""`pytest-lmcache rekey`."""

from __future__ import annotations

import json

import pytest

ASK = """
def test_warm(): ask("What is the capital of France?", temperature=0.9)
def test_cold(): ask("What is the capital of {where}?", temperature=0.1)
"""


@pytest.fixture
def recorded(project, shop):
    """Records tests, and leaves the shop in the project's folder."""

    def record(text, *, key="request", passed):
        project.tests(text)
        project.ini(f"lmcache_key = {key}")
        project.record().assert_outcomes(passed=passed)
        return project

    return record


def test_a_re_keyed_folder_replays_under_the_other_strategy(recorded, shop):
    project = recorded(ASK.format(where="Spain"), passed=2)
    asked = project.provider.count()
    result = shop.run("rekey", "--key", "messages")
    assert result.stdout.splitlines()[-2:] == [
        "2 recordings re-keyed, 0 unchanged, 0 removed",
        "Set lmcache_key = messages in the ini file, and change what says otherwise: markers, lmcache_config.",
    ]
    assert shop.run("check").exit_code == 0
    project.replay().assert_outcomes(failed=2)
    ini = project.path / "tox.ini"
    ini.write_text(ini.read_text().replace("lmcache_key = request", "lmcache_key = messages"))
    project.tests(ASK.format(where="Spain").replace("temperature=0.1", "temperature=0.5"))
    project.replay().assert_outcomes(passed=2)
    assert project.provider.count() == asked


def test_there_and_back_is_what_it_was(recorded, shop):
    project = recorded(ASK.format(where="Spain"), passed=2)
    before = {file.name: file.read_bytes() for file in project.recordings()}
    shop.run("rekey", "--key", "messages")
    assert {file.name for file in project.recordings()}.isdisjoint(before)
    shop.run("rekey", "--key", "request")
    assert {file.name: file.read_bytes() for file in project.recordings()} == before


def test_a_collision_is_told_before_anything_is_written(recorded, shop):
    project = recorded(ASK.format(where="France"), passed=2)
    before = {file.name: file.read_bytes() for file in project.recordings()}
    result = shop.run("rekey", "--key", "messages")
    assert result.exit_code == 1
    assert "One key for 2 recordings: chat/what-is-the-capital-of-france-" in result.stdout
    assert "Nothing was changed: 1 key would be that of several recordings. --keep-newest" in result.stdout
    assert {file.name: file.read_bytes() for file in project.recordings()} == before


def test_of_a_collision_the_newest_can_be_kept(recorded, shop):
    project = recorded(ASK.format(where="France"), passed=2)
    _, newer = project.recordings()
    document = json.loads(newer.read_text())
    newer.write_text(json.dumps({**document, "recorded_at": "2030-01-01T00:00:00Z"}))
    result = shop.run("rekey", "--key", "messages", "--keep-newest")
    assert "1 recording re-keyed, 0 unchanged, 1 removed" in result.stdout
    (kept,) = project.load()
    assert kept["recorded_at"] == "2030-01-01T00:00:00Z"
    assert kept["strategy"] == "messages"


def test_a_dry_run_writes_nothing(recorded, shop):
    project = recorded(ASK.format(where="Spain"), passed=2)
    before = {file.name: file.read_bytes() for file in project.recordings()}
    result = shop.run("rekey", "--key", "messages", "--dry-run")
    assert "2 recordings would be re-keyed" in result.stdout
    assert {file.name: file.read_bytes() for file in project.recordings()} == before


def test_some_recordings_and_the_modules_that_need_a_marker(shop):
    told = shop.json("rekey", "--key", "messages", "--test", "test_agent")
    assert len(told["moved"]) == 10
    assert told["advice"][1:] == ["  examples/test_agent.py"]
    assert 'pytestmark = pytest.mark.lmcache(key="messages")' in told["advice"][0]


def test_an_interrupted_run_is_finished_by_the_next(shop):
    """Both files are there: the new one was written, and the old one not removed yet."""
    before = shop.file("good-morning").read_bytes()
    shop.run("rekey", "--key", "messages", "--test", "small_talk")
    (shop.cassettes / "chat" / "good-morning-8f3d4c670a5873186717.json").write_bytes(before)
    result = shop.run("rekey", "--key", "messages", "--test", "small_talk")
    assert result.exit_code == 0
    assert shop.file("good-morning").name != "good-morning-8f3d4c670a5873186717.json"


def test_ignored_fields_can_be_named(recorded, shop):
    project = recorded(ASK.format(where="Spain"), passed=2)
    shop.run("rekey", "--key", "request", "--ignore", "temperature")
    assert shop.run("check").exit_code == 0
    project.ini("lmcache_ignore = temperature")
    project.replay().assert_outcomes(passed=2)


def test_a_broken_file_stops_it(shop):
    shop.file("good-morning").write_text("{")
    before = sorted(file.name for file in shop.cassettes.glob("*/*.json"))
    result = shop.run("rekey", "--key", "messages")
    assert "good-morning-8f3d4c670a5873186717.json: is cut short" in result.stderr
    assert "nothing was changed" in result.stderr
    assert result.exit_code == 2
    assert sorted(file.name for file in shop.cassettes.glob("*/*.json")) == before


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "Missing option '--key'"),
        (["--key", "mine"], "'mine' is not one of"),
        (["--key", "request", "--ignore", "$[["], "is neither the name of a field nor a JSONPath"),
        (["--key", "request", "--normalize", "("], "nor a regular expression"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_nobody_can_mean_is_told(shop, options, said):
    result = shop.run("rekey", *options)
    assert said in result.stderr
    assert result.exit_code == 2
