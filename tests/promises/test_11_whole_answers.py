"""Promise 11: only whole answers are recorded, whatever goes wrong, and however the answer was asked for."""

from __future__ import annotations

import pytest

FAULTS = ("429", "500", "html", "timeout", "reset", "cut", "short", "midstream")

LITELLM = """
import asyncio, contextlib, os
OPTIONS = {"max_retries": 0, "num_retries": 0, "timeout": 0.5}

def asked(text, **more):
    return {"model": "openai/gpt-4o-mini", "messages": [{"role": "user", "content": text}], **OPTIONS, **more}

def sync(text):
    return litellm.completion(**asked(text)).choices[0].message.content

async def awaited(text):
    return (await litellm.acompletion(**asked(text))).choices[0].message.content

def chunks(text):
    for chunk in litellm.completion(**asked(text, stream=True)):
        yield chunk.choices[0].delta.content or ""

async def achunks(text):
    async for chunk in await litellm.acompletion(**asked(text, stream=True)):
        yield chunk.choices[0].delta.content or ""
"""
HTTP = """
import asyncio, contextlib, os
import openai
OPTIONS = {"max_retries": 0, "timeout": 0.5, "base_url": os.environ.get("OPENAI_API_BASE")}

def asked(text, **more):
    return {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": text}], **more}

def sync(text):
    return openai.OpenAI(**OPTIONS).chat.completions.create(**asked(text)).choices[0].message.content

async def awaited(text):
    async with openai.AsyncOpenAI(**OPTIONS) as client:
        return (await client.chat.completions.create(**asked(text))).choices[0].message.content

def chunks(text):
    for chunk in openai.OpenAI(**OPTIONS).chat.completions.create(**asked(text, stream=True)):
        yield chunk.choices[0].delta.content or ""

async def achunks(text):
    async with openai.AsyncOpenAI(**OPTIONS) as client:
        async for chunk in await client.chat.completions.create(**asked(text, stream=True)):
            yield chunk.choices[0].delta.content or ""
"""
CALLERS = {"litellm": LITELLM, "http": HTTP}

FORMS = """
def stream(text):
    return "".join(chunks(text))

async def astream(text):
    return "".join([chunk async for chunk in achunks(text)])

FORMS = {
    "sync": sync,
    "async": lambda text: asyncio.run(awaited(text)),
    "stream": stream,
    "async stream": lambda text: asyncio.run(astream(text)),
}
"""

FAULTY = """
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("fault", {faults})
def test_fault(fault, form):
    with contextlib.suppress(Exception):
        FORMS[form](f"{{form}}, please [error {{fault}}]")

@pytest.mark.parametrize("form", FORMS)
def test_none(form):
    assert FORMS[form](f"{{form}}, whole")
"""


@pytest.mark.parametrize("caller", CALLERS)
def test_no_fault_is_recorded_and_what_is_whole_is(project, caller, figure):
    project.tests(CALLERS[caller] + FORMS + FAULTY.format(faults=FAULTS))
    project.provider.stall = 1.0
    try:
        result = project.record("-p", "no:warnings")
    finally:
        project.provider.stall = 30.0
    total = 4 * len(FAULTS) + 4
    result.assert_outcomes(passed=total)
    asked = [recording["request"]["messages"][0]["content"] for recording in project.load()]
    assert sorted(asked) == ["async stream, whole", "async, whole", "stream, whole", "sync, whole"]
    paid = project.provider.count()
    assert paid >= total
    # Nor does the local store have any of it: each is asked for again.
    project.provider.stall = 1.0
    try:
        project.record("-p", "no:warnings", "-k", "fault").assert_outcomes(passed=total - 4, deselected=4)
    finally:
        project.provider.stall = 30.0
    assert project.provider.count() == paid + total - 4
    replayed = project.replay("-k", "none")
    replayed.assert_outcomes(passed=4, deselected=total - 4)
    figure(f"{len(FAULTS)} faults x 4 forms, 0 recorded")


LEFT = """
def test_stream_left():
    given = chunks("stream, left")
    print("LEFT", next(given), next(given), next(given))

def test_async_stream_left():
    async def main():
        given = achunks("async stream, left")
        print("ALEFT", await anext(given), await anext(given), await anext(given))
        await given.aclose()
    asyncio.run(main())
"""


@pytest.mark.parametrize("caller", CALLERS)
def test_a_stream_that_is_left_is_recorded_whole_or_not_at_all(project, caller):
    project.tests(CALLERS[caller] + LEFT)
    project.record().assert_outcomes(passed=2)
    whole = CALLERS[caller] + FORMS
    project.tests(whole + "def test_it():\n    print('GIVEN', stream('stream, left'))")
    result = project.replay("-s")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*GIVEN *)"])
    for recording in project.load():
        chunks = recording["responses"][0]["answer"]["chunks"]
        assert len(chunks) > 3
        assert "stop" in str(chunks[-3:])


CANCELLED = """
def test_cancelled():
    async def main():
        await asyncio.wait_for(awaited("async, cancelled"), 0.1)
    with contextlib.suppress(TimeoutError):
        asyncio.run(main())
"""


@pytest.mark.parametrize("caller", CALLERS)
def test_a_cancelled_call_is_not_recorded(project, caller):
    project.tests(CALLERS[caller] + CANCELLED)
    project.provider.latency = 0.4
    try:
        project.record().assert_outcomes(passed=1)
    finally:
        project.provider.latency = 0.0
    assert project.recordings() == []
    assert project.provider.count() <= 1


@pytest.mark.parametrize("caller", CALLERS)
def test_the_answer_of_a_failing_test_is_kept_for_its_next_run(project, caller):
    project.tests(CALLERS[caller] + "def test_it():\n    assert sync('sync, failing') == os.environ.get('WANTED')")
    project.record().assert_outcomes(failed=1)
    assert project.recordings() == []
    project.tests(CALLERS[caller] + "def test_it():\n    assert sync('sync, failing')")
    project.record().assert_outcomes(passed=1)
    assert project.provider.count() == 1
    project.replay().assert_outcomes(passed=1)


PIECES = """
def test_it():
    given = list(chunks("stream, chunk by chunk"))
    print("GIVEN", given)
"""


@pytest.mark.parametrize("caller", CALLERS)
def test_a_replayed_stream_has_the_same_chunks(project, caller):
    project.tests(CALLERS[caller] + PIECES)
    told = []
    for run in (project.record, project.replay):
        result = run("-s")
        result.assert_outcomes(passed=1)
        told += [line for line in result.outlines if "GIVEN" in line]
    assert told[0].partition("GIVEN")[2] == told[1].partition("GIVEN")[2] != ""
    assert project.provider.count() == 1
