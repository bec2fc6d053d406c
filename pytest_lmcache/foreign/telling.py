"""Which call of a model an interaction is, also where its URI was taken out of the cassette."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pytest_lmcache import dialects
from pytest_lmcache.adapters.http import answers
from pytest_lmcache.adapters.http.exchange import asked
from pytest_lmcache.adapters.http.targets import target_of
from pytest_lmcache.call import Request
from pytest_lmcache.errors import UnstorableResponse
from pytest_lmcache.folding import unfold
from pytest_lmcache.foreign.bodies import REDACTED, kind_of, plain
from pytest_lmcache.foreign.interactions import Interaction
from pytest_lmcache.miss.worddiff import visible
from pytest_lmcache.patterns import findings
from pytest_lmcache.seam import Answer

# Where the providers have the calls whose body alone says what is asked. Of a path with a model in it nothing is left.
_PLACES = (
    "/v1/chat/completions",
    "/v1/responses",
    "/v1/messages",
    "/v1/embeddings",
    "/v1/completions",
    "/v1/moderations",
    "/v1/images/generations",
    "/v1/rerank",
    "/v2/chat",
    "/v2/embed",
    "/api/chat",
    "/api/generate",
    "/api/embed",
)
_LONGEST_PLACE = 100


class NotUsed(Exception):
    """A call of a model that no recording can be made of; the text says why."""


@dataclass(frozen=True, slots=True)
class Told:
    """A call of a model: what was asked and answered. `by_body` says that nothing but its bodies tells the dialect."""

    request: Request
    answer: Answer
    by_body: bool = False


def told(interaction: Interaction, *, errors: bool) -> Told | None:
    """The call that an interaction is, None for one that is no call of a model. `errors` are answers, too, when set.

    Raises NotUsed.
    """
    try:
        body = plain(interaction.asked.body, interaction.asked.header("content-encoding"))
    except UnstorableResponse:
        body = interaction.asked.body
    kind = kind_of(body, interaction.asked.header("content-type"))
    if _is_redacted(interaction.uri):
        return _by_body(interaction, kind, body, errors=errors)
    target = target_of(interaction.uri)
    request = asked(interaction.method, target, kind, body)
    if request is None:
        if not body and dialects.plausible(interaction.method, target):
            raise NotUsed("its request was recorded without a body, so that nothing says what was asked")
        return None
    return Told(request, _answer(interaction, request, errors=errors))


def said(request: Request, answer: Answer) -> dialects.Reading:
    """What an answer says, for people."""
    response = answer.response
    if response["type"] == "http-stream":
        shared, chunks = response["shared"], response["chunks"]
        assert isinstance(shared, dict)
        assert isinstance(chunks, list)
        return dialects.reading(request, [unfold(shared, own) for own in chunks if isinstance(own, dict)])
    return dialects.reading(request, response.get("body", response.get("text", "")))


def place(interaction: Interaction) -> str:
    """Where a request went, for people: method, host and path, without what might be a credential."""
    _, scheme, rest = interaction.uri.partition("://")
    host = (rest if scheme else "").partition("/")[0].partition("?")[0].rpartition("@")[2]
    path = target_of(interaction.uri).partition("?")[0]
    shown = f"{interaction.method} {host}{path}"
    if any(findings(shown)):
        shown = f"{interaction.method} {host}/…"
    return visible(shown if len(shown) <= _LONGEST_PLACE else f"{shown[: _LONGEST_PLACE - 1]}…")


def _is_redacted(uri: str) -> bool:
    path = target_of(uri).partition("?")[0].strip("/")
    return REDACTED.search(uri) is not None and (not path or REDACTED.search(path) is not None)


def _by_body(interaction: Interaction, kind: str, body: bytes, *, errors: bool) -> Told | None:
    """The call whose request has this body and whose answer says the most, read as an answer to it."""
    possible = [request for target in _PLACES if (request := asked("POST", target, kind, body)) is not None]
    if not possible:
        return None
    best: list[tuple[int, Told]] = []
    for request in possible:
        try:
            answer = _answer(interaction, request, errors=errors)
        except NotUsed:
            continue
        reading = said(request, answer)
        score = sum(map(bool, (reading.text, reading.tool_calls, reading.finish_reason, reading.usage)))
        best.append((score, Told(request, answer, by_body=True)))
    best.sort(key=lambda scored: -scored[0])
    if not best:
        # Every one of them says the same of it.
        return Told(possible[0], _answer(interaction, possible[0], errors=errors), by_body=True)
    if best[0][0] == 0 or (len(best) > 1 and best[1][0] == best[0][0]):
        raise NotUsed("its URI was redacted, and its body fits no provider's protocol, or several")
    return best[0][1]


def _answer(interaction: Interaction, request: Request, *, errors: bool) -> Answer:
    status, answered = interaction.status, interaction.answered
    if status >= 400 and not errors:
        raise NotUsed(f"it was answered with an error (status {status})")
    if status < 200 or 300 <= status < 400:
        raise NotUsed(f"it was answered with status {status}, which is no answer")
    try:
        body = plain(answered.body, answered.header("content-encoding"))
        if not body:
            raise NotUsed("its answer was recorded without a body")
        kind = kind_of(body, answered.header("content-type"))
        kept = [(name, value) for name, value in answered.headers if name.lower() != "content-type"]
        headers = [(name, value) for name, value in kept if not REDACTED.search(value)]
        head = answers.Head(status, [*headers, ("content-type", kind)], decoded=True)
        return answers.dump(head, body, request)
    except UnstorableResponse as error:
        raise NotUsed(_sentence(str(error))) from None


def _sentence(reason: str) -> str:
    return re.sub(r"^the answer ", "its answer ", reason)
