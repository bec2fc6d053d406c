"""A small suite of the openai SDK, the recorders it is recorded with, and the commands typed at it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

APPLICATION = '''
import json
import os
from pathlib import Path

import openai

URL = os.environ["PROVIDER_URL"] + "/v1"
client = openai.OpenAI(base_url=URL, api_key="fake-key-for-tests", max_retries=0)
TOOL = {"type": "function", "function": {"name": "weather", "parameters": {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}


def ask(text, **options):
    messages = [{"role": "user", "content": text}]
    return client.chat.completions.create(model="gpt-4o-mini", messages=messages, **options)


def keep(name, *results):
    """What a test saw, whole."""
    folder = Path(os.environ["RESULTS"])
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps([result.model_dump(mode="json") for result in results]))
'''

SUITE = """
import asyncio
import openai
import pytest
from app import TOOL, URL, ask, client, keep

pytestmark = pytest.mark.MARK


@pytest.fixture(scope="module")
def vcr_config():
    return {"filter_headers": ["authorization"], "decode_compressed_response": True}


def test_chat():
    keep("chat", ask("What is the capital of France?", temperature=0.1, seed=7))


def test_unicode():
    keep("unicode", ask("Wie heißt die Hauptstadt? “Zürich”, 1e5, yes, 2024-01-01\\n\\n 12:30:45"))


def test_stream():
    keep("stream", *ask("Tell me a story", stream=True))


def test_agent():
    messages = [{"role": "user", "content": "What is the weather in Paris?"}]
    first = client.chat.completions.create(model="gpt-4o-mini", messages=messages, tools=[TOOL])
    messages.append(first.choices[0].message.model_dump(exclude_none=True))
    for call in first.choices[0].message.tool_calls:
        messages.append({"role": "tool", "tool_call_id": call.id, "content": "sunny"})
    keep("agent", first, client.chat.completions.create(model="gpt-4o-mini", messages=messages, tools=[TOOL]))


def test_samples():
    keep("samples", ask("Name a fruit", temperature=1), ask("Name a fruit", temperature=1))


def test_embedding():
    keep("embedding", client.embeddings.create(model="text-embedding-3-small", input=["a", "b"]))


def test_responses():
    keep("responses", client.responses.create(model="gpt-4o-mini", input="Hello?"))


def test_async():
    async def call():
        async with openai.AsyncOpenAI(base_url=URL, api_key="fake-key-for-tests", max_retries=0) as client:
            messages = [{"role": "user", "content": "Hello from a task?"}]
            return await client.chat.completions.create(model="gpt-4o-mini", messages=messages)
    keep("async", asyncio.run(call()))
"""
TESTS, CALLS = 8, 10
"""How many tests the suite has, and how many calls of models they make."""


@dataclass(frozen=True)
class Recorder:
    """A pytest plugin that records HTTP: what must be installed, how it is turned on, and what it writes."""

    name: str
    module: str
    plugin: str
    options: tuple[str, ...]

    @property
    def installed(self) -> bool:
        return all(find_spec(name) for name in (self.module, "openai"))


RECORDERS = (
    Recorder("pytest-recording", "pytest_recording", "recording", ("--record-mode=once",)),
    Recorder("cassetter", "cassetter", "cassetter", ("--record-mode=once",)),
)


class Suite:
    """The suite in a folder of its own; pytest runs in a child process, with one of the recorders or with none."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "app.py").write_text(APPLICATION)
        (folder / "pytest.ini").write_text("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
        self.mark("vcr")

    @property
    def cassettes(self) -> Path:
        return self.folder / "tests" / "cassettes"

    def mark(self, marker: str) -> None:
        """Write the tests, with this marker on all of them."""
        (self.folder / "tests").mkdir(exist_ok=True)
        (self.folder / "tests" / "test_it.py").write_text(SUITE.replace("MARK", marker))

    def pytest(self, url: str, *args: str, recorder: Recorder | None = None) -> subprocess.CompletedProcess[str]:
        others = [each.plugin for each in RECORDERS if each is not recorder]
        off = [f"-pno:{name}" for name in (*others, "randomly", "cacheprovider", "hypothesispytest", "syrupy", "xdist")]
        options = recorder.options if recorder else ()
        environment = {
            "PROVIDER_URL": url,
            "RESULTS": str(self.folder / f"results-{recorder.name if recorder else ''}"),
        }
        return self._run("-m", "pytest", "-q", *off, *options, *args, environment=environment)

    def lmcache(self, *args: str) -> subprocess.CompletedProcess[str]:
        """The command `pytest-lmcache`."""
        return self._run("-m", "pytest_lmcache.cli", *args)

    def results(self, recorder: Recorder | None = None) -> dict[str, object]:
        folder = self.folder / f"results-{recorder.name if recorder else ''}"
        return {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}

    def recordings(self) -> list[Path]:
        return sorted((self.folder / "cassettes").glob("*/*.json"))

    def _run(self, *args: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        root = str(Path(__file__).parents[2])
        paths = [str(self.folder), root, *filter(None, [os.environ.get("PYTHONPATH")])]
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "OPENAI_"))}
        return subprocess.run(
            [sys.executable, *args],
            cwd=self.folder,
            env=inherited | {"PYTHONPATH": os.pathsep.join(paths), "COLUMNS": "200"} | (environment or {}),
            capture_output=True,
            text=True,
            check=False,
        )
