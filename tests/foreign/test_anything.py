"""Whatever stands in a file, an import ends with a report of it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from shapes import shaped

from pytest_lmcache.errors import UnreadableCassette
from pytest_lmcache.foreign import yamltext
from pytest_lmcache.foreign.files import Source
from pytest_lmcache.foreign.intake import Intake
from pytest_lmcache.keys import KeyRule

WORDS = (
    "interactions", "requests", "responses", "request", "response", "body", "string", "headers", "method", "uri",
    "status", "code", "parsed_body", "type", "content", "json", "binary", "base64_string", "body_type", "POST",
    "https://api.openai.com/v1/chat/completions", "**REDACTED**", "content-type", "content-encoding", "gzip",
)  # fmt: skip
leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.binary(max_size=8)
values = st.recursive(
    leaves | st.sampled_from(WORDS) | st.dates(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(WORDS) | st.integers() | st.none(), inner, max_size=5)
    ),
    max_leaves=25,
)
messages = st.fixed_dictionaries({}, optional=dict.fromkeys(WORDS, values))
entries = st.fixed_dictionaries({"request": messages | values, "response": messages | values}) | values
documents = st.fixed_dictionaries({"interactions": st.lists(entries, max_size=3) | values}) | values
suffixes = st.sampled_from([".yaml", ".toml", ".json", ".yaml.gz"])


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("anything")


def report_on(path: Path, data: bytes) -> dict[str, Any]:
    path.write_bytes(data)
    intake = Intake(path.parent, KeyRule(), {}, errors=True)
    intake.read(Source(path, named=True))
    list(intake.recordings())
    (report,) = intake.files()
    assert "\n" not in report.unreadable
    assert not any("\n" in each.reason for each in report.refused)
    return report.as_dict()


@given(data=st.binary(max_size=300), suffix=suffixes)
def test_any_bytes_make_a_report(folder, data, suffix):
    assert report_on(folder / f"a{suffix}", data)["calls"] >= 0


@given(document=documents)
def test_any_yaml_makes_a_report(folder, document):
    json.dumps(report_on(folder / "a.yaml", yaml.safe_dump(document, allow_unicode=True).encode("utf-8", "replace")))


@given(data=st.data(), name=st.sampled_from(sorted(shaped())))
def test_a_damaged_cassette_makes_a_report(folder, data, name):
    whole = bytearray(shaped()[name])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(whole) - 1))
        whole[at : at + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=4))
        if not whole:
            break
    assert report_on(folder / name, bytes(whole))["calls"] in (0, 1)


@given(document=values)
def test_yaml_is_read_as_pyyaml_reads_it(document):
    data = yaml.safe_dump(document, allow_unicode=True).encode("utf-8", "replace")
    try:
        ours = yamltext.parsed(data, core=False)
    except UnreadableCassette:
        return
    assert repr(ours) == repr(_without_dates(yaml.safe_load(data)))


def _without_dates(value: Any) -> Any:
    if isinstance(value, dict):
        return {_without_dates(name): _without_dates(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_without_dates(item) for item in value]
    return value.isoformat() if hasattr(value, "isoformat") else value


@pytest.mark.parametrize(
    ("word", "core", "older"),
    [
        ("2024-01-01", "2024-01-01", "2024-01-01"),
        ("12:30:45", "12:30:45", 45045),
        ("yes", "yes", True),
        ("1e5", 100000.0, "1e5"),
        ("0.5", 0.5, 0.5),
        ("08", 8, "08"),
        ("~", None, None),
        ("true", True, True),
        ("'true'", "true", "true"),
    ],
)
def test_a_plain_word_means_what_its_writer_meant(word, core, older):
    assert yamltext.parsed(word.encode(), core=True) == core
    assert yamltext.parsed(word.encode(), core=False) == older


def test_an_alias_is_the_same_value_again():
    assert yamltext.parsed(b"a: &x [1, 2]\nb: *x\nc: [*x, &y z, *y]", core=False) == {
        "a": [1, 2],
        "b": [1, 2],
        "c": [[1, 2], "z", "z"],
    }


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
def test_a_pipe_in_place_of_a_cassette_is_not_waited_for(folder):
    path = folder / "pipe.yaml"
    os.mkfifo(path)
    intake = Intake(folder, KeyRule(), {})
    intake.read(Source(path, named=True))
    assert "no regular file" in intake.files()[0].unreadable
