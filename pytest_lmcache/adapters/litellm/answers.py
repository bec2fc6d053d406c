"""Whole answers: any result of litellm that is not a stream."""

from __future__ import annotations

from typing import Any

from pytest_lmcache.adapters.litellm import usage
from pytest_lmcache.adapters.litellm.objects import decode, encode
from pytest_lmcache.call import JSON
from pytest_lmcache.seam import Answer


def dump(result: Any) -> Answer:
    """The result as JSON, with its tokens and cost. Raises UnstorableResponse when it would not be rebuilt equal."""
    return Answer(encode(result), usage.tokens(result), usage.cost(result))


def build(response: dict[str, JSON]) -> object:
    """The result again, an object of litellm's own class. `response` is used up."""
    return decode(response)
