"""`dspy.settings` and `litellm.cache`: what a test changes of them is undone when it ends.

DSPy also remembers which thread and which task configured it first, and lets no other do so; a test that was first does
not keep the next one from it.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any

from pytest_lmcache.seam import Owner

_OWNERS = ("config_owner_thread_id", "config_owner_async_task")
_ABSENT = object()


@dataclass(frozen=True)
class Found:
    """The settings as they stand, with copies of the lists in them, and litellm's cache."""

    values: dict[str, tuple[Any, list[Any] | None]]
    owners: dict[str, Any]
    litellm: Any


class State:
    """What each owner at work found when it began."""

    def __init__(self) -> None:
        self._found: dict[Owner, Found] = {}

    def turned(self, owners: tuple[Owner, ...]) -> None:
        """The owners at work changed."""
        for owner in [known for known in self._found if known not in owners]:
            before = self._found.pop(owner)
            if owner.lasting:
                self._adopt(before, found())
            else:
                restore(before)
        for owner in owners:
            if owner.recorder is not None and owner not in self._found:
                self._found[owner] = found()

    def _adopt(self, before: Found, after: Found) -> None:
        """What a lasting owner changed holds for the tests that wait for it: they do not undo it."""
        changed = {
            name: value
            for name, value in after.values.items()
            if name not in before.values or not _same(value, before.values[name])
        }
        gone = before.values.keys() - after.values.keys()
        for owner, earlier in self._found.items():
            kept = {name: value for name, value in earlier.values.items() if name not in gone}
            cache = after.litellm if after.litellm is not before.litellm else earlier.litellm
            owners = after.owners if after.owners != before.owners else earlier.owners
            self._found[owner] = Found({**kept, **changed}, owners, cache)


def found() -> Found:
    """The settings of this moment."""
    module: Any = sys.modules["dspy.dsp.utils.settings"]
    return Found(
        {
            name: (value, list(value) if isinstance(value, list) else None)
            for name, value in module.main_thread_config.items()
        },
        {name: getattr(module, name) for name in _OWNERS},
        getattr(sys.modules.get("litellm"), "cache", _ABSENT),
    )


def restore(before: Found) -> None:
    """Make the settings what they were."""
    module: Any = sys.modules["dspy.dsp.utils.settings"]
    config = module.main_thread_config
    for name in [name for name in config if name not in before.values]:
        del config[name]
    for name, (value, items) in before.values.items():
        config[name] = value
        if items is not None and value != items:
            value[:] = items
    for name, value in before.owners.items():
        setattr(module, name, value)
    litellm: Any = sys.modules.get("litellm")
    if litellm is not None:
        litellm.cache = None if before.litellm is _ABSENT else before.litellm


def _same(a: tuple[Any, list[Any] | None], b: tuple[Any, list[Any] | None]) -> bool:
    return a[0] is b[0] and a[1] == b[1]
