"""When DSPy is imported, and by whom, makes no difference; and nothing is imported for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

CASES = {
    "before": "import dspy\nwatch.install()",
    "after": "watch.install()\nimport dspy",
    "in a test": "watch.install()\nrun.enter(scope)\nimport dspy",
}
PROGRAM = """
import os, sys
from provider import Provider
from pytest_lmcache.adapters import Watch
from pytest_lmcache.options import RunSettings, Settings
from pytest_lmcache.session import Gate, Run
from pathlib import Path

run = Run(RunSettings(), Path.cwd(), "run", os.environ)
watch = Watch(("auto",), Gate(run))
scope = run.scope("test_it.py::test_it", Settings(mode="record"))
{imports}
if not run.holds(scope):
    run.enter(scope)
assert "litellm" not in sys.modules
with Provider() as provider:
    lm = dspy.LM("openai/gpt-4o-mini", api_base=provider.url + "/v1", api_key="fake-key-for-tests", temperature=1.0)
    answers = lm("Hello?", n=2) + lm("Hello?", rollout_id=1)
    assert len(set(answers)) == provider.count() == len(scope.calls) == 3
assert [call.request.body.get("dspy") for call in scope.calls] == [
    {{"n": 2, "candidate": 1}}, {{"n": 2, "candidate": 2}}, {{"rollout_id": 1}}
]
assert "litellm" not in sys.modules
run.leave(scope)
watch.remove()
assert "cache" not in vars(dspy)
"""


@pytest.mark.parametrize("case", CASES)
def test_dspy_is_observed_whenever_it_was_imported(case, tmp_path, a_home_of_its_own):
    program = tmp_path / "program.py"
    program.write_text(PROGRAM.format(imports=CASES[case]))
    made = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {sys.path!r}; exec(open({str(program)!r}).read())"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    assert not (a_home_of_its_own / ".dspy_cache").exists()
