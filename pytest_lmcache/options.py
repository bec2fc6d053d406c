"""Every setting, its legal values, and the one place where precedence is written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pytest_lmcache.errors import BadOption

MODES = ("replay", "record", "refresh", "off")
KEYS = ("request", "messages")
REPEATS = ("same", "next")
KEEPS = ("passed", "all")
ADAPTERS = ("litellm", "http", "dspy")
GUARDS = ("on", "all", "off")

# The sources of a setting, strongest first. A marker's mode "off" stands above all of them.
PRECEDENCE = ("command line", "environment", "marker", "lmcache_config", "ini", "default")


@dataclass(frozen=True, slots=True)
class Settings:
    """What holds for the calls of one test, or of one fixture of wider scope."""

    mode: str = "replay"
    key: Any = "request"
    ignore: tuple[str, ...] = ()
    normalize: tuple[str, ...] = ()
    repeat: str = "same"
    cassettes: str = "cassettes"
    record_errors: bool = False
    allow_secrets: tuple[str, ...] = ()
    cache: Any = None


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What holds for a whole run: the tiers and their bounds, the adapters, the guard, and when recordings are kept."""

    keep: str = "passed"
    adapters: tuple[str, ...] = ("auto",)
    guard: str = "on"
    guard_hosts: tuple[str, ...] = ()
    memory: bool = True
    memory_max_entries: int = 10_000
    disk: bool = True
    disk_size_limit: int = 1024**3


@dataclass(frozen=True, slots=True)
class Option:
    """One setting a person can write: where, what it means, and how its value is read."""

    name: str
    help: str
    read: Callable[[Any], Any]
    ini_type: str = "string"
    marker: bool = True
    default: str = field(default="", compare=False)


def resolve(sources: Iterable[tuple[str, Mapping[str, Any]]]) -> Settings:
    """The settings that hold, from (source, values) pairs ordered strongest first.

    Each setting is taken from the strongest source that has it. A marker that says `off` wins over everything.
    """
    pairs = list(sources)
    chosen: dict[str, Any] = {}
    for _, values in pairs:
        for name, value in values.items():
            chosen.setdefault(name, value)
    for source, values in pairs:
        if source == "marker" and "mode" in values:
            if values["mode"] == "off":
                chosen["mode"] = "off"
            break
    return Settings(**chosen)


def read_values(values: Mapping[str, Any], source: str) -> dict[str, Any]:
    """The legal values of a marker or an `lmcache_config`. Raises BadOption naming what is not legal, and what is."""
    legal = {option.name: option for option in OPTIONS if option.marker}
    result = {}
    for name, value in values.items():
        if name not in legal:
            raise BadOption(f"{source}: {name!r} is no setting of lmcache; the settings are {', '.join(legal)}")
        try:
            result[name] = legal[name].read(value)
        except BadOption as error:
            raise BadOption(f"{source}: {error}") from None
    return result


def read_mode(value: Any) -> str:
    """A mode. Raises BadOption listing the four."""
    return _one_of("mode", MODES)(value)


