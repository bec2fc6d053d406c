"""A fixture of wider scope has settings and take numbers of its own."""

from __future__ import annotations


def test_the_settings_of_a_wider_fixture_are_those_of_its_own_place(project):
    project.tests(
        """
pytestmark = pytest.mark.lmcache(key="messages")

@pytest.fixture(scope="module")
def answer():
    return ask("for the module")

@pytest.mark.lmcache(key="request")
def test_one(answer):
    ask("for the test")

def test_two(answer):
    assert answer
"""
    )
    project.record().assert_outcomes(passed=2)
    strategies = {each["request"]["messages"][0]["content"]: each["strategy"] for each in project.load()}
    assert strategies == {"for the module": "messages", "for the test": "request"}
    project.replay("-k", "two").assert_outcomes(passed=1, deselected=1)


def test_identical_calls_of_a_fixture_and_of_its_test_are_counted_apart(project):
    project.ini("lmcache_repeat = next")
    project.tests(
        """
@pytest.fixture(scope="module")
def answer():
    return ask()

def test_one(answer):
    assert ask() == answer

def test_two(answer):
    assert ask() == answer
"""
    )
    project.record().assert_outcomes(passed=2)
    assert project.provider.count() == 1
    project.replay("-k", "two").assert_outcomes(passed=1, deselected=1)
