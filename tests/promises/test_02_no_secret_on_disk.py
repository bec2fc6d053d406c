"""Promise 2: no secret reaches the disk by default, and nothing of ours prints one.

Fourteen canaries travel with a request and its answers, through litellm and through the HTTP adapter; 28 known forms of
keys stand in four places; harmless texts of many kinds stand beside them.
"""

from __future__ import annotations

import base64
import json
import random
import string
import sysconfig
import uuid
from hashlib import sha256
from pathlib import Path

import pytest
from credentials import BARE, FORMS, PLACES
from trials import trials

from pytest_lmcache.patterns import findings
from pytest_lmcache.redact import Redactor

CHANCE = random.Random(1411)


def canary(name: str) -> str:
    return f"cnry-{name}-" + "".join(CHANCE.choices(string.ascii_letters + string.digits, k=24))


OWN = "Zq7" + "".join(CHANCE.choices(string.ascii_letters + string.digits, k=29))
"""The key of this process, as its environment has it."""

CANARIES = {
    "Authorization": OWN,
    "organization": canary("org"),
    "project": canary("project"),
    "x-api-key": canary("header"),
    "cookie of the request": canary("cookie"),
    "cookie of the answer": canary("set-cookie"),
    "?key=": canary("query"),
    "prompt": OWN,
    "base64": base64.b64encode(b"::" + OWN.encode() + b"::").decode()[4:-8],
    "signed URL": "".join(CHANCE.choices(string.ascii_letters + string.digits, k=43)),
    "user": canary("user"),
    "metadata": canary("metadata"),
    "echo": OWN,
    "401": OWN,
}

SIGNED = f"https://files.example.org/a.png?se=2030-01-01&sp=r&sv=2022-11-02&sr=b&sig={CANARIES['signed URL']}%3D"

TESTS = """
KEY = os.environ["OPENAI_API_KEY"]
LIVE = "placeholder" not in KEY

def test_whole(lmcache):
    answer = question(f"My key is {KEY}.")
    assert KEY in answer or not LIVE
    print(repr(lmcache), lmcache.calls)

def test_base64(lmcache):
    question("It is " + base64.b64encode(f"::{KEY}::".encode()).decode())

def test_stream(lmcache):
    answer = question(f"The key {KEY} again", stream=True)
    assert KEY in answer or not LIVE

@pytest.mark.lmcache(record_errors=True)
def test_error(lmcache):
    question(f"[error 401] for {KEY}")

def test_signed(lmcache):
    question("What is in SIGNED ?")
""".replace("SIGNED", SIGNED)

SENT = f"""
import base64, json, os, httpx

HEADERS = {{"openai-project": {CANARIES["project"]!r}, "x-api-key": {CANARIES["x-api-key"]!r},
    "cookie": "session={CANARIES["cookie of the request"]}"}}
LABELS = {{"user": {CANARIES["user"]!r}, "metadata": {{"run": {CANARIES["metadata"]!r}}}}}
"""

LITELLM = """
def question(text, **more):
    try:
        response = litellm.completion("openai/gpt-4o-mini", [{"role": "user", "content": text}], organization=ORG,
            metadata=LABELS["metadata"], extra_headers=HEADERS, extra_query={"key": QUERY}, num_retries=0, **more)
    except litellm.AuthenticationError as error:
        return str(error)
    if "stream" not in more:
        return response.choices[0].message.content
    return "".join(chunk.choices[0].delta.content or "" for chunk in response if chunk.choices)
"""

HTTP = """
def question(text, **more):
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": text}], **LABELS, **more}
    base = os.environ.get("OPENAI_API_BASE", "http://127.0.0.1:9/v1")
    headers = {"authorization": f"Bearer {KEY}", "openai-organization": ORG, **HEADERS}
    text = httpx.post(f"{base}/chat/completions?key={QUERY}", json=body, headers=headers).text
    if "stream" not in more:
        return text
    events = [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: {")]
    return "".join(event["choices"][0]["delta"].get("content") or "" for event in events if event["choices"])
"""


def leaks(text: str) -> set[str]:
    """The canaries in a text, in whatever pieces of a stream they stand."""
    return {name for name, value in CANARIES.items() if value in text}


def written(folder: Path) -> str:
    """Everything below a folder, the texts of streams joined as well, as one text."""
    parts = []
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            parts.append(path.read_bytes().decode("utf-8", "replace"))
            if path.suffix == ".json":
                parts += _joined(json.loads(parts[-1]))
    return "\n".join(parts)


