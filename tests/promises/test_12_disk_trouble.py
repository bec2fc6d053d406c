"""Promise 12: trouble with a disk never corrupts and is never silent; the test has its answer all the same."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from test_07_clean_and_read_only import as_anybody
from trials import trials

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="about POSIX permissions and file systems")


@pytest.fixture
def project(project):
    """What a disk does is no matter of the SDK."""
    return project.over_http()


MANY = """
@pytest.mark.parametrize("number", range({count}))
def test_it(number, lmcache):
    assert ask(f"{{number}} " + "lamp " * 4000)
"""


def in_a_small_disk(script: str, *places: Path) -> list[str]:
    """A command that runs a shell script for which each of `places` is a disk of 2 MiB, gone when the script ends."""
    mounts = "".join(f"mount -t tmpfs -o size=2m tmpfs '{place}' && " for place in places)
    command = ["unshare", "--mount", "sh", "-c"]
    if os.getuid() != 0:
        command[1:1] = ["--user", "--map-root-user"]
    if not shutil.which("unshare") or subprocess.run([*command, f"{mounts}true"], check=False).returncode != 0:
        pytest.skip("no small disk can be mounted here")
    return [*command, mounts + script]


def run(project, *command: str) -> subprocess.CompletedProcess[str]:
    project._monkeypatch.setenv("OPENAI_API_BASE", f"{project.provider.url}/v1")
    project._monkeypatch.setenv("OPENAI_API_KEY", "fake-key-for-tests")
    return subprocess.run(command, cwd=project.path, capture_output=True, text=True, check=False)


def warnings(output: str) -> list[str]:
    return [line.strip() for line in output.splitlines() if line.strip().startswith("warning: ")]


def pytest_of(*options: str) -> str:
    return " ".join((sys.executable, "-m", "pytest", *options))


@pytest.mark.parametrize("workers", ["", "-n2"])
def test_a_full_disk_below_the_cassettes(project, workers, figure):
    count = trials(110, 150)
    project.tests(MANY.format(count=count))
    project.cassettes.mkdir()
    record, replay = pytest_of("--lmcache=record", workers), pytest_of("--lmcache=replay", "-q")
    script = f"{record}; echo STATUS $?; {replay}; find cassettes -name '*tmp*'; ls cassettes/chat | wc -l"
    done = run(project, *in_a_small_disk(script, project.cassettes))
    recorded, _, rest = done.stdout.partition("STATUS ")
    assert f"{count} passed" in recorded, done.stdout + done.stderr
    assert rest.startswith("1\n")
    [warning] = warnings(recorded)
    assert "cassettes: cannot be written (No space left on device). Free or unlock it, and record again." in warning
    kept = int(done.stdout.split()[-1])
    assert f"{kept} passed" in rest
    assert f"{count - kept} failed" in rest
    assert rest.count("nothing recorded answers this call") == count - kept
    assert "lmcache-tmp" not in rest
    # With room again, what was paid for is not paid for again.
    project.record().assert_outcomes(passed=count)
    assert project.provider.count() == count
    figure(
        f"{kept} of {count} recordings fit, {kept} replay, 1 warning, exit status 1, all {count} tests had their answer"
    )


def test_a_full_disk_below_the_local_tier(project, figure):
    count = trials(110, 150)
    project.tests(MANY.format(count=count))
    cache = project.user_cache
    cache.mkdir(exist_ok=True)
    script = f"{pytest_of('--lmcache=record')}; echo STATUS $?; {pytest_of('--lmcache=record')}; echo STATUS $?"
    done = run(project, *in_a_small_disk(script, cache))
    first, _, rest = done.stdout.partition("STATUS ")
    assert f"{count} passed" in first, done.stdout + done.stderr
    assert rest.startswith("1\n")
    [warning] = warnings(first)
    assert "the local disk tier is off for the rest of this run" in warning
    assert "full" in warning
    # All of it was promoted, so the second run needs no disk.
    assert rest.endswith("STATUS 0\n"), rest
    assert project.provider.count() == len(project.recordings()) == count
    project.replay().assert_outcomes(passed=count)
    figure(f"{count} of {count} tests had their answer and replay, 1 warning, exit status 1")


@pytest.mark.parametrize("limit", [2_000, 20_000])
def test_files_that_may_not_grow(project, limit):
    """A limit on the size of a file is what a quota looks like: the write itself fails, in the middle."""
    project.tests(MANY.format(count=3))
    project.cassettes.mkdir()
    code = f"import resource, pytest; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit})); raise SystemExit"
    # Python does not notice that its own bytecode became no longer than that.
    done = run(project, sys.executable, "-B", "-c", f"{code}(pytest.main(['--lmcache=record']))")
    assert done.returncode == 1
    assert "3 passed" in done.stdout, done.stdout + done.stderr
    assert len([line for line in warnings(done.stdout) if "cannot be written (File too large)" in line]) == 1
    assert len(warnings(done.stdout)) <= 2
    assert not list(project.cassettes.rglob("*tmp*"))
    project.record().assert_outcomes(passed=3)
    project.replay().assert_outcomes(passed=3)


@pytest.mark.parametrize("place", ["cassettes", "user-cache"])
def test_a_folder_deleted_while_it_is_used(project, monkeypatch, place):
    folder = project.cassettes if place == "cassettes" else project.user_cache
    project.tests(
        f"""
