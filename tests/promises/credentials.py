"""Credentials that look real and open nothing: 28 well-known forms, made by chance from a seed, in four places."""

from __future__ import annotations

import base64
import json
import random
import string
from collections.abc import Callable

ALNUM = string.ascii_letters + string.digits
URLSAFE = ALNUM + "-_"
HEX = "0123456789abcdef"
STANDARD = ALNUM + "+/"


def _of(letters: str, length: int) -> Callable[[random.Random], str]:
    return lambda chance: "".join(chance.choices(letters, k=length))


def _with(prefix: str, letters: str, length: int) -> Callable[[random.Random], str]:
    # Joined at run time: no scanner of source code need wonder.
    return lambda chance: "".join([prefix, *chance.choices(letters, k=length)])


def _jwt(chance: random.Random) -> str:
    head = {"alg": "RS256", "typ": "JWT", "kid": _of(ALNUM, 8)(chance)}
    body = {"sub": _of(string.digits, 10)(chance), "name": _of(ALNUM, 8)(chance)}
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in (head, body)]
    return ".".join([*parts, _of(URLSAFE, 86)(chance)])


# The two that have no looks of their own but hexadecimal or letters and digits stand at the end.
FORMS: dict[str, Callable[[random.Random], str]] = {
    "openai": lambda chance: "sk" + "-" + _of(ALNUM, 20)(chance) + "T3Blbk" + "FJ" + _of(ALNUM, 20)(chance),
    "openai project": _with("sk-proj" + "-", URLSAFE, 156),
    "openai service account": _with("sk-svcacct" + "-", URLSAFE, 124),
    "openai admin": _with("sk-admin" + "-", URLSAFE, 124),
    "anthropic": lambda chance: "sk-ant" + "-api03-" + _of(URLSAFE, 93)(chance) + "AA",
    "anthropic admin": lambda chance: "sk-ant" + "-admin01-" + _of(URLSAFE, 93)(chance) + "AA",
    "google": _with("AI" + "za", URLSAFE, 35),
    "google of 2025": _with("AQ" + ".Ab8RN6", URLSAFE, 44),
    "groq": _with("gsk" + "_", ALNUM, 52),
    "xai": _with("xai" + "-", ALNUM, 80),
    "openrouter": _with("sk-or" + "-v1-", HEX, 64),
    "deepseek": _with("sk" + "-", HEX, 32),
    "replicate": _with("r8" + "_", ALNUM, 37),
    "fireworks": _with("fw" + "_", ALNUM, 24),
    "hugging face": _with("hf" + "_", string.ascii_letters, 34),
    "aws access key": _with("AK" + "IA", string.ascii_uppercase + "234567", 16),
    "aws temporary key": _with("AS" + "IA", string.ascii_uppercase + "234567", 16),
    "github": _with("gh" + "p_", ALNUM, 36),
    "github fine-grained": lambda chance: "github" + "_pat_" + _of(ALNUM, 22)(chance) + "_" + _of(ALNUM, 59)(chance),
    "slack": lambda chance: "xo" + f"xb-{_of(string.digits, 12)(chance)}-" + _of(ALNUM, 24)(chance),
    "stripe": _with("sk" + "_live_", ALNUM, 99),
    "json web token": _jwt,
    "aws secret": _of(STANDARD, 40),
    "azure": _of(HEX, 32),
    "azure of 2025": _of(ALNUM, 84),
    "mistral": _of(ALNUM, 32),
    "together": _of(HEX, 64),
    "cohere": _of(ALNUM, 40),
}
BARE = frozenset({"aws secret", "azure", "azure of 2025", "mistral", "together", "cohere"})

PLACES: dict[str, Callable[[str], str]] = {
    "header, YAML": lambda key: f"headers:\n  accept:\n  - application/json\n  x-api-key:\n  - {key}\n  host:\n  - x\n",
    "header, JSON": lambda key: json.dumps({"headers": {"Authorization": [f"Bearer {key}"], "Host": ["x"]}}),
    "free prose": lambda key: f"Yesterday I used {key} for the job, and it went well.",
    "field": lambda key: json.dumps({"model": "m", "api_key": key, "temperature": 0}),
}
