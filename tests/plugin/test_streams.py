"""Streams: handed on as they come, recorded when the provider ends them, and only then."""

from __future__ import annotations

import pytest

READ = """
def read(stream):
    return "".join(chunk.choices[0].delta.content or "" for chunk in stream)

async def aread(stream):
    return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

MESSAGES = [{"role": "user", "content": "Say something long about the sea, the wind and the old harbour."}]

def opened(model="openai/gpt-4o-mini"):
    return litellm.completion(model=model, messages=MESSAGES, stream=True)

async def aopened(model="openai/gpt-4o-mini"):
    return await litellm.acompletion(model=model, messages=MESSAGES, stream=True)
"""

WHOLE = {
    "blocking": """
def test_it():
    assert read(opened()).endswith(")")
""",
    "in asyncio.run": """
def test_it():
    async def main():
        return await aread(await aopened())
    assert asyncio.run(main()).endswith(")")
""",
    "under pytest-asyncio": """
@pytest.mark.asyncio
async def test_it():
    assert (await aread(await aopened())).endswith(")")
""",
}

LEFT = {
    "blocking": """
def test_it():
    for chunk in opened():
        break
""",
    "blocking and held": """
stream = None
def test_it():
    global stream
    stream = opened()
    assert next(stream)
""",
    "blocking and closed": """
def test_it():
    stream = opened()
    next(stream)
    if hasattr(stream, "close"):
        stream.close()
""",
    "in asyncio.run": """
def test_it():
    async def main():
        async for chunk in await aopened():
            break
    asyncio.run(main())
""",
    "in asyncio.run, dropped long before its end": """
def test_it():
    async def first():
        async for chunk in await aopened():
            return chunk
    async def main():
        assert await first()
        await asyncio.sleep(0)
    asyncio.run(main())
""",
    "under pytest-asyncio": """
@pytest.mark.asyncio
async def test_it():
    async for chunk in await aopened():
        break
""",
    "under pytest-asyncio and held": """
stream = None
@pytest.mark.asyncio
async def test_it():
    global stream
    stream = await aopened()
    assert await anext(stream)
""",
    "under anyio": """
@pytest.mark.anyio
async def test_it():
    async for chunk in await aopened():
        break
""",
    "never begun": """
def test_it():
    opened()
""",
}


@pytest.mark.parametrize("how", LEFT)
def test_a_stream_its_test_left_is_recorded_whole(project, how):
    project.tests(READ + LEFT[how])
    result = project.record("-p", "anyio")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["lmcache: 1 recorded*"])
    project.tests(READ + WHOLE["blocking"])
    project.replay().assert_outcomes(passed=1)
    assert project.provider.count() == 1


@pytest.mark.parametrize("how", WHOLE)
def test_a_stream_replays_in_the_form_it_was_given(project, how):
    project.tests(READ + WHOLE[how])
    project.record().assert_outcomes(passed=1)
    project.replay().assert_outcomes(passed=1)
    assert project.provider.count() == 1


@pytest.mark.parametrize(
    "test",
    [
        "def test_it():\n    assert next(opened())",
        "def test_it():\n    async def main():\n        assert await anext(await aopened())\n    asyncio.run(main())",
    ],
    ids=["blocking", "awaited"],
)
def test_the_first_chunk_arrives_before_the_last_is_sent(project, monkeypatch, test):
    # The provider holds back all but the first events until the test has its first chunk.
    from provider import server

    project.provider.begun, send = __import__("threading").Event(), server._Handler._send_events

    def _send(self, events, fault):
        send_rest = self.wfile.write
        for number, event in enumerate(events):
            if number == 3:
                assert self.server.provider.begun.wait(30)
            send_rest(b"%x\r\n%b\r\n" % (len(event), event))
            self.wfile.flush()
        send_rest(b"0\r\n\r\n")

    monkeypatch.setattr(server._Handler, "_send_events", _send)
    monkeypatch.setattr(pytest, "first_chunk_came", project.provider.begun.set, raising=False)
    project.tests(READ + test.replace("assert ", "chunk = ") + "\n" + " " * (8 if "main" in test else 4))
    project.tests(READ + _then_tell(test))
    project.record().assert_outcomes(passed=1)
    assert len(project.recordings()) == 1


def _then_tell(test: str) -> str:
    return test.replace("assert next(opened())", "assert next(opened())\n    pytest.first_chunk_came()").replace(
        "assert await anext(await aopened())", "assert await anext(await aopened())\n        pytest.first_chunk_came()"
    )
