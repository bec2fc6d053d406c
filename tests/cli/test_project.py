"""Which folder of recordings a command means: that of the ini file pytest would take, or the one that is named."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pytest_lmcache.errors import BadOption, CassettesUnusable
from pytest_lmcache.review import project


def write(folder, **files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("_DOT_", ".")).write_text(text)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("pytest.ini", "[pytest]\nlmcache_cassettes = recorded\n"),
        ("tox.ini", "[tox]\n[pytest]\nlmcache_cassettes = recorded\n"),
        ("setup.cfg", "[tool:pytest]\nlmcache_cassettes = recorded\n"),
        ("pyproject.toml", '[tool.pytest.ini_options]\nlmcache_cassettes = "recorded"\n'),
        ("pyproject.toml", '[tool.pytest]\nlmcache_cassettes = "recorded"\n'),
        ("pytest.toml", '[pytest]\nlmcache_cassettes = "recorded"\n'),
    ],
    ids=["pytest.ini", "tox.ini", "setup.cfg", "pyproject", "pyproject-native", "pytest.toml"],
)
def test_the_ini_file_names_the_folder_from_anywhere_below_it(tmp_path, name, text, pytestconfig):
    (tmp_path / name).write_text(text)
    (tmp_path / "recorded").mkdir()
    below = tmp_path / "tests" / "deep"
    below.mkdir(parents=True)
    found = project.find(below)
    assert (found.root, found.cassettes, found.shown) == (tmp_path, tmp_path / "recorded", "../../recorded")


def test_pytest_finds_the_same_root(tmp_path):
    """Two ini files above each other, one of them without a section: as pytest decides."""
    write(tmp_path, **{"pytest.ini": "", "setup.cfg": "[tool:pytest]\n"})
    write(tmp_path / "inner", **{"tox.ini": "[tox]\n", "pyproject.toml": "[project]\nname = 'x'\n"})
    write(tmp_path / "inner" / "tests", **{"test_it.py": ""})
    (tmp_path / "cassettes").mkdir()
    command = [sys.executable, "-m", "pytest", "--collect-only", "-p", "no:cacheprovider"]
    told = subprocess.run(command, cwd=tmp_path / "inner" / "tests", capture_output=True, text=True, check=False)
    assert f"rootdir: {tmp_path}\n" in told.stdout
    assert project.find(tmp_path / "inner" / "tests").root == tmp_path


def test_a_folder_that_is_named_wins(tmp_path):
    write(tmp_path, **{"pytest.ini": "[pytest]\nlmcache_cassettes = none\n"})
    (tmp_path / "elsewhere").mkdir()
    found = project.find(tmp_path, "elsewhere/")
    assert (found.cassettes, found.shown) == (tmp_path / "elsewhere", "elsewhere")


def test_lists_of_the_ini_file_are_read(tmp_path):
    write(tmp_path, **{"tox.ini": "[pytest]\nlmcache_ignore =\n    seed\n    user\nlmcache_disk_size_limit = 5MB\n"})
    (tmp_path / "cassettes").mkdir()
    assert project.find(tmp_path).settings == {"ignore": ("seed", "user"), "disk_size_limit": 5_000_000}


def test_a_missing_folder_is_named_with_the_remedy(tmp_path):
    with pytest.raises(CassettesUnusable, match=r"cassettes: does not exist\. Record first .*--cassettes DIR"):
        project.find(tmp_path)


def test_a_file_in_place_of_the_folder_is_named(tmp_path):
    (tmp_path / "cassettes").write_text("")
    with pytest.raises(CassettesUnusable, match="cassettes: is no folder"):
        project.find(tmp_path)


def test_no_folder_by_choice_is_said(tmp_path):
    write(tmp_path, **{"pytest.ini": "[pytest]\nlmcache_cassettes = none\n"})
    with pytest.raises(CassettesUnusable, match="lmcache_cassettes is none"):
        project.find(tmp_path)


@pytest.mark.parametrize(
    ("name", "text", "cause"),
    [
        ("pytest.ini", "[pytest]\nlmcache_repeat = twice\n", "pytest.ini: lmcache_repeat='twice' is not one of"),
        ("pytest.ini", "no section\n", "pytest.ini cannot be read"),
        ("pyproject.toml", "[tool.pytest\n", "pyproject.toml cannot be read"),
    ],
)
def test_a_bad_ini_file_is_one_line(tmp_path, name, text, cause):
    (tmp_path / name).write_text(text)
    with pytest.raises(BadOption, match=cause):
        project.find(tmp_path)
