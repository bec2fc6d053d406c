"""Broken recordings, unusable folders, requests without a key, clashes: one clear error each, and nothing is lost."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest

QUESTION = "def test_it():\n    ask()\n"


def edited(change):
    """A spoiler that changes the recording's JSON."""

    def spoil(path):
        document = json.loads(path.read_text())
        change(document)
        path.write_text(json.dumps(document))

    return spoil


def conflicted(path):
    text = path.read_text()
    path.write_text(f"<<<<<<< ours\n{text}=======\n{text}>>>>>>> theirs\n")


BROKEN = {
    "empty": (lambda path: path.write_bytes(b""), "is empty. Restore it"),
    "cut": (lambda path: path.write_bytes(path.read_bytes()[:300]), "is cut short or no JSON"),
    "conflicted": (conflicted, "has the markers of a merge conflict in it. Keep one side of it"),
    "LFS pointer": (
        lambda path: path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"),
        "is a Git LFS pointer, not the recording. Fetch the content with: git lfs pull",
    ),
    "not UTF-8": (lambda path: path.write_bytes(b'{"format": "\xff"}'), "is not UTF-8 (byte 12)"),
    "older format": (edited(lambda it: it.update(format=0)), "has format 0, and this version reads format 1"),
    "newer format": (edited(lambda it: it.update(format=2)), "has format 2, and this version reads format 1. Upgrade"),
    "edited request": (
        edited(lambda it: it["request"]["messages"][0].update(content="What?")),
        "its request was edited and no longer makes its key. Undo the edit, or delete the file",
    ),
    "edited key": (edited(lambda it: it.update(key="0" * 64)), "holds the recording of another key"),
    "too deep": (lambda path: path.write_text("[" * 200_000), "is nested too deep"),
    "no answer": (edited(lambda it: it.update(responses=[])), "holds no response"),
    "folder": (lambda path: (path.unlink(), path.mkdir()), "cannot be read (it is no regular file)"),
}


@pytest.mark.parametrize("mode", ["replay", "record"])
@pytest.mark.parametrize(("spoil", "text"), BROKEN.values(), ids=BROKEN)
def test_a_broken_recording_is_one_error_naming_file_and_remedy(project, spoil, text, mode):
    project.tests(QUESTION)
    project.record().assert_outcomes(passed=1)
    (path,) = project.recordings()
    spoil(path)
    broken = path.read_bytes() if path.is_file() else None
    result = project.live(f"--lmcache={mode}")
    result.assert_outcomes(failed=1)
    output = result.stdout.str()
    assert f"lmcache: cassettes/chat/{path.name}: {text}" in output
    assert not project.shows_frames(result)
    assert (path.read_bytes() if path.is_file() else None) == broken
    assert project.provider.count() == 1


def test_a_broken_recording_fails_a_test_that_swallows_everything(project):
    project.tests("def test_it():\n    try:\n        ask()\n    except BaseException:\n        pass\n")
    project.record().assert_outcomes(passed=1)
    project.recordings()[0].write_text("")
    result = project.replay()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["lmcache: cassettes/chat/*.json: is empty. *"])


def test_refresh_replaces_a_broken_recording(project):
    project.tests(QUESTION)
    project.record().assert_outcomes(passed=1)
    (path,) = project.recordings()
    path.write_text("")
    project.record(mode="refresh").assert_outcomes(passed=1)
    project.replay().assert_outcomes(passed=1)


def test_a_response_edited_by_hand_is_replayed(project):
    project.tests(QUESTION)
    project.record().assert_outcomes(passed=1)
    (path,) = project.recordings()
    text = path.read_text()
    assert "Paris" in text
    path.write_text(text.replace("Paris", "Atlantis"))
    project.tests("def test_it():\n    assert 'Atlantis' in ask()\n")
    project.replay().assert_outcomes(passed=1)


def test_a_recording_with_windows_line_ends_is_replayed(project):
    project.tests(QUESTION)
    project.record().assert_outcomes(passed=1)
    (path,) = project.recordings()
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    project.replay().assert_outcomes(passed=1)


@pytest.mark.parametrize("mode", ["replay", "record", "refresh"])
def test_a_cassette_folder_that_is_a_file_ends_the_run(project, mode):
    project.cassettes.write_text("precious")
    project.tests(QUESTION)
    result = project.live(f"--lmcache={mode}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["ERROR: lmcache: the cassette folder cassettes is a file. Name a folder with lmcache_cassettes."]
    )
    assert project.cassettes.read_text() == "precious"
    assert project.provider.count() == 0


def test_a_cassette_folder_of_a_marker_that_is_a_file_fails_its_test(project):
    (project.path / "precious").write_text("precious")
    project.tests("@pytest.mark.lmcache(cassettes='precious')\ndef test_it():\n    ask()\n")
    result = project.record()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["lmcache: the cassette folder precious is a file. *"])
    result.stdout.no_fnmatch_line("During handling*")
    assert not project.shows_frames(result)
    assert project.provider.count() == 0


