"""Promise 9: the same request makes the same key everywhere, and what format 1 recorded replays for ever."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import key_vectors
import litellm
import pytest
from projects import Project
from trials import FULL, trials

from pytest_lmcache.adapters.litellm import requests

ROOT = Path(__file__).parents[2]
FORMAT_1 = ROOT / "tests" / "golden" / "format-1"
KEYS = json.loads((FORMAT_1 / "keys.json").read_text())
REQUIRED = ["cachetools>=5.3", "diskcache>=5.6.3,<5.7", "filelock>=3.13", "jsonpath-ng>=1.8", "platformdirs>=4.0"]


def keys_in(python: str, packages: Path | None = None, *, seed: int = 0) -> dict[str, str]:
    """The keys that another interpreter makes, or this one with other packages before its own."""
    environment = {**os.environ, "PYTHONHASHSEED": str(seed)}
    environment["PYTHONPATH"] = os.pathsep.join(map(str, filter(None, (packages, ROOT))))
    command = [python, key_vectors.__file__, str(seed)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def installed(target: Path, *packages: str, version: str = "") -> Path:
    """A folder with packages from the registry, for a version of Python if need be."""
    options = ["--python-version", version, "--only-binary=:all:"] if version else []
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(target), *options, *packages]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"{', '.join(packages)} cannot be installed here: {done.stderr.strip().splitlines()[-1:]}")
    return target


def pythons() -> dict[str, str]:
    """The other interpreters of this machine that are supported, by their version."""
    found = {}
    for minor in (11, 12, 13, 14):
        if minor == sys.version_info.minor:
            continue
        pyenv = sorted(Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/python3"))
        for candidate in (shutil.which(f"python3.{minor}"), *map(str, pyenv)):
            if candidate and subprocess.run([candidate, "-c", ""], capture_output=True, check=False).returncode == 0:
                found[f"3.{minor}"] = candidate
    return found


def test_the_keys_of_format_1_never_change():
    assert key_vectors.keys(1) == KEYS


def test_keys_mind_neither_the_hash_seed_nor_the_order_of_dictionaries(figure):
    count = trials(3, 20)
    assert [seed for seed in range(count) if keys_in(sys.executable, seed=seed) != KEYS] == []
    figure(f"{count} hash seeds, {len(KEYS)} keys, 0 changes")


@pytest.mark.skipif(not FULL, reason="installs packages: part of a full run")
def test_keys_are_the_same_on_every_python(tmp_path: Path, figure):
    others = pythons()
    if not others:
        pytest.skip("no other supported Python is installed")
    for version, python in others.items():
        packages = installed(tmp_path / version, "ujson>=5.10", *REQUIRED, version=version)
        assert keys_in(python, packages) == KEYS, version
    figure(f"Python 3.{sys.version_info.minor}, {', '.join(others)}: {len(KEYS)} keys, 0 changes")


@pytest.mark.skipif(not FULL, reason="installs packages: part of a full run")
def test_keys_are_the_same_with_every_ujson(tmp_path: Path, figure):
    versions = ("5.10.0", "5.11.0", "5.12.0")
    for version in versions:
        assert keys_in(sys.executable, installed(tmp_path / version, f"ujson=={version}")) == KEYS, version
    import ujson

    figure(f"ujson {', '.join(versions)}, {ujson.__version__}: {len(KEYS)} keys, 0 changes")


def test_keys_mind_no_order_of_keyword_arguments(figure):
    arguments = {
        **key_vectors.CHAT,
        "user": "u",
        "top_p": 0.5,
        "response_format": {"type": "json_object"},
        "stop": ["a"],
    }
    first = requests.describe("chat", (), arguments)
    count = trials(20, 200)
    for seed in range(count):
        chance = random.Random(seed)
        assert requests.describe("chat", (), key_vectors.shuffled(arguments, chance)) == first
    by_position = {name: value for name, value in arguments.items() if name not in ("model", "messages")}
    assert requests.describe("chat", (arguments["model"], arguments["messages"]), by_position) == first
    assert litellm is not None
    figure(f"{count} orders, 1 key")


def test_what_format_1_recorded_replays_for_ever(project: Project, figure):
    shutil.copytree(FORMAT_1 / "cassettes", project.cassettes)
    before = {path.name: path.read_bytes() for path in project.cassettes.rglob("*") if path.is_file()}
    shutil.copy(FORMAT_1 / "calls.py", project.path / "test_calls.py")
    result = project.replay("-s")
    answers = dict(json.loads(line.removeprefix("GOLDEN ")) for line in result.outlines if line.startswith("GOLDEN "))
    expected = json.loads((FORMAT_1 / "answers.json").read_text())
    assert answers == expected
    result.assert_outcomes(passed=len(expected))
    assert project.provider.count() == 0
    assert {path.name: path.read_bytes() for path in project.cassettes.rglob("*") if path.is_file()} == before
    figure(f"{len(expected)} kinds of calls replay from format 1")
