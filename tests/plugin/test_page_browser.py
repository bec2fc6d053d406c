"""The page of a run in Chromium: what a reader sees, clicks and types. Skipped where there is no such browser."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest
from browser import Browser, chromium
from projects import APPLICATION

pytestmark = [
    pytest.mark.skipif(not os.environ.get("LMCACHE_BROWSER"), reason="tox -e browser runs this"),
    pytest.mark.skipif(chromium() is None, reason="no Chromium here"),
    pytest.mark.skipif(importlib.util.find_spec("pygal") is None, reason="the extra html is not installed"),
]

SUITE = """
import asyncio, pytest
from app import aask, ask

NASTY = "</script><script>window.taken = true</script><img src=x onerror='window.taken = true'>"

def test_capital():
    ask("What is the capital of France?{changed}")

def test_nasty():
    ask(NASTY)

def test_many_at_once():
    async def all():
        await asyncio.gather(*(aask(f"City number {{n}}?") for n in range(8)))
    asyncio.run(all())

@pytest.mark.parametrize("n", range(60))
def test_case(n):
    ask(f"Case {{n}}", model="openai/gpt-4o" if n % 2 else "openai/gpt-4o-mini")
"""
TESTS, CALLS = 63, 70


@pytest.fixture(scope="module")
def draw(tmp_path_factory, running_provider) -> Callable[..., Path]:
    """Runs a recorded suite, and gives the page of that run."""
    folder = tmp_path_factory.mktemp("pages")
    (folder / "app.py").write_text(APPLICATION)
    (folder / "pytest.ini").write_text("[pytest]\naddopts = -p no:randomly -p no:cacheprovider -p no:syrupy\n")
    environment = os.environ | {
        "OPENAI_API_BASE": f"{running_provider.url}/v1",
        "OPENAI_API_KEY": "fake-key-for-tests",
        "XDG_CACHE_HOME": str(folder / "cache"),
    }

    def run(*arguments: str, expected: int = 0, changed: str = "") -> Path:
        (folder / "test_it.py").write_text(SUITE.format(changed=changed))
        page = folder / f"{len(list(folder.glob('*.html')))}.html"
        command = [sys.executable, "-m", "pytest", "-q", f"--lmcache-html={page}", *arguments]
        done = subprocess.run(command, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True)
        assert done.returncode == expected, done.stdout
        return page

    run("--lmcache=record")
    return run


@pytest.fixture(scope="module")
def page(draw) -> Path:
    """The page of a run in which one of many tests misses."""
    return draw("--lmcache=replay", expected=1, changed=" One word, please.")


@pytest.fixture(scope="module")
def running_browser():
    browser = Browser()
    yield browser
    browser.close()


@contextmanager
def opened(browser: Browser, page: Path) -> Iterator[Browser]:
    """A page, just opened. No script of it fails, and it asks for nothing but itself."""
    browser.size(1400, 900)
    browser.prefers("light")
    browser.errors.clear()
    browser.requests.clear()
    browser.open(page)
    yield browser
    assert browser.errors == []
    assert {address.partition("#")[0] for address in browser.requests} == {page.as_uri()}


@pytest.fixture
def browser(running_browser, page):
    with opened(running_browser, page):
        yield running_browser


def listed(browser):
    return browser.texts(".row .name")


def heading(browser):
    return browser.texts("h2")[0]


def test_it_opens_with_an_overview(browser):
    assert heading(browser) == "Overview"
    assert browser.texts("#count") == [f"{TESTS} tests, {CALLS} calls"]
    assert browser.texts(".tile b")[:2] == [str(TESTS), str(CALLS)]
    assert browser.texts(".chart figcaption b") == ["Cost by model", "Provider time by model"]
    assert browser.texts(".failed-tests button") == ["test_it.py::test_capital"]


def test_only_the_rows_in_sight_exist(browser):
    assert len(listed(browser)) < 30
    browser.value("document.querySelector('#list').scrollTop = 1e6")
    browser.value("new Promise(requestAnimationFrame)")
    assert listed(browser)[-1] == "test_case[59]"


def test_a_click_on_a_test_shows_its_conversation(browser):
    browser.click(".row:nth-child(2)")
    assert heading(browser) == "test_it.py::test_nasty"
    assert browser.texts(".voice") == ["user", "assistant\nstop"]


def test_what_a_prompt_holds_is_shown_and_not_run(browser):
    browser.click(".row:nth-child(2)")
    assert browser.texts(".said")[0].startswith("</script><script>window.taken = true</script><img src=x")
    assert browser.value("window.taken === undefined")
    assert browser.value("document.querySelectorAll('#view img, #view script').length") == 0


def test_a_miss_marks_the_words_that_differ(browser):
    browser.click(".failed-tests button")
    assert heading(browser) == "test_it.py::test_capital"
    assert browser.texts(".refusal ins") == [" One word, please."]
    assert browser.texts(".refusal button") == ["Copy the command"]
    assert "Nothing recorded answers this call." in browser.texts(".call")[0]


def test_what_a_verify_run_found_stands_in_its_call(running_browser, draw):
    with opened(running_browser, draw("--lmcache=verify", "-k", "capital or nasty")) as browser:
        browser.click(".row:nth-child(1)")
        [_, verdict, *_] = browser.texts(".call header .badge")
        assert verdict.startswith("verify: reworded 0.")
        [difference] = browser.texts(".call .verified")
        assert difference.startswith("Today: text: ")
        assert len(browser.texts(".verified del")) == len(browser.texts(".verified ins")) == 1
        browser.click(".row:nth-child(2)")
        assert browser.value("window.taken === undefined")


def test_a_replay_shows_nothing_of_the_kind(browser):
    browser.click(".row:nth-child(2)")
    assert browser.texts(".call header .badge") == ["replayed"]
    assert browser.texts(".verified") == []


def test_a_search_finds_tests_by_what_was_said_in_them(browser):
    browser.press("/")
    browser.type('city "number 5"')
    assert browser.texts("#count") == [f"1 of {TESTS} tests, 1 of {CALLS} calls"]
    assert listed(browser) == ["test_many_at_once"]
    assert browser.texts(".row .verdict")[0].endswith("1 of 8 calls")
    browser.click(".row")
    assert len(browser.texts(".call")) == 1
    browser.click(".some button")
    assert len(browser.texts(".call")) == 8


def test_words_are_found_in_any_order_and_phrases_as_they_are(browser):
    browser.press("/")
    browser.type("number city")
    assert listed(browser) == ["test_many_at_once"]
    browser.value("document.querySelector('#query').select()")
    browser.type('"number city"')
    assert listed(browser) == []


def test_filters_choose_calls_and_the_address_holds_them(browser, page):
    browser.value(
        "(() => { const field = document.querySelector('#model'); field.value = 'openai/gpt-4o';"
        "field.dispatchEvent(new Event('input')); })()"
    )
    assert browser.texts("#count") == [f"30 of {TESTS} tests, 30 of {CALLS} calls"]
    address = browser.value(
        "new Promise((done) => { const look = () =>"
        " (location.hash ? done(location.hash) : requestAnimationFrame(look)); look(); })"
    )
    assert address == "#model=openai%2Fgpt-4o"
    browser.open(page, address[1:])
    assert browser.texts("#count") == [f"30 of {TESTS} tests, 30 of {CALLS} calls"]
    browser.click("#clear")
    assert browser.texts("#count") == [f"{TESTS} tests, {CALLS} calls"]


def test_a_link_that_is_followed_before_the_address_is_written_leads_where_it_says(browser):
    model = browser.value(
        """new Promise((done) => {
          const [field, model] = ["#query", "#model"].map((each) => document.querySelector(each));
          const later = window.setTimeout;
          let write;
          window.setTimeout = (act) => { write = act; };
          field.value = "case";
          field.dispatchEvent(new Event("input"));
          window.setTimeout = later;
          addEventListener("hashchange", () => done(model.value));
          location.hash = "model=openai%2Fgpt-4o";
          write();
        })"""
    )
    assert model == "openai/gpt-4o"


def test_a_click_on_a_bar_shows_the_calls_of_its_model(browser):
    browser.value("window.followed = new Promise((done) => addEventListener('hashchange', () => done(true))); 0")
    browser.click(".chart a")
    assert browser.value("followed")
    assert browser.value("document.querySelector('#model').value").startswith("openai/gpt-4o")
    assert browser.texts("#clear") == ["Clear"]


def test_all_can_be_done_by_keys(browser):
    browser.press("j")
    assert heading(browser) == "test_it.py::test_capital"
    browser.press("j")
    browser.press("j")
    assert heading(browser) == "test_it.py::test_many_at_once"
    browser.press("n")
    browser.press("n")
    assert browser.value("document.querySelector('.call.chosen').id") == "call-2"
    browser.press("k")
    assert heading(browser) == "test_it.py::test_nasty"
    browser.press("o")
    assert heading(browser) == "Overview"
    browser.press("f")
    assert listed(browser) == ["test_capital"]
    browser.press("Escape")
    assert len(listed(browser)) > 1
    browser.press("?")
    assert browser.value("document.querySelector('dialog').open")
    browser.press("Escape")
    assert not browser.value("document.querySelector('dialog').open")
    browser.value("document.querySelector('#list').focus()")
    browser.press("End")
    assert heading(browser) == "test_it.py::test_case[59]"


def test_calls_at_the_same_time_have_a_timeline_and_a_click_there_opens_one(browser, page):
    browser.open(page, f"test={quote('test_it.py::test_many_at_once')}")
    assert browser.texts(".tip")[0].startswith("8 calls in ")
    browser.value("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    box = browser.value("document.querySelector('canvas').getBoundingClientRect().toJSON()")
    browser.mouse(box["x"] + 3, box["y"] + 5)
    assert browser.value("document.querySelector('.call.chosen').id") == "call-1"


def test_it_is_dark_for_those_who_like_it_dark_and_for_those_who_ask(browser):
    def brightness():
        colour = browser.value("getComputedStyle(document.body).backgroundColor")
        return sum(int(part) for part in colour[4:-1].split(","))

    assert brightness() > 600
    browser.prefers("dark")
    assert brightness() < 120
    browser.press("t")
    assert brightness() > 600


def test_a_small_screen_shows_one_thing_at_a_time_and_nothing_wider_than_itself(browser):
    browser.size(400, 800)
    assert not browser.value(
        "document.querySelector('main').offsetParent || document.querySelector('main').offsetWidth"
    )
    browser.click(".row")
    assert browser.value("document.querySelector('main').offsetWidth") == 400
    assert browser.value("document.documentElement.scrollWidth") == 400
    browser.click(".back")
    assert browser.value("document.querySelector('main').offsetWidth") == 0
    browser.click("#overview")
    assert heading(browser) == "Overview"
