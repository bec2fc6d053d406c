"""The end of a verify run in lines for people. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from itertools import groupby

from pytest_lmcache.budget import dollars
from pytest_lmcache.drift.results import Result, Results, ordered
from pytest_lmcache.wording import many

_MOST_ACCEPTED = 10
_MOST_ALIKE = 5


def lines(results: Results, least: float, *, everything: bool = False, lost: int = 0) -> Iterator[str]:
    """A line that counts, one for each model that is another now, two for each recording that is not identical, and
    what was left out.

    What is said of several in a row is said once. Of the rewordings that are accepted the least similar are shown, or,
    if asked for, `everything`. `lost` workers ended before they told what they had found.
    """
    if not results.checked:
        yield f"lmcache: verify checked nothing: {_why_nothing(results)}"
    else:
        yield f"lmcache: {many(results.checked, 'recording')} verified: {_counted(results)}{_spent(results)}"
        yield from (f"  {line}" for line in moved(results))
        yield from _each(results, least, everything=everything)
    for reason, count in Counter(result.shown for result in results.found if result.kind == "skipped").items():
        yield f"  {count:,} skipped: {reason}"
    if lost:
        yield f"  {many(lost, 'worker')} lost, with what {'it' if lost == 1 else 'they'} had found"
    if results.size is not None:
        yield from _sampled(results)
    if failing := results.failing(least):
        yield f"lmcache: this run fails for what has changed: {_reasons(failing, least)}"


def told(result: Result) -> str:
    """A verdict in a word or two: `reworded 0.87`."""
    if result.kind != "reworded" or result.similarity is None:
        return result.kind
    # Rounded down, so that what is below a bound never looks as if it were not.
    return f"reworded {math.floor(result.similarity * 100 + 1e-9) / 100:.2f}"


def moved(results: Results) -> Iterator[str]:
    """A line for each model whose name another one answers to now, the most frequent first."""
    counts = Counter(
        (result.model, result.recorded_model, result.live_model)
        for result in results.found
        if result.recorded_model and result.live_model and result.recorded_model != result.live_model
    )
    for (model, before, now), count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
        yield f"{model} was {before} when {many(count, 'recording')} {_was(count)} made, and is {now} now"


def _was(count: int) -> str:
    return "was" if count == 1 else "were"


def _each(results: Results, least: float, *, everything: bool) -> Iterator[str]:
    shown = [result for result in results.found if result.kind not in ("identical", "skipped")]
    failing = results.failing(least)
    accepted = ordered(result for result in shown if not result.fails(least))
    kept = accepted if everything else accepted[:_MOST_ACCEPTED]
    for (verdict, shown), group in groupby((*failing, *kept), key=lambda result: (told(result), result.shown)):
        alike = list(group)
        most = len(alike) if everything else _MOST_ALIKE
        for result in alike[:most]:
            take = f", take {result.take} of {result.takes}" if result.take and result.takes > 1 else ""
            yield f"  {verdict:<13}  {result.path} ({result.test}{take})"
        if more := len(alike[most:]):
            yield f"                 and {many(more, 'more recording')} with the same {verdict}; -v shows all"
        yield f"                 {shown}"
    if left := len(accepted) - len(kept):
        yield f"  and {many(left, 'more rewording')} that {'is' if left == 1 else 'are'} closer; -v shows all"


def _counted(results: Results) -> str:
    names = {"error": "error" if results.counts["error"] == 1 else "errors"}
    counts = {names.get(kind, kind): count for kind, count in results.counts.items() if kind != "skipped"}
    return ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)


def _spent(results: Results) -> str:
    tokens = sum(
        result.tokens.get("prompt_tokens", 0) + result.tokens.get("completion_tokens", 0) for result in results.found
    )
    cost = sum(result.cost or 0.0 for result in results.found)
    spent = [many(tokens, "token")] if tokens else []
    spent += [dollars(cost)] if cost else []
    return f" · {' and '.join(spent)} spent" if spent else ""


def _sampled(results: Results) -> Iterator[str]:
    again = f"--lmcache-sample={results.size}:{results.seed}"
    for folder, (chosen, total) in sorted(results.drawn.items()):
        used = sum(result.path.startswith(f"{folder}/") for result in results.found)
        unused = f"; {chosen - used:,} of them no test of this run used" if chosen > used else ""
        yield f"  sample: {chosen:,} of {many(total, 'recording')} in {folder}/{unused}"
    yield f"  the same ones again: {again}"


def _why_nothing(results: Results) -> str:
    if results.found:
        count = len(results.found)
        return f"{many(count, 'recording')} {_was(count)} used, and skipped"
    if any(chosen for chosen, _ in results.drawn.values()):
        return "no test of this run used a recording of the sample"
    return "no test of this run used a recording"


def _reasons(failing: list[Result], least: float) -> str:
    counts = Counter(result.kind for result in failing)
    parts = [f"{counts['changed']:,} changed"] if counts["changed"] else []
    if counts["error"]:
        parts.append(many(counts["error"], "error"))
    if counts["reworded"]:
        parts.append(f"{counts['reworded']:,} reworded with a similarity below {least:g} (--lmcache-similarity)")
    return ", ".join(parts)
