"""Promise 5: any number of threads, tasks, workers and processes is as good as one, and each request is paid once."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from trials import FULL, trials

from pytest_lmcache.recorder.flights import Locks, try_acquire

WORKERS = 8

CALLERS = {
    "litellm": """
import litellm
def asked(text):
    messages = [{"role": "user", "content": text}]
    return litellm.completion("openai/gpt-4o-mini", messages).choices[0].message.content
""",
    "http": """
import json, os, httpx
CLIENT = httpx.Client(verify=False, timeout=60)
def asked(text):
    url = os.environ.get("OPENAI_API_BASE", "https://api.openai.com/v1") + "/chat/completions"
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": text}]}
    response = CLIENT.post(url, json=body, headers={"authorization": "Bearer fake-key-for-tests"})
    return response.json()["choices"][0]["message"]["content"]
""",
}
# A process starts ten times faster without litellm.
IN_PROCESSES = trials(["http"], list(CALLERS))
TOGETHER = """
import os, pathlib, time
def meet(count):
    # Every process waits until all are here, so that they race.
    here = pathlib.Path(os.environ["MEETING"])
    (here / str(os.getpid())).touch()
    while len(list(here.iterdir())) < count:
        time.sleep(0.01)
"""


@pytest.fixture
def crowd(project, tmp_path_factory, monkeypatch):
    """The project, where a test can `meet` the other processes."""
    monkeypatch.setenv("MEETING", str(tmp_path_factory.mktemp("meeting")))
    project.pytester.makepyfile(together=TOGETHER)
    return project


def together(project, *commands: tuple[str, ...]) -> list[str]:
    """What pytest prints, run by several people at once."""
    project._monkeypatch.setenv("OPENAI_API_BASE", f"{project.provider.url}/v1")
    project._monkeypatch.setenv("OPENAI_API_KEY", "fake-key-for-tests")
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "pytest", "--lmcache=record", "-s", *command],
            cwd=project.path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        for command in commands
    ]  # fmt: skip
    try:
        return [process.communicate(timeout=300)[0] for process in running]
    finally:
        for process in running:
            process.kill()


def answers(output: str) -> dict[str, str]:
    """What the tests printed: question and answer."""
    return dict(re.findall(r"<(.*?)> -> <(.*?)>", output))


@pytest.mark.parametrize("caller", IN_PROCESSES)
def test_processes_that_ask_different_things_keep_everything(crowd, caller, figure):
    processes, each = trials(3, 8), trials(5, 50)
    for worker in range(processes):
        test = f"""
from together import meet
def test_it():
    meet({processes})
    for number in range({each}):
        question = f"question {{number}} of worker {worker}"
        print(f"<{{question}}> -> <{{asked(question)}}>")
"""
        crowd.pytester.makepyfile(**{f"test_{worker}": CALLERS[caller] + test})
    told = together(crowd, *((f"test_{worker}.py",) for worker in range(processes)))
    total = processes * each
    assert [text for text in told if "1 passed" not in text] == []
    assert sum(len(answers(text)) for text in told) == total
    assert crowd.provider.count() == total
    assert len(crowd.recordings()) == total
    crowd.replay().assert_outcomes(passed=processes)
    assert crowd.provider.count() == total
    figure(f"{total} of {total} recordings kept, 0 errors")


@pytest.mark.parametrize("caller", IN_PROCESSES)
def test_processes_that_race_for_the_same_pay_once_and_see_one_answer(crowd, caller, figure):
    processes, each = trials(3, 8), trials(5, 50)
    test = f"""
from together import meet
def test_it():
    meet({processes})
    for number in range({each}):
        question = f"question {{number}}"
        print(f"<{{question}}> -> <{{asked(question)}}>")
"""
    crowd.pytester.makepyfile(test_it=CALLERS[caller] + test)
    crowd.provider.latency = 0.05
    try:
        told = together(crowd, *([("test_it.py",)] * processes))
    finally:
        crowd.provider.latency = 0.0
    assert [text for text in told if "1 passed" not in text] == []
    seen = [answers(text) for text in told]
    assert len(seen[0]) == each
    assert all(one == seen[0] for one in seen)
    assert crowd.provider.count() == each
    result = crowd.replay("-s")
    assert answers(result.stdout.str()) == seen[0]
    figure(f"{processes} processes, {each} questions: {crowd.provider.count()} calls, 0 differing answers, 0 errors")


SHARED = """
import pytest
@pytest.fixture(scope="session")
def shared():
    return asked("for everybody")

