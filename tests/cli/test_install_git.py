"""`pytest-lmcache install-git`."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_lmcache.review.driver import textconv


@pytest.fixture
def installed(shop):
    shop.commit()
    assert shop.run("install-git").exit_code == 0
    return shop


def test_git_diff_shows_the_conversation(installed):
    installed.edit("good-morning", "You said: Good morning!", "You said: Good evening!")
    shown = installed.git("diff")
    assert "-  You said: Good morning! (answer 5-4ad6)\n+  You said: Good evening! (answer 5-4ad6)" in shown
    assert "chatcmpl" not in shown
    assert "chatcmpl" in installed.git("diff", "--no-textconv", "-U99")


def test_git_log_shows_conversations(installed):
    installed.edit("good-morning", "You said: Good morning!", "You said: Good evening!")
    installed.commit()
    assert "+  You said: Good evening!" in installed.git("log", "-p", "-1")


def test_what_says_the_same_has_no_lines(installed):
    installed.edit("good-morning", "chatcmpl-5-4ad6", "chatcmpl-7-7777")
    assert "@@" not in installed.git("diff")


def test_a_broken_file_is_shown_as_it_is(installed):
    installed.file("good-morning").write_text("<<<<<<< ours\n")
    assert "+<<<<<<< ours" in installed.git("diff")


def test_where_the_interpreter_is_gone_files_are_compared_as_they_are(installed):
    gone = textconv().replace("python", "no-such-python")
    installed.git("config", "diff.lmcache.textconv", gone)
    installed.git("config", "diff.lmcache.cachetextconv", "false")
    installed.edit("good-morning", "You said: Good morning!", "You said: Good evening!")
    assert "You said: Good evening!" in installed.git("diff")


def test_a_folder_from_before_gets_the_lines_once(shop):
    attributes = shop.cassettes / ".gitattributes"
    attributes.write_text("* text eol=lf\nblobs/** binary\nchat/mine.json -diff\n")
    shop.commit()
    first, second = shop.run("install-git"), shop.run("install-git")
    assert "cassettes/.gitattributes names the driver now: commit it." in first.stdout
    assert "commit it" not in second.stdout
    assert attributes.read_text().splitlines() == [
        "* text eol=lf",
        "chat/mine.json -diff",
        "*.json diff=lmcache linguist-generated=false",
        "blobs/** binary linguist-generated=true",
    ]


def test_the_plugin_writes_the_same_lines(project, shop):
    project.tests("def test_it(): ask()")
    project.record().assert_outcomes(passed=1)
    written = (project.cassettes / ".gitattributes").read_text()
    assert written == (shop.cassettes / ".gitattributes").read_text()
    (shop.cassettes / ".gitattributes").unlink()
    shop.commit()
    shop.run("install-git", "--cassettes", str(shop.cassettes))
    assert (shop.cassettes / ".gitattributes").read_text() == written


def test_it_is_taken_back(installed):
    result = installed.run("install-git", "--uninstall")
    assert result.stdout == "git compares recordings as they are again.\n"
    assert "lmcache" not in Path(installed.path, ".git", "config").read_text()
    assert installed.run("install-git", "--uninstall").stdout == "It was not installed.\n"
    assert installed.git("diff") == ""


def test_without_a_repository_it_says_so(shop):
    result = shop.run("install-git")
    assert result.stderr == f"pytest-lmcache: {shop.cassettes} is in no git repository\n"
    assert result.exit_code == 2
