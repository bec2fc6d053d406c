"""Which project a command is typed in: its root directory and ini file, found as pytest finds them, without pytest."""

from __future__ import annotations

import configparser
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pytest_lmcache.errors import BadOption, CassettesUnusable
from pytest_lmcache.options import OPTIONS, Option

# In the order in which pytest asks, and the table or section that makes a file the ini file.
_TABLES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("pytest.toml", ("pytest",)),
    (".pytest.toml", ("pytest",)),
    ("pytest.ini", ("pytest",)),
    (".pytest.ini", ("pytest",)),
    ("pyproject.toml", ("tool", "pytest")),
    ("tox.ini", ("pytest",)),
    ("setup.cfg", ("tool:pytest",)),
)
# These are the ini file by their name alone, also when they say nothing.
_ALWAYS = frozenset({"pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini"})


@dataclass(frozen=True, slots=True)
class Project:
    """A project: `root` is its root directory, `settings` are the legal values of its ini file by the option's name.

    `cassettes` is the folder of recordings; `shown` is how messages call it.
    """

    root: Path
    cassettes: Path
    shown: str
    settings: Mapping[str, Any] = field(default_factory=dict)


def find(start: Path, cassettes: str | None = None, *, missing: bool = False) -> Project:
    """The project that the folder `start` is in; with `cassettes`, that folder of recordings, relative to `start`.

    Raises BadOption for an ini file with a value nobody can mean, CassettesUnusable where there is no such folder,
    unless it may be `missing`.
    """
    root, settings = root_and_settings(start)
    if cassettes is not None:
        folder, shown = start / cassettes, cassettes.rstrip("/") or "/"
    else:
        name = settings.get("cassettes", "cassettes")
        if name == "none":
            raise CassettesUnusable(
                "lmcache_cassettes is none: this project has no folder of recordings. Name one with --cassettes DIR."
            )
        folder = root / name
        shown = _shown(folder, start)
    if not folder.is_dir() and (folder.exists() or not missing):
        cause = "is no folder" if folder.exists() else "does not exist"
        raise CassettesUnusable(
            f"{shown}: {cause}. Record first (pytest --lmcache=record), or name one with --cassettes DIR."
        )
    return Project(root, folder, shown, settings)


def root_and_settings(start: Path) -> tuple[Path, dict[str, Any]]:
    """The root directory of the project that `start` is in, and what its ini file sets. Raises BadOption."""
    return _ini_file(start) or (_without_ini(start), {})


def _shown(folder: Path, start: Path) -> str:
    """A folder as it would be typed from `start`."""
    return Path(os.path.relpath(folder, start)).as_posix()


def _ini_file(start: Path) -> tuple[Path, dict[str, Any]] | None:
    """The closest folder with an ini file, from `start` upwards, and what the file sets; None when there is none."""
    for folder in (start, *start.parents):
        for name, path in _TABLES:
            file = folder / name
            if file.is_file():
                table = _table(file, path)
                if table is not None or name in _ALWAYS:
                    return folder, _settings(table or {}, file)
    return None


def _without_ini(start: Path) -> Path:
    """Pytest's choice without an ini file: where a setup.py or pyproject.toml is, or else where one stands."""
    for folder in (start, *start.parents):
        if (folder / "setup.py").is_file() or (folder / "pyproject.toml").is_file():
            return folder
    return start


def _table(file: Path, path: tuple[str, ...]) -> dict[str, Any] | None:
    """The settings of pytest in a file, None where it has none. Raises BadOption when the file cannot be read."""
    try:
        text = file.read_text("utf-8")
        if file.suffix == ".toml":
            return _toml(text, path)
        parser = configparser.RawConfigParser(strict=False)
        parser.read_string(text)
        return dict(parser[path[0]]) if path[0] in parser else None
    except (OSError, ValueError, configparser.Error) as error:
        raise BadOption(f"{file} cannot be read: {' '.join(str(error).split())}") from None


def _toml(text: str, path: tuple[str, ...]) -> dict[str, Any] | None:
    table: Any = tomllib.loads(text)
    for name in path:
        table = table.get(name) if isinstance(table, dict) else None
    if not isinstance(table, dict):
        return None
    options = table.get("ini_options")
    return options if isinstance(options, dict) else table


def _settings(table: Mapping[str, Any], file: Path) -> dict[str, Any]:
    """Our settings among those of pytest. What is imported or made by reading it is left as it stands."""
    found = {}
    for option in filter(lambda option: option.ini_type, OPTIONS):
        value = table.get(f"lmcache_{option.name}")
        if value is not None and value != "" and option.name != "cache":
            found[option.name] = _read(option, value, file)
    return found


def _read(option: Option, value: Any, file: Path) -> Any:
    if option.ini_type == "linelist" and isinstance(value, str):
        value = [line.strip() for line in value.splitlines() if line.strip()]
    if option.name == "key" and value not in ("request", "messages"):
        return value
    try:
        return option.read(value)
    except BadOption as error:
        raise BadOption(f"{file.name}: lmcache_{error}") from None
