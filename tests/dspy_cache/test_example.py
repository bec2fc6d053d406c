"""The script in `examples/`, run as its first line says; it prints what DSPy's tutorial on its cache promises."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
LINE = re.compile(r"  (\S+)  (.+?) +([\d.]+) ms  (\d+) live  (\d+) tokens  (.*)")


@pytest.fixture(scope="module")
def printed(running_provider):
    """The questions of each step: the live calls each took, its tokens, its answer; and the lines that are none."""
    running_provider.reset()
    command = [sys.executable, str(EXAMPLES / "dspy_cache.py"), "--base-url", f"{running_provider.url}/v1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    title, steps, others = "", {}, []
    for line in done.stdout.splitlines():
        if found := LINE.fullmatch(line):
            _, _, _, live, tokens, answer = found.groups()
            steps[title].append((int(live), int(tokens), answer))
        elif line.startswith("  "):
            others.append(line.strip())
        else:
            title = line.split(":")[0]
            steps[title] = []
    return steps, others, running_provider.count()


def live(printed, title):
    return [bool(calls) for calls, _, _ in printed[0][title]]


def test_the_second_call_of_a_question_uses_nothing(printed):
    first, second = printed[0]["Both layers, which is the default"]
    assert first[0] >= 1
    assert first[1] > 0
    assert second == (0, 0, first[2])


@pytest.mark.parametrize(
    ("title", "calls"),
    [
        ("Memory off", [False]),
        ("Disk off", [True, False]),
        ("Both off", [True, True]),
        ("Room for few answers in memory", [True, True, True, True]),
        ("Few bytes on disk", [True, True]),
        ("A key of one's own, of the messages alone", [True, False]),
    ],
)
def test_each_step_asks_a_model_where_it_says_so(printed, title, calls):
    assert live(printed, title) == calls


def test_two_models_share_an_answer(printed):
    first, second = printed[0]["A key of one's own, of the messages alone"]
    assert second[2] == first[2]


def test_every_call_that_was_counted_and_no_other_reached_the_provider(printed):
    steps, _, received = printed
    assert sum(calls for questions in steps.values() for calls, _, _ in questions) == received


def test_a_value_of_ones_own_class_comes_back(printed):
    assert printed[1] == ["Verdict(score=0.9, label='good')"]


def test_without_a_base_url_it_brings_its_own_provider():
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / "dspy_cache.py")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert len(LINE.findall(done.stdout)) == 15