def restricted(folder):
    """Whether this user can be kept from writing into a folder."""
    folder.chmod(0o500)
    try:
        (folder / "probe").write_text("")
    except OSError:
        return True
    (folder / "probe").unlink()
    return False


def test_a_read_only_cassette_folder_in_record_is_told_and_the_test_passes(project):
    project.cassettes.mkdir()
    if not restricted(project.cassettes):
        pytest.skip("this user writes into read-only folders")
    project.tests("def test_one():\n    ask()\ndef test_two():\n    ask('Two?')\n")
    result = project.record()
    project.cassettes.chmod(0o700)
    result.assert_outcomes(passed=2)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert result.stdout.str().count("warning: cassettes: cannot be written (Permission denied).") == 1


def test_a_cassette_folder_that_cannot_be_made_in_record_is_told_and_the_test_passes(project):
    (project.path / "precious").write_text("precious")
    project.ini("lmcache_cassettes = precious/cassettes")
    project.tests(QUESTION)
    result = project.record()
    result.assert_outcomes(passed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert result.stdout.str().count("warning: precious/cassettes: cannot be written (Not a directory).") == 1
    assert (project.path / "precious").read_text() == "precious"
    (project.path / "precious").unlink()
    project.record().assert_outcomes(passed=1)
    assert project.provider.count() == 1


def test_a_local_disk_that_cannot_be_used_is_told_and_the_test_passes(project, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user-cache"))
    project.tests(QUESTION)
    project.record().assert_outcomes(passed=1)
    (disk,) = tmp_path.glob("user-cache/*/*/disk")
    shutil.rmtree(disk)
    disk.write_text("precious")
    shutil.rmtree(project.cassettes)
    result = project.record()
    result.assert_outcomes(passed=1)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["  warning: the local disk tier is off for the rest of this run: *"])
    assert len(project.recordings()) == 1
    assert disk.read_text() == "precious"
    project.replay().assert_outcomes(passed=1)


@pytest.mark.parametrize("mode", ["replay", "record"])
def test_a_test_that_carries_both_vcr_and_lmcache_is_refused(project, mode):
    project.pytester.makeconftest(
        "def pytest_configure(config):\n    config.addinivalue_line('markers', 'vcr: other plugin')\n"
    )
    project.tests("@pytest.mark.vcr\n@pytest.mark.lmcache\ndef test_it():\n    ask()\n")
    result = project.live(f"--lmcache={mode}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["*test_it.py::test_it carries both lmcache and vcr, and both record its calls; keep one"]
    )
    assert project.provider.count() == 0


def test_an_unkeyable_request_is_named_with_its_place(project):
    project.tests("def test_it():\n    ask(metadata2={'made': [object()]})\n")
    result = project.record()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["lmcache: cannot make a key: metadata2.made[[]0] is *object*"])
    result.stdout.fnmatch_lines(["*leave it out of the key with ignore=[[]'metadata2'].*"])
    assert not project.shows_frames(result)
    assert project.provider.count() == 0


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (
            "return request['nothing']",
            (
                "the key strategy by_field failed on a chat request: KeyError: 'nothing'. It was given the fields "
                "operation, stream, "
            ),
        ),
        ("return {'made': object()}", "the key strategy by_field must return JSON, but its result.made is "),
    ],
)
def test_a_callable_key_that_fails_is_one_clear_error(project, body, text):
    project.tests(
        f"def by_field(request):\n    {body}\n@pytest.mark.lmcache(key=by_field)\ndef test_it():\n    ask()\n"
    )
    result = project.record()
    result.assert_outcomes(failed=1)
    assert f"lmcache: {text}" in result.stdout.str()
    assert not project.shows_frames(result)
    assert project.provider.count() == 0


def test_an_adapter_whose_sdk_is_not_installed_is_named_with_the_command_that_installs_it(project):
    project.ini("lmcache_adapters = litellm")
    (project.path / "test_it.py").write_text("def test_it():\n    pass\n")
    # The interpreter finds litellm no more: as on a machine where only the plugin is installed.
    hidden = (
        "import importlib.util, sys, pytest\n"
        "find_spec = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, *rest: None if name == 'litellm' else find_spec(name, *rest)\n"
        "sys.exit(pytest.main(['--lmcache=replay']))\n"
    )
    done = subprocess.run([sys.executable, "-c", hidden], capture_output=True, text=True, env=os.environ, check=False)
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert (
        "ERROR: lmcache: lmcache_adapters names litellm, which is not installed. "
        'Install it with: pip install "pytest-lmcache[litellm]"'
    ) in done.stderr
