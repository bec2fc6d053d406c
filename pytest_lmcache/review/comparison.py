"""What became of the recordings between two sides: which prompts changed, which answers, and in which words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from pytest_lmcache.call import JSON, Recording
from pytest_lmcache.miss.differences import Difference, differences
from pytest_lmcache.miss.text import asked
from pytest_lmcache.review.pairs import Pair
from pytest_lmcache.review.structure import answer

Kind = Literal["prompt", "answer", "added", "removed", "same"]
_FIRST = ("text", "tool_calls", "finish_reason")


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one recording. `prompt` and `answer` say where the two differ; `test` is who recorded it.

    `kind` is `prompt` when something else was asked, `answer` when only the answer differs, `same` when neither does
    (then only figures of the recording changed).
    """

    kind: Kind
    old_path: str
    new_path: str
    test: str
    prompt: tuple[Difference, ...] = ()
    answer: tuple[Difference, ...] = ()
    asked: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The same for programs."""
        return {
            "kind": self.kind,
            "old": self.old_path or None,
            "new": self.new_path or None,
            "test": self.test,
            "prompt": [_as_json(difference) for difference in self.prompt],
            "answer": [_as_json(difference) for difference in self.answer],
        }


def compared(pairs: Iterable[Pair]) -> list[Change]:
    """What became of recordings; those that say the same as before are left out."""
    return [change for pair in pairs if (change := changed(pair)).kind != "same"]


def changed(pair: Pair) -> Change:
    """What became of one recording."""
    one, two = pair.old, pair.new
    if one is None or two is None:
        recording = one or two
        assert recording is not None
        kind: Kind = "added" if one is None else "removed"
        return Change(kind, pair.old_path, pair.new_path, recording.recorded_by, asked=asked(recording.request))
    prompt = differences(_asked(one), _asked(two), first=two.request.conversation)
    said = differences(_answered(one), _answered(two), first=_FIRST)
    kind = "prompt" if prompt else "answer" if said else "same"
    return Change(kind, pair.old_path, pair.new_path, two.recorded_by, prompt, said)


def _asked(recording: Recording) -> dict[str, JSON]:
    request = recording.request
    return {
        **request.body,
        "adapter": request.adapter,
        "stream": request.stream,
        "key strategy": recording.key.strategy,
    }


def _answered(recording: Recording) -> JSON:
    """What the takes say; of several they are a list."""
    takes = [answer(recording.request, take) for take in recording.takes]
    return takes[0] if len(takes) == 1 else {"takes": list(takes)}


def _as_json(difference: Difference) -> dict[str, str]:
    return {"path": difference.path, "kind": difference.kind, "shown": difference.shown}
