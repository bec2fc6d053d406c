"""Threads, tasks and the test runners people use: the same result in each, and a miss is heard in all."""

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
