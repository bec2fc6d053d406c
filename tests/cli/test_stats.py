"""`pytest-lmcache stats`."""

from __future__ import annotations

import json


def test_figures_are_those_of_the_files(shop):
    told = shop.json("stats")
    files = [json.loads(path.read_text()) for path in shop.cassettes.glob("*/*.json")]
    takes = [take for one in files for take in one["responses"]]
    assert told["total"]["recordings"] == len(files)
    assert told["total"]["takes"] == len(takes)
    assert told["total"]["prompt_tokens"] == sum(take.get("tokens", {}).get("prompt_tokens", 0) for take in takes)
    assert told["total"]["cost_usd"] == round(sum(take.get("cost_usd", 0) for take in takes), 9)
    assert told["total"]["bytes"] == sum(path.stat().st_size for path in shop.cassettes.glob("*/*.json"))
    assert set(told["by_model"]) == {one["model"] for one in files}
    assert set(told["by_module"]) == {one["recorded_by"].partition("::")[0] for one in files}
    assert sum(one["recordings"] for one in told["by_module"].values()) == len(files)


def test_tokens_of_the_prompt_cache_are_counted(shop):
    shop.edit("good-morning", '"prompt_tokens": 94}', '"prompt_tokens": 94, "cached_tokens": 64}')
    assert shop.json("stats")["total"]["cached_tokens"] == 64


def test_a_table_each_and_their_sum(shop):
    result = shop.run("stats", "--by", "operation", "--by", "test")
    tables = [table.splitlines() for table in result.stdout.strip().split("\n\n")]
    assert [table[0].split()[0] for table in tables] == ["OPERATION", "TEST"]
    assert [line.split()[0] for line in tables[0][1:]] == ["chat", "embedding", "all"]
    assert tables[0][-1].split()[1:] == tables[1][-1].split()[1:]


def test_chosen_recordings_only(shop):
    assert shop.json("stats", "--model", "text-embedding*", "--by", "model")["total"]["recordings"] == 0
    assert shop.json("stats", "--model", "*text-embedding*", "--by", "model")["total"]["recordings"] == 5


def test_a_broken_file_is_named(shop):
    shop.file("good-morning").write_text('{"format": 1}')
    result = shop.run("stats")
    assert "good-morning-8f3d4c670a5873186717.json: its field 'adapter' is missing" in result.stderr
    assert result.exit_code == 2
