"""Promise 8: every bad file gives one error that names file, cause and remedy, or the right answer.

What the right answer is: people may edit an answer by hand, which is a feature, and there is no checksum over it that
an edit would break. So a file that is a well-formed recording of its request, answer included, replays as it stands: a
flipped bit inside the text of an answer cannot be told from an edit, and a reviewer sees it in the diff. Wrong data
would be an answer of another request, a request or key that was changed and still answers, a part of an answer (a cut
file), or bytes that decode to other characters than the file has; none of these may be served. Blobs, which nobody
reviews, are checked by the hash in their name, so that no flipped bit in one is served at all.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from trials import trials

from pytest_lmcache.call import Key, Recording, Request, Take
from pytest_lmcache.errors import BadRecording
from pytest_lmcache.keys import KeyRule, key_of
from pytest_lmcache.tiers.cassettes import Cassettes

REQUEST = Request(
    "http/openai-chat",
    "chat",
    "gpt-4o-mini",
    {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "What is\nthe capital of Überland? 🌊"}]},
    ("messages",),
)
ANSWER = {"type": "http", "status": 200, "headers": {}, "body": {"choices": [{"text": "Héllo\nworld"}], "n": [1, 2.5]}}
KEY = key_of(REQUEST, KeyRule("request"))
LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 12345\n"

Mutation = Callable[[bytes], bytes]


@pytest.fixture
def cassettes(tmp_path: Path) -> Cassettes:
    made = Cassettes(tmp_path / "cassettes", "cassettes")
    made.put(Recording(KEY, REQUEST, (Take(json.dumps(ANSWER), 0.5),), "2026-01-01T00:00:00Z", "test_it"))
    return made


def conflict(data: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    return b"".join([*lines[:3], b"<<<<<<< ours\n", lines[3], b"=======\n", lines[3], b">>>>>>> theirs\n", *lines[4:]])


MUTATIONS: dict[str, tuple[Mutation, str]] = {
    "empty": (lambda data: b"", "is empty"),
    "blank": (lambda data: b" \n\n", "is empty"),
    "half": (lambda data: data[: len(data) // 2], "is cut short"),
    "cut tail": (lambda data: data[:-4], "is cut short"),
    "bit flip in the format": (lambda data: data.replace(b'"format"', b'"fOrmat"'), "'format' is missing"),
    "bad UTF-8": (lambda data: data[:50] + b"\xff" + data[50:], "is not UTF-8"),
    "NULs": (lambda data: b"\0" * len(data), "no JSON"),
    "NUL in the middle": (lambda data: data[:60] + b"\0" + data[60:], "no JSON"),
    "byte order mark": (lambda data: b"\xef\xbb\xbf" + data, "no JSON"),
    "UTF-16": (lambda data: data.decode().encode("utf-16"), "is not UTF-8"),
    "version 999": (lambda data: data.replace(b'"format": 1', b'"format": 999'), "has format 999"),
    "version 0": (lambda data: data.replace(b'"format": 1', b'"format": 0'), "has format 0"),
    "null": (lambda data: b"null", "it is not a JSON object"),
    "list": (lambda data: b"[]", "it is not a JSON object"),
    "text": (lambda data: b'"recording"', "it is not a JSON object"),
    "object": (lambda data: b"{}", "'adapter' is missing"),
    "depth": (lambda data: b"[" * 100_000, "nested too deep"),
    "doubled": (lambda data: data + data, "no JSON"),
    "doubled key": (lambda data: data.replace(b'"key"', b'"key": "0", "key"', 1), "the same key twice"),
    "LFS pointer": (lambda data: LFS.encode(), "Git LFS pointer"),
    "conflict": (conflict, "merge conflict"),
    "other key": (lambda data: data.replace(KEY.digest.encode(), b"0" * 64), "of another key"),
    "no answer": (lambda data: data.replace(b'"answer"', b'"unswer"'), "has no 'answer'"),
    "YAML": (lambda data: b"interactions:\n- request: {}\n", "no JSON"),
}


def look(cassettes: Cassettes) -> Recording | BadRecording:
    """The recording, or the one kind of error that there may be. Whatever else is raised fails the test."""
    try:
        return cassettes.get(KEY)
    except BadRecording as error:
        return error


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_damaged_file_is_one_error_with_file_cause_and_remedy(cassettes: Cassettes, name: str) -> None:
    mutate, cause = MUTATIONS[name]
    path = cassettes.folder / KEY.path
    damaged = mutate(path.read_bytes())
    path.write_bytes(damaged)
    with pytest.raises(BadRecording) as caught:
        cassettes.get(KEY)
    assert caught.value.path == f"cassettes/{KEY.path}"
    assert cause in caught.value.cause
    assert caught.value.remedy
    assert path.read_bytes() == damaged


@pytest.mark.parametrize("end", [b"\r\n", b"\n\n", b" \n"])
def test_other_line_ends_replay(cassettes: Cassettes, end: bytes) -> None:
    path = cassettes.folder / KEY.path
    before = cassettes.get(KEY)
    path.write_bytes(path.read_bytes().replace(b"\n", end))
    assert cassettes.get(KEY) == before


def fuzzed(chance: random.Random, data: bytes) -> bytes:
    """The file with one to four accidents: bits, bytes, stretches lost, doubled, moved or overwritten."""
    made = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at, size = chance.randrange(len(made) + 1), chance.randint(1, 40)
        match chance.randrange(7):
            case 0 if at < len(made):
                made[at] ^= 1 << chance.randrange(8)
            case 1:
                made[at:at] = chance.randbytes(size)
            case 2:
                del made[at : at + size]
            case 3:
                made[at:at] = made[at : at + size]
            case 4:
                made[at : at + size] = b"\0" * size
            case 5:
                del made[at:]
            case _:
                made[at:at] = chance.choice(
                    [b'"', b"{", b"}", b"[", b"]", b",", b":", b"\\", b"1e999", b"NaN", b"null"]
                )
    return bytes(made)


def test_fuzzed_files_are_an_error_or_a_recording_of_this_request(cassettes: Cassettes, figure) -> None:
    chance = random.Random(808)
    path = cassettes.folder / KEY.path
    good = path.read_bytes()
    rounds, errors, edited = trials(1_000, 10_000), 0, 0
    for _ in range(rounds):
        damaged = fuzzed(chance, good)
        path.write_bytes(damaged)
        found = look(cassettes)
        if isinstance(found, BadRecording):
            assert found.path.startswith("cassettes/")
            assert found.cause
            assert found.remedy
            errors += 1
        else:
            # What the desk checks before it answers: the request makes the key. The answer is what the file says.
            assert found.key == KEY
            stands = json.loads(damaged.decode())
            assert len(found.takes) == len(stands["responses"])
            same = found.request.body == REQUEST.body
            edited += same
            # A request that was changed is refused by whoever asks, since it makes another key.
            assert same or key_of(found.request, KeyRule("request")).digest != KEY.digest
    figure(f"{rounds:,} fuzzed files: {errors:,} errors with file, cause and remedy, {edited:,} as edited by hand")


def test_no_flipped_bit_of_a_blob_is_served(cassettes: Cassettes, figure) -> None:
    chance = random.Random(809)
    request = Request("litellm", "chat", "m", {"picture": "data:image/png;base64," + "QUJD" * 400}, ())
    key: Key = key_of(request, KeyRule("request"))
    cassettes.put(Recording(key, request, (Take('{"a":1}', 0.5),), "2026-01-01T00:00:00Z", "test_it"))
    (blob,) = (cassettes.folder / "blobs").iterdir()
    good = blob.read_bytes()
    rounds = trials(50, 1_000)
    for _ in range(rounds):
        damaged = bytearray(good)
        damaged[chance.randrange(len(good))] ^= 1 << chance.randrange(8)
        blob.write_bytes(damaged)
        with pytest.raises(BadRecording, match="something else than its name says"):
            cassettes.get(key)
    figure(f"0 of {rounds:,} flipped bits of a blob served")


def test_what_is_bad_reaches_the_test_as_one_error_and_never_as_a_miss(project) -> None:
    project.tests("def test_it(lmcache):\n    ask()")
    project.record().assert_outcomes(passed=1)
    (path,) = project.recordings()
    path.write_text(path.read_text()[:-20])
    result = project.replay()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([f"*lmcache: cassettes/chat/{path.name}: is cut short or no JSON*Restore it*"])
    result.stdout.no_fnmatch_line("*nothing recorded*")
    assert not project.shows_frames(result)