@pytest.fixture(scope="module")
def of_module(request):
    return asked("for " + request.module.__name__)

@pytest.mark.parametrize("number", range({count}))
def test_it(shared, of_module, number):
    question = f"number {{number}} of {name}"
    print(f"<shared> -> <{{shared}}>\\n<{{question}}> -> <{{asked(question)}}>")
"""


@pytest.mark.parametrize("caller", IN_PROCESSES)
def test_workers_with_shared_fixtures_lose_nothing_and_pay_nothing_twice(project, caller, figure):
    files, each = trials(2, 8), trials(5, 50)
    for number in range(files):
        shared = SHARED.format(count=each, name=f"file {number}")
        project.pytester.makepyfile(**{f"test_{number}": CALLERS[caller] + shared})
    total = files * each
    result = project.record(f"-n{WORKERS if FULL else 2}", "--maxschedchunk=2", subprocess=True)
    result.assert_outcomes(passed=total)
    # Each test's own, one for each module, one for all.
    paid = total + files + 1
    assert project.provider.count() == paid
    assert len(project.recordings()) == paid
    result = project.replay("-s")
    result.assert_outcomes(passed=total)
    assert project.provider.count() == paid
    figure(f"{total} tests, {paid} recordings of {paid} kept, {paid} calls")


CROWDED = {
    "threads": """
from concurrent.futures import ThreadPoolExecutor
def test_it():
    with ThreadPoolExecutor({count}) as pool:
        assert len(set(pool.map(lambda _: asked("the same"), range({count})))) == 1
        assert len(set(pool.map(lambda n: asked(f"number {{n}}"), range({count})))) == {count}
""",
    "tasks": """
import asyncio, httpx
async def aasked(text):
    if litellm is not None:
        messages = [{{"role": "user", "content": text}}]
        return (await litellm.acompletion("openai/gpt-4o-mini", messages)).choices[0].message.content
    url = os.environ.get("OPENAI_API_BASE", "https://api.openai.com/v1") + "/chat/completions"
    async with httpx.AsyncClient(verify=False, timeout=60) as client:
        body = {{"model": "gpt-4o-mini", "messages": [{{"role": "user", "content": text}}]}}
        headers = {{"authorization": "Bearer fake-key-for-tests"}}
        return (await client.post(url, json=body, headers=headers)).json()["choices"][0]["message"]["content"]

def test_it():
    async def main():
        same = await asyncio.gather(*(aasked("the same") for _ in range({count})))
        return same, await asyncio.gather(*(aasked(f"number {{n}}") for n in range({count})))
    same, different = asyncio.run(main())
    assert len(set(same)) == 1 and len(set(different)) == {count}
""",
}


@pytest.mark.parametrize("how", CROWDED)
@pytest.mark.parametrize("caller", CALLERS)
def test_a_crowd_in_one_process_pays_once(project, caller, how):
    count = trials(8, 50)
    heading = CALLERS[caller] + ("litellm = None\n" if caller == "http" else "")
    project.pytester.makepyfile(test_it=heading + CROWDED[how].format(count=count))
    project.record().assert_outcomes(passed=1)
    assert project.provider.count() == len(project.recordings()) == count + 1
    project.replay().assert_outcomes(passed=1)
    assert project.provider.count() == count + 1


TAKES = """
import pathlib, pytest, time
pytestmark = pytest.mark.lmcache(repeat="next")
HERE = pathlib.Path(__file__).parent

def wait_for(name):
    while not (HERE / name).exists():
        time.sleep(0.01)

def test_once():
    asked("again and again")
    (HERE / "asked").touch()
    wait_for("done")

def test_twice():
    wait_for("asked")
    assert asked("again and again") != asked("again and again")
