import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_lmcache.miss.worddiff import LIMIT, visible, word_diff

PROMPT = " ".join(f"Rule {number}: never mention topic {number}." for number in range(300))

texts = st.text(max_size=300)
word_lists = st.lists(
    st.sampled_from(["the", "of", "capital", "France", "Spain", "is,", "a", "question?", "0.2", "首都"]), max_size=12
)


def undone(diff: str, *, keep: str) -> str:
    """The old text (`keep` is `-`) or the new one (`+`) that an unabridged diff was made of."""
    gone, come = (r"\1", "") if keep == "-" else ("", r"\1")
    diff = re.sub(r"\[-(.*?)-\]", gone, diff)
    return re.sub(r"\{\+(.*?)\+\}", come, diff).replace("␠", " ")


def test_equal_texts_have_no_diff() -> None:
    assert word_diff("the same", "the same") == ""


def test_one_changed_word_is_marked_inside_its_sentence() -> None:
    diff = word_diff("What is the capital of France?", "What is the capital of Spain?")
    assert diff == "What is the capital of [-France-]{+Spain+}?"


def test_change_at_the_end_of_a_long_prompt_is_visible_as_such() -> None:
    diff = word_diff(f"{PROMPT} Be kind.", f"{PROMPT} Be brief.")
    assert diff == "… 299: never mention topic 299. Be [-kind-]{+brief+}."


def test_change_in_the_middle_of_a_long_prompt_has_context_on_both_sides() -> None:
    diff = word_diff(PROMPT, PROMPT.replace("topic 150.", "politics."))
    assert diff == "… topic 149. Rule 150: never mention [-topic 150-]{+politics+}. Rule 151: never mention topic …"


def test_context_is_as_wide_as_asked() -> None:
    diff = word_diff("a b c d e f g", "a b c X e f g", context=1)
    assert diff == "… c [-d-]{+X+} e …"


def test_distant_changes_are_joined_with_what_lies_between_left_out() -> None:
    diff = word_diff(PROMPT, PROMPT.replace("topic 5.", "cats.").replace("topic 250.", "dogs."))
    assert "[-topic 5-]{+cats+}" in diff
    assert "[-topic 250-]{+dogs+}" in diff
    assert diff.index("cats") < diff.index(" … ", 5) < diff.index("dogs")


def test_many_changes_show_the_first_and_the_last_and_count_the_others() -> None:
    old = " ".join(f"keep all of this part {number} and change old{number} now" for number in range(80))
    diff = word_diff(old, re.sub(r"old(\d+)", r"new\1", old))
    assert "{+new0+}" in diff
    assert "{+new79+}" in diff
    assert re.search(r"… \(\d+ more changes\) …", diff)


def test_long_insertion_is_cut_in_its_middle_with_the_number_of_words_left_out() -> None:
    diff = word_diff("Begin. End.", f"Begin. {PROMPT} End.")
    assert diff.startswith("Begin. {+Rule 0: never")
    assert re.search(r"… \(1,7\d\d words\) …", diff)
    assert "mention topic 299. +}End." in diff


@pytest.mark.parametrize(
    ("old", "new", "diff"),
    [
        ("a b", "a  b", "a {+␠+}b"),
        ("foo", "foo ", "foo{+␠+}"),
        ("foo\nbar", "foo bar", "foo[-⏎-]{+␠+}bar"),
        ("foo bar", "foo\tbar", "foo[-␠-]{+⇥+}bar"),
        ("foo\nbar", "foo\r\nbar", "foo{+␍+}⏎bar"),
        ("a" + " " * 100 + "b", "a b", "a [-␠\u00d799-]b"),
    ],
)
def test_change_of_blanks_alone_is_made_visible(old: str, new: str, diff: str) -> None:
    assert word_diff(old, new) == diff


@pytest.mark.parametrize(
    ("old", "new", "diff"),
    [
        ("caf\u00e9", "cafe\u0301", "[-caf<U+00E9>-]{+cafe<U+0301>+}"),
        ("ab", "a\u200bb", "[-ab-]{+a<U+200B>b+}"),
        ("a b", "a\u00a0b", "a[-␠-]{+<U+00A0>+}b"),
    ],
)
def test_texts_that_look_alike_are_spelled_out(old: str, new: str, diff: str) -> None:
    assert word_diff(old, new) == diff


def test_control_characters_never_reach_the_terminal() -> None:
    assert "\x1b" not in word_diff("\x1b[31mred alert", "\x1b[32mred alert")


@pytest.mark.parametrize(
    ("old", "new", "diff"),
    [
        ("of bar", "of foo bar", "of {+foo +}bar"),
        ("of foo bar", "of bar", "of [-foo -]bar"),
        ("the quick fox", "a slow fox", "[-the quick-]{+a slow+} fox"),
        ("in 0.2 s", "in 0.7 s", "in [-0.2-]{+0.7+} s"),
        ("今天天气很好。", "今天天气不好。", "今天天气[-很-]{+不+}好。"),
        ("Why is it so odd", "Where was it so even", "[-Why is-]{+Where was+} it so [-odd-]{+even+}"),
    ],
)
def test_changes_are_marked_as_a_reader_would(old: str, new: str, diff: str) -> None:
    assert word_diff(old, new) == diff


def test_changed_letter_of_a_very_long_word_is_marked_alone() -> None:
    assert "A[-B-]{+D+}C" in word_diff("A" * 5000 + "B" + "C" * 5000, "A" * 5000 + "D" + "C" * 5000)


def test_unrelated_long_texts_stay_within_the_limit() -> None:
    assert len(word_diff("foo bar " * 50_000, "bar foo foo " * 50_000)) <= LIMIT


@given(texts, texts)
def test_diff_is_empty_only_for_equal_texts_and_never_too_long(old: str, new: str) -> None:
    diff = word_diff(old, new)
    assert (diff == "") is (old == new)
    assert ("[-" in diff or "{+" in diff) is (old != new)
    assert len(diff) <= LIMIT
    assert "\n" not in diff


@given(word_lists, word_lists)
def test_diff_holds_both_texts(old: list[str], new: list[str]) -> None:
    before, after = " ".join(old), " ".join(new)
    if before != after:
        diff = word_diff(before, after, context=30)
        assert undone(diff, keep="-") == before
        assert undone(diff, keep="+") == after


@given(st.text(min_size=1, max_size=40, alphabet="abc"), st.text(min_size=1, max_size=40, alphabet="def"))
def test_replaced_word_appears_on_both_sides(old: str, new: str) -> None:
    assert f"[-{old}-]{{+{new}+}}" in word_diff(f"{PROMPT} {old} {PROMPT}", f"{PROMPT} {new} {PROMPT}")


def test_visible_text_is_one_line() -> None:
    assert visible("a\n\n\n\n\n\nb\tc\x00") == "a⏎\u00d76b⇥c<U+0000>"
