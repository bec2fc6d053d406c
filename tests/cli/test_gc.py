"""`pytest-lmcache gc`."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256

import pytest

from pytest_lmcache.tiers.disk import Disk


@pytest.fixture
def paid(project, shop):
    """A project with three recordings in its local disk tier."""
    project.tests("@pytest.mark.parametrize('n', range(3))\ndef test_it(n): ask(f'Number {n}')")
    project.ini("lmcache_disk_size_limit = 5MB")
    project.record().assert_outcomes(passed=3)
    return project


def test_it_says_where_how_much_and_how_much_at_most(paid, shop):
    told = shop.json("gc")
    assert told["before"]["recordings"] == 3
    assert told["before"]["bytes"] > 10_000
    assert told["limit_bytes"] == 5_000_000
    assert told["folder"].endswith("/disk")
    shown = shop.run("gc").stdout
    assert f"folder     {told['folder']}\n" in shown
    assert "kept       3 recordings, " in shown
    assert "at most    5.0 MB (lmcache_disk_size_limit)\n" in shown


def test_emptied_it_pays_again(paid, shop):
    assert shop.run("gc", "--empty", typed="n\n").exit_code == 2
    assert shop.json("gc")["before"]["recordings"] == 3
    assert shop.json("gc", "--empty", "--yes")["after"]["recordings"] == 0
    asked = paid.provider.count()
    for file in paid.recordings():
        file.unlink()
    paid.record().assert_outcomes(passed=3)
    assert paid.provider.count() == asked + 3


def test_trimmed_it_keeps_what_was_used_last_and_fits(paid, shop):
    (file, *_) = paid.recordings()
    folder = shop.json("gc")["folder"]
    disk = Disk(type(paid.path)(folder), 50_000_000)
    recording = disk.get(key := _key_of(paid, file))
    for number in range(200):
        digest = sha256(str(number).encode()).hexdigest()
        take = replace(recording.takes[0], response=json.dumps({"type": "text", "data": digest * 100}))
        disk.put(replace(recording, key=replace(key, digest=digest), takes=(take,)))
    disk.close()
    told = shop.json("gc", "--to", "500kB")
    assert told["before"]["recordings"] == 203
    assert told["after"]["bytes"] <= 500_000
    assert 20 < told["after"]["recordings"] < 203
    again = Disk(type(paid.path)(folder), 50_000_000)
    assert again.get(replace(key, digest=digest)).takes
    again.close()


def _key_of(paid, file):
    from pytest_lmcache.tiers.cassettes import Cassettes

    return Cassettes(paid.cassettes).load(file).key


def test_a_size_for_nothing_keeps_nothing(paid, shop):
    assert shop.json("gc", "--to", "1kB")["after"]["recordings"] == 0


def test_a_project_that_never_paid_has_nothing_and_gets_no_folder(shop):
    told = shop.json("gc", "--empty", "--yes")
    assert told["before"] == told["after"] == {"recordings": 0, "bytes": 0}
    assert not shop.path.with_name("user-cache").joinpath("pytest-lmcache", told["folder"]).exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [(["--to", "small"], "'small' is no size"), (["--to", "1MB", "--empty"], "exclude each other")],
    ids=["size", "both"],
)
def test_what_nobody_can_mean_is_told(shop, options, said):
    result = shop.run("gc", *options)
    assert said in result.stderr
    assert result.exit_code == 2
