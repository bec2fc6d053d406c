"""`max_age` and `stale`: recordings older than that are made anew in record, told or refused in replay."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pytest_lmcache.tiers.cassettes import Cassettes
from pytest_lmcache.tiers.disk import Disk
from pytest_lmcache.tiers.local import project_folder

ONE = "def test_it():\n    assert ask()\n"
FORMS = {
    "sync": ONE,
    "async": "def test_it():\n    assert asyncio.run(aask())\n",
    "stream": (
        "def test_it():\n    messages = [{'role': 'user', 'content': 'Hello?'}]\n"
        "    assert list(litellm.completion(model='openai/gpt-4o-mini', messages=messages, stream=True))\n"
    ),
    "async stream": (
        "def test_it():\n    async def read():\n        messages = [{'role': 'user', 'content': 'Hello?'}]\n"
        "        answer = await litellm.acompletion(model='openai/gpt-4o-mini', messages=messages, stream=True)\n"
        "        return [chunk async for chunk in answer]\n    assert asyncio.run(read())\n"
    ),
    "http": (
        "import httpx, os\ndef test_it():\n"
        "    body = {'model': 'gpt-4o-mini', 'messages': [{'role': 'user', 'content': 'Hello?'}]}\n"
        "    url = os.environ.get('OPENAI_API_BASE', 'http://127.0.0.1:9/v1')\n"
        "    httpx.post(f'{url}/chat/completions', json=body).raise_for_status()\n"
    ),
}


def stamp(**ago: float) -> str:
    return (datetime.now(UTC) - timedelta(**ago)).strftime("%Y-%m-%dT%H:%M:%SZ")


def dated(file: Path, moment: str) -> None:
    """Give a recording in the folder another date."""
    file.write_text(json.dumps(json.loads(file.read_text()) | {"recorded_at": moment}))


@pytest.fixture
def aged(project):
    """Give what is recorded of a project another date, in the folder and on the local disk."""

    def age(moment: str) -> None:
        tier = Disk(project_folder(project.path) / "disk", 10**8)
        for file in project.recordings():
            dated(file, moment)
            key = Cassettes(project.cassettes).load(file).key
            tier.put(replace(tier.get(key), recorded_at=moment))
        tier.close()

    return age


def recorded(project, tests: str, *args: str) -> None:
    project.tests(tests)
    project.record(*args)
    project.provider.reset()


class TestRecord:
    @pytest.mark.parametrize("form", FORMS)
    def test_an_older_recording_is_made_anew(self, project, aged, form):
        recorded(project, FORMS[form])
        aged(stamp(days=31))
        (before,) = project.load()
        project.ini("lmcache_max_age = 30d")
        result = project.record("-v")
        result.assert_outcomes(passed=1)
        result.stdout.fnmatch_lines(["*test_it PASSED* [[]1 refreshed[]]*", "lmcache: 1 refreshed*"])
        assert project.provider.count() == 1
        (after,) = project.load()
        assert after["responses"] != before["responses"]
        assert after["recorded_at"] > before["recorded_at"]
        project.replay().stdout.no_fnmatch_line("*older than max_age*")
        project.record()
        assert project.provider.count() == 1

    def test_a_younger_one_answers(self, project, aged):
        recorded(project, ONE)
        aged(stamp(days=29))
        project.ini("lmcache_max_age = 30d")
        project.record().assert_outcomes(passed=1)
        assert project.provider.count() == 0

    def test_a_test_that_fails_keeps_the_old_one_and_what_it_paid_for_is_not_paid_again(self, project, aged):
        recorded(project, ONE)
        aged(stamp(days=31))
        before = project.load()
        project.ini("lmcache_max_age = 30d")
        project.tests(ONE + "    assert False\n")
        project.record().assert_outcomes(failed=1)
        assert project.load() == before
        project.tests(ONE)
        project.record().assert_outcomes(passed=1)
        assert project.load() != before
        assert project.provider.count() == 1

    def test_where_the_provider_fails_the_old_one_stays(self, project, aged):
        recorded(project, "def test_it():\n    ask('[error 500 once]', max_retries=1)\n")
        aged(stamp(days=31))
        before = project.load()
        project.ini("lmcache_max_age = 30d")
        project.tests("def test_it():\n    ask('[error 500 once]', max_retries=0)\n")
        project.record().assert_outcomes(failed=1)
        assert project.load() == before

    def test_all_takes_are_replaced(self, project, aged):
        takes = "@pytest.mark.lmcache(repeat='next')\ndef test_it():\n    assert ask() != ask()\n"
        recorded(project, takes)
        aged(stamp(days=31))
        (before,) = project.load()
        project.ini("lmcache_max_age = 30d")
        project.record().stdout.fnmatch_lines(["lmcache: 2 refreshed*"])
        (after,) = project.load()
        assert len(after["responses"]) == 2
        assert not [take for take in after["responses"] if take in before["responses"]]

    def test_one_take_more_makes_a_recording_no_younger(self, project, aged):
        recorded(project, "@pytest.mark.lmcache(repeat='next')\ndef test_it():\n    ask()\n")
        aged(stamp(days=31))
        (before,) = project.load()
        project.tests("@pytest.mark.lmcache(repeat='next')\ndef test_it():\n    ask(), ask()\n")
        project.record().assert_outcomes(passed=1)
        (after,) = project.load()
        assert (len(after["responses"]), after["recorded_at"]) == (2, before["recorded_at"])

    def test_tests_that_ask_the_same_pay_once(self, project, aged):
        recorded(project.over_http(), ONE)
        aged(stamp(days=31))
        project.ini("lmcache_max_age = 30d")
        project.tests("@pytest.mark.parametrize('n', range(4))\n" + ONE.replace("()", "(n)", 1))
        project.record("-n", "2").assert_outcomes(passed=4)
        assert project.provider.count() == 1

    def test_a_younger_one_on_the_local_disk_answers_and_is_promoted(self, project):
        recorded(project, ONE)
        (file,) = project.recordings()
        dated(file, stamp(days=31))
        project.ini("lmcache_max_age = 30d")
        project.record().stdout.fnmatch_lines(["lmcache: 1 replayed*"])
        assert project.provider.count() == 0
        assert project.load()[0]["recorded_at"] > stamp(days=1)

    def test_an_older_one_on_the_local_disk_is_not_promoted(self, project, aged):
        recorded(project, ONE)
        aged(stamp(days=31))
        for file in project.recordings():
            file.unlink()
        project.ini("lmcache_max_age = 30d")
        project.record().assert_outcomes(passed=1)
        assert project.provider.count() == 1
        assert project.load()[0]["recorded_at"] > stamp(days=1)

    @pytest.mark.parametrize(
        ("moment", "asked"),
        [("", 1), ("some day", 1), (stamp(days=32)[:10], 1), (stamp(days=28)[:10], 0), (stamp(days=28)[:-1], 0)],
        ids=["none", "no date", "an old day", "a day", "without a zone"],
    )
    def test_one_without_a_date_is_older_than_any_bound(self, project, aged, moment, asked):
        recorded(project, ONE)
        aged(moment)
        project.ini("lmcache_max_age = 30d" if "-" in moment else "lmcache_max_age = 9999y")
        project.record().assert_outcomes(passed=1)
        assert project.provider.count() == asked

    def test_a_bound_of_nothing_asks_once_a_run(self, project):
        recorded(project.over_http(), "def test_it():\n    ask()\n    ask()\n")
        project.ini("lmcache_max_age = 0s")
        project.record("-n", "2").assert_outcomes(passed=1)
        assert project.provider.count() == 1

    def test_a_stream_that_is_to_be_cut_is_made_anew_first(self, project, aged):
        stream = FORMS["stream"]
        recorded(project, stream)
        aged(stamp(days=31))
        project.ini("lmcache_max_age = 30d")
        project.tests(
            stream.replace("def test_it():", "def test_it(lmcache):\n    lmcache.cut(after_chunks=1)").replace(
                "    assert list", "    with pytest.raises(Exception):\n      list"
            )
        )
        project.record().assert_outcomes(passed=1)
        assert project.provider.count() == 1


class TestReplay:
    def test_it_answers_and_one_line_says_what_to_type(self, project, aged):
        recorded(project, "def test_one():\n    ask('One?')\ndef test_two():\n    ask('Two?')\n    ask('Two?')\n")
        aged(stamp(days=31, minutes=1))
        first, second = project.recordings()
        dated(second, stamp(days=100, minutes=1))
        project.ini("lmcache_max_age = 30d")
        result = project.replay()
        result.assert_outcomes(passed=2)
        day = stamp(days=100, minutes=1)[:10]
        oldest = f"{second.relative_to(project.path)} (recorded {day}, 100 days ago)"
        assert [line for line in result.outlines if "max_age" in line] == [
            f"  2 recordings are older than max_age, the oldest {oldest}; to record anew: pytest --lmcache=record"
        ]
        assert first.name not in result.stdout.str()
        assert project.provider.count() == 0

    def test_verbosely_each_is_named_within_reason(self, project, aged):
        recorded(project, "@pytest.mark.parametrize('n', range(12))\ndef test_it(n):\n    ask(f'Number {n}?')\n")
        aged(stamp(days=31))
        project.ini("lmcache_max_age = 2w")
        lines = project.replay("-v").outlines
        start = lines.index("  12 recordings are older than max_age; to record anew: pytest --lmcache=record")
        listed = lines[start + 1 : start + 12]
        assert all("cassettes/chat/number-" in line and "; max_age is 14 days)" in line for line in listed[:10])
        assert listed[10] == "    and 2 more"

    @pytest.mark.parametrize("form", FORMS)
    def test_it_is_refused_where_stale_is_fail(self, project, aged, form):
        recorded(project, FORMS[form])
        aged(stamp(days=100, minutes=1))
        (file,) = project.recordings()
        project.ini("lmcache_max_age = 30d", "lmcache_stale = fail")
        result = project.replay()
        result.assert_outcomes(failed=1)
        day = stamp(days=100, minutes=1)[:10]
        result.stdout.fnmatch_lines(
            [
                "lmcache: what is recorded of this call is 100 days old, max_age is 30 days, and stale is fail.",
                "  asked    chat · *gpt-4o-mini*",
                f"  found    {file.relative_to(project.path)}, recorded {day}, 100 days ago",
                '  With stale="warn" it would have answered, and the summary would tell.',
                "  To record it anew:  pytest test_it.py::test_it --lmcache=record",
                "lmcache: 1 missed",
                "  1 recording is older than max_age: *",
            ]
        )
        assert not project.shows_frames(result)
        assert project.provider.count() == 0

    def test_no_code_swallows_it(self, project, aged):
        recorded(project, "def test_it():\n    try:\n        ask()\n    except BaseException:\n        pass\n")
        aged(stamp(days=31))
        project.ini("lmcache_max_age = 30d")
        project.replay("-o", "lmcache_stale=fail").assert_outcomes(failed=1)

    def test_workers_tell_together(self, project, aged):
        recorded(
            project.over_http(),
            "@pytest.mark.parametrize('n', range(4))\ndef test_it(n):\n    ask('All?'), ask(f'{n}?')\n",
        )
        aged(stamp(days=31))
        project.ini("lmcache_max_age = 30d")
        result = project.replay("-n", "2")
        result.assert_outcomes(passed=4)
        result.stdout.fnmatch_lines(["  5 recordings are older than max_age, the oldest cassettes/chat/*"])

    def test_one_without_a_date_is_told_first(self, project, aged):
        recorded(project, "def test_it():\n    ask('One?'), ask('Two?')\n")
        aged(stamp(days=999))
        dated(project.recordings()[0], "")
        project.ini("lmcache_max_age = 1000d")
        project.replay().stdout.fnmatch_lines(["  1 recording is older than max_age: *json (without a date); *"])

    def test_the_report_has_it(self, project, aged):
        recorded(project, ONE)
        aged(stamp(days=31))
        project.ini("lmcache_max_age = 30d")
        project.replay("--lmcache-report=report.json").assert_outcomes(passed=1)
        (stale,) = json.loads((project.path / "report.json").read_text())["totals"]["stale"]
        assert stale["recording"] == str(project.recordings()[0].relative_to(project.path))
        assert stale["age_s"] > stale["max_age_s"] == 30 * 86_400

    def test_the_page_tells_too(self, project, aged):
        pytest.importorskip("pygal")
        recorded(project, ONE)
        aged(stamp(days=31))
        project.ini("lmcache_max_age = 30d")
        project.replay("--lmcache-html=page.html").assert_outcomes(passed=1)
        assert "1 recording is older than max_age: cassettes/" in (project.path / "page.html").read_text()

    def test_nothing_is_said_where_no_bound_is_set(self, project, aged):
        recorded(project, ONE)
        aged(stamp(days=9999))
        assert "max_age" not in project.replay().stdout.str()


class TestWhereItIsSet:
    def test_a_marker_is_stronger_than_the_ini_file_and_may_lift_the_bound(self, project, aged):
        recorded(
            project,
            "@pytest.mark.lmcache(max_age=None)\ndef test_any():\n    ask('Any?')\n"
            "@pytest.mark.lmcache(max_age='1d', stale='fail')\ndef test_day():\n    ask('Day?')\n"
            "def test_month():\n    ask('Month?')\n",
        )
        aged(stamp(days=31))
        project.ini("lmcache_max_age = 30d")
        result = project.replay()
        result.assert_outcomes(passed=2, failed=1)
        result.stdout.fnmatch_lines(["  2 recordings are older than max_age, *"])

    def test_a_directory_may_set_it(self, project, aged):
        recorded(project, ONE)
        aged(stamp(days=31))
        config = "@pytest.fixture\ndef lmcache_config():\n    return {'max_age': '30d', 'stale': 'fail'}\n"
        project.tests(config + ONE)
        project.replay().assert_outcomes(failed=1)

    @pytest.mark.parametrize(
        ("ini", "marker", "text"),
        [
            ("lmcache_max_age = old", "", "ini lmcache_max_age: max_age='old' is no age; write for example 90d, 12h"),
            ("lmcache_stale = ignore", "", "ini lmcache_stale: stale='ignore' is not one of warn, fail"),
            ("", "max_age=30", "@pytest.mark.lmcache: max_age=30 is no age; write for example 90d, 12h or 2w"),
        ],
    )
    def test_what_nobody_can_mean_is_an_error(self, project, ini, marker, text):
        project.ini(ini)
        project.tests((f"@pytest.mark.lmcache({marker})\n" if marker else "") + ONE)
        result = project.record()
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        assert text in result.stderr.str()


FREEZERS = {
    "freezegun": "import freezegun\n@freezegun.freeze_time('2012-01-14')\n",
    "time_machine": "import time_machine\n@time_machine.travel('2012-01-14', tick=False)\n",
}


class TestTimeThatATestFreezes:
    @pytest.mark.parametrize("library", FREEZERS)
    def test_what_it_records_has_the_real_date_and_took_real_time(self, project, library):
        pytest.importorskip(library)
        project.tests(FREEZERS[library] + ONE)
        project.record().assert_outcomes(passed=1)
        (document,) = project.load()
        assert document["recorded_at"] > stamp(days=1)
        assert document["responses"][0]["latency_s"] > 0

    @pytest.mark.parametrize("library", FREEZERS)
    def test_recordings_are_as_old_as_they_are(self, project, aged, library):
        pytest.importorskip(library)
        recorded(project, FREEZERS[library] + ONE)
        aged(stamp(days=31))
        project.ini("lmcache_max_age = 30d", "lmcache_stale = fail")
        project.replay().assert_outcomes(failed=1)
        aged(stamp(days=29))
        project.replay().assert_outcomes(passed=1)
