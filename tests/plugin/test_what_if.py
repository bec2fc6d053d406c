"""`lmcache.fail`, `timeout`, `filtered`, `cut` and `latency`: a provider that misbehaves over recordings."""

from __future__ import annotations

import json

import pytest
from projects import Project

from provider import Provider

RECORDED = """
def test_records():
    ask()
"""


def recorded(project: Project, tests: str, provider: Provider) -> pytest.RunResult:
    """The result of tests in replay, where nothing but the plain question was recorded before."""
    project.tests(RECORDED, name="test_first")
    project.record("test_first.py").assert_outcomes(passed=1)
    provider.reset()
    project.tests(tests)
    result = project.replay("test_it.py", "-v")
    assert provider.count() == 0
    return result


@pytest.mark.parametrize(
    ("status", "cls"),
    [
        (400, "BadRequestError"),
        (401, "AuthenticationError"),
        (404, "NotFoundError"),
        (429, "RateLimitError"),
        (500, "InternalServerError"),
        (503, "ServiceUnavailableError"),
    ],
)
def test_a_status_is_the_exception_litellm_has_for_it(
    project: Project, provider: Provider, status: int, cls: str
) -> None:
    result = recorded(
        project,
        f"""
def test_it(lmcache):
    lmcache.fail(status={status}, retry_after=7)
    with pytest.raises(litellm.{cls}) as caught:
        ask()
    assert caught.value.status_code == {status}
    assert caught.value.llm_provider == "openai" and "gpt-4o-mini" in caught.value.model
    assert caught.value.litellm_response_headers["retry-after"] == "7"
    assert "France" not in str(caught.value) and ask()
    assert [call.outcome for call in lmcache.calls] == ["injected", "replayed"]
    assert lmcache.calls[0].fault == "status {status}" and lmcache.calls[0].take is None
    assert lmcache.injected == lmcache.replayed == 1
""",
        provider,
    )
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*1 replayed, 1 injected*"])


def test_a_status_is_raised_as_it_is_live(project: Project, provider: Provider) -> None:
    """The same test passes live, when the provider itself answers with the status."""
    project.tests(
        """
@pytest.mark.parametrize("model", ["openai/gpt-4o-mini", "anthropic/claude-3-5-haiku-latest"])
@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503, 529])
@pytest.mark.parametrize("injected", [True, False])
def test_it(lmcache, model, status, injected, request):
    if injected:
        lmcache.fail(status=status, retry_after=1)
    try:
        ask(f"[error {status}]", model=model, max_retries=0)
    except Exception as error:
        kind = type(error), error.status_code, error.llm_provider, error.model
    shown = request.config.stash.setdefault(KINDS, {})
    assert shown.setdefault((model, status), kind) == kind

KINDS = pytest.StashKey()
"""
    )
    project.record().assert_outcomes(passed=28)
    assert provider.count() == 14


@pytest.mark.parametrize("form", ["sync", "async"])
def test_num_retries_gets_the_recorded_answer_at_last(project: Project, provider: Provider, form: str) -> None:
    pytest.importorskip("tenacity")
    call = "ask(num_retries=3)" if form == "sync" else "asyncio.run(aask(num_retries=3))"
    result = recorded(
        project,
        f"""
def test_it(lmcache):
    lmcache.fail(status=429, retry_after=0.01, call=(1, 2))
    assert {call}
    assert [call.outcome for call in lmcache.calls] == ["injected", "injected", "replayed"]
""",
        provider,
    )
    result.assert_outcomes(passed=1)


def test_retries_that_do_not_suffice_end_in_the_error(project: Project, provider: Provider) -> None:
    pytest.importorskip("tenacity")
    result = recorded(
        project,
        """
def test_it(lmcache):
    lmcache.fail(status=500, call="every")
    with pytest.raises(litellm.InternalServerError):
        ask(num_retries=2)
    assert lmcache.injected == 3
""",
        provider,
    )
    result.assert_outcomes(passed=1)


def test_fallbacks_of_a_call_are_asked_when_its_model_fails(project: Project, provider: Provider) -> None:
    result = recorded(
        project,
        """
def test_it(lmcache):
    lmcache.fail(status=500, call="every", model="*gpt-4o")
    assert ask(model="openai/gpt-4o", fallbacks=["openai/gpt-4o-mini"])
    assert [(call.outcome, call.request.model) for call in lmcache.calls] == [
        ("injected", "openai/gpt-4o"), ("replayed", "openai/gpt-4o-mini")
    ]

def test_async(lmcache):
    lmcache.timeout(call="every", model="*gpt-4o")
    assert asyncio.run(aask(model="openai/gpt-4o", fallbacks=["openai/gpt-4o-mini"]))
    assert lmcache.injected and lmcache.replayed == 1
""",
        provider,
    )
    result.assert_outcomes(passed=2)


