"""How the value of each setting is read: what is legal is given back, for everything else BadOption says what is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from pytest_lmcache.errors import BadOption

MODES = ("replay", "record", "refresh", "off")
VERIFY = "verify"
RUN_MODES = (*MODES, VERIFY)
REPLAYING = frozenset({"replay", VERIFY})
"""The modes in which a test gets recorded answers, or a miss."""

KEYS = ("request", "messages")
ADAPTERS = ("litellm", "http", "dspy")

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400, "y": 365 * 86_400}


def read_mode(value: Any) -> str:
    """A mode that a test may have. Raises BadOption listing the four."""
    if value == VERIFY:
        raise BadOption(
            "mode='verify' checks a whole run, so it is given on the command line, as --lmcache=verify, or in "
            "PYTEST_LMCACHE"
        )
    return one_of("mode", MODES)(value)


def read_run_mode(value: Any) -> str:
    """A mode for a whole run, from where a person starts it. Raises BadOption listing the five."""
    return one_of("mode", RUN_MODES)(value)


def read_size(value: Any) -> int:
    """A number of bytes from `1073741824`, `500 MB` or `1GiB`."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kKmMgGtT]?)(i?)[bB]?\s*", str(value))
    if not match:
        raise BadOption(f"disk_size_limit={value!r} is no size; write bytes, or for example 500MB or 1GiB")
    number, unit, binary = match.groups()
    exponent = " kmgt".index(unit.lower() or " ")
    return int(float(number) * (1024 if binary else 1000) ** exponent)


def read_age(value: Any) -> float:
    """Seconds from `90d`, `12h`, `2w`."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smhdwy])\s*", str(value))
    if match is None:
        raise BadOption(f"{value!r} is no age; write for example 90d, 12h or 2w")
    return float(match[1]) * _SECONDS[match[2]]


def read_oldest(name: str) -> Callable[[Any], float | None]:
    """An age as above, or None where things may be of any."""

    def read(value: Any) -> float | None:
        try:
            return None if value is None else read_age(value)
        except BadOption as error:
            raise BadOption(f"{name}={error}") from None

    return read


def one_of(name: str, legal: tuple[str, ...]) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if not isinstance(value, str) or value not in legal:
            raise BadOption(f"{name}={value!r} is not one of {', '.join(legal)}")
        return value

    return read


def read_key(value: Any) -> Any:
    if isinstance(value, str) and value not in KEYS and (":" in value or "." in value):
        return _imported("key", value)
    if callable(value):
        return value
    if value in KEYS:
        return value
    raise BadOption(f"key={value!r} is not one of {', '.join(KEYS)}, nor a callable")


def read_cache(value: Any) -> Any:
    given = value
    if isinstance(value, str):
        value = _imported("cache", value)
    if isinstance(value, type):
        try:
            value = value()
        except Exception as error:
            raise BadOption(f"cache={given!r} cannot be made ({type(error).__name__}: {error})") from error
    if not all(hasattr(value, name) for name in ("cache_key", "memory", "disk")):
        raise BadOption(f"cache={value!r} is no pytest_lmcache.Cache")
    return value


def _imported(name: str, value: str) -> Any:
    """What `package.module:name` points to."""
    from importlib import import_module

    module, colon, attribute = value.partition(":")
    if not colon:
        module, _, attribute = value.rpartition(".")
    try:
        return getattr(import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise BadOption(f"{name}={value!r} cannot be imported as module:name ({error})") from None
    except Exception as error:
        raise BadOption(f"{name}={value!r}: {module} fails ({type(error).__name__}: {error})") from error


def names(name: str, check: Callable[[str], str]) -> Callable[[Any], tuple[str, ...]]:
    def read(value: Any) -> tuple[str, ...]:
        if isinstance(value, re.Pattern):
            value = [value]
        if isinstance(value, str) or not isinstance(value, Iterable):
            raise BadOption(f"{name}={value!r} must be a list of names, for example {name}=[{str(value)!r}]")
        entries = [entry.pattern if isinstance(entry, re.Pattern) else entry for entry in value]
        for entry in entries:
            if not isinstance(entry, str) or not entry:
                raise BadOption(f"{name}={value!r} must hold text only, not {entry!r}")
        return tuple(check(entry) for entry in entries)

    return read


def ignored(entry: str) -> str:
    from pytest_lmcache.keys import check_ignore

    return check_ignore(entry)


def normalized(entry: str) -> str:
    from pytest_lmcache.keys import check_normalize

    return check_normalize(entry)


def host(entry: str) -> str:
    from pytest_lmcache.providers import check_host

    return check_host(entry)


def allowed(entry: str) -> str:
    from pytest_lmcache.screen import check_allowed

    return check_allowed(entry)


def read_folder(value: Any) -> str:
    if isinstance(value, Path):
        value = str(value)
    if not isinstance(value, str) or not value.strip():
        raise BadOption(f"cassettes={value!r} is no folder")
    return value


def read_switch(name: str) -> Callable[[Any], bool]:
    words = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}

    def read(value: Any) -> bool:
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.lower() in words:
            return words[value.lower()]
        raise BadOption(f"{name}={value!r} is neither true nor false")

    return read


def read_number(name: str, *, least: int = 0) -> Callable[[Any], int]:
    """A whole number, at least `least`."""

    def read(value: Any) -> int:
        if isinstance(value, bool) or not str(value).strip().isdecimal() or int(value) < least:
            raise BadOption(f"{name}={value!r} is no whole number from {least}")
        return int(value)

    return read


def read_amount(name: str) -> Callable[[Any], float]:
    """An amount in US dollars, from 0."""

    def read(value: Any) -> float:
        number = str(value).strip().removeprefix("$")
        if isinstance(value, bool) or not re.fullmatch(r"\d+(\.\d*)?|\.\d+|\d+(\.\d+)?e-?\d+", number):
            raise BadOption(f"{name}={value!r} is no amount in US dollars, such as 1.50")
        return float(number)

    return read


def read_share(value: Any) -> float:
    """A similarity, from 0 to 1."""
    if not re.fullmatch(r"0|1|0?\.\d+|[01]\.0*|0\.\d+", str(value).strip()):
        raise BadOption(f"--lmcache-similarity={value!r} is no number from 0 to 1, such as 0.3")
    return float(value)


def read_sample(value: Any) -> tuple[int, str]:
    """How many recordings, and the seed they are chosen by, empty where none is given: `20`, `20:3f9c2a7b`."""
    size, _, seed = str(value).strip().partition(":")
    if not size.isdecimal() or int(size) < 1:
        raise BadOption(f"--lmcache-sample={value!r} is no number of recordings from 1, such as 20, or 20:SEED")
    return int(size), seed.strip()


def read_adapters(value: Any) -> tuple[str, ...]:
    names = str(value).replace(",", " ").split()
    for name in names:
        if name != "auto" and name not in ADAPTERS:
            raise BadOption(f"adapters={name!r} is not one of auto, {', '.join(ADAPTERS)}")
    if names == ["dspy"]:
        raise BadOption("adapters='dspy' records nothing by itself; name http, litellm or both beside it")
    return tuple(names) or ("auto",)
