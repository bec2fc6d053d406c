"""Which recordings a verify run checks: each once, and of a sample those that its seed chooses."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

from hypothesis import given
from hypothesis import strategies as st

from pytest_lmcache.checks import Checklist, Sample
from pytest_lmcache.shared import Private, Shared

names = st.sets(st.text("abc-/0123", min_size=1, max_size=8), max_size=12)


def checklist(values, *, sample=None, names=()):
    return Checklist(values, sample=sample, listed=lambda folder: names, hear=lambda checked: None)


@given(names, st.integers(1, 15), st.text(max_size=4))
def test_a_sample_is_of_the_names_and_as_large_as_asked_for(names, size, seed):
    chosen = Sample(size, seed).of(names)
    assert chosen <= names
    assert len(chosen) == min(size, len(names))
    assert chosen == Sample(size, seed).of(sorted(names, reverse=True))


@given(names, st.integers(1, 15), st.text(max_size=4))
def test_a_larger_sample_of_one_seed_has_the_smaller_in_it(names, size, seed):
    assert Sample(size, seed).of(names) <= Sample(size + 1, seed).of(names)


def test_a_seed_chooses_the_same_in_every_version():
    names = [f"chat/recording-{number}.json" for number in range(100)]
    chosen = ["chat/recording-34.json", "chat/recording-43.json", "chat/recording-82.json"]
    assert sorted(Sample(3, "9c1e44f0").of(names)) == chosen


def test_of_many_threads_one_claims_a_recording():
    every = checklist(Private())
    with ThreadPoolExecutor(8) as pool:
        claimed = list(pool.map(lambda number: every.claims("cassettes", f"chat/{number % 5}.json"), range(200)))
    assert sum(claimed) == 5


def test_of_two_processes_one_claims_a_recording(tmp_path):
    script = (
        "import sys, pathlib\n"
        "from pytest_lmcache.checks import Checklist\n"
        "from pytest_lmcache.shared import Shared\n"
        "values = Shared(lambda: pathlib.Path(sys.argv[1]), 'run-verify')\n"
        "every = Checklist(values, sample=None, listed=lambda folder: (), hear=print)\n"
        "print(sum(every.claims('cassettes', f'chat/{number}.json') for number in range(20)))\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    workers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert sum(int(worker.communicate()[0]) for worker in workers) == 20
    assert not checklist(Shared(lambda: tmp_path, "run-verify")).claims("cassettes", "chat/7.json")


def test_one_name_in_two_folders_is_two_recordings():
    every = checklist(Private())
    assert every.claims("cassettes", "chat/a.json")
    assert every.claims("other", "chat/a.json")


def test_what_is_not_in_the_sample_is_nobodys():
    names = [f"chat/{number}.json" for number in range(10)]
    every = checklist(Private(), sample=Sample(4, "seed"), names=names)
    assert {name for name in names if every.claims("cassettes", name)} == Sample(4, "seed").of(names)
    assert every.drawn == {"cassettes": (4, 10)}
