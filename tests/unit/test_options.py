"""Every setting and its legal values, and which source of a setting wins."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_lmcache import options
from pytest_lmcache.cache import Cache
from pytest_lmcache.errors import BadOption
from pytest_lmcache.options import OPTIONS, PRECEDENCE, RunSettings, Settings, read_values, resolve
from pytest_lmcache.readers import MODES

SOURCES = tuple(source for source in PRECEDENCE if source != "default")


def read(name: str, value: Any) -> Any:
    """A value as the option of that name reads it."""
    return next(option for option in OPTIONS if option.name == name).read(value)


def test_without_a_source_the_defaults_hold() -> None:
    assert resolve([]) == Settings()
    assert Settings().mode == "replay"


@given(st.dictionaries(st.sampled_from(SOURCES), st.sampled_from([mode for mode in MODES if mode != "off"])))
def test_the_strongest_source_of_a_setting_wins(modes: dict[str, str]) -> None:
    pairs = [(source, {"mode": modes[source]} if source in modes else {}) for source in SOURCES]
    strongest = next((modes[source] for source in SOURCES if source in modes), "replay")
    assert resolve(pairs).mode == strongest


@pytest.mark.parametrize("others", ["replay", "record", "refresh", "off"])
def test_off_in_a_marker_wins_over_everything(others: str) -> None:
    pairs = [(source, {"mode": "off" if source == "marker" else others}) for source in SOURCES]
    assert resolve(pairs).mode == "off"


def test_the_closest_marker_that_has_a_mode_decides_whether_it_is_off() -> None:
    closest_first = [("marker", {"key": "messages"}), ("marker", {"mode": "record"}), ("marker", {"mode": "off"})]
    assert resolve(closest_first).mode == "record"
    assert resolve([("command line", {"mode": "replay"}), *reversed(closest_first)]).mode == "off"


def test_sources_are_merged_setting_by_setting() -> None:
    settings = resolve([("marker", {"key": "messages"}), ("lmcache_config", {"key": "request", "repeat": "next"})])
    assert (settings.key, settings.repeat) == ("messages", "next")


def test_every_option_of_a_test_is_a_setting_and_every_other_one_of_the_run() -> None:
    assert {option.name for option in OPTIONS if option.marker} == set(Settings.__dataclass_fields__)
    assert {option.name for option in OPTIONS if not option.marker} == set(RunSettings.__dataclass_fields__)


@pytest.mark.parametrize("option", [option for option in OPTIONS if option.default], ids=lambda option: option.name)
def test_the_default_in_the_help_is_the_default(option: options.Option) -> None:
    holder = Settings() if option.marker else RunSettings()
    assert option.read(option.default) == getattr(holder, option.name)


@pytest.mark.parametrize(
    ("name", "written", "value"),
    [
        ("mode", "refresh", "refresh"),
        ("key", "messages", "messages"),
        ("key", "os.path:basename", __import__("os").path.basename),
        ("key", "os.path.basename", __import__("os").path.basename),
        ("key", len, len),
        ("ignore", ["temperature", "$.tools[*].description"], ("temperature", "$.tools[*].description")),
        ("ignore", (), ()),
        ("normalize", ["uuid", r"\d+"], ("uuid", r"\d+")),
        ("normalize", [re.compile("a+")], ("a+",)),
        ("normalize", re.compile("a+"), ("a+",)),
        ("repeat", "next", "next"),
        ("cassettes", Path("tests") / "recorded", str(Path("tests") / "recorded")),
        ("record_errors", True, True),
        ("record_errors", "On", True),
        ("keep", "all", "all"),
        ("adapters", "auto", ("auto",)),
        ("adapters", "litellm, litellm", ("litellm", "litellm")),
        ("adapters", "", ("auto",)),
        ("memory", "no", False),
        ("memory_max_entries", "12", 12),
        ("memory_max_entries", 12, 12),
        ("disk", "0", False),
        ("disk_size_limit", "1048576", 2**20),
        ("disk_size_limit", "500MB", 500 * 10**6),
        ("disk_size_limit", " 1.5 GiB ", 3 * 2**29),
        ("disk_size_limit", "2k", 2000),
        ("disk_size_limit", 10, 10),
    ],
)
def test_what_can_be_written_is_read(name: str, written: Any, value: Any) -> None:
    assert read(name, written) == value


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("mode", "Replay"),
        ("mode", True),
        ("key", "message"),
        ("key", 3),
        ("key", "os:nothing"),
        ("key", ":"),
        ("ignore", "temperature"),
        ("ignore", [""]),
        ("ignore", ["$["]),
        ("ignore", 3),
        ("normalize", ["("]),
        ("normalize", [b"a"]),
        ("repeat", "twice"),
        ("cassettes", " "),
        ("cassettes", None),
        ("record_errors", 2),
        ("cache", "os:sep"),
        ("cache", dict),
        ("keep", "none"),
        ("adapters", "auto, nobody"),
        ("memory", "perhaps"),
        ("memory_max_entries", True),
        ("memory_max_entries", "-1"),
        ("memory_max_entries", "1.5"),
        ("disk_size_limit", "-1"),
        ("disk_size_limit", "1 PB"),
        ("disk_size_limit", ""),
    ],
)
def test_what_nobody_can_mean_is_refused_by_name(name: str, written: Any) -> None:
    with pytest.raises(BadOption, match=rf"^{name}="):
        read(name, written)


@given(
    st.sampled_from([option for option in OPTIONS if option.name != "cache"]),
    st.integers() | st.text() | st.lists(st.text()),
)
def test_any_value_is_read_or_refused(option: options.Option, written: Any) -> None:
    with contextlib.suppress(BadOption):
        option.read(written)


def test_a_class_of_caches_is_made_and_a_cache_is_kept() -> None:
    assert isinstance(read("cache", Cache), Cache)
    cache = Cache(enable_disk_cache=False)
    assert read("cache", cache) is cache


def test_an_unknown_setting_is_named_with_its_source_and_the_legal_ones() -> None:
    with pytest.raises(BadOption, match=r"here: 'keys' is no setting of lmcache; the settings are mode, key, ignore, "):
        read_values({"keys": "messages"}, "here")


def test_settings_of_the_run_are_none_of_a_marker() -> None:
    with pytest.raises(BadOption, match="'disk' is no setting"):
        read_values({"disk": False}, "here")
