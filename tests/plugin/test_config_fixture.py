"""The fixture `lmcache_config`: settings for the tests that see it."""

from __future__ import annotations

import pytest

IGNORE = "import pytest\n@pytest.fixture{scope}\ndef lmcache_config():\n    return {{'ignore': ['temperature']}}\n"
TWO_TEMPERATURES = "def test_it():\n    assert ask(temperature=0) == ask(temperature=1)\n"


@pytest.mark.parametrize("scope", ["", "(scope='function')", "(scope='module')", "(scope='session')"])
def test_it_holds_whatever_its_scope(project, scope):
    project.pytester.makeconftest(IGNORE.format(scope=scope))
    project.tests(TWO_TEMPERATURES)
    project.record().assert_outcomes(passed=1)
    assert project.provider.count() == 1
    project.replay().assert_outcomes(passed=1)


def test_it_holds_for_the_module_that_overrides_it(project):
    project.tests(IGNORE.format(scope="") + TWO_TEMPERATURES, "test_one")
    project.tests("def test_it():\n    assert ask(temperature=0) != ask(temperature=1)\n", "test_two")
    project.record().assert_outcomes(passed=2)
    project.replay().assert_outcomes(passed=2)


def test_it_holds_for_the_directory_it_stands_in(project):
    for name, folder in (("one", "first"), ("two", "second")):
        directory = project.pytester.mkdir(name)
        (directory / "conftest.py").write_text(
            "import pytest\n@pytest.fixture(scope='session')\n"
            f"def lmcache_config():\n    return {{'cassettes': '{name}/{folder}'}}\n"
        )
        (directory / f"test_{name}.py").write_text("from app import ask\ndef test_it():\n    ask()\n")
    project.tests("def test_it():\n    ask()\n", "test_top")
    project.ini("pythonpath = .")
    project.record().assert_outcomes(passed=3)
    assert len(list(project.path.glob("one/first/chat/*.json"))) == 1
    assert len(list(project.path.glob("two/second/chat/*.json"))) == 1
    assert len(project.recordings()) == 1


def test_it_covers_the_fixtures_of_the_test(project):
    project.pytester.makeconftest(IGNORE.format(scope=""))
    project.tests(
        """
@pytest.fixture
def cold():
    return ask(temperature=0)

@pytest.fixture(autouse=True)
def warm():
    return ask(temperature=1)

def test_it(cold, warm):
    assert cold == warm
"""
    )
    project.record().assert_outcomes(passed=1)
    assert project.provider.count() == 1


def test_one_of_session_scope_covers_fixtures_of_session_scope(project):
    project.pytester.makeconftest(IGNORE.format(scope="(scope='session')"))
    project.tests(
        "@pytest.fixture(scope='session')\ndef warm():\n    return ask(temperature=1)\n"
        "def test_it(warm):\n    assert ask(temperature=0) == warm\n"
    )
    project.record().assert_outcomes(passed=1)
    assert project.provider.count() == 1


def test_it_may_ask_for_other_fixtures(project):
    project.tests(
        """
@pytest.fixture
def folder(request):
    return f"recorded/{request.node.originalname}"

@pytest.fixture
def lmcache_config(folder):
    return {"cassettes": folder, "key": lambda request: request["model"]}

def test_it():
    ask()
"""
    )
    project.record().assert_outcomes(passed=1)
    assert len(list(project.path.glob("recorded/test_it/chat/*.json"))) == 1


def test_a_marker_wins_over_it(project):
    project.pytester.makeconftest(IGNORE.format(scope=""))
    project.tests("@pytest.mark.lmcache(ignore=[])\n" + TWO_TEMPERATURES.replace("==", "!="))
    project.record().assert_outcomes(passed=1)
    assert project.provider.count() == 2


def test_a_mode_in_it_makes_its_tests_act(project):
    project.tests(
        "@pytest.fixture\ndef lmcache_config():\n    return {'mode': 'record'}\ndef test_it():\n    ask()\n", "test_one"
    )
    project.tests("def test_it():\n    ask('Live?')\n", "test_two")
    project.live().assert_outcomes(passed=2)
    assert project.provider.count() == 2
    assert len(project.recordings()) == 1


def test_without_a_mode_in_it_it_makes_no_test_act(project):
    project.pytester.makeconftest(IGNORE.format(scope=""))
    project.tests(TWO_TEMPERATURES.replace("==", "!="))
    project.live().assert_outcomes(passed=1)
    assert project.provider.count() == 2
    assert not project.cassettes.exists()


@pytest.mark.parametrize(
    ("returned", "text"),
    [
        ("{'keys': 'messages'}", "lmcache_config: 'keys' is no setting of lmcache; the settings are mode, key, "),
        ("{'mode': 'nonsense'}", "lmcache_config: mode='nonsense' is not one of replay, record, refresh, off"),
        ("{'ignore': 'model'}", "lmcache_config: ignore='model' must be a list of names"),
        ("['messages']", "lmcache_config must return a dictionary, not ['messages']"),
        ("None", "lmcache_config must return a dictionary, not None"),
    ],
)
def test_what_nobody_can_mean_is_one_clear_error(project, returned, text):
    project.pytester.makeconftest(f"import pytest\n@pytest.fixture\ndef lmcache_config():\n    return {returned}\n")
    project.tests("def test_it():\n    ask()\n")
    result = project.record()
    result.assert_outcomes(errors=1)
    assert text in result.stdout.str()
    assert "pytest_lmcache" not in result.stdout.str()
    assert project.provider.count() == 0


def test_one_that_raises_is_reported_as_any_fixture(project):
    project.pytester.makeconftest(
        "import pytest\n@pytest.fixture\ndef lmcache_config():\n    raise OSError('broken')\n"
    )
    project.tests("def test_it():\n    ask()\n")
    result = project.record()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["E*OSError: broken"])
    assert "pytest_lmcache" not in result.stdout.str()
    assert project.provider.count() == 0


def test_under_xdist_it_holds_in_every_worker(project):
    project.pytester.makeconftest(IGNORE.format(scope="(scope='session')"))
    project.over_http().tests("@pytest.mark.parametrize('t', [0, 1])\ndef test_it(t):\n    ask(temperature=t)\n")
    project.record("-n2").assert_outcomes(passed=2)
    assert project.provider.count() == 1
