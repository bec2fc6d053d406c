"""Promise 6: two branches always merge. Both sides' recordings are there; one key on both sides is one named file."""

from __future__ import annotations

import base64
import random
import re
from dataclasses import replace
from pathlib import Path

import pytest
from repository import Repository
from trials import trials
from writers import a_key, a_recording, same

from pytest_lmcache.errors import BadRecording
from pytest_lmcache.tiers.cassettes import Cassettes


def test_branches_that_add_recordings_always_merge(tmp_path: Path, figure):
    chance = random.Random(6)
    count, merged = trials(8, 200), 0
    repository = Repository(tmp_path)
    cassettes = Cassettes(tmp_path / "cassettes")
    (tmp_path / "app.py").write_text("")
    repository.commit("an application without recordings")
    expected: set[str] = set()
    for pair in range(count):
        names = [f"{pair}-{number}" for number in range(chance.randrange(2, 9))]
        cut = chance.randrange(1, len(names))
        for branch, own in (("left", names[:cut]), ("right", names[cut:])):
            repository.git("checkout", "--quiet", "-B", branch, "main")
            for name in own:
                cassettes.put(a_recording(name))
            repository.commit(f"{branch} {pair}")
        repository.git("checkout", "--quiet", "main")
        for branch in ("left", "right"):
            repository.git("merge", "--quiet", "--no-edit", branch)
        merged += 1
        expected.update(names)
        if chance.random() < 0.2:
            # What no branch of the next pair uses any more.
            gone = chance.choice(sorted(expected))
            cassettes.delete(a_key(gone))
            expected.discard(gone)
            repository.commit(f"without {gone}")
    assert repository.changes() == ""
    assert [name for name in expected if not same(cassettes.get(a_key(name)), a_recording(name))] == []
    assert len(list(tmp_path.glob("cassettes/chat/*.json"))) == len(expected)
    figure(f"{merged} pairs of branches, 0 conflicts, 0 of {len(expected)} recordings lost")


def test_the_same_key_on_both_branches_is_one_named_file_and_one_message(project):
    project.tests("def test_capital(lmcache):\n    assert ask()\ndef test_other(lmcache):\n    assert ask('Another?')")
    repository = Repository(project.path)
    (project.path / ".gitignore").write_text("__pycache__/\n")
    repository.commit("tests")
    for branch in ("left", "right"):
        repository.git("checkout", "--quiet", "-B", branch, "main")
        project.record("-k", "capital", mode="refresh").assert_outcomes(passed=1, deselected=1)
        repository.commit(branch)
    said = repository.git("merge", "left", check=False)
    [path] = project.recordings()
    shown = path.relative_to(project.path).as_posix()
    assert re.findall("CONFLICT .*", said) == [f"CONFLICT (add/add): Merge conflict in {shown}"]
    # Both sides are committed, markers and all.
    repository.commit("merged in haste")
    result = project.replay("-k", "capital")
    result.assert_outcomes(failed=1, deselected=1)
    result.stdout.fnmatch_lines([f"*{shown}: has the markers of a merge conflict in it. Keep one side of it*"])
    repository.git("checkout", "left", "--", "cassettes")
    project.replay("-k", "capital").assert_outcomes(passed=1, deselected=1)


def test_the_same_recording_on_both_branches_is_no_conflict(tmp_path: Path):
    """As when a recording was fetched from the other branch by hand."""
    repository = Repository(tmp_path)
    repository.commit("nothing")
    for branch in ("left", "right"):
        repository.git("checkout", "--quiet", "-B", branch, "main")
        Cassettes(tmp_path / "cassettes").put(a_recording("shared"))
        repository.commit(branch)
    repository.git("merge", "--quiet", "--no-edit", "left")
    assert repository.changes() == ""


def test_a_pointer_of_git_lfs_is_named(project):
    project.tests("def test_it(lmcache):\n    assert ask()")
    project.record().assert_outcomes(passed=1)
    [path] = project.recordings()
    path.write_text(f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 12345\n")
    result = project.replay()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*is a Git LFS pointer, not the recording. Fetch the content with: git lfs pull*"])


def test_worktrees_share_what_was_paid_for(project):
    """A test that fails in one worktree leaves its answer to the other."""
    project.tests("import os\ndef test_it(lmcache):\n    assert ask()\n    assert 'FIXED' in os.environ")
    repository = Repository(project.path)
    repository.commit("tests")
    repository.git("worktree", "add", "--quiet", str(project.path.parent / "elsewhere"))
    project.record().assert_outcomes(failed=1)
    assert project.recordings() == []
    project._monkeypatch.setenv("FIXED", "1")
    project._monkeypatch.chdir(project.path.parent / "elsewhere")
    project.record("--rootdir=.", "-c", "tox.ini").assert_outcomes(passed=1)
    assert len(list(Path("cassettes").glob("chat/*.json"))) == 1
    assert project.provider.count() == 1


def test_pictures_do_not_bloat_diffs(tmp_path: Path, figure):
    repository = Repository(tmp_path)
    picture = random.Random(1).randbytes(200_000)
    recording = a_recording("picture")
    text = f'{{"picture": "{base64.b64encode(picture).decode()}"}}'
    recording = replace(recording, takes=(replace(recording.takes[0], response=text),))
    Cassettes(tmp_path / "cassettes").put(recording)
    repository.commit("a picture")
    shown = repository.git("log", "-p", "-1")
    assert re.search(r"Binary files /dev/null and b/cassettes/blobs/[0-9a-f]{64}\.bin differ", shown)
    assert len(shown) < 10_000
    assert picture in [blob.read_bytes() for blob in tmp_path.glob("cassettes/blobs/*")]
    figure(f"a picture of {len(picture):,} bytes makes a diff of {len(shown):,}")


@pytest.mark.parametrize("broken", ["the recording", "the picture"])
def test_a_file_that_a_merge_lost_is_named(tmp_path: Path, broken):
    cassettes = Cassettes(tmp_path / "cassettes")
    recording = next(one for one in map(a_recording, map(str, range(99))) if len(one.request.body["picture"]) > 0)
    cassettes.put(recording)
    [lost] = tmp_path.glob("cassettes/chat/*" if broken == "the recording" else "cassettes/blobs/*")
    lost.unlink()
    with pytest.raises(KeyError if broken == "the recording" else BadRecording) as found:
        cassettes.get(recording.key)
    assert broken == "the recording" or lost.name in str(found.value)
