"""What a pull request may put in place of a recording: sixty ways to run code, leave the folder, hang or eat memory."""

from __future__ import annotations

import base64
import gzip
import json
import os
import pickle
import socket
import sqlite3
import tarfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Target:
    """A recording to be poisoned: its file, the folder of all recordings, one outside with a marker in it."""

    file: Path
    cassettes: Path
    outside: Path

    @property
    def document(self) -> dict[str, Any]:
        return json.loads(self.file.read_text("utf-8"))

    def write(self, document: Any) -> None:
        self.file.write_text(json.dumps(document), "utf-8")

    def answer(self, **fields: Any) -> None:
        """Change fields of the answer; `...` takes one away."""
        document = self.document
        answer = document["responses"][0]["answer"] | fields
        document["responses"][0]["answer"] = {name: value for name, value in answer.items() if value is not ...}
        self.write(document)

    def body(self, value: Any) -> None:
        """Put a value where the model's text stands."""
        document = self.document
        answer = document["responses"][0]["answer"]
        text = answer["body"] if "body" in answer else answer["data"]
        text["choices"][0]["message"]["content"] = value
        self.write(document)

    def instead(self, make: Callable[[Path], object]) -> None:
        """Something else at the place of the file."""
        self.file.unlink()
        make(self.file)

    def blob(self, data: bytes) -> str:
        """A blob of these bytes, by its name."""
        name = f"{sha256(data).hexdigest()}.bin"
        (self.cassettes / "blobs").mkdir(exist_ok=True)
        (self.cassettes / "blobs" / name).write_bytes(data)
        return name


class Payload:
    """Makes a folder when it is unpickled."""

    def __init__(self, marker: str) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (self.marker,)


def _text(text: str) -> Callable[[Target], object]:
    return lambda target: target.file.write_text(text, "utf-8")


def _bytes(make: Callable[[str], bytes]) -> Callable[[Target], object]:
    return lambda target: target.file.write_bytes(make(str(target.outside / "ran")))


def _database(target: Target) -> None:
    target.file.unlink()
    database = sqlite3.connect(target.file)
    database.execute("CREATE TABLE Cache (key, value)")
    database.execute("CREATE TRIGGER x AFTER INSERT ON Cache BEGIN DELETE FROM Cache; END")
    database.commit()
    database.close()


def _archive(target: Target, opened: Any) -> None:
    with opened(target.file, "w") as archive:
        add = archive.write if isinstance(archive, zipfile.ZipFile) else archive.add
        add(target.outside / "secret.json", "../../secret.json")


def _sparse(size: int) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        with path.open("wb") as file:
            file.truncate(size)

    return make


def _socket(path: Path) -> None:
    here = os.open(path.parent, os.O_RDONLY)
    server = socket.socket(socket.AF_UNIX)
    server.bind(f"/proc/self/fd/{here}/{path.name}")
    server.close()
    os.close(here)


def _folder(name: str, make: Callable[[Path, Path], object]) -> Callable[[Target], None]:
    """A blob's own name, made by something that is no file."""

    def poison(target: Target) -> None:
        blob = target.cassettes / "blobs" / f"{sha256(name.encode()).hexdigest()}.bin"
        blob.parent.mkdir(exist_ok=True)
        make(blob, target.outside)
        target.body({"$blob": blob.name})

    return poison


def _bomb(target: Target) -> None:
    name = target.blob(b"\0" * 8_000_000)
    target.body([{"$blob": name}] * 2_000)


def _compressed(target: Target) -> None:
    packed = base64.b64encode(gzip.compress(b"\0" * 300_000_000)).decode()
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    target.answer(headers=headers, body=..., base64=packed)


def _raw(old: str, new: str) -> Callable[[Target], None]:
    """The text of the file changed in one place."""

    def poison(target: Target) -> None:
        text = json.dumps(target.document)
        assert old in text
        target.file.write_text(text.replace(old, new, 1), "utf-8")

    return poison


def _yaml(tag: str) -> Callable[[Target], object]:
    return lambda target: target.file.write_text(f"!!python/object/apply:{tag} ['{target.outside}/ran']\n", "utf-8")