def test_timeout_and_content_filter(project: Project, provider: Provider) -> None:
    result = recorded(
        project,
        """
def test_it(lmcache):
    lmcache.timeout()
    lmcache.filtered(call=2)
    with pytest.raises(litellm.Timeout):
        ask()
    with pytest.raises(litellm.ContentPolicyViolationError):
        ask()
    assert ask()
    assert [call.fault for call in lmcache.calls] == ["timeout", "filtered", ""]

def test_async(lmcache):
    lmcache.timeout()
    lmcache.filtered(call=2)
    with pytest.raises(litellm.Timeout):
        asyncio.run(aask())
    with pytest.raises(litellm.ContentPolicyViolationError):
        asyncio.run(aask())
    assert asyncio.run(aask())
""",
        provider,
    )
    result.assert_outcomes(passed=2)


ROUTER = """
def router(**options):
    groups = {"primary": "openai/gpt-4o-mini", "backup": "openai/gpt-4o"}
    deployments = [
        {"model_name": name, "litellm_params": {"model": model, "api_key": "fake"}} for name, model in groups.items()
    ]
    return litellm.Router(model_list=deployments, **options)

MESSAGES = [{"role": "user", "content": "What is the capital of France?"}]

def outcomes(lmcache):
    return [(call.outcome, call.request.model) for call in lmcache.calls]
"""


@pytest.mark.parametrize("form", ["completion", "acompletion"])
def test_a_router_retries_and_falls_back(project: Project, provider: Provider, form: str) -> None:
    run = "asyncio.run(%s)" if form == "acompletion" else "%s"
    project.tests(
        ROUTER
        + f"""
def test_primary():
    assert {run % f'router().{form}(model="primary", messages=MESSAGES)'}

def test_backup():
    assert {run % f'router().{form}(model="backup", messages=MESSAGES)'}
""",
        name="test_first",
    )
    project.record("test_first.py").assert_outcomes(passed=2)
    provider.reset()
    project.tests(
        ROUTER
        + f"""
def test_retries(lmcache):
    lmcache.fail(status=429, retry_after=0.01)
    answer = {run % f'router(num_retries=1).{form}(model="primary", messages=MESSAGES)'}
    assert answer.choices[0].message.content
    assert outcomes(lmcache) == [("injected", "primary"), ("replayed", "primary")]

def test_falls_back(lmcache):
    lmcache.fail(status=500, call="every", model="primary")
    chosen = router(num_retries=0, fallbacks=[{{"primary": ["backup"]}}])
    assert {run % f'chosen.{form}(model="primary", messages=MESSAGES)'}
    assert outcomes(lmcache) == [("injected", "primary"), ("replayed", "backup")]

def test_cools_down(lmcache):
    lmcache.fail(status=401)
    chosen = router(num_retries=0)
    with pytest.raises(litellm.AuthenticationError):
        {run % f'chosen.{form}(model="primary", messages=MESSAGES)'}
    assert lmcache.injected == 1
"""
    )
    result = project.replay("test_it.py")
    result.assert_outcomes(passed=3)
    assert provider.count() == 0


def test_a_cut_stream_breaks_after_its_chunks(project: Project, provider: Provider) -> None:
    """In record mode the stream is recorded whole, and cut all the same."""
    project.tests(
        """
BROKEN = (litellm.exceptions.MidStreamFallbackError, litellm.APIConnectionError)
QUESTION = {"model": "openai/gpt-4o-mini", "messages": [{"role": "user", "content": "Count to nine"}], "stream": True}

def test_sync(lmcache):
    lmcache.cut(after_chunks=2)
    stream, read = litellm.completion(**QUESTION), []
    with pytest.raises(BROKEN):
        for chunk in stream:
            read.append(chunk)
    assert len(read) == 2
    whole = list(litellm.completion(**QUESTION))
    assert [chunk.model_dump() for chunk in whole[:2]] == [chunk.model_dump() for chunk in read]
    assert len(whole) > 2
    assert lmcache.injected == 1 and lmcache.calls[-1].outcome == "replayed"

async def read_some(read):
    async for chunk in await litellm.acompletion(**QUESTION):
        read.append(chunk)

def test_async(lmcache):
    lmcache.cut(after_chunks=1)
    read = []
    with pytest.raises(BROKEN):
        asyncio.run(read_some(read))
    assert len(read) == 1

def test_whole_answer(lmcache):
    lmcache.cut(after_chunks=1)
    with pytest.raises(litellm.InternalServerError):
        ask()
"""
    )
    project.record().assert_outcomes(passed=3)
    assert len(project.recordings()) == 2
    provider.reset()
    project.replay().assert_outcomes(passed=3)
    assert provider.count() == 0


def test_a_cut_without_a_recording_is_a_miss(project: Project) -> None:
    project.tests(
        """
def test_it(lmcache):
    lmcache.cut(after_chunks=1)
    ask(stream=True)
"""
    )
    result = project.replay()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*nothing recorded*"])


