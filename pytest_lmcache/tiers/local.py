"""Where a project keeps what is local to this machine: one folder in the user's cache, outside the repository."""

from __future__ import annotations

import hashlib
import os
import re
import stat
import tempfile
from pathlib import Path

from pytest_lmcache.errors import TierUnavailable

NAME = "pytest-lmcache"


def project_folder(root: Path) -> Path:
    """The folder of the project that `root` is in, made if need be: `<name of the repository>-<digest of its place>`.

    Worktrees of one repository share it. Below it are `disk/`, the disk tier, and `locks/`. Raises TierUnavailable
    when neither the user's cache nor the folder for temporary files can be used.
    """
    tree, repository = _repository(root.resolve())
    name = repository.parent.name if repository.name == ".git" else repository.name.removesuffix(".git")
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "project"
    place = hashlib.sha256(os.fsencode(repository)).hexdigest()[:12]
    return _user_folder(tree) / f"{slug}-{place}"


def load() -> None:
    """Import what finding the folder needs, before a live call has to wait for that."""
    import platformdirs  # noqa: F401


def _repository(root: Path) -> tuple[Path, Path]:
    """The top of the working tree that `root` is in, and the directory git keeps that repository in."""
    for tree in (root, *root.parents):
        git = tree / ".git"
        if git.is_dir():
            return tree, git
        if git.is_file():
            return tree, _common_directory(git)
    return root, root


def _common_directory(git: Path) -> Path:
    """What all worktrees of a repository share, from the `.git` file of one: `gitdir: ...`, and `commondir` there."""
    try:
        directory = git.parent / git.read_text("utf-8").removeprefix("gitdir:").strip()
        common = directory / "commondir"
        return (directory / common.read_text("utf-8").strip() if common.is_file() else directory).resolve()
    except (OSError, ValueError):
        return git


def _user_folder(tree: Path) -> Path:
    """The user's cache folder for this plugin, or one among the temporary files when that one cannot serve.

    It cannot when there is no home, when it is not writable, and when it is inside the repository.
    """
    import platformdirs

    try:
        folder = platformdirs.user_cache_path(NAME, appauthor=False)
        if folder.is_absolute() and not folder.resolve().is_relative_to(tree):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if os.access(folder, os.W_OK | os.X_OK):
                return folder
    except (OSError, RuntimeError, KeyError):
        pass
    return _temporary_folder(tree)


def _temporary_folder(tree: Path) -> Path:
    """A folder of this user alone. Anybody may make one of that name first, so it is looked at before use."""
    user = os.getuid() if hasattr(os, "getuid") else None
    folder = Path(tempfile.gettempdir()).resolve() / (NAME if user is None else f"{NAME}-{user}")
    if folder.is_relative_to(tree):
        raise TierUnavailable(str(folder), "the user's cache and the folder for temporary files are in the repository")
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        status = folder.lstat()
    except OSError as error:
        raise TierUnavailable(str(folder), error.strerror or str(error)) from error
    if user is not None and (not stat.S_ISDIR(status.st_mode) or status.st_uid != user or status.st_mode & 0o077):
        raise TierUnavailable(str(folder), "it belongs to somebody else, or is open to others")
    return folder
