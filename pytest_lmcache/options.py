"""Every setting, its legal values, and the one place where precedence is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_lmcache.errors import BadOption
from pytest_lmcache.readers import (
    ADAPTERS,
    allowed,
    host,
    ignored,
    names,
    normalized,
    one_of,
    read_adapters,
    read_amount,
    read_cache,
    read_folder,
    read_key,
    read_mode,
    read_number,
    read_oldest,
    read_size,
    read_switch,
)

REPEATS = ("same", "next")
KEEPS = ("passed", "all")
STALES = ("warn", "fail")
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
    max_age: float | None = None
    stale: str = "warn"
    allow_secrets: tuple[str, ...] = ()
    cache: Any = None
    max_calls: int | None = None
    max_tokens: int | None = None
    max_cost: float | None = None


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
    """One setting a person can write: where, what it means, and how its value is read.

    `ini_type` is empty for one that has no place in an ini file.
    """

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


OPTIONS = (
    Option("mode", "what a call does: replay, record, refresh or off", read_mode, default="replay"),
    Option("key", "key strategy: request, messages, or module:callable", read_key, default="request"),
    Option("ignore", "fields, or JSONPaths, left out of the key", names("ignore", ignored), "linelist"),
    Option(
        "normalize",
        "text made equal before the key is made: uuid, timestamp, date, tmp_path, or regular expressions",
        names("normalize", normalized),
        "linelist",
    ),
    Option("repeat", "identical calls past the last take: same or next", one_of("repeat", REPEATS), default="same"),
    Option("cassettes", "folder of recordings, relative to the root directory", read_folder, default="cassettes"),
    Option("record_errors", "record and replay provider errors too", read_switch("record_errors"), default="false"),
    Option("max_age", "recordings older than this are stale: 30d, 12h, 2w", read_oldest("max_age")),
    Option(
        "stale",
        "what replay does with a stale recording: warn (it answers, and the summary tells) or fail",
        one_of("stale", STALES),
        default="warn",
    ),
    Option(
        "allow_secrets",
        "what may be recorded though it looks like a credential: kinds, or paths, as the error names them",
        names("allow_secrets", allowed),
        "linelist",
    ),
    Option("cache", "a pytest_lmcache.Cache, or module:name of one, whose cache_key and tiers are used", read_cache),
    Option("max_calls", "most calls of a test", read_number("max_calls"), ini_type=""),
    Option("max_tokens", "most tokens of a test's calls, in and out", read_number("max_tokens"), ini_type=""),
    Option("max_cost", "most US dollars of a test's calls, as recorded", read_amount("max_cost"), ini_type=""),
    Option(
        "keep",
        "which recordings reach the cassette folder: those of phases that passed, or all",
        one_of("keep", KEEPS),
        marker=False,
        default="passed",
    ),
    Option("adapters", f"auto, or names of: {', '.join(ADAPTERS)}", read_adapters, marker=False, default="auto"),
    Option(
        "guard",
        "connections to providers that no adapter sees: on (refused for tests that replay), all (for every test), off",
        one_of("guard", GUARDS),
        marker=False,
        default="on",
    ),
    Option(
        "guard_hosts",
        "hosts the guard knows besides those of providers: name, *.name or name:port",
        names("guard_hosts", host),
        "linelist",
        marker=False,
    ),
    Option("memory", "keep used recordings in memory", read_switch("memory"), marker=False, default="true"),
    Option(
        "memory_max_entries",
        "recordings kept in memory",
        read_number("memory_max_entries", least=1),
        marker=False,
        default="10000",
    ),
    Option("disk", "keep what was paid for on this machine", read_switch("disk"), marker=False, default="true"),
    Option("disk_size_limit", "bytes the local disk tier may take", read_size, marker=False, default="1GiB"),
)
