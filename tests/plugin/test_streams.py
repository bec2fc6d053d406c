"""Streams: handed on as they come, recorded when the provider ends them, and only then."""

from __future__ import annotations

import sys
from types import SimpleNamespace

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

WHOLE_OVER_HTTP = """
import openai, os
def test_it():
    client = openai.OpenAI(base_url=os.environ.get("OPENAI_API_BASE"))
    stream = client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, stream=True)
    assert read(stream).endswith(")")
"""

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
    "in asyncio.run and held past its end": """
stream = None
def test_it():
    async def main():
        global stream
        stream = await aopened()
        assert await anext(stream)
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
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_it(anyio_backend):
    async for chunk in await aopened():
        break
""",
    "over HTTP, its client closed": """
import openai, os
def test_it():
    with openai.OpenAI(base_url=os.environ.get("OPENAI_API_BASE")) as client:
        for chunk in client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, stream=True):
            break
""",
    "over HTTP under pytest-asyncio, its client closed": """
import openai, os
@pytest.mark.asyncio
async def test_it():
    async with openai.AsyncOpenAI(base_url=os.environ.get("OPENAI_API_BASE")) as client:
        async for chunk in await client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, stream=True):
            break
""",
    "over HTTP under anyio, its client closed": """
import openai, os
@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_it(anyio_backend):
    async with openai.AsyncOpenAI(base_url=os.environ.get("OPENAI_API_BASE")) as client:
        async for chunk in await client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, stream=True):
            break
""",
    "over HTTP under trio, its client closed": """
import openai, os
@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["trio"])
async def test_it(anyio_backend):
    async with openai.AsyncOpenAI(base_url=os.environ.get("OPENAI_API_BASE")) as client:
        async with await client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, stream=True) as stream:
            assert await anext(stream)
""",
    "never begun": """
def test_it():
    opened()
""",
}


@pytest.mark.parametrize("how", LEFT)
def test_a_stream_its_test_left_is_recorded_whole(project, how):
    project.tests(READ + LEFT[how])
    result = project.record()
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["lmcache: 1 recorded*"])
    project.tests(READ + (WHOLE_OVER_HTTP if "HTTP" in how else WHOLE["blocking"]))
    project.replay().assert_outcomes(passed=1)
    assert project.provider.count() == 1


@pytest.mark.parametrize("how", WHOLE)
def test_a_stream_replays_in_the_form_it_was_given(project, how):
    project.tests(READ + WHOLE[how])
    project.record().assert_outcomes(passed=1)
    project.replay().assert_outcomes(passed=1)
    assert project.provider.count() == 1


TOLD = {
    "blocking": """
import gate
def test_it():
    stream = opened()
    assert next(stream)
    gate.open()
    assert read(stream).endswith(")")
""",
    "awaited": """
import gate
def test_it():
    async def main():
        stream = await aopened()
        assert await anext(stream)
        gate.open()
        assert (await aread(stream)).endswith(")")
    asyncio.run(main())
""",
}


@pytest.mark.parametrize("how", TOLD)
def test_the_first_chunk_arrives_before_the_last_is_sent(project, monkeypatch, how):
    # The provider holds back all but the first events until the test has a chunk.
    monkeypatch.setitem(sys.modules, "gate", SimpleNamespace(open=project.provider.gate.set))
    project.provider.gate.clear()
    project.tests(READ + TOLD[how])
    try:
        project.record().assert_outcomes(passed=1)
    finally:
        project.provider.gate.set()
    assert len(project.recordings()) == 1
    project.replay().assert_outcomes(passed=1)


@pytest.mark.parametrize("fault", ["reset", "short", "midstream", "cut", "html"])
@pytest.mark.parametrize(
    ("reading", "model"), [("read(opened({}))", "openai"), ("asyncio.run(all_of({}))", "anthropic")]
)
def test_a_stream_the_provider_breaks_off_is_not_recorded(project, fault, reading, model):
    project.tests(
        f"""{READ}
async def all_of(model):
    return await aread(await aopened(model))

def test_it():
    try:
        {reading.format(repr(f"{model}/error-{fault}"))}
    except Exception as error:
        assert "litellm" in type(error).__module__
"""
    )
    result = project.record()
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["lmcache: 1 live and unrecorded*", "*not recorded*"])
    assert project.recordings() == []


@pytest.mark.parametrize("fault", ["html", "cut", "reset", "short"])
def test_a_broken_whole_answer_is_not_recorded(project, fault):
    project.tests(
        "def test_it():\n    with pytest.raises(Exception, match='litellm'):\n"
        f"        ask(model='openai/error-{fault}', max_retries=0)"
    )
    result = project.record()
    result.assert_outcomes(passed=1)
    assert project.recordings() == []
    result.stdout.no_fnmatch_line("*1 recorded*")


def test_a_stream_whose_reader_is_cancelled_is_not_recorded(project):
    project.provider.gate.clear()
    project.tests(
        READ
        + """
def test_it():
    async def main():
        stream = await aopened()
        await anext(stream)
        begun = asyncio.Event()
        async def rest():
            begun.set()
            await aread(stream)
        reading = asyncio.create_task(rest())
        await begun.wait()
        await asyncio.sleep(0)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
    asyncio.run(main())
"""
    )
    try:
        project.record().assert_outcomes(passed=1)
    finally:
        project.provider.gate.set()
    assert project.recordings() == []
