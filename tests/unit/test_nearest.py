from collections.abc import Callable
from pathlib import Path

import pytest

from pytest_lmcache.call import JSON, Key, Recording, Request, Take
from pytest_lmcache.errors import BadRecording
from pytest_lmcache.miss.nearest import MOST_READ, nearest

Load = Callable[[Path], Recording]


def chat(text: str, system: str = "", **settings: JSON) -> Request:
    messages: list[JSON] = [{"role": "system", "content": system}, {"role": "user", "content": text}]
    return Request("litellm", "chat", "gpt-4o", {"messages": messages, **settings}, ("messages",))


def key(slug: str, number: int = 0) -> Key:
    return Key(f"{number:020x}".ljust(64, "0"), "request", "chat", slug)


class Shelf:
    """A folder of recordings whose files hold the last message as plain text, and a loader that counts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.loaded: list[str] = []
        self._recordings: dict[str, Recording] = {}

    def add(self, slug: str, request: Request) -> str:
        where = key(slug, len(self._recordings) + 1)
        file = self.folder / where.path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(str(request.body), encoding="utf-8")
        self._recordings[file.name] = Recording(where, request, (Take("{}", 0.1),), "2026-01-01T00:00:00Z", "t")
        return file.name

    def load(self, file: Path) -> Recording:
        self.loaded.append(file.name)
        try:
            return self._recordings[file.name]
        except KeyError:
            raise BadRecording(str(file), "is no recording", "Delete it") from None


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


def found(shelf: Shelf, slug: str, request: Request, **bounds: float) -> list[str]:
    result = nearest(shelf.folder, key(slug), request, load=shelf.load, seconds=bounds.get("seconds", 60))
    return [path.name for path, _ in result.closest]


def test_missing_folder_has_no_recordings(tmp_path: Path, shelf: Shelf) -> None:
    result = nearest(tmp_path / "none", key("hi"), chat("Hi"), load=shelf.load)
    assert (result.recorded, result.closest) == (0, ())


def test_recordings_of_the_operation_are_counted_and_other_files_are_not(shelf: Shelf) -> None:
    shelf.add("hi", chat("Hi"))
    (shelf.folder / "chat" / ".hi.json").write_text("left behind")
    (shelf.folder / "chat" / "README.md").write_text("notes")
    assert nearest(shelf.folder, key("hi"), chat("Hi"), load=shelf.load).recorded == 1


def test_closest_conversation_comes_first(shelf: Shelf) -> None:
    france = shelf.add("what-is-the-capital-of-france", chat("What is the capital of France?"))
    shelf.add("what-is-the-time", chat("What is the time?"))
    shelf.add("sing", chat("Sing me a song about the sea"))
    assert found(shelf, "what-is-the-capital-of-spain", chat("What is the capital of Spain?"))[0] == france


def test_same_conversation_with_other_settings_beats_same_settings_with_another_conversation(shelf: Shelf) -> None:
    shelf.add("what-is-the-capital-of-france", chat("What is the capital of France?", temperature=0.7))
    spain = shelf.add("what-is-the-capital-of-spain", chat("What is the capital of Spain?", temperature=0.2))
    request = chat("What is the capital of Spain?", temperature=0.7)
    assert found(shelf, "what-is-the-capital-of-spain", request)[0] == spain


def test_recordings_that_have_nothing_in_common_are_left_out(shelf: Shelf) -> None:
    shelf.add("sing", chat("Sing me a song"))
    assert found(shelf, "capital", Request("x", "chat", "other", {"input": "Capital?"}, ("input",))) == []


def test_unreadable_recording_is_passed_over(shelf: Shelf) -> None:
    good = shelf.add("hi", chat("Hi"))
    (shelf.folder / key("hi", 99).path).write_text("<<<<<<< HEAD")
    assert found(shelf, "hi", chat("Hi")) == [good]
    assert len(shelf.loaded) == 2


def test_at_most_three_are_given(shelf: Shelf) -> None:
    for number in range(6):
        shelf.add("hi", chat(f"Hi {number}"))
    assert len(found(shelf, "hi", chat("Hi"))) == 3


def test_few_of_many_recordings_are_read(shelf: Shelf) -> None:
    for number in range(2 * MOST_READ):
        shelf.add(f"ticket-{number}", chat(f"Ticket {number}"))
    wanted = shelf.add("what-is-the-capital-of-france", chat("What is the capital of France?"))
    assert found(shelf, "what-is-the-capital-of-spain", chat("What is the capital of Spain?"))[0] == wanted
    assert len(shelf.loaded) <= MOST_READ


def test_raw_text_finds_the_recording_where_all_names_are_alike(shelf: Shelf) -> None:
    names = [shelf.add("classify-this", chat(f"Classify this: ticket{number}")) for number in range(2 * MOST_READ)]
    wanted = shelf.add("classify-this", chat("Classify this: broken printer upstairs"))
    names.append(wanted)
    assert found(shelf, "classify-this", chat("Classify this: broken scanner upstairs"))[0] == wanted


def test_some_are_read_even_without_time(shelf: Shelf) -> None:
    for number in range(10):
        shelf.add("hi", chat(f"Hi {number}"))
    assert len(found(shelf, "hi", chat("Hi"), seconds=0)) == 3
    assert len(shelf.loaded) == 3


def test_same_folder_gives_the_same_answer(shelf: Shelf) -> None:
    for number in range(20):
        shelf.add("hi", chat(f"Hi {number}"))
    assert found(shelf, "hi", chat("Hi there")) == found(shelf, "hi", chat("Hi there"))