"""


def test_takes_that_two_processes_promote_are_all_kept(project):
    """One asks once, another twice; whoever is last to promote, the folder has both takes."""
    project.pytester.makepyfile(test_it=CALLERS["http"] + TAKES)
    project._monkeypatch.setenv("OPENAI_API_BASE", f"{project.provider.url}/v1")
    project._monkeypatch.setenv("OPENAI_API_KEY", "fake-key-for-tests")
    command = [sys.executable, "-m", "pytest", "--lmcache=record", "-k"]
    with subprocess.Popen([*command, "once"], cwd=project.path, stdout=subprocess.DEVNULL) as last:
        twice = subprocess.run([*command, "twice"], cwd=project.path, capture_output=True, text=True, check=False)
        (project.path / "done").touch()
    assert (twice.returncode, last.returncode) == (0, 0), twice.stdout
    [recording] = project.load()
    assert len(recording["responses"]) == 2
    project.replay().assert_outcomes(passed=2)
    assert project.provider.count() == 2


CROSSED = """
import os, pathlib, time
from together import meet
FIRST, SECOND = os.environ["ORDER"].split(",")

def opened(text):
    url = os.environ["OPENAI_API_BASE"] + "/chat/completions"
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": text}], "stream": True}
    return CLIENT.send(CLIENT.build_request("POST", url, json=body), stream=True).iter_lines()

def read(lines):
    return "".join(lines)

def test_it():
    mine = opened(FIRST)
    begun = next(mine)
    meet(2)
    theirs = read(opened(SECOND))
    print(f"<{FIRST}> -> <{begun}{read(mine)}>\\n<{SECOND}> -> <{theirs}>")
"""


def test_two_processes_with_a_stream_open_each_do_not_wait_for_each_other(crowd):
    crowd.pytester.makepyfile(test_it=CALLERS["http"] + CROSSED)
    crowd._monkeypatch.setenv("OPENAI_API_BASE", f"{crowd.provider.url}/v1")
    crowd._monkeypatch.setenv("OPENAI_API_KEY", "fake-key-for-tests")
    command = [sys.executable, "-m", "pytest", "--lmcache=record", "-s", "test_it.py"]
    running = [
        subprocess.Popen(command, cwd=crowd.path, env={**os.environ, "ORDER": order}, stdout=subprocess.PIPE, text=True)
        for order in ("one,two", "two,one")
    ]
    try:
        # They would wait for each other for WAIT_LIMIT, ten minutes.
        told = [process.communicate(timeout=120)[0] for process in running]
    finally:
        for process in running:
            process.kill()
    assert answers(told[0]) == answers(told[1])
    assert len(answers(told[0])) == 2
    assert crowd.provider.count() == 2


HOLDER = """
import sys
from pathlib import Path
from pytest_lmcache.recorder.flights import Locks, try_acquire
lock = Locks(lambda: Path(sys.argv[1])).lock("a" * 64)
assert try_acquire(lock)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
def test_a_killed_holder_blocks_nobody(tmp_path: Path, figure):
    count = trials(5, 100)

    def one(number: int) -> bool:
        folder = tmp_path / str(number)
        command = [sys.executable, "-c", HOLDER, str(folder)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "held\n"
            lock = Locks(lambda: folder).lock("a" * 64)
            assert not try_acquire(lock)
            holder.send_signal(signal.SIGKILL)
            holder.wait()
        return try_acquire(lock)

    with ThreadPoolExecutor(2) as pool:
        free = list(pool.map(one, range(count)))
    assert all(free)
    figure(f"{count} holders killed, {free.count(False)} stuck")


def test_a_run_goes_on_when_another_is_killed_in_the_middle_of_a_call(project):
    project.pytester.makepyfile(test_it=CALLERS["http"] + "def test_it():\n    asked('what both want')\n")
    project._monkeypatch.setenv("OPENAI_API_BASE", f"{project.provider.url}/v1")
    project._monkeypatch.setenv("OPENAI_API_KEY", "fake-key-for-tests")
    project.provider.latency = 60.0
    command = [sys.executable, "-m", "pytest", "--lmcache=record", "test_it.py"]
    with subprocess.Popen(command, cwd=project.path, stdout=subprocess.PIPE) as killed:
        while project.provider.count() == 0:
            assert killed.poll() is None
        project.provider.latency = 0.0
        killed.kill()
    project.record().assert_outcomes(passed=1)
    assert project.provider.count() == 2
    project.replay().assert_outcomes(passed=1)
