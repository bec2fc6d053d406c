"""Where settings stand in pytest: command line, environment, markers, `lmcache_config` and ini, read and ranked."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeAlias

import pytest

from pytest_lmcache.budget import Bounds
from pytest_lmcache.errors import BadOption
from pytest_lmcache.options import OPTIONS, RunSettings, read_values
from pytest_lmcache.plugin import ENVIRONMENT
from pytest_lmcache.readers import read_amount, read_number, read_run_mode

Source: TypeAlias = tuple[str, dict[str, Any]]

_SCOPES = ("function", "class", "module", "package", "session")


def marker_sources(node: Any) -> list[Source]:
    """The settings of the markers that hold for a node, closest first. Raises BadOption."""
    sources = []
    for marker in node.iter_markers("lmcache"):
        where = f"{node.nodeid}: @pytest.mark.lmcache"
        if marker.args:
            raise BadOption(f"{where} takes named settings only, as in lmcache(key='messages')")
        sources.append(("marker", read_values(marker.kwargs, where)))
    return sources


def ranked(
    strong: list[Source],
    markers: list[Source],
    config: Mapping[str, Any],
    ini: list[Source],
) -> list[tuple[str, Mapping[str, Any]]]:
    return [*strong, *markers, ("lmcache_config", config), *ini]


def run_sources(config: pytest.Config) -> tuple[list[Source], list[Source]]:
    """The sources stronger than a marker, and those weaker than `lmcache_config`."""
    strong: list[Source] = []
    if option := config.known_args_namespace.lmcache:
        strong.append(("command line", {"mode": read_run_mode(option)}))
    if variable := os.environ.get(ENVIRONMENT):
        strong.append(("environment", {"mode": read_run_mode(variable)}))
    values = {option.name: ini(config, option.name) for option in OPTIONS if option.marker and option.ini_type}
    return strong, [("ini", {name: value for name, value in values.items() if value is not None})]


def ini(config: pytest.Config, name: str) -> Any:
    option = next(option for option in OPTIONS if option.name == name)
    try:
        value = config.getini(f"lmcache_{name}")
        with _root_importable(config):
            return None if value is None else option.read(value)
    except BadOption as error:
        raise BadOption(f"ini lmcache_{name}: {error}") from None


@contextmanager
def _root_importable(config: pytest.Config) -> Iterator[None]:
    """While this lasts, `module:name` is found below the root directory; pytest has put nothing on the path yet."""
    folders = [str(config.rootpath), *map(str, config.getini("pythonpath"))]
    sys.path += folders
    try:
        yield
    finally:
        for folder in folders:
            # The first one may be pytest's own.
            del sys.path[len(sys.path) - 1 - sys.path[::-1].index(folder)]


def run_settings(config: pytest.Config) -> RunSettings:
    values = {option.name: ini(config, option.name) for option in OPTIONS if not option.marker}
    return RunSettings(**{name: value for name, value in values.items() if value is not None})


def run_bounds(config: pytest.Config) -> Bounds:
    """What the live calls of the run may take. Raises BadOption."""
    known = config.known_args_namespace
    calls, cost = known.lmcache_max_calls, known.lmcache_max_cost
    return Bounds(
        max_calls=None if calls is None else read_number("--lmcache-max-calls")(calls),
        max_cost=None if cost is None else read_amount("--lmcache-max-cost")(cost),
        option="--lmcache-",
    )


def config_of(fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest, owner: Any) -> Mapping[str, Any]:
    """The `lmcache_config` that holds where a fixture belongs, if it is at least as wide as that fixture."""
    if fixturedef.argname == "lmcache_config":
        return {}
    manager = request.session._fixturemanager
    there = manager.getfixturedefs("lmcache_config", owner) or ()
    here = manager.getfixturedefs("lmcache_config", request._pyfuncitem) or ()
    if len(there) < 2 or there[-1] is not here[-1]:
        return {}
    if _SCOPES.index(there[-1].scope) < _SCOPES.index(fixturedef.scope):
        return {}
    return config_values(request.getfixturevalue("lmcache_config"))


def config_values(values: Any) -> dict[str, Any]:
    if not isinstance(values, Mapping):
        raise BadOption(f"lmcache_config must return a dictionary, not {values!r}")
    return read_values(values, "lmcache_config")
