"""A word-level diff of two texts on one line: `… the capital of [-France-]{+Spain+}, please …`."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby

LIMIT = 600
"""The most characters a diff takes, whatever it compares."""

IDEOGRAPH = r"\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
"""Chinese and Japanese characters, for a regular expression: they are written without spaces, so each is a word."""

_WORD = re.compile(rf"\s*(?:[{IDEOGRAPH}]|[^\W{IDEOGRAPH}]+(?:[.:'\u2019@-][^\W{IDEOGRAPH}]+)*|[^\w\s])|\s+")
_SENTENCE = re.compile(r"(?:[^\n.!?]|[.!?](?=\S))*[.!?]*\n?")

# SequenceMatcher visits every pair of equal pieces, over and over; repetitive text has a square of them.
_MOST_PAIRS = 20_000
# From coarse to fine, with the characters beyond which two texts are not searched any more.
_LEVELS = ((_SENTENCE, 600_000), (_WORD, 60_000))
_LONG_WORD = 40


@dataclass(frozen=True, slots=True)
class _Change:
    """Text that stayed, and what was there after it before and now."""

    same: str
    old: str
    new: str


def word_diff(old: str, new: str, context: int = 6) -> str:
    """The places where two texts differ, with `context` words around each; empty for equal texts.

    `[-gone-]{+come+}`; what stayed is elided as `…`, long runs are cut in their middle, line ends show as `⏎`, and
    blanks as `␠` where nothing but blanks changed.
    """
    if old == new:
        return ""
    shown = ""
    for shown in _attempts(*_changes(old, new), context):
        if len(shown) <= LIMIT:
            return shown
    return f"{shown[: LIMIT - 1]}…"


def _attempts(changes: list[_Change], tail: str, context: int) -> Iterator[str]:
    """The diff line, ever shorter: less of each change, less around it, fewer changes."""
    if len(changes) <= LIMIT // 8:
        yield _shown(changes, tail, context, 160)
        yield _shown(changes, tail, (context + 1) // 2, 80)
        yield _shown(changes, tail, min(context, 2), 40)
    last = _shown(changes[-1:], tail, min(context, 2), 40).removeprefix("… ")
    for first in (8, 6, 4, 3, 2, 1):
        if (left_out := len(changes) - first - 1) > 0:
            yield f"{_shown(changes[:first], '', min(context, 2), 40)} … ({left_out:,} more changes) … {last}"


def visible(text: str, *, blanks: bool = False, spelled: bool = False) -> str:
    """Text that is safe and legible on one line of a terminal.

    Line ends and tabs become `⏎` and `⇥`, other control and format characters their code point; with `blanks` a space
    becomes `␠`, with `spelled` everything outside ASCII its code point.
    """
    return "".join(_repeated(_glyph(char, blanks, spelled), len(list(run))) for char, run in groupby(text))


def _repeated(glyph: str, count: int) -> str:
    return glyph * count if count <= 4 or glyph not in "␠⏎⇥ " else f"{glyph}\u00d7{count}"


def _glyph(char: str, blanks: bool, spelled: bool) -> str:
    if char == " ":
        return "␠" if blanks else char
    if " " < char <= "~":
        return char
    if char in "\n\t\r":
        return {"\n": "⏎", "\t": "⇥", "\r": "␍"}[char]
    # A zero-width joiner holds emoji together; alone it is invisible, which `spelled` is for.
    hidden = unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zs", "Zl", "Zp"} and char != "\u200d"
    return f"<U+{ord(char):04X}>" if hidden or spelled else char


def _changes(old: str, new: str) -> tuple[list[_Change], str]:
    """The changes in order, and the text that stayed after the last of them."""
    start = _common_prefix(old, new)
    if _splits_word(old, start) or _splits_word(new, start):
        start -= _into_word(old[max(0, start - 2 * _LONG_WORD) : start][::-1])
    ending = _common_prefix(old[start:][::-1], new[start:][::-1])
    if _splits_word(old, len(old) - ending) or _splits_word(new, len(new) - ending):
        ending -= _into_word(old[len(old) - ending :][: 2 * _LONG_WORD])
    changes = _aligned(old[start : len(old) - ending], new[start : len(new) - ending], _LEVELS)
    changes[0] = _Change(old[:start] + changes[0].same, changes[0].old, changes[0].new)
    return _tidied([*changes, _Change(old[len(old) - ending :], "", "")])


def _common_prefix(old: str, new: str) -> int:
    low, high = 0, min(len(old), len(new))
    while low < high:
        middle = (low + high + 1) // 2
        if old[low:middle] == new[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _splits_word(text: str, at: int) -> bool:
    return re.match(r"\S\S", text[max(0, at - 1) : at + 1]) is not None


def _into_word(text: str) -> int:
    """How many characters from the start belong to a word; none of a word too long to show."""
    blank = re.search(r"\s", text)
    length = blank.start() if blank else len(text)
    return length if length < 2 * _LONG_WORD else 0


def _aligned(old: str, new: str, levels: tuple[tuple[re.Pattern[str], int], ...]) -> list[_Change]:
    """The changes between two texts, found on sentences first, then on the words of what is left."""
    if not levels or not old or not new:
        return [_Change("", old, new)]
    (piece, most), *finer = levels
    if len(old) + len(new) > most:
        return _aligned(old, new, tuple(finer))
    before, after = piece.findall(old), piece.findall(new)
    count = Counter(after)
    pairs = sum(count[word] for word in before)
    matcher = SequenceMatcher(None, before, after, autojunk=pairs > _MOST_PAIRS)
    found: list[_Change] = []
    same = ""
    for tag, i, j, k, m in matcher.get_opcodes():
        if tag == "equal":
            same += "".join(before[i:j])
            continue
        for change in _aligned("".join(before[i:j]), "".join(after[k:m]), tuple(finer)):
            found.append(_Change(same + change.same, change.old, change.new))
            same = ""
    return [*found, _Change(same, "", "")]


def _tidied(changes: list[_Change]) -> tuple[list[_Change], str]:
    """Changes as a reader would mark them: no stray word between two of them, no blank at the start of both sides."""
    joined: list[_Change] = []
    same = ""
    for change in changes:
        same += change.same
        if not change.old and not change.new:
            continue
        if joined and _negligible(same, joined[-1], change):
            last = joined.pop()
            joined.append(_Change(last.same, last.old + same + change.old, last.new + same + change.new))
        else:
            joined.append(_Change(same, change.old, change.new))
        same = ""
    sames = [*(change.same for change in joined), same]
    for index, change in enumerate(joined):
        joined[index], sames[index + 1] = _trimmed(_Change(sames[index], change.old, change.new), sames[index + 1])
    return joined, sames[-1]


def _negligible(same: str, before: _Change, after: _Change) -> bool:
    """Whether what stayed between two changes is too little to be worth a separate look."""
    sizes = (max(len(change.old.strip()), len(change.new.strip())) for change in (before, after))
    return 2 * len(same.strip()) <= min(sizes)


def _trimmed(change: _Change, following: str) -> tuple[_Change, str]:
    """The change without what both its sides begin and end with, where that is no word; and what follows it then."""
    old, new = change.old, change.new
    long_word = min(len(old), len(new)) > _LONG_WORD and not re.search(r"\s", old + new)
    if long_word or old.split() == new.split():
        start = _common_prefix(old, new)
        end = _common_prefix(old[start:][::-1], new[start:][::-1])
    else:
        start = _common_prefix(*(re.match(r"\s*", side).group() for side in (old, new)))  # type: ignore[union-attr]
        end = 0
    same, old, new = change.same + old[:start], old[start:], new[start:]
    old, new, following = old[: len(old) - end], new[: len(new) - end], old[len(old) - end :] + following
    only = old or new
    if not (old and new) and only[:1] == " " == following[:1] and only.strip():
        same, following = same + " ", following[1:]
        old, new = (old[1:] + " " if old else ""), (new[1:] + " " if new else "")
    return _Change(same, old, new), following


def _shown(changes: list[_Change], tail: str, context: int, width: int) -> str:
    """The diff line: `context` words around each change, each side of a change at most `width` characters."""
    parts = []
    for index, change in enumerate(changes):
        before = _last_words(change.same, context)
        if index == 0:
            parts.append(before if before == change.same else f"… {before.lstrip(' ')}")
        else:
            after = _first_words(change.same, context)
            whole = len(after) + len(before) >= len(change.same)
            parts.append(change.same if whole else f"{after.rstrip()} … {before.lstrip(' ')}")
        parts[-1] = visible(parts[-1])
        parts.append(_marked(change, width))
    after = _first_words(tail, context)
    parts.append(visible(after if after == tail else f"{after.rstrip()} …"))
    return "".join(parts)


def _first_words(text: str, count: int) -> str:
    near = re.match(rf"(?:\s*\S+){{0,{count}}}\s*", text[: 12 * count])
    return near.group() if near else ""


def _last_words(text: str, count: int) -> str:
    return _first_words(text[-12 * count :][::-1] if count else "", count)[::-1]


def _marked(change: _Change, width: int) -> str:
    blanks = change.old.split() == change.new.split() or not (change.old + change.new).strip()
    spelled = not blanks and _looks(change.old[:LIMIT]) == _looks(change.new[:LIMIT])
    removed, added = (_cut(side, width, blanks=blanks, spelled=spelled) for side in (change.old, change.new))
    return (f"[-{removed}-]" if removed else "") + (f"{{+{added}+}}" if added else "")


def _looks(text: str) -> str:
    """What a reader sees of a text: composed, and without what has no width."""
    composed = unicodedata.normalize("NFC", text)
    return "".join(char for char in composed if unicodedata.category(char) not in {"Cf", "Zs"})


def _cut(text: str, width: int, *, blanks: bool = False, spelled: bool = False) -> str:
    """A text at most `width` characters long, its middle replaced by the number of words that were there."""
    if len(text) <= 4 * LIMIT and len(shown := visible(text, blanks=blanks, spelled=spelled)) <= width:
        return shown
    part = (width - 24) // 2
    head = visible(text[:part], blanks=blanks, spelled=spelled)[:part]
    tail = visible(text[-part:], blanks=blanks, spelled=spelled)[-part:]
    head, tail = head.rsplit(" ", 1)[0] or head, tail.split(" ", 1)[-1] or tail
    left_out = len(text.split()) - len(head.split()) - len(tail.split())
    amount = f"{left_out:,} words" if left_out > 1 else f"{max(len(text) - 2 * part, 0):,} chars"
    return f"{head} … ({amount}) … {tail}"
