"""What an import made of each file, and what it could not use and why: data for whoever prints it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from pytest_lmcache.call import JSON


@dataclass(frozen=True, slots=True)
class Refused:
    """A call of a model that no recording was made of. `number` counts the interactions of its file from 1."""

    number: int
    place: str
    reason: str


@dataclass(frozen=True, slots=True)
class FileReport:
    """One file. `unreadable` says why nothing of it could be read; `others` are requests that are no calls of a model,
    by where they went; `drift` says which of its calls will miss or may miss, and why; `elsewhere` counts the calls
    that another cassette answers, which has the same request with another answer; `several` the requests with more
    answers than one, which are takes.
    """

    file: str
    made: int = 0
    refused: tuple[Refused, ...] = ()
    others: tuple[tuple[str, int], ...] = ()
    drift: tuple[str, ...] = ()
    elsewhere: int = 0
    several: int = 0
    unreadable: str = ""

    @property
    def calls(self) -> int:
        """Calls of models in the file."""
        return self.made + len(self.refused)

    def as_dict(self) -> dict[str, JSON]:
        """The same as plain JSON."""
        return {
            "file": self.file,
            "calls": self.calls,
            "imported": self.made,
            "refused": [asdict(each) for each in self.refused],
            "not_model_calls": dict(self.others),
            "drift": list(self.drift),
            "answered_by_another_cassette": self.elsewhere,
            "requests_with_several_answers": self.several,
            "unreadable": self.unreadable or None,
        }


@dataclass(frozen=True, slots=True)
class Written:
    """What became of the recordings: new files, those that were there already, and those that differ and were kept or
    replaced. `broken` are the texts of errors about files in the folder that could not be read, and were left alone.
    """

    new: int = 0
    same: int = 0
    kept: tuple[str, ...] = ()
    replaced: int = 0
    broken: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, JSON]:
        """The same as plain JSON."""
        return {
            "new": self.new,
            "unchanged": self.same,
            "kept": list(self.kept),
            "replaced": self.replaced,
            "broken": list(self.broken),
        }


@dataclass(frozen=True, slots=True)
class Report:
    """All files, and the recordings made of them. `passed_over` counts files in folders that are no cassettes."""

    files: tuple[FileReport, ...]
    recordings: int
    takes: int
    passed_over: int
    written: Written

    @property
    def complete(self) -> bool:
        """Whether every call of a model was imported."""
        return not any(file.unreadable or file.refused for file in self.files) and not self.written.broken

    @property
    def calls(self) -> int:
        return sum(file.calls for file in self.files)

    @property
    def elsewhere(self) -> int:
        return sum(file.elsewhere for file in self.files)

    @property
    def several(self) -> int:
        return sum(file.several for file in self.files)

    @property
    def unreadable(self) -> int:
        return sum(bool(file.unreadable) for file in self.files)

    def reasons(self) -> list[tuple[str, int]]:
        """Why calls were refused, and how many for each reason, the commonest first."""
        return _commonest(each.reason for file in self.files for each in file.refused)

    def others(self) -> list[tuple[str, int]]:
        """Requests that are no calls of a model, by where they went, the commonest first."""
        counts: Counter[str] = Counter()
        for file in self.files:
            counts.update(dict(file.others))
        return sorted(counts.items(), key=lambda item: (-item[1], item[0]))

    def as_dict(self) -> dict[str, JSON]:
        """The same as plain JSON."""
        return {
            "files_read": len(self.files) - self.unreadable,
            "files_unreadable": self.unreadable,
            "files_passed_over": self.passed_over,
            "calls": self.calls,
            "refused": sum(len(file.refused) for file in self.files),
            "not_model_calls": sum(count for _, count in self.others()),
            "recordings": self.recordings,
            "takes": self.takes,
            "written": self.written.as_dict(),
            "files": [file.as_dict() for file in self.files],
        }


def _commonest(reasons: Iterable[str]) -> list[tuple[str, int]]:
    return sorted(Counter(reasons).items(), key=lambda item: (-item[1], item[0]))