def read_size(value: Any) -> int:
    """A number of bytes from `1073741824`, `500 MB` or `1GiB`."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([kKmMgGtT]?)(i?)[bB]?\s*", str(value))
    if not match:
        raise BadOption(f"disk_size_limit={value!r} is no size; write bytes, or for example 500MB or 1GiB")
    number, unit, binary = match.groups()
    exponent = " kmgt".index(unit.lower() or " ")
    return int(float(number) * (1024 if binary else 1000) ** exponent)


def _one_of(name: str, legal: tuple[str, ...]) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if not isinstance(value, str) or value not in legal:
            raise BadOption(f"{name}={value!r} is not one of {', '.join(legal)}")
        return value

    return read


def _read_key(value: Any) -> Any:
    if isinstance(value, str) and value not in KEYS and (":" in value or "." in value):
        return _imported("key", value)
    if callable(value):
        return value
    if value in KEYS:
        return value
    raise BadOption(f"key={value!r} is not one of {', '.join(KEYS)}, nor a callable")


def _read_cache(value: Any) -> Any:
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


def _names(name: str, check: Callable[[str], str]) -> Callable[[Any], tuple[str, ...]]:
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


def _check_ignore(entry: str) -> str:
    from pytest_lmcache.keys import check_ignore

    return check_ignore(entry)


def _check_normalize(entry: str) -> str:
    from pytest_lmcache.keys import check_normalize

    return check_normalize(entry)


def _check_host(entry: str) -> str:
    from pytest_lmcache.providers import check_host

    return check_host(entry)


def _check_allowed(entry: str) -> str:
    from pytest_lmcache.screen import check_allowed

    return check_allowed(entry)


def _read_folder(value: Any) -> str:
    if isinstance(value, Path):
        value = str(value)
    if not isinstance(value, str) or not value.strip():
        raise BadOption(f"cassettes={value!r} is no folder")
    return value


def _read_switch(name: str) -> Callable[[Any], bool]:
    words = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}

    def read(value: Any) -> bool:
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.lower() in words:
            return words[value.lower()]
        raise BadOption(f"{name}={value!r} is neither true nor false")

    return read


def _read_count(value: Any) -> int:
    if isinstance(value, bool) or not str(value).strip().isdecimal() or int(value) < 1:
        raise BadOption(f"memory_max_entries={value!r} is no whole number from 1")
    return int(value)


def _read_adapters(value: Any) -> tuple[str, ...]:
    names = str(value).replace(",", " ").split()
    for name in names:
        if name != "auto" and name not in ADAPTERS:
            raise BadOption(f"adapters={name!r} is not one of auto, {', '.join(ADAPTERS)}")
    if names == ["dspy"]:
        raise BadOption("adapters='dspy' records nothing by itself; name http, litellm or both beside it")
    return tuple(names) or ("auto",)


OPTIONS = (
    Option("mode", "what a call does: replay, record, refresh or off", read_mode, default="replay"),
    Option("key", "key strategy: request, messages, or module:callable", _read_key, default="request"),
    Option("ignore", "fields, or JSONPaths, left out of the key", _names("ignore", _check_ignore), "linelist"),
    Option(
        "normalize",
        "text made equal before the key is made: uuid, timestamp, date, tmp_path, or regular expressions",
        _names("normalize", _check_normalize),
        "linelist",
    ),
    Option("repeat", "identical calls past the last take: same or next", _one_of("repeat", REPEATS), default="same"),
    Option("cassettes", "folder of recordings, relative to the root directory", _read_folder, default="cassettes"),
    Option("record_errors", "record and replay provider errors too", _read_switch("record_errors"), default="false"),
    Option(
        "allow_secrets",
        "what may be recorded though it looks like a credential: kinds, or paths, as the error names them",
        _names("allow_secrets", _check_allowed),
        "linelist",
    ),
    Option("cache", "a pytest_lmcache.Cache, or module:name of one, whose cache_key and tiers are used", _read_cache),
    Option(
        "keep",
        "which recordings reach the cassette folder: those of phases that passed, or all",
        _one_of("keep", KEEPS),
        marker=False,
        default="passed",
    ),
    Option("adapters", f"auto, or names of: {', '.join(ADAPTERS)}", _read_adapters, marker=False, default="auto"),
    Option(
        "guard",
        "connections to providers that no adapter sees: on (refused for tests that replay), all (for every test), off",
        _one_of("guard", GUARDS),
        marker=False,
        default="on",
    ),
    Option(
        "guard_hosts",
        "hosts the guard knows besides those of providers: name, *.name or name:port",
        _names("guard_hosts", _check_host),
        "linelist",
        marker=False,
    ),
    Option("memory", "keep used recordings in memory", _read_switch("memory"), marker=False, default="true"),
    Option("memory_max_entries", "recordings kept in memory", _read_count, marker=False, default="10000"),
    Option("disk", "keep what was paid for on this machine", _read_switch("disk"), marker=False, default="true"),
    Option("disk_size_limit", "bytes the local disk tier may take", read_size, marker=False, default="1GiB"),
)
