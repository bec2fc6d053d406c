"""The cassettes tier: the project's folder of recordings, one file each, read by reviewers and committed."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from pytest_lmcache import cassette
from pytest_lmcache.call import Key, Recording
from pytest_lmcache.cassette import blobs
from pytest_lmcache.errors import BadRecording, CassettesUnusable

TEMP_SUFFIX = ".lmcache-tmp"
ATTRIBUTES = """\
* text eol=lf
*.json diff=lmcache linguist-generated=false
blobs/** binary linguist-generated=true
"""
"""What git and GitHub are told of the folder: recordings are to be read, by `pytest-lmcache install-git` as
conversations; blobs are folded.
"""

# Another process that starts to record sweeps, or somebody deletes the folder: a file is then written anew.
_ATTEMPTS = 5
_IGNORED = f"*{TEMP_SUFFIX}\n"
# A link or a pipe in place of a recording is not followed, nor waited for.
_READ_FLAGS = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class Cassettes:
    """Recordings as files below `folder`; `shown` is how messages call that folder.

    A file is written beside its place, synced and renamed, so that a reader finds the old one or the new one.
    """

    def __init__(self, folder: Path, shown: str = "") -> None:
        self.folder = folder
        self.shown = shown or folder.name
        self._root = str(folder)
        self._sound: set[str] = set()

    def get(self, key: Key) -> Recording:
        path = key.path
        self._no_link(key.operation)
        try:
            data = _read(f"{self._root}/{path}")
        except (FileNotFoundError, NotADirectoryError):
            raise KeyError(key.digest) from None
        except OSError as error:
            cause = f"cannot be read ({_reason(error)})"
            raise BadRecording(self.name(path), cause, "Make it a readable file") from None
        recording = cassette.loads(data, self.name(path), self.blob)
        if recording.key.digest != key.digest:
            cause = f"holds the recording of another key ({recording.key.digest[:20]!a})"
            raise BadRecording(self.name(path), cause, "Name it as its key says, or delete it")
        return replace(recording, key=key)

    def put(self, recording: Recording) -> None:
        text, found = cassette.dumps(recording)
        try:
            self._prepare()
            for name, data in found.items():
                if not (self.folder / "blobs" / name).exists():
                    self._write(f"blobs/{name}", data)
            self._write(recording.key.path, text.encode())
        except OSError as error:
            cause = f"cannot be written ({_reason(error)})"
            raise CassettesUnusable(f"{self.shown}: {cause}. Free or unlock it, and record again.") from error

    def delete(self, key: Key) -> None:
        (self.folder / key.path).unlink(missing_ok=True)

    def load(self, file: Path) -> Recording:
        """The recording in one of the folder's files. Raises BadRecording."""
        return cassette.loads(self.read(file), self._shown(file), self.blob)

    def read(self, file: Path) -> bytes:
        """What one of the folder's files holds. Raises BadRecording when it cannot be read."""
        try:
            return _read(str(file))
        except OSError as error:
            cause = f"cannot be read ({_reason(error)})"
            raise BadRecording(self._shown(file), cause, "Make it a readable file") from None

    def name(self, path: str) -> str:
        """How messages call a file of the folder."""
        return f"{self.shown}/{path}"

    def sweep(self) -> None:
        """Remove what an interrupted run left half written."""
        for place in ("*", "*/*"):
            for leftover in self.folder.glob(place + TEMP_SUFFIX):
                with suppress(OSError):
                    leftover.unlink()

    def _no_link(self, name: str) -> None:
        """Raise BadRecording when a folder in which recordings or blobs stand is a link to somewhere else."""
        if name not in self._sound:
            if os.path.islink(f"{self._root}/{name}"):
                raise BadRecording(self.name(name), "is a link", "Make it a folder")
            self._sound.add(name)

    def blob(self, name: str) -> bytes:
        """The content of a blob. Raises BadRecording when it is missing, or not what its name says."""
        self._no_link("blobs")
        if not blobs.NAME.fullmatch(name):
            cause = f"has no file {name[:80]!a}, which is no name of a blob"
            raise BadRecording(self.name("blobs"), cause, "Restore the recording that refers to it")
        shown = self.name(f"blobs/{name}")
        try:
            data = _read(f"{self._root}/blobs/{name}")
        except OSError as error:
            remedy = "Restore it from version control, or delete the recording that refers to it and record it again"
            raise BadRecording(shown, f"cannot be read ({_reason(error)})", remedy) from None
        if not blobs.intact(name, data):
            raise BadRecording(shown, "holds something else than its name says", "Restore it from version control")
        return data

    def _shown(self, file: Path) -> str:
        return self.name(file.relative_to(self.folder).as_posix())

    def _prepare(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        for name, text in ((".gitattributes", ATTRIBUTES), (".gitignore", _IGNORED)):
            if not (self.folder / name).exists():
                self._write(name, text.encode())

    def _write(self, path: str, data: bytes) -> None:
        target = self.folder / path
        for _ in range(_ATTEMPTS - 1):
            with suppress(FileNotFoundError):
                return _replace(target, data)
        return _replace(target, data)


def _replace(target: Path, data: bytes) -> None:
    """Write a file beside its place, sync it, and put it there."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = f"{target}.{secrets.token_hex(4)}{TEMP_SUFFIX}"
    try:
        with open(temporary, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def _read(path: str) -> bytes:
    descriptor = os.open(path, _READ_FLAGS)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is no regular file")
        if status.st_size > cassette.MAX_BYTES:
            raise OSError(errno.EFBIG, f"it is larger than {cassette.MAX_BYTES // 2**20} MiB")
        parts = []
        while part := os.read(descriptor, status.st_size + 1):
            parts.append(part)
            if len(part) == status.st_size:
                break
        return b"".join(parts)
    finally:
        os.close(descriptor)


def _reason(error: OSError) -> str:
    return "it is a link" if error.errno == errno.ELOOP else error.strerror or type(error).__name__
