"""Calls made in fixtures: recorded once, and replayed for whichever test comes first."""

from __future__ import annotations

import pytest

SCOPES = """
@pytest.fixture(scope="session")
def of_the_session():
    return ask("for the session")

@pytest.fixture(scope="module")
def of_the_module():
    return ask("for the module")

@pytest.fixture(scope="class")
def of_the_class():
    return ask("for the class")

@pytest.fixture
def of_the_test():
    return ask("for the test")

class TestAll:
    def test_one(self, of_the_session, of_the_module, of_the_class, of_the_test):
        assert of_the_test
    def test_two(self, of_the_test, of_the_class, of_the_module, of_the_session):
        assert of_the_session
    def test_three(self, of_the_module):
        assert of_the_module

def test_four(of_the_session):
    assert of_the_session
"""

ORDERS = {
    "as written": (),
    "the last alone": ("-k", "test_four"),
    "the middle alone": ("-k", "test_two"),
    "two of them": ("-k", "two or three"),
    "reversed": ("test_it.py::test_four", "test_it.py::TestAll::test_three", "test_it.py::TestAll::test_one"),
}


def allow(project, plugin):
    """Let a plugin of pytest work in the project, which its ini file turns off."""
    ini = project.path / "tox.ini"
    ini.write_text(ini.read_text().replace(f"-p no:{plugin}", ""))


@pytest.fixture
def recorded(project):
    project.tests(SCOPES)
    project.record().assert_outcomes(passed=4)
    assert project.provider.count() == 4
    assert len(project.recordings()) == 4
    return project


@pytest.mark.parametrize("order", ORDERS)
def test_fixtures_of_every_scope_replay_whoever_comes_first(recorded, order):
    result = recorded.replay(*ORDERS[order])
    assert result.ret == 0
    assert recorded.provider.count() == 4


@pytest.mark.parametrize("seed", [1, 2])
def test_fixtures_replay_in_random_order(recorded, seed):
    allow(recorded, "randomly")
    result = recorded.replay(f"--randomly-seed={seed}")
    result.stdout.fnmatch_lines([f"*random*seed*{seed}*", "*4 passed*"])
    assert recorded.provider.count() == 4


def test_one_test_records_the_fixtures_it_needs_and_the_next_run_adds_the_others(project):
    project.tests(SCOPES)
    project.record("-k", "test_three").assert_outcomes(passed=1, deselected=3)
    assert project.provider.count() == 1
    project.record().assert_outcomes(passed=4)
    assert project.provider.count() == 4
    assert len(project.recordings()) == 4


def test_a_run_of_the_last_failures_replays_the_fixture_they_need(project):
    project.tests(
        """
import pathlib

@pytest.fixture(scope="module")
def answer():
    return ask()

def test_good(answer):
    assert answer

def test_bad(answer):
    assert pathlib.Path("fixed").exists()
"""
    )
    allow(project, "cacheprovider")
    project.record().assert_outcomes(passed=1, failed=1)
    (project.path / "fixed").touch()
    project.replay("--lf").assert_outcomes(passed=1)
    assert project.provider.count() == 1


@pytest.mark.parametrize("scope", ["session", "module", "class"])
def test_a_failing_test_leaves_the_recording_of_its_wider_fixture_promoted(project, scope):
    project.tests(
        f"""
@pytest.fixture(scope="{scope}")
def answer():
    return ask("for all")

class TestIt:
    def test_it(self, answer):
        ask("for the test")
        assert False
"""
    )
    project.record().assert_outcomes(failed=1)
    [recording] = project.load()
    assert recording["request"]["messages"][0]["content"] == "for all"
    assert recording["recorded_by"].endswith("answer")


def test_a_failing_fixture_promotes_nothing(project):
    project.tests(
        """
@pytest.fixture(scope="module")
def answer():
    ask()
    raise RuntimeError("no")

def test_it(answer):
    pass
"""
    )
    project.record().assert_outcomes(errors=1)
    assert project.recordings() == []
    assert project.provider.count() == 1


@pytest.mark.parametrize("scope", ["function", "module", "session"])
def test_a_call_in_the_teardown_of_a_fixture_is_recorded(project, scope):
    project.tests(
        f"""
@pytest.fixture(scope="{scope}")
def answer():
    yield ask("at the start")
    assert ask("at the end")

def test_it(answer):
    assert answer
"""
    )
    project.record().assert_outcomes(passed=1)
    assert len(project.recordings()) == 2
    project.replay().assert_outcomes(passed=1)
    assert project.provider.count() == 2


@pytest.mark.parametrize("scope", ["function", "module", "session"])
def test_a_parametrised_fixture_is_recorded_once_for_each_parameter(project, scope):
    project.tests(
        f"""
@pytest.fixture(scope="{scope}", params=["Rome", "Oslo"])
def answer(request):
    return ask(f"Where is {{request.param}}?")

def test_one(answer):
    assert answer

def test_two(answer):
    assert answer
"""
    )
    project.record().assert_outcomes(passed=4)
    assert project.provider.count() == 2
    project.replay("-k", "two and Oslo").assert_outcomes(passed=1, deselected=3)
    project.replay().assert_outcomes(passed=4)
    assert project.provider.count() == 2


@pytest.mark.parametrize("scope", ["function", "module", "session"])
def test_calls_in_async_fixtures_are_recorded_once(project, scope):
    project.tests(
        f"""
import pytest_asyncio

@pytest_asyncio.fixture(scope="{scope}", loop_scope="{scope}")
async def answer():
    yield await aask("at the start")
    assert await aask("at the end")

@pytest.mark.asyncio(loop_scope="{scope}")
async def test_one(answer):
    assert answer

@pytest.mark.asyncio(loop_scope="{scope}")
async def test_two(answer):
    assert answer
"""
    )
    project.record().assert_outcomes(passed=2)
    assert project.provider.count() == 2
    project.replay("-k", "two").assert_outcomes(passed=1, deselected=1)
    assert project.provider.count() == 2


def test_a_fixture_asked_for_by_name_at_run_time_is_no_different(project):
    project.tests(
        """
@pytest.fixture(scope="module")
def answer():
    return ask("for the module")

def test_bad(request):
    request.getfixturevalue("answer")
    assert False

def test_good(request):
    assert request.getfixturevalue("answer")
"""
    )
    project.record().assert_outcomes(passed=1, failed=1)
    assert len(project.recordings()) == 1
    project.replay("-k", "good").assert_outcomes(passed=1, deselected=1)


def test_a_miss_in_a_wider_fixture_fails_every_test_that_needs_it(recorded):
    for path in recorded.recordings():
        if "module" in path.name:
            path.unlink()
    result = recorded.replay()
    result.assert_outcomes(passed=1, errors=3)
    result.stdout.fnmatch_lines(["*for the module*"])
    assert recorded.provider.count() == 4
