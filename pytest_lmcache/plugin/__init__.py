"""The pytest plugin: options, ini and marker. Glue: it translates pytest into our words, and stops.

This package alone imports pytest. Loading it costs a suite that does not use it next to nothing: everything else is
imported when the first test opts in.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_lmcache.errors import LMCacheError, Refusal
from pytest_lmcache.options import OPTIONS
from pytest_lmcache.readers import RUN_MODES, VERIFY

if TYPE_CHECKING:
    from pytest_lmcache.plugin.active import Active

ENVIRONMENT = "PYTEST_LMCACHE"
VERIFY_PLUGIN = "lmcache-verify"
AT_THE_END = ("lmcache_report", "lmcache_html", "lmcache_strict", "lmcache_check", "lmcache_prune")
"""The options that ask for something at the end of a run, whether or not the plugin acts on any of its tests."""
MARKER = (
    "lmcache(key=..., mode=..., ignore=[...], normalize=[...], repeat=..., cassettes=..., record_errors=..., "
    "max_age=..., stale=..., allow_secrets=[...], cache=..., max_calls=..., max_tokens=..., max_cost=...): record the "
    "test's language-model calls once and replay them. key: request (default), messages, or a callable; mode: replay, "
    "record, refresh, off; ignore: fields or JSONPaths left out of the key; normalize: uuid, timestamp, date, tmp_path "
    "or regular expressions; repeat: same or next; max_age: such as 30d, older recordings are made anew in record; "
    "stale: what replay does with them, warn or fail."
)

ACTIVE = pytest.StashKey["Active"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("lmcache", "language-model calls, recorded and replayed")
    group.addoption(
        "--lmcache",
        nargs="?",
        const="",
        metavar="MODE",
        help=(
            "replay: answer from recordings, a miss fails the test. record: replay what is known, record what is "
            "missing. refresh: call live for everything that runs, replace what passed. verify: replay, ask the "
            "provider once more for each recording used, write nothing, say what has changed. off: stand aside. "
            "The mode covers every test of the run; without it only tests with the lmcache marker or fixture replay."
        ),
    )
    group.addoption(
        "--lmcache-report", metavar="FILE", help="write what every test asked and who answered to a file, as JSON"
    )
    group.addoption(
        "--lmcache-html",
        metavar="FILE",
        help="write what every test asked and was answered to a file, as a page for people (extra html)",
    )
    group.addoption(
        "--lmcache-strict",
        action="store_true",
        help="fail a run that recorded, went live unrecorded, or (where it is complete) left a recording unused",
    )
    group.addoption(
        "--lmcache-check", action="store_true", help="fail a complete, passing run that left a recording unused"
    )
    group.addoption(
        "--lmcache-prune",
        action="store_true",
        help="remove recordings that a complete, passing run did not use, where git could give them back",
    )
    group.addoption(
        "--lmcache-force", action="store_true", help="with --lmcache-prune, remove also what git could not give back"
    )
    group.addoption(
        "--lmcache-max-cost",
        metavar="DOLLARS",
        help="refuse a live call that would bring what this run spends, with all its workers, above so many US dollars",
    )
    group.addoption(
        "--lmcache-max-calls", metavar="N", help="refuse live calls of this run, with all its workers, beyond so many"
    )
    group.addoption(
        "--lmcache-similarity",
        metavar="SHARE",
        help="with --lmcache=verify, fail a run in which an answer shares less of its words with the recorded one "
        "(0 to 1, default: 0.3; 0 accepts any wording)",
    )
    group.addoption(
        "--lmcache-sample",
        metavar="N[:SEED]",
        help="with --lmcache=verify, check so many recordings of the cassette folder only, chosen at random",
    )
    for option in filter(lambda option: option.ini_type, OPTIONS):
        default = f" (default: {option.default})" if option.default else ""
        parser.addini(f"lmcache_{option.name}", f"{option.help}{default}", type=option.ini_type, default=None)  # type: ignore[arg-type]


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, Any, Any]:
    known = early_config.known_args_namespace
    mode = run_mode(early_config, known.lmcache)
    for name in ("lmcache_sample", "lmcache_similarity"):
        if getattr(known, name) is not None and mode != VERIFY:
            raise pytest.UsageError(f"--{name.replace('_', '-')} goes with --lmcache=verify")
    if mode not in (None, "off"):
        activate(early_config, mode)
    elif mode is None and _has_recordings(early_config):
        _quiet(early_config)
    try:
        return (yield)
    except Refusal as refusal:
        raise pytest.UsageError(str(refusal)) from None


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", MARKER)
    if config.getoption("dist", "no") != "no" or any(map(config.getoption, AT_THE_END)):
        from pytest_lmcache.plugin.reports import reports_of, wanted
        from pytest_lmcache.plugin.summary import summary_of

        summary = summary_of(config)
        if wanted(config):
            reports_of(config, summary)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    try:
        active = config.stash.get(ACTIVE, None)
        if active is None:
            mode = run_mode(config, config.getoption("lmcache"))
            if mode == "off" and _forced(config):
                return
            wanted = config.getini("lmcache_guard") == "all"
            if not wanted and not any(opted_in(item) or overridden(item) for item in items):
                return
            # The mode of the ini file is weaker than a marker's: an "off" there leaves the decision to the tests.
            active = activate(config, None if mode == "off" else mode)
        active.collected(items)
    except pytest.UsageError as error:
        # Of a worker that ends before its tests, pytest-xdist tells this and nothing else.
        session.shouldfail = str(error)
        raise


@pytest.fixture(scope="session")
def lmcache_config() -> dict[str, Any]:
    """Settings of pytest-lmcache for the tests that see this fixture: override it in a conftest.py or a test module.

    Return a dictionary with any of: mode, key, ignore, normalize, repeat, cassettes, record_errors, max_age,
    stale, allow_secrets, cache, max_calls, max_tokens, max_cost.
    """
    return {}


@pytest.fixture
def _lmcache_settings(request: pytest.FixtureRequest, lmcache_config: Any) -> None:
    """Hands the `lmcache_config` that a test sees to the plugin, before the test's other fixtures run."""
    request.config.stash[ACTIVE].configure(request.node, lmcache_config)


