"""The local folder of a project: outside the repository, shared by its worktrees, and somewhere in every case."""

from __future__ import annotations

import os
import stat
import subprocess
import tempfile
from pathlib import Path

import pytest

from pytest_lmcache.errors import TierUnavailable
from pytest_lmcache.tiers.local import project_folder

posix = pytest.mark.skipif(os.name != "posix", reason="about POSIX users and links")


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home, a cache folder and a folder for temporary files of the test's own."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))


def git(folder: Path, *words: str) -> None:
    folder.mkdir(exist_ok=True, parents=True)
    options = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", *options, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "work" / "My Project"
    git(folder, "init")
    git(folder, "commit", "--allow-empty", "-m", "first")
    return folder


def test_the_folder_is_in_the_users_cache_and_says_which_project_it_is_of(repository: Path, tmp_path: Path) -> None:
    folder = project_folder(repository)
    assert folder.is_relative_to(tmp_path / "cache")
    assert folder.name.startswith("my-project-")
    assert folder == project_folder(repository)


def test_every_folder_of_a_repository_shares_one(repository: Path) -> None:
    (repository / "tests" / "unit").mkdir(parents=True)
    assert project_folder(repository / "tests" / "unit") == project_folder(repository)


def test_worktrees_share_one(repository: Path, tmp_path: Path) -> None:
    git(repository, "worktree", "add", str(tmp_path / "elsewhere"))
    assert project_folder(tmp_path / "elsewhere") == project_folder(repository)


def test_repositories_of_one_name_do_not_share(repository: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / "My Project"
    git(other, "init")
    assert project_folder(other).name != project_folder(repository).name


def test_a_submodule_has_one_of_its_own(repository: Path, tmp_path: Path) -> None:
    library = tmp_path / "library"
    git(library, "init")
    git(library, "commit", "--allow-empty", "-m", "first")
    git(repository, "-c", "protocol.file.allow=always", "submodule", "add", str(library), "lib")
    assert project_folder(repository / "lib") not in (project_folder(repository), project_folder(library))


def test_a_project_without_git_has_one_by_its_place(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    assert project_folder(tmp_path / "plain").name.startswith("plain-")


def test_a_git_file_that_says_nothing_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / ".git").write_bytes(b"\xff\xfe")
    assert project_folder(tmp_path / "odd").is_relative_to(tmp_path / "cache")


@posix
def test_a_cache_inside_the_repository_is_not_used(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(repository / ".cache"))
    folder = project_folder(repository)
    assert folder.is_relative_to(tmp_path / "tmp")
    assert not (repository / ".cache").exists()
    assert stat.S_IMODE(folder.parent.stat().st_mode) == 0o700


@posix
def test_without_a_home_it_is_among_the_temporary_files(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/dev/null")
    assert project_folder(repository).is_relative_to(tmp_path / "tmp")


@posix
def test_an_unset_home_is_no_error(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOME")
    assert project_folder(repository).is_absolute()


@posix
def test_a_temporary_folder_others_can_enter_is_refused(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null/nowhere")
    folder = project_folder(repository).parent
    folder.chmod(0o755)
    with pytest.raises(TierUnavailable):
        project_folder(repository)
    folder.rmdir()
    (tmp_path / "theirs").mkdir(mode=0o700)
    folder.symlink_to(tmp_path / "theirs")
    with pytest.raises(TierUnavailable):
        project_folder(repository)
