"""DSPy programs under pytest, as their authors type it: marker, fixtures, xdist, and what a failing test prints."""

from __future__ import annotations

from collections.abc import Callable

import pytest

APPLICATION = """
import os
import dspy

def model(name="openai/gpt-4o-mini", **options):
    return dspy.LM(name, api_base=os.environ.get("PROVIDER", "http://127.0.0.1:9/v1"), **options)

def answer(question="What is the capital of France?", **options):
    with dspy.context(lm=model(**options)):
        return dspy.ChainOfThought("question -> answer")(question=question).answer
"""


@pytest.fixture
def run(pytester, provider, monkeypatch) -> Callable[..., pytest.RunResult]:
    """pytest in a project with `app` and a module of tests; the provider is within reach while it records."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(pytester.path / "user-cache"))
    for name in ("PYTEST_LMCACHE", "PYTEST_XDIST_TESTRUNUID"):
        monkeypatch.delenv(name, raising=False)
    pytester.makepyfile(app=APPLICATION)
    pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\nfilterwarnings = ignore\n")

    def run(tests: str, *args: str, mode: str = "") -> pytest.RunResult:
        pytester.makepyfile(test_it=f"import asyncio\nimport dspy, pytest\nfrom app import answer, model\n{tests}")
        if mode in ("record", "refresh", "verify"):
            monkeypatch.setenv("PROVIDER", f"{provider.url}/v1")
            monkeypatch.setenv("OPENAI_API_KEY", "fake-key-for-tests")
        else:
            monkeypatch.delenv("PROVIDER", raising=False)
            monkeypatch.delenv("OPENAI_API_KEY", raising=False)
        mode = f"--lmcache={mode}" if mode else "-q"
        return pytester.runpytest_inprocess("-p", "no:randomly", "-p", "no:cacheprovider", mode, *args)

    return run


def test_a_marked_test_replays_without_a_key(run, provider):
    tests = "@pytest.mark.lmcache\ndef test_it(lmcache):\n    assert 'Paris' in answer() and len(lmcache.calls) == 1"
    run(tests, mode="record").assert_outcomes(passed=1)
    run(tests).assert_outcomes(passed=1)
    assert provider.count() == 1


def test_messages_as_key_hold_across_models(run, provider):
    one = "@pytest.mark.lmcache(key='messages')\ndef test_it():\n    assert answer(name='openai/gpt-4o-mini')"
    other = one.replace("gpt-4o-mini", "gpt-4.1")
    run(one, mode="record").assert_outcomes(passed=1)
    run(other).assert_outcomes(passed=1)
    run(other.replace("key='messages'", "")).assert_outcomes(failed=1)
    assert provider.count() == 1


def test_messages_as_key_keep_rollouts_and_candidates_apart(run, provider):
    tests = """
@pytest.mark.lmcache(key="messages")
def test_it():
    lm = model(temperature=1.0)
    assert len({*lm("Hello?", n=2), *lm("Hello?", rollout_id=1), *lm("Hello?")}) == 4
"""
    run(tests, mode="record").assert_outcomes(passed=1)
    run(tests).assert_outcomes(passed=1)
    assert provider.count() == 4


def test_ignore_and_normalize(run, provider):
    tests = """
@pytest.mark.lmcache(ignore=["temperature", "dspy.rollout_id"], normalize=["date"])
def test_it():
    assert answer("What happened on {date}?", temperature={temperature}, rollout_id={rollout})
"""
    run(tests.format(date="2026-01-01", temperature=0.5, rollout=1), mode="record").assert_outcomes(passed=1)
    run(tests.format(date="2026-02-02", temperature=0.7, rollout=2)).assert_outcomes(passed=1)
    assert provider.count() == 1


@pytest.mark.parametrize(("repeat", "different"), [("same", 1), ("next", 3)])
def test_repeat(repeat, different, run, provider):
    tests = f"""
@pytest.mark.lmcache(repeat="{repeat}")
def test_it():
    lm = model(cache=False)
    assert len({{lm("Hello?")[0] for _ in range(3)}}) == {different}
"""
    run(tests, mode="record").assert_outcomes(passed=1)
    run(tests).assert_outcomes(passed=1)
    assert provider.count() == different


def test_refresh_asks_again(run, provider):
    tests = "@pytest.mark.lmcache\ndef test_it():\n    assert answer()"
    for mode in ("record", "refresh", "replay"):
        run(tests, mode=mode).assert_outcomes(passed=1)
    assert provider.count() == 2


def test_a_miss_in_evaluate_fails_the_test_with_what_to_type(run, provider):
    tests = """
@pytest.mark.lmcache
def test_it():
    examples = [dspy.Example(question=str(n)).with_inputs("question") for n in range(8)]
    with dspy.context(lm=model()):
        score = dspy.Evaluate(devset=examples, metric=lambda *_: 1.0, num_threads=4)(dspy.Predict("question -> answer"))

@pytest.mark.lmcache
def test_that_swallows():
    try:
        answer()
    except BaseException:
        pass

def test_after_it():
    assert True
"""
    result = run(tests)
    result.assert_outcomes(failed=2, passed=1)
    result.stdout.fnmatch_lines(["*--lmcache=record*"])
    assert provider.count() == 0


def test_calls_at_import_and_in_fixtures_replay_alone(run, provider):
    tests = """
at_import = answer("Asked at import?")