def _joined(document: dict) -> list[str]:
    """The texts that the chunks of a recording make, at each place where they have any."""
    texts: dict[str, str] = {}

    def walk(value: object, place: str) -> None:
        for step, item in (
            value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        ):
            if isinstance(item, str):
                texts[f"{place}.{step}"] = texts.get(f"{place}.{step}", "") + item
            walk(item, f"{place}.{step}")

    for take in document["responses"]:
        for chunk in take["answer"].get("chunks", ()):
            walk(chunk, "")
    return list(texts.values())


@pytest.mark.parametrize("adapter", ["litellm", "http"])
def test_none_of_fourteen_canaries_is_written_or_printed(project, monkeypatch, adapter, figure):
    project.key = OWN
    monkeypatch.setattr(project.provider, "cookie", CANARIES["cookie of the answer"])
    constants = f"ORG = {CANARIES['organization']!r}\nQUERY = {CANARIES['?key=']!r}\n"
    project.tests(SENT + constants + {"litellm": LITELLM, "http": HTTP}[adapter] + TESTS)
    recorded = project.record("-s", "-vv", "--showlocals")
    recorded.assert_outcomes(passed=4, failed=1)
    recorded.stdout.fnmatch_lines(["*was not written*", "*$.request.messages[[]0].content: value of sig*"])
    assert len(project.recordings()) == 4
    replayed = project.replay("-s", "-vv", "--showlocals", "-k", "not signed")
    replayed.assert_outcomes(passed=4)
    missed = project.replay("-s", "-vv", "--showlocals", "-k", "signed")
    missed.assert_outcomes(failed=1)
    on_disk = written(project.cassettes) + written(project.user_cache)
    assert on_disk.count("[credential]") >= 8
    assert leaks(on_disk) == set()
    for result in (recorded, replayed, missed):
        assert leaks(str(result.stdout) + str(result.stderr)) == set()
    figure(f"{adapter}: 0 of {len(CANARIES)} canaries on disk or in the output")


@pytest.mark.parametrize("form", FORMS)
def test_28_forms_of_keys_in_four_places_are_stopped_or_redacted(form):
    """By its looks, or by its value where it has none: then it is one that this process holds."""
    for _ in range(trials(5, 200)):
        key = FORMS[form](CHANCE)
        redactor = Redactor({"SOME_API_KEY": key})
        for place, text in PLACES.items():
            assert redactor.clean(text(key)) != text(key), place


def test_the_forms_that_have_looks_are_stopped_wherever_they_stand(figure):
    stopped = total = 0
    rounds = trials(10, 1000)
    for _ in range(rounds):
        for make in FORMS.values():
            for text in PLACES.values():
                total += 1
                stopped += any(findings(text(make(CHANCE))))
    # What has no looks cannot be told from other chance in free prose.
    assert stopped / total >= (len(FORMS) * len(PLACES) - len(BARE) - 1) / (len(FORMS) * len(PLACES))
    figure(f"{112 * stopped / total:.1f} of 112 by their looks alone, 112 of 112 with the value known")


def harmless() -> list[str]:
    """Prompts and answers of many kinds without a secret in them: prose, code, digests, identifiers, pictures."""
    texts = []
    sources = sorted(Path(sysconfig.get_paths()["stdlib"]).glob("*.py"))
    CHANCE.shuffle(sources)
    for source in sources[: trials(40, 200)]:
        code = source.read_text("utf-8", "replace")
        texts += [code[start : start + 2000] for start in range(0, min(len(code), 40_000), 2000)]
    prose = """the risk adjusted task based return on a model with a token key, or the secret answer of a well known sk
        learn api pass word bearer of basic authorization"""
    words = prose.split()
    for _ in range(trials(1000, 20_000)):
        text = " ".join(CHANCE.choices(words, k=60)) + "-".join(CHANCE.choices(words, k=6))
        digest = sha256(CHANCE.randbytes(8)).hexdigest()
        picture = base64.b64encode(CHANCE.randbytes(600)).decode()
        name = "".join(CHANCE.choices(string.ascii_letters + string.digits, k=29))
        texts.append(
            f"{text}. Commit {digest[:40]}, image sha256:{digest}, run {uuid.UUID(int=CHANCE.getrandbits(128))}; "
            f"chatcmpl-{name} call_{name[:24]} msg_01{name[:22]} file-{name[:22]} data:image/png;base64,{picture}"
        )
    return texts


def test_harmless_prompts_raise_no_alarm(figure):
    texts = harmless()
    alarms = sum(any(findings(text)) for text in texts)
    assert alarms * 1000 <= len(texts)
    figure(f"{alarms} false alarms in {len(texts):,} harmless texts")
