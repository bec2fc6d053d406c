"""Promise 1: replay runs no code from the store, reads and writes nothing outside, does not die, hang or eat memory."""

from __future__ import annotations

import json
import sys

import pytest
from poisons import POISONS, Target
from trials import FULL

# Whatever happens between the arrival of a call and its answer or refusal is noted by an audit hook.
CONFTEST = """
import json, os, resource, sys

# Whoever asks for more than this gets a MemoryError, which is no outcome that passes.
resource.setrlimit(resource.RLIMIT_AS, (3 * 2**30, 3 * 2**30))
CASSETTES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "cassettes")
noted = None

def hook(event, args):
    if noted is None:
        return
    if event in ("exec", "compile", "import", "marshal.loads", "pickle.find_class") or event.startswith(
        ("subprocess", "os.system", "os.exec", "os.posix_spawn", "os.fork", "ctypes", "sqlite3", "socket.connect",
         "os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate", "shutil")
    ):
        noted.append([event, str(args)[:200]])
    elif event == "open":
        path, mode, flags = args
        inside = isinstance(path, str) and os.path.abspath(path).startswith(CASSETTES + os.sep)
        if not inside or flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            noted.append([event, str(args)[:200]])

sys.addaudithook(hook)

def watched(name, call):
    # What is imported and compiled only once is by now; see test_warm.
    global noted
    noted = []
    try:
        outcome = ["answer", str(call())[:300]]
    except BaseException as error:
        events, noted = noted, None
        outcome = [type(error).__name__, str(error)[:600]]
    else:
        events, noted = noted, None
    with open("outcomes.jsonl", "a") as file:
        print(json.dumps([name, *outcome, events]), file=file)
"""

HTTP = """
import httpx, os
from conftest import watched

CLIENT = httpx.Client(verify=False, follow_redirects=True)

def call(prompt):
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": prompt}]}
    base = os.environ.get("OPENAI_API_BASE", "http://127.0.0.1:9/v1")
    response = CLIENT.post(f"{base}/chat/completions", json=body)
    return response.content[:500]
"""

LITELLM = """
from conftest import watched

def call(prompt):
    messages = [{"role": "user", "content": prompt}]
    return litellm.completion("openai/gpt-4o-mini", messages).choices[0].message.content
"""

TESTS = """
NAMES = {names!r}

@pytest.mark.parametrize("name", ["warm", "broken"])
def test_warm(lmcache, name):
    watched(name, lambda: call(f"poison {{name}}"))

@pytest.mark.parametrize("name", NAMES)
def test_poison(lmcache, name):
    watched(name, lambda: call(f"poison {{name}}"))

def test_modules(lmcache):
    import sys
    unwanted = {{"diskcache", "dill", "cloudpickle", "sqlite3", "yaml"}} - BEFORE
    watched("modules", lambda: sorted(unwanted & set(sys.modules)))

# litellm imports yaml by itself.
import sys
BEFORE = {{"yaml"}} & set(sys.modules)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="pipes and links in place of files")
@pytest.mark.parametrize("adapter", ["http", *(["litellm"] if FULL else [])])
def test_sixty_poisoned_stores_run_nothing(project, tmp_path_factory, adapter, figure):
    outside = project.path.parent / "outside"
    outside.mkdir(exist_ok=True)
    secret = "canary-outside-the-folder"
    (outside / "secret.json").write_text(json.dumps({"secret": secret}))
    (project.path.parent / "secret.json").write_text(json.dumps({"secret": secret}))
    project.ini(f"lmcache_adapters = {adapter}")
    project.pytester.makeconftest(CONFTEST)
    if adapter == "http":
        project.over_http()
    project.tests({"http": HTTP, "litellm": LITELLM}[adapter] + TESTS.format(names=list(POISONS)))
    project.record("-q", subprocess=True)
    (project.path / "outcomes.jsonl").unlink()
    files = {
        str(document["request"]["messages"][0]["content"]).removeprefix("poison "): path
        for path, document in zip(project.recordings(), project.load(), strict=True)
    }
    assert len(files) == len(POISONS) + 2
    files["broken"].write_text("{")
    for name, poison in POISONS.items():
        poison(Target(files[name], project.cassettes, outside))
    result = project.pytester.run(
        sys.executable, "-m", "pytest", "-p", "no:faulthandler", "--lmcache=replay", "-q", timeout=300
    )
    assert result.ret == 1
    outcomes = [json.loads(line) for line in (project.path / "outcomes.jsonl").read_text().splitlines()]
    assert [name for name, *_ in outcomes][2:-1] == list(POISONS)
    judged = outcomes[2:-1]
    assert outcomes[-1][:3] == ["modules", "answer", "[]"]
    assert [(name, events) for name, _, _, events in judged if events] == []
    assert [name for name, _, text, _ in judged if secret in text] == []
    # An answer is one that is allowed to be edited; all else is one error that names the file.
    wrong = [(n, kind, text) for n, kind, text, _ in judged if kind not in ("answer", "Refusal")]
    assert wrong == []
    assert [text for _, kind, text, _ in judged if kind == "Refusal" and "cassettes/" not in text] == []
    assert not (outside / "ran").exists()
    assert project.provider.count() == len(POISONS) + 2
    figure(f"{adapter}: 0 of {len(POISONS)} poisoned stores ran code or left the folder")