@pytest.fixture
def lmcache(request: pytest.FixtureRequest) -> Any:
    """What this test asked of language models, and who answered.

    `lmcache.calls` lists the calls in order, each with request, response, tier, outcome, tokens, cost and seconds;
    `lmcache.replayed`, `.recorded` and `.missed` count them.
    """
    from pytest_lmcache.plugin.active import calls_of

    return calls_of(request.node)


def run_mode(config: pytest.Config, option: str | None) -> str | None:
    """The mode set for the whole run, by command line, environment or ini, or None."""
    from pytest_lmcache.readers import read_mode, read_run_mode

    if option == "":
        raise pytest.UsageError(f"--lmcache needs a mode: one of {', '.join(RUN_MODES)}, as in --lmcache=replay")
    sources = (
        ("--lmcache", option, read_run_mode),
        (ENVIRONMENT, os.environ.get(ENVIRONMENT) or None, read_run_mode),
        ("ini lmcache_mode", config.getini("lmcache_mode"), read_mode),
    )
    modes = []
    for source, value, read in sources:
        if value is not None:
            try:
                modes.append(read(value))
            except LMCacheError as error:
                raise pytest.UsageError(f"{source}: {error}") from None
    return modes[0] if modes else None


def opted_in(item: pytest.Item) -> bool:
    """Whether a test asks for the plugin by itself."""
    return item.get_closest_marker("lmcache") is not None or "lmcache" in getattr(item, "fixturenames", ())


def overridden(item: pytest.Item) -> bool:
    """Whether a test sees an `lmcache_config` other than ours."""
    if not hasattr(item, "fixturenames"):
        return False
    return len(item.session._fixturemanager.getfixturedefs("lmcache_config", item) or ()) > 1


def activate(config: pytest.Config, mode: str | None) -> Active:
    """Start the part of the plugin that does the work."""
    from pytest_lmcache.plugin.active import Active

    try:
        active = Active(config, mode)
    except LMCacheError as error:
        raise pytest.UsageError(f"lmcache: {error}") from None
    config.stash[ACTIVE] = active
    config.pluginmanager.register(active, "lmcache-active")
    return active


def _forced(config: pytest.Config) -> bool:
    """Whether the mode comes from the command line or the environment, which are stronger than a marker."""
    return bool(config.getoption("lmcache") or os.environ.get(ENVIRONMENT))


def _has_recordings(config: pytest.Config) -> bool:
    """Whether the project has a cassette folder of ours: it opted in, though no mode is set for the run."""
    folder = config.getini("lmcache_cassettes") or "cassettes"
    return (Path(config.rootpath) / folder / ".gitattributes").exists()


def _quiet(config: pytest.Config) -> None:
    """The project replays calls, though no mode is set: importing an SDK looks nothing up."""
    from pytest_lmcache.placeholders import QUIET, Environment

    environment = Environment(os.environ, QUIET)
    environment.install()
    config.add_cleanup(environment.restore)
