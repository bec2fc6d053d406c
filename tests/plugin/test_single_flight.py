"""Identical calls at the same moment: one is paid for, and none waits for ever."""

from __future__ import annotations

import pytest

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