POISONS: dict[str, Callable[[Target], object]] = {
    "pickle 0": _bytes(lambda marker: pickle.dumps(Payload(marker), 0)),
    "pickle 2": _bytes(lambda marker: pickle.dumps(Payload(marker), 2)),
    "pickle 5": _bytes(lambda marker: pickle.dumps(Payload(marker), 5)),
    "pickle in a blob": lambda t: t.body({"$blob": t.blob(pickle.dumps(Payload(str(t.outside / "ran"))))}),
    "pickle in base64": lambda t: t.answer(
        body=..., base64=base64.b64encode(pickle.dumps(Payload(str(t.outside / "ran")))).decode()
    ),
    "yaml mkdir": _yaml("os.mkdir"),
    "yaml system": _yaml("os.system"),
    "yaml eval": _yaml("builtins.eval"),
    "yaml alias bomb": _text("a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nd: [*c,*c]\n"),
    "python": _text("import os; os.mkdir('ran')\n"),
    "database with a trigger": _database,
    "zip": lambda t: _archive(t, zipfile.ZipFile),
    "tar": lambda t: _archive(t, tarfile.open),
    "gzip": lambda t: t.file.write_bytes(gzip.compress(t.file.read_bytes())),
    "gzip bomb as coding": _compressed,
    "link to a file outside": lambda t: t.instead(lambda path: path.symlink_to(t.outside / "secret.json")),
    "relative link": lambda t: t.instead(lambda path: path.symlink_to("../../../secret.json")),
    "link to nothing": lambda t: t.instead(lambda path: path.symlink_to("nowhere")),
    "link to itself": lambda t: t.instead(lambda path: path.symlink_to(path.name)),
    "link to endless zeros": lambda t: t.instead(lambda path: path.symlink_to("/dev/zero")),
    "link to a terminal": lambda t: t.instead(lambda path: path.symlink_to("/dev/tty")),
    "pipe": lambda t: t.instead(os.mkfifo),
    "socket": lambda t: t.instead(_socket),
    "folder": lambda t: t.instead(Path.mkdir),
    "larger than is read": lambda t: t.instead(_sparse(10**10)),
    "as large as is read": lambda t: t.instead(_sparse(60_000_000)),
    "blob by ../": lambda t: t.body({"$blob": "../../../secret.json"}),
    "blob by an absolute name": lambda t: t.body({"$blob": str(t.outside / "secret.json")}),
    "blob with a zero": lambda t: t.body({"$blob": "0" * 64 + ".bin\x00"}),
    "blob that is a link": _folder("link", lambda blob, outside: blob.symlink_to(outside / "secret.json")),
    "blob that is a pipe": _folder("pipe", lambda blob, _: os.mkfifo(blob)),
    "blob that is a folder": _folder("folder", lambda blob, _: blob.mkdir()),
    "blob of another content": _folder("other", lambda blob, _: blob.write_bytes(b"another")),
    "blob that is missing": lambda t: t.body({"$blob": "0" * 64 + ".png"}),
    "blob bomb": _bomb,
    "lines that are none": lambda t: t.body({"$lines": [["a"], 5]}),
    "lines and more": lambda t: t.body({"$lines": ["a"], "__class__": "os"}),
    "plain that is none": lambda t: t.body({"$plain": "abc"}),
    "plain with unhashable names": lambda t: t.body({"$plain": [[[], 1]]}),
    "a million lines": lambda t: t.body({"$lines": [""] * 1_000_000}),
    "100 kB of brackets": _text("[" * 100_000),
    "1 MB of objects": _text('{"a":' * 200_000),
    "depth in the request": lambda t: t.write(t.document | {"request": {"a": _deep(900)}}),
    "depth in the answer": lambda t: t.body(_deep(900)),
    "depth in the answer, a little": lambda t: t.body(_deep(400)),
    "millions of lists": lambda t: t.file.write_text("[" + "[]," * 15_000_000 + "1]"),
    "huge number": _raw('"latency_s": ', '"latency_s": 1e400, "x": '),
    "huge whole number": _raw('"latency_s": ', '"latency_s": ' + "9" * 100_000 + ', "x": '),
    "NaN": _raw('"latency_s": ', '"latency_s": NaN, "x": '),
    "Infinity": _raw('"latency_s": ', '"latency_s": -Infinity, "x": '),
    "key twice": _raw('"key": ', '"key": "0", "key": '),
    "half a surrogate pair": lambda t: t.body("\ud83d"),
    "request edited": lambda t: t.write(t.document | {"request": {"messages": []}}),
    "recording of another request": lambda t: t.write(t.document | {"key": "0" * 64}),
    "redirect": lambda t: t.answer(status=307, headers={"location": "http://127.0.0.1:9/"}),
    "status of text": lambda t: t.answer(status="200", data=...),
    "header with a line break": lambda t: t.answer(headers={"x-request-id": "a\r\nset-cookie: b"}, data=...),
    "type that is a path": lambda t: t.answer(type="os.system"),
    "type of a class with code": lambda t: t.answer(type="http-stream", framing="os", shared={}, chunks=[{}], body=...),
    "stream of the wrong types": lambda t: t.answer(type="http-stream", framing="sse", shared=[], chunks={}, body=...),
    "error of a class outside": lambda t: t.answer(type="error", **{"class": "__builtins__", "attributes": {}}),
    "format of text": lambda t: t.write(t.document | {"format": "1"}),
    "conversation of objects": lambda t: t.write(t.document | {"conversation": [{}]}),
}


def _deep(levels: int) -> Any:
    value: Any = "end"
    for _ in range(levels):
        value = [value]
    return value
