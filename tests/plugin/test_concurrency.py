"""Threads, tasks and the test runners people use: the same result in each, and nothing is paid twice."""

from __future__ import annotations

import pytest

RUNNERS = {
    "a thread pool": """
from concurrent.futures import ThreadPoolExecutor
def test_it():
    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(ask, ["one", "two", "three", "four"]))) == 4
""",
    "daemon threads": """
import threading
def test_it():
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(ask(text)), daemon=True) for text in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 2
""",
    "asyncio.gather": """
def test_it():
    async def main():
        return await asyncio.gather(*(aask(text) for text in ("one", "two", "three")))
    assert len(set(asyncio.run(main()))) == 3
""",
    "a task group": """
def test_it():
    async def main():
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(aask(text)) for text in ("one", "two")]
        assert len({task.result() for task in tasks}) == 2
    asyncio.run(main())
""",
    "asyncio.to_thread": """
def test_it():
    async def main():
        return await asyncio.gather(*(asyncio.to_thread(ask, text) for text in ("one", "two")))
    assert len(set(asyncio.run(main()))) == 2
""",
    "a loop in a thread of its own": """
import queue, threading
loops = queue.Queue()
def serve():
    with asyncio.Runner() as runner:
        loops.put(runner.get_loop())
        runner.get_loop().run_forever()
def test_it():
    thread = threading.Thread(target=serve)
    thread.start()
    loop = loops.get()
    assert asyncio.run_coroutine_threadsafe(aask(), loop).result()
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
""",
    "a blocking call in a running loop": """
def test_it():
    async def main():
        return ask()
    assert asyncio.run(main())
""",
    "pytest-asyncio": """
@pytest.mark.asyncio
async def test_it():
    assert await aask() == await aask()
""",
    "anyio": """
import anyio
@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_it(anyio_backend):
    async with anyio.create_task_group() as group:
        group.start_soon(aask, "one")
        group.start_soon(aask, "two")
    assert await aask("one")
""",
    "unittest": """
import unittest
class TestIt(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.shared = ask("for the class")
    def setUp(self):
        self.own = ask("for the test")
    def tearDown(self):
        assert ask("at the end")
    def test_it(self):
        assert self.shared and self.own and ask("in the test")
""",
    "unittest, asynchronous": """
import unittest
class TestIt(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.own = await aask("for the test")
    async def test_it(self):
        assert self.own and await aask("in the test")
""",
    "setup functions": """
def setup_module(module):
    module.shared = ask("for the module")
def setup_function(function):
    function.own = ask("for the test")
def test_it():
    assert shared and test_it.own
""",
    "parameters": """
@pytest.mark.parametrize("city", ["Rome"])
def test_it(city):
    assert city in ask(f"Where is {city}?")
""",
}


@pytest.mark.parametrize("runner", RUNNERS)
def test_calls_are_recorded_and_replayed_in(project, runner):
    project.tests(RUNNERS[runner])
    project.record().assert_outcomes(passed=1)
    paid = project.provider.count()
    assert paid == len(project.recordings()) > 0
    project.replay().assert_outcomes(passed=1)
    assert project.provider.count() == paid


IDENTICAL = {
    "threads": """
from concurrent.futures import ThreadPoolExecutor
def test_it():
    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(lambda _: ask(), range(6)))) == 1
""",
    "tasks": """
def test_it():
    async def main():
        return await asyncio.gather(*(aask() for _ in range(6)))
    assert len(set(asyncio.run(main()))) == 1
""",
    "loops in threads": """
from concurrent.futures import ThreadPoolExecutor
def test_it():
    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(lambda _: asyncio.run(aask()), range(4)))) == 1
""",
    "threads, streamed": """
from concurrent.futures import ThreadPoolExecutor
def read(_):
    messages = [{"role": "user", "content": "Tell me a story"}]
    stream = litellm.completion(model="openai/gpt-4o-mini", messages=messages, stream=True)
    return "".join(chunk.choices[0].delta.content or "" for chunk in stream)
def test_it():
    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(read, range(4)))) == 1
""",
}


@pytest.mark.parametrize("how", IDENTICAL)
def test_identical_calls_at_once_are_paid_for_once(project, how):
    project.provider.latency = 0.05
    project.tests(IDENTICAL[how])
    try:
        project.record().assert_outcomes(passed=1)
    finally:
        project.provider.latency = 0.0
    assert project.provider.count() == 1
    project.replay().assert_outcomes(passed=1)
    assert project.provider.count() == 1


STREAMS = """
MESSAGES = [{"role": "user", "content": "Tell me a story of the sea"}]
def opened():
    return litellm.completion(model="openai/gpt-4o-mini", messages=MESSAGES, stream=True)
async def aopened():
    return await litellm.acompletion(model="openai/gpt-4o-mini", messages=MESSAGES, stream=True)
def text(chunks):
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
"""

INTERLEAVED = {
    "two streams in turn": """
def test_it():
    pairs = list(zip(opened(), opened(), strict=True))
    assert text(one for one, _ in pairs) == text(other for _, other in pairs)
""",
    "two streams in one task": """
def test_it():
    async def main():
        one, other = await aopened(), await aopened()
        return text([chunk async for chunk in other]) == text([chunk async for chunk in one])
    assert asyncio.run(main())
""",
    "two streams opened by two tasks": """
def test_it():
    async def main():
        one, other = await asyncio.gather(aopened(), aopened())
        return text([chunk async for chunk in other]) == text([chunk async for chunk in one])
    assert asyncio.run(main())
""",
    "two streams opened by two threads": """
from concurrent.futures import ThreadPoolExecutor
def test_it():
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(lambda _: opened(), range(2))
    assert text(other) == text(one)
""",
    "a stream begun before the other": """
def test_it():
    one = opened()
    first = next(one)
    assert text(opened()) == text([first, *one])
""",
}


@pytest.mark.parametrize("how", INTERLEAVED)
def test_identical_streams_open_at_once_are_one_recording_and_do_not_wait_for_ever(project, how):
    project.tests(STREAMS + INTERLEAVED[how])
    project.record().assert_outcomes(passed=1)
    assert project.provider.count() == 1
    project.replay().assert_outcomes(passed=1)
    assert project.provider.count() == 1


def test_a_blocking_call_does_not_wait_for_an_identical_task_of_the_loop_it_stops(project):
    project.provider.latency = 0.05
    project.tests(
        """
def test_it():
    async def main():
        task = asyncio.create_task(aask())
        while not task.done():
            await asyncio.sleep(0)
            assert ask()
            break
        await task
    asyncio.run(main())
"""
    )
    try:
        project.record().assert_outcomes(passed=1)
    finally:
        project.provider.latency = 0.0
    assert len(project.recordings()) == 1
    project.replay().assert_outcomes(passed=1)


def test_a_miss_in_a_thread_or_a_task_fails_the_test(project):
    project.tests(
        """
import threading
def test_thread():
    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()

def test_gathered():
    async def main():
        await asyncio.gather(aask("one"), aask("two"), return_exceptions=True)
    asyncio.run(main())
"""
    )
    project.ini("    ignore::pytest.PytestUnhandledThreadExceptionWarning")
    result = project.replay()
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*What is the capital of France?*"])
    assert project.provider.count() == 0
