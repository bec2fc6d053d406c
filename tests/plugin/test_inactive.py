"""A project that did not opt in: the plugin imports nothing heavy, sets nothing, hooks nothing, and changes nothing."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

HEAVY = ("litellm", "openai", "dspy", "httpx", "aiohttp", "urllib3", "requests", "diskcache", "cachetools", "ujson",
         "filelock", "platformdirs", "jinja2", "pygal", "jsonpath_ng", "asyncio", "sqlite3")  # fmt: skip

# A suite that asks no model, and says at its end what was imported and set.
SUITE = """
import os, sys

def test_it(request):
    loaded = sorted(name for name in {heavy!r} if name in sys.modules)
    ours = sorted(name for name in sys.modules if name.startswith("pytest_lmcache"))
    print()
    print("LOADED", loaded)
    print("OURS", ours)
    print("VARIABLES", sorted(name for name in os.environ if "LITELLM" in name or name.endswith("_API_KEY")))
    print("FINDERS", [type(finder).__name__ for finder in sys.meta_path if "lmcache" in type(finder).__module__])
"""


@pytest.fixture
def alone(project):
    """Runs a suite in an interpreter in which pytest and this plugin are the only things loaded."""

    def run(*args):
        environment = {
            name: value for name, value in os.environ.items() if "LITELLM" not in name and "_API_" not in name
        }
        environment |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": ""}
        (project.path / "tox.ini").write_text("[pytest]\n")
        (project.path / "test_it.py").write_text(SUITE.format(heavy=HEAVY))
        command = [sys.executable, "-m", "pytest", "-s", "-p", "no:cacheprovider", *args]
        return subprocess.run(command, capture_output=True, text=True, env=environment, check=True).stdout

    return run


def facts(output):
    return {line.split()[0]: line.split(" ", 1)[1] for line in output.splitlines() if line.split(" ")[0].isupper()}


def test_it_imports_no_sdk_and_no_storage_and_sets_no_variable(alone):
    with_plugin, without = facts(alone("-p", "pytest_lmcache.plugin")), facts(alone())
    assert without["OURS"] == "[]"
    ours = ["pytest_lmcache", *(f"pytest_lmcache.{name}" for name in ("errors", "options", "plugin", "readers"))]
    assert with_plugin["OURS"] == str(ours)
    assert with_plugin["LOADED"] == without["LOADED"]
    assert with_plugin["VARIABLES"] == without["VARIABLES"] == "[]"
    assert with_plugin["FINDERS"] == "[]"


def test_a_run_that_replays_imports_no_sdk_and_no_disk_either(alone):
    told = facts(alone("-p", "pytest_lmcache.plugin", "--lmcache=replay"))
    for name in ("litellm", "openai", "httpx", "aiohttp", "urllib3", "diskcache", "filelock", "sqlite3"):
        assert f"'{name}'" not in told["LOADED"]


def test_a_run_that_records_has_imported_what_keeps_recordings_before_the_first_call(alone):
    loaded = facts(alone("-p", "pytest_lmcache.plugin", "--lmcache=record"))["LOADED"]
    assert all(name in loaded for name in ("'diskcache'", "'filelock'", "'platformdirs'"))
    assert all(name not in loaded for name in ("'litellm'", "'openai'", "'httpx'", "'aiohttp'", "'urllib3'"))


def test_its_output_is_that_of_a_run_without_the_plugin(alone):
    def told(output):
        return [line for line in output.splitlines() if not line.startswith(("plugins:", "OURS", "=", "rootdir"))]

    assert told(alone("-p", "pytest_lmcache.plugin")) == told(alone())


def test_the_plugin_has_no_hook_that_runs_for_each_test():
    import pytest_lmcache.plugin

    hooks = {name for name in vars(pytest_lmcache.plugin) if name.startswith("pytest_") and name != "pytest_lmcache"}
    assert hooks <= {
        "pytest_addoption",
        "pytest_load_initial_conftests",
        "pytest_configure",
        "pytest_collection_modifyitems",
    }


def test_no_hook_for_each_test_is_registered(project):
    project.tests(
        "def test_it(request):\n"
        "    assert not any(name and name.startswith('lmcache-') for name, _ in "
        "request.config.pluginmanager.list_name_plugin())\n"
    )
    project.bare().assert_outcomes(passed=1)


def test_calls_reach_the_provider_untouched(project):
    project.tests(
        "def test_it():\n    assert ask() != ask()\n"
        "def test_function():\n    assert litellm.completion.__code__.co_filename != __file__\n"
        "    assert 'trampoline' not in litellm.completion.__code__.co_varnames\n"
    )
    result = project.live()
    result.assert_outcomes(passed=2)
    assert project.provider.count() == 2
    assert not project.cassettes.exists()
    assert "lmcache: " not in result.stdout.str()


def test_after_a_run_every_function_is_what_it_was(project):
    import litellm

    functions = (
        litellm.completion,
        litellm.acompletion,
        litellm.embedding,
        litellm.responses,
        litellm.Router.completion,
    )
    before = [function.__code__ for function in functions]
    project.tests("def test_it():\n    ask()\n")
    project.record().assert_outcomes(passed=1)
    assert [function.__code__ for function in functions] == before


def test_a_run_under_xdist_behaves_the_same(project):
    project.over_http().tests("@pytest.mark.parametrize('n', [1, 2])\ndef test_it(n):\n    ask()\n")
    result = project.live("-n2")
    result.assert_outcomes(passed=2)
    assert project.provider.count() == 2
    assert "lmcache: " not in result.stdout.str()
