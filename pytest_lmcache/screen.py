"""What looks like a credential in a recording, and what somebody has allowed of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from pytest_lmcache import chunktexts
from pytest_lmcache.call import JSON, Request
from pytest_lmcache.errors import BadOption
from pytest_lmcache.patterns import KINDS, Finding, findings, is_kind, masked, suspects


def in_request(body: dict[str, JSON]) -> Iterator[Finding]:
    """What looks like a credential in a request; paths begin with `$.request`."""
    return _below("$.request", body)


def in_answer(answer: dict[str, JSON], number: int) -> Iterator[Finding]:
    """What looks like a credential in the answer `number` (from 0) of a recording, also where it is spread over the
    chunks of a stream. Paths begin with `$.responses[0].answer`; which chunk it was is not told.
    """
    root = f"$.responses[{number}].answer"
    if not chunktexts.is_stream(answer):
        yield from _below(root, answer)
        return
    yield from _below(root, {name: value for name, value in answer.items() if name != "chunks"})
    texts = [*chunktexts.texts(answer).items()]
    for place, text in (texts[at] for at in suspects([text for _, text in texts])):
        path = root + ".chunks[*]" + "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
        # What a field is called tells what stands in it, as in a whole answer.
        name = next((step for step in reversed(place) if isinstance(step, str)), "")
        yield from (Finding(path, inner.kind) for inner in findings({name: text}))


def unallowed(found: Iterable[Finding], allowed: Iterable[str]) -> list[Finding]:
    """The findings that no entry allows; an entry is the path or the kind of a finding."""
    entries = set(allowed)
    return [finding for finding in found if entries.isdisjoint((finding.path, finding.kind))]


def masked_request(request: Request) -> Request:
    """A request to be shown to people, with what looks like a credential in it replaced by its kind."""
    body = _masked(request.body)
    assert isinstance(body, dict)
    return replace(request, body=body)


def check_allowed(entry: str) -> str:
    """`entry` itself when it can allow a finding; raises BadOption otherwise."""
    if not entry.startswith("$.") and not is_kind(entry):
        raise BadOption(
            f"allow_secrets={entry!r} is neither a path, such as $.request.messages[0].content, nor a kind; kinds are "
            f"{', '.join(sorted(KINDS))}, and 'value of NAME'"
        )
    return entry


def _masked(value: JSON) -> JSON:
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, list):
        return [_masked(item) for item in value]
    if isinstance(value, dict):
        return {masked(name): _masked(item) for name, item in value.items()}
    return value


def _below(root: str, value: JSON) -> Iterator[Finding]:
    return (Finding(root + found.path[1:], found.kind) for found in findings(value))