import os, shutil
def test_one(lmcache):
    assert ask("one")
def test_two(lmcache):
    if 'DELETE' in os.environ:
        shutil.rmtree({str(folder)!r})
    assert ask("two")
    assert ask("one")
def test_three(lmcache):
    assert ask("three")
"""
    )
    monkeypatch.setenv("DELETE", "1")
    result = project.record()
    monkeypatch.delenv("DELETE")
    result.assert_outcomes(passed=3)
    assert result.ret == 0
    assert project.provider.count() == 3
    assert {"two", "three"} <= {recording["request"]["messages"][0]["content"] for recording in project.load()}
    project.record().assert_outcomes(passed=3)
    project.replay().assert_outcomes(passed=3)
    assert project.provider.count() == 3


def test_a_read_only_checkout_cannot_be_recorded_into_and_says_so(project):
    project.tests(MANY.format(count=3))
    project.path.chmod(0o555)
    try:
        done = run(project, *as_anybody(), *pytest_of("--lmcache=record", "-p", "no:cacheprovider").split())
    finally:
        project.path.chmod(0o755)
    assert "3 passed" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 1
    assert len(warnings(done.stdout)) == 1
    assert "cassettes: cannot be written (Permission denied)" in warnings(done.stdout)[0]
    project.record().assert_outcomes(passed=3)
    assert project.provider.count() == 3


def test_half_written_files_are_swept_also_beside_the_folders_and_never_in_replay(project):
    project.tests("def test_it(lmcache):\n    assert ask()")
    project.record().assert_outcomes(passed=1)
    left = [project.cassettes / name for name in (".gitignore.12ab.lmcache-tmp", "chat/a.json.12ab.lmcache-tmp")]
    for file in left:
        file.write_text("half")
    project.replay().assert_outcomes(passed=1)
    assert all(file.exists() for file in left)
    project.record().assert_outcomes(passed=1)
    assert not any(file.exists() for file in left)


def test_a_folder_that_cannot_be_swept_is_no_obstacle(project):
    project.tests("def test_it(lmcache):\n    assert ask()")
    project.record().assert_outcomes(passed=1)
    chat = project.cassettes / "chat"
    (chat / "a.json.12ab.lmcache-tmp").write_text("half")
    chat.chmod(0o555)
    try:
        done = run(project, *as_anybody(), *pytest_of("--lmcache=record", "-p", "no:cacheprovider").split())
    finally:
        chat.chmod(0o755)
    assert "1 passed" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0


def test_a_home_without_a_place_to_write_is_made_up_for(project, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null/nowhere")
    monkeypatch.setenv("TMPDIR", str(project.path.parent))
    project.tests("def test_it(lmcache):\n    assert ask()\n    assert not lmcache.replayed")
    project.record().assert_outcomes(passed=1)
    project.replay().assert_outcomes(failed=1)
    assert project.provider.count() == 1
