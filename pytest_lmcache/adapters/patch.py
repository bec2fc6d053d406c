"""A seam: one method of a class, or one function of a module, replaced for a while."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Restore = Callable[[], None]

_OURS = "lmcache_replacement"


def replace(owner: Any, name: str, make: Callable[[Any], Any]) -> Restore:
    """Put what `make` makes of an owner's own function in its place, and give back the act that undoes it. Done to a
    class it holds for the objects made earlier, too.

    `make` is called when the function first is. One that was replaced here before is left alone.
    """
    original = owner.__dict__[name]
    if hasattr(original, _OURS):
        return _nothing
    made: list[Any] = []

    def replacement(*args: Any, **kwargs: Any) -> Any:
        if not made:
            made.append(make(original))
        return made[0](*args, **kwargs)

    setattr(replacement, _OURS, True)
    for attribute in ("__module__", "__name__", "__qualname__", "__doc__"):
        setattr(replacement, attribute, getattr(original, attribute))
    replacement.__wrapped__ = original  # type: ignore[attr-defined]
    setattr(owner, name, replacement)

    def restore() -> None:
        # Somebody who replaced it after us puts back what is found there, and that is the original from now on.
        if owner.__dict__.get(name) is replacement:
            setattr(owner, name, original)

    return restore


def _nothing() -> None:
    pass