@pytest.mark.parametrize("call", ["ask(num_retries=2)", "asyncio.run(aask(num_retries=2))"])
def test_nothing_injected_is_recorded(project: Project, provider: Provider, call: str) -> None:
    pytest.importorskip("tenacity")
    project.tests(
        f"""
def test_it(lmcache):
    lmcache.fail(status=500)
    with pytest.raises(litellm.InternalServerError):
        ask()
    lmcache.fail(status=503)
    assert {call}
    assert [call.outcome for call in lmcache.calls[:2]] == ["injected", "injected"]
    assert lmcache.recorded + lmcache.replayed == 1
"""
    )
    project.ini("lmcache_record_errors = true")
    project.record().assert_outcomes(passed=1)
    assert provider.count() == 1
    [recording] = project.recordings()
    assert len(project.load()[0]["responses"]) == 1  # type: ignore[arg-type]
    assert "injected" not in recording.read_text()
    project.replay().assert_outcomes(passed=1)
    assert provider.count() == 1


def test_an_injected_call_is_no_take(project: Project) -> None:
    project.ini("lmcache_repeat = next")
    project.tests("def test_it():\n    assert ask() != ask()\n")
    project.record().assert_outcomes(passed=1)
    project.tests(
        """
def test_it(lmcache):
    lmcache.fail(status=500, call=(1, 3))
    answers = []
    for _ in range(2):
        with pytest.raises(litellm.InternalServerError):
            ask()
        answers.append(ask())
    assert answers[0] != answers[1]
"""
    )
    project.replay().assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ("fail(status=200)", "*status=200 is no HTTP status of an error*400 to 599*"),
        ("fail(status=429, retry_after=-1)", "*retry_after=-1 is no time*"),
        ("timeout(call=0)", "*call=0 is no number of a call*'every'*"),
        ("timeout(call='all')", "*call='all' is no number of a call*"),
        ("cut(after_chunks=-1)", "*after_chunks=-1 is no number of chunks*"),
        ("latency('slow')", "*latency 'slow' is none; give \"recorded\"*"),
        ("filtered(model='')", "*model='' is no name of a model*"),
        ("fail(code=429)", "*unexpected keyword argument 'code'*"),
    ],
)
def test_a_mistake_in_the_arguments_is_named(project: Project, call: str, said: str) -> None:
    project.tests(f"def test_it(lmcache):\n    lmcache.{call}\n")
    result = project.replay()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([said])


def test_without_a_mode_there_is_nothing_to_act_on(project: Project) -> None:
    project.tests("def test_it(lmcache):\n    lmcache.fail(status=500)\n")
    result = project.bare("--lmcache=off")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*lmcache.fail() has no calls to act on*mode off*"])


def test_a_fault_that_met_no_call_is_said(project: Project, provider: Provider) -> None:
    result = recorded(
        project,
        """
def test_it(lmcache):
    lmcache.fail(status=500, call=3)
    lmcache.timeout(model="claude*")
    assert ask()
""",
        provider,
    )
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(
        [
            "*an injected fault met no call of test_it.py::test_it: status 500 on call 3 (1 made)",
            "*an injected fault met no call of test_it.py::test_it: timeout on call 1 of claude* (0 made)",
        ]
    )


def test_reports_show_injected_calls(project: Project, provider: Provider) -> None:
    project.tests(
        """
def test_it(lmcache):
    lmcache.fail(status=429)
    with pytest.raises(litellm.RateLimitError):
        ask()
    assert ask()
"""
    )
    project.record()
    project.replay("--lmcache-report=run.json", "-v").stdout.fnmatch_lines(["lmcache: 1 replayed, 1 injected*"])
    told = json.loads((project.path / "run.json").read_text())
    assert told["totals"]["injected"] == 1
    [test] = told["tests"]
    assert test["verdict"] == "1 replayed, 1 injected"
    first = test["calls"][0]
    assert (first["outcome"], first["fault"], first["tier"]) == ("injected", "status 429", "none")


def test_a_recording_that_is_only_cut_is_in_use(project: Project) -> None:
    project.tests(
        """
def test_it(lmcache):
    lmcache.cut(after_chunks=1)
    with pytest.raises(Exception):
        list(litellm.completion(model="openai/m", messages=[{"role": "user", "content": "Hi"}], stream=True))
"""
    )
    project.record().assert_outcomes(passed=1)
    project.replay("--lmcache-check").assert_outcomes(passed=1)
    assert project.replay("--lmcache-strict").ret == 0


def test_workers_inject_each_into_its_own_tests(project: Project, provider: Provider) -> None:
    project.over_http().tests(
        """
import httpx

@pytest.mark.parametrize("n", range(6))
def test_it(lmcache, n):
    if n % 2:
        lmcache.fail(status=503)
        with pytest.raises(httpx.HTTPStatusError):
            ask("All of them?")
    lmcache.timeout(call=2)
    assert ask("All of them?")
"""
    )
    recorded = project.record("-n", "2")
    recorded.assert_outcomes(passed=6)
    assert provider.count() == 1
    result = project.replay("-n", "2")
    result.assert_outcomes(passed=6)
    result.stdout.fnmatch_lines(["lmcache: 6 replayed, 3 injected*"])
    for n in range(6):
        text = f"warning: an injected fault met no call of test_it.py::test_it[[]{n}]: timeout on call 2 (1 made)"
        result.stdout.fnmatch_lines([f"*{text}"])
    assert provider.count() == 1
