"""The README: short, true, and the place where a fresh clone is set up."""

from __future__ import annotations

import json
import re

import documents
import pytest
from documents import ROOT, blocks, names_in, table

from pytest_lmcache.options import OPTIONS
from pytest_lmcache.readers import MODES, RUN_MODES

README = ROOT / "README.md"
EXAMPLES = 'python -m pip install -e ".[litellm]" && python -m pytest examples --lmcache=replay\n'
TESTS = 'python -m pip install -e ".[test]" && python -m pytest -n auto\n'


def block(language: str, section: str = "") -> str:
    return next(block.text for block in blocks(README) if (block.language, block.section) == (language, section))


@pytest.fixture
def capital(project):
    """A project with the first example of the README, recorded."""
    (project.path / "test_capital.py").write_text(block("python"))
    project.record("test_capital.py").assert_outcomes(passed=1)
    return project


def test_it_stays_under_250_lines():
    assert len(README.read_text("utf-8").splitlines()) < 250


def test_the_second_paragraph_tells_it_from_kv_caches():
    assert "KV caches" in README.read_text("utf-8").split("\n\n")[2]


def test_the_first_example_is_about_twelve_lines():
    assert len(block("python").rstrip().replace("\n\n\n", "\n").splitlines()) <= 13


@pytest.mark.parametrize(("section", "command"), [("Run the examples", EXAMPLES), ("Run the tests", TESTS)])
def test_each_set_up_command_is_the_first_block_below_its_heading(section, command):
    first = next(block for block in blocks(README) if block.section == section)
    assert first.text == command
    assert README.read_text("utf-8").count(f"\n## {section}\n") == 1


def test_the_command_that_made_the_recordings_is_there():
    assert "python -m pytest examples --lmcache=record\n" in [block.text for block in blocks(README)]


def test_the_example_replays_without_a_mode(capital):
    received = capital.provider.count()
    capital.bare("test_capital.py").assert_outcomes(passed=1)
    assert capital.provider.count() == received == 1


def test_the_recording_shown_is_the_one_that_is_made(capital):
    (made,) = capital.recordings()
    lines = [steady(line) for line in made.read_text("utf-8").splitlines()]
    assert steady(json.loads(made.read_text())["key"]) == steady(re.search('"key": "(.*?)"', shown())[1])
    for line in map(steady, shown().splitlines()):
        if line.strip() != "…":
            assert line in lines, line
            del lines[: lines.index(line) + 1]
    assert not lines


def test_the_key_shown_is_the_one_that_is_made(capital):
    (recording,) = capital.load()
    assert f'"key": "{recording["key"]}"' in shown()


def test_the_miss_shown_is_the_one_that_is_printed(capital):
    test = capital.path / "test_capital.py"
    test.write_text(test.read_text().replace("capital of {", "main city of {"))
    result = capital.replay("test_capital.py")
    result.assert_outcomes(failed=1)
    printed = result.stdout.str()
    for line in block("text").splitlines():
        assert line in printed, line


@pytest.mark.parametrize("heading", ["Options"])
def test_the_tables_of_options_are_complete(heading):
    of_a_test, of_a_run = table(README, heading, number=0), table(README, heading, number=1)
    for rows, marker in ((of_a_test, True), (of_a_run, False)):
        assert [row[:2] for row in rows] == [[o.name, o.default] for o in OPTIONS if o.marker is marker]


def test_the_modes_are_complete():
    assert re.findall(r"--lmcache=(\w+)", block("console", "Modes")) == list(RUN_MODES)
    assert names_in(table(README, "Options")[0][2]) == list(MODES)


def test_every_document_can_be_reached_from_it():
    reached, waiting = set(), [README]
    while waiting:
        document = waiting.pop()
        reached.add(document)
        for target in re.findall(r"\]\(([^)#]+\.md)", documents.prose(document)):
            path = (document.parent / target).resolve()
            if path not in reached:
                waiting.append(path)
    unlinked = {path for path in documents.DOCUMENTS if "decisions" not in path.parts} - reached
    assert not unlinked


def shown() -> str:
    return block("json", "What a recording looks like")


def steady(line: str) -> str:
    """A line without what differs in each recording: numbers, times and digests."""
    line = re.sub(r"\(answer [\w-]+\)", "(answer)", line)
    return re.sub(r'"(recorded_at|latency_s)": ("[^"]*"|[\d.]+)', r'"\1"', line)
