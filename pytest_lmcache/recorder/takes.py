"""An answer as it is kept: compact text, without the credentials of this process."""

from __future__ import annotations

import os
from typing import Any

import ujson

from pytest_lmcache.call import Take
from pytest_lmcache.redact import Redactor
from pytest_lmcache.seam import Answer


def take_of(answer: Answer, latency: float, redactor: Redactor) -> Take:
    """The take that an answer makes, given after `latency` seconds."""
    redactor.learn(os.environ)
    response = redactor.clean_answer(answer.response, _text(answer.response))
    return Take(_text(response), round(latency, 3), answer.usage, answer.cost)


def _text(response: Any) -> str:
    try:
        return ujson.dumps(response, ensure_ascii=False, escape_forward_slashes=False)
    except UnicodeEncodeError:
        return ujson.dumps(response)