@pytest.fixture(scope="module")
def shared():
    dspy.configure(lm=model(), num_threads=2)
    return dspy.Predict("question -> answer")(question="Asked in a fixture?").answer

def test_one(shared):
    assert answer("Asked in a fixture?") and answer("Asked at import?") == at_import
    dspy.configure(num_threads=5)

def test_two(shared):
    assert dspy.settings.num_threads == 2
    assert dspy.Predict("question -> answer")(question="Asked in a fixture?").answer == shared
"""
    run(tests, mode="record").assert_outcomes(passed=2)
    asked = provider.count()
    for chosen in ("one", "two", "one or two"):
        outcomes = run(tests, "-k", chosen, mode="replay").parseoutcomes()
        assert outcomes["passed"] == len(chosen.split(" or "))
        assert "failed" not in outcomes
    assert provider.count() == asked == 3


def test_workers_of_xdist_pay_once_and_replay(run, provider, pytester, monkeypatch):
    tests = """
@pytest.mark.lmcache
@pytest.mark.parametrize("number", range(6))
def test_it(number):
    assert answer(f"What is {number % 3}?")
"""
    run(tests, "-n", "2", mode="record").assert_outcomes(passed=6)
    assert provider.count() == 3
    run(tests, "-n", "2").assert_outcomes(passed=6)
    assert provider.count() == 3


def test_a_test_that_is_off_has_dspys_own_cache(run, provider, a_home_of_its_own):
    tests = """
@pytest.mark.lmcache(mode="off")
def test_it():
    lm = model()
    lm("Hello?"), lm("Hello?")
    assert dspy.cache.enable_disk_cache
"""
    run(tests, mode="record").assert_outcomes(passed=1)
    assert provider.count() == 1
    assert (a_home_of_its_own / ".dspy_cache").is_dir()


INACTIVE = """
import sys
import dspy, dspy.clients.execution
from dspy.clients.cache import Cache
from dspy.utils.parallelizer import ParallelExecutor
from dspy._vendor.lm15 import transports
from dspy.utils.dummies import DummyLM

SEAMS = [
    (dspy.clients.execution, "_attempt"), (dspy.clients.execution, "_aattempt"),
    (dspy.clients.execution, "_cached"), (dspy.clients.execution, "_store"),
    (Cache, "__init__"), (ParallelExecutor, "_wrap_function"), (ParallelExecutor, "execute"),
    (transports.StdlibTransport, "stream"), (transports.StdlibAsyncTransport, "stream"),
]

def test_every_seam_holds_the_function_that_dspy_wrote():
    for owner, name in SEAMS:
        assert vars(owner)[name].__code__.co_filename.startswith(dspy.__path__[0]), name
    assert not [name for name in sys.modules if name.startswith("pytest_lmcache.adapters")]

def test_a_configuration_and_a_cache_outlive_their_test():
    dspy.configure(lm=DummyLM([{"answer": "Paris"}]), num_threads=3)
    dspy.configure_cache(enable_disk_cache=False)
    test_a_configuration_and_a_cache_outlive_their_test.cache = dspy.cache

def test_they_did():
    assert dspy.settings.num_threads == 3
    assert dspy.cache is test_a_configuration_and_a_cache_outlive_their_test.cache
"""


def test_an_inactive_plugin_leaves_dspy_as_it_is(pytester):
    pytester.makepyfile(INACTIVE)
    for options in ((), ("--lmcache=off",), ("-p", "no:lmcache")):
        result = pytester.runpytest_subprocess("-p", "no:randomly", *options)
        result.assert_outcomes(passed=3)


def test_dspy_alone_is_no_choice_of_adapters(run, pytester):
    with (pytester.path / "tox.ini").open("a") as ini:
        ini.write("\nlmcache_adapters = dspy\n")
    result = run("def test_it(lmcache): pass", mode="replay")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert "records nothing by itself" in result.stderr.str()


PROGRAMS = """
@pytest.mark.parametrize("options", [{}, {"model_type": "responses"}, {"temperature": 1.0, "rollout_id": 1}])
def test_whole(options):
    assert answer(**options)
def test_threads():
    with dspy.context(lm=model()):
        asked = [dspy.Example(question=f"{n}?").with_inputs("question") for n in range(4)]
        assert len(dspy.Parallel(num_threads=4)([(dspy.Predict("question -> answer"), each) for each in asked])) == 4
def test_awaited():
    async def asked():
        with dspy.context(lm=model()):
            return await dspy.Predict("question -> answer").acall(question="Awaited?")
    assert asyncio.run(asked()).answer
def test_stream():
    async def asked():
        with dspy.context(lm=model()):
            program = dspy.streamify(dspy.Predict("question -> answer"))
            return [piece async for piece in program(question="Streamed?")]
    assert asyncio.run(asked())
"""


def test_programs_are_verified_each_call_once(run, provider, pytester):
    run(PROGRAMS, mode="record").assert_outcomes(passed=6)
    cassettes = {file: file.read_bytes() for file in (pytester.path / "cassettes").glob("*/*.json")}
    asked = provider.count()
    provider.reset()
    result = run(PROGRAMS, mode="verify")
    result.assert_outcomes(passed=6)
    assert result.ret == 0
    assert provider.count() == len(cassettes) == asked
    result.stdout.fnmatch_lines([f"lmcache: {asked} recordings verified: {asked} reworded*"])
    assert {file: file.read_bytes() for file in (pytester.path / "cassettes").glob("*/*.json")} == cassettes
