"""Promise 7: replay leaves the tree as it is and needs nothing but to read it, whatever git made of its files."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from repository import Repository

TESTS = """
@pytest.fixture(scope="session")
def shared():
    return ask("for everybody")

def test_whole(shared, lmcache):
    assert "France" in ask()

def test_lines(lmcache):
    assert ask("first line\\nsecond line\\n\\nlast line, Zürich 東京")

def test_stream(lmcache):
    messages = [{"role": "user", "content": "A story?"}]
    assert list(litellm.completion("openai/gpt-4o-mini", messages, stream=True))

def test_ünïcödé_東京(lmcache):
    assert ask("Ünïcödé? " * 100)

@pytest.mark.parametrize("letter", ["A", "a"])
def test_case(letter, lmcache):
    assert ask(letter)
"""
COUNT = 7


@pytest.fixture
def repository(project) -> Repository:
    """The project, recorded and committed."""
    project.tests(TESTS)
    (project.path / ".gitignore").write_text("__pycache__/\nstdout\nstderr\nrunpytest*\n")
    project.record().assert_outcomes(passed=6)
    assert len(project.recordings()) == COUNT
    made = Repository(project.path)
    made.commit("recorded")
    return made


def snapshot(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, path.stat().st_mode, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file() and not {".git", "__pycache__", "stdout", "stderr"} & set(path.parts)
    }


@pytest.mark.parametrize("options", [(), ("-n2",)], ids=["alone", "workers"])
def test_replay_leaves_the_tree_as_it_is(project, repository, options):
    before = snapshot(project.path)
    project.replay(*options, subprocess=bool(options)).assert_outcomes(passed=6)
    assert repository.changes() == ""
    assert snapshot(project.path) == before


def test_recording_again_what_is_recorded_changes_nothing(project, repository):
    project.record().assert_outcomes(passed=6)
    assert repository.changes() == ""
    assert project.provider.count() == COUNT


def test_a_miss_leaves_the_tree_as_it_is(project, repository):
    project.tests("def test_missing(lmcache):\n    ask('never asked')", name="test_missing")
    repository.commit("a test without a recording")
    project.replay().assert_outcomes(passed=6, failed=1)
    assert repository.changes() == ""


@pytest.mark.parametrize("attributes", ["kept", "removed"])
def test_a_clone_with_other_line_ends_replays(project, repository, tmp_path, attributes):
    if attributes == "removed":
        (project.cassettes / ".gitattributes").unlink()
        repository.commit("without .gitattributes")
    clone = repository.clone(tmp_path.parent / f"{tmp_path.name}-crlf", "-c", "core.autocrlf=true")
    recording = next(clone.folder.glob("cassettes/chat/*.json")).read_bytes()
    assert (b"\r\n" in recording) == (attributes == "removed")
    project._monkeypatch.chdir(clone.folder)
    project.replay("--rootdir=.", "-c", "tox.ini").assert_outcomes(passed=6)
    assert clone.changes() == ""
    assert project.provider.count() == COUNT


def test_names_are_short_portable_and_differ_by_more_than_their_case(project, repository):
    paths = [path.relative_to(project.cassettes).as_posix() for path in project.recordings()]
    assert len({path.lower() for path in paths}) == len(paths)
    assert [path for path in paths if len(path) > 80 or not path.isascii() or path != path.lower()] == []


def as_anybody() -> list[str]:
    """What to put before a command so that it minds permissions, also for the superuser."""
    if os.getuid() != 0:
        return []
    if not shutil.which("setpriv"):
        pytest.skip("the superuser may write everywhere, and there is no setpriv to give that up")
    less = "-dac_override,-dac_read_search"
    return ["setpriv", f"--bounding-set={less}", f"--inh-caps={less}"]


@pytest.mark.skipif(sys.platform == "win32", reason="about POSIX permissions")
@pytest.mark.parametrize("home", ["missing", "unwritable", "absent variable"])
def test_a_read_only_checkout_replays_without_a_home(project, repository, tmp_path_factory, home, figure):
    before = snapshot(project.path)
    environment = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    if "PYTHONPATH" in os.environ:
        environment["PYTHONPATH"] = os.environ["PYTHONPATH"]
    locked = tmp_path_factory.mktemp("locked")
    if home != "absent variable":
        place = str(locked if home == "unwritable" else locked / "nowhere")
        environment |= {"HOME": place, "XDG_CACHE_HOME": f"{place}/.cache", "XDG_CONFIG_HOME": place}
    folders = [locked, project.path, *(path for path in project.path.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    try:
        probe = subprocess.run([*as_anybody(), "touch", str(project.path / "probe")], capture_output=True, check=False)
        assert probe.returncode != 0, "the checkout can be written after all"
        done = subprocess.run(
            [*as_anybody(), sys.executable, "-m", "pytest", "--lmcache=replay"],
            cwd=project.path, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
    finally:
        for folder in folders:
            folder.chmod(stat.S_IRWXU)
    assert "6 passed" in done.stdout, done.stdout + done.stderr
    assert snapshot(project.path) == before
    assert not list(locked.iterdir())
    figure("6 of 6 tests replay, no file written")
