"""The plugin where no SDK is installed: it loads, explains itself, and stands aside."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("litellm") is not None, reason="litellm is installed here; this runs where it is not"
)


def run(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "pytest", *args], cwd=folder, capture_output=True, text=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    text = "import pytest\n@pytest.mark.lmcache\ndef test_it(lmcache):\n    assert not lmcache.calls\n"
    (tmp_path / "test_it.py").write_text(text)
    return tmp_path


def test_the_package_imports():
    subprocess.run([sys.executable, "-c", "import pytest_lmcache, pytest_lmcache.plugin"], check=True)


def test_help_explains_the_options(folder):
    assert "--lmcache=" in run(folder, "--help").stdout


@pytest.mark.parametrize("mode", ["replay", "record", "refresh", "off"])
def test_a_suite_without_calls_passes_in_every_mode(folder, mode):
    result = run(folder, f"--lmcache={mode}")
    assert result.returncode == 0, result.stdout


def test_naming_an_adapter_whose_sdk_is_missing_says_what_to_install(folder):
    (folder / "pytest.ini").write_text("[pytest]\nlmcache_adapters = litellm\n")
    result = run(folder, "--lmcache=replay")
    assert result.returncode == 4
    assert 'pip install "pytest-lmcache[litellm]"' in result.stderr


def test_the_cache_for_dspy_says_what_to_install():
    done = subprocess.run([sys.executable, "-c", "import pytest_lmcache.dspy"], capture_output=True, text=True)
    assert done.returncode == 1
    assert 'pip install "pytest-lmcache[dspy]"' in done.stderr


def test_a_page_whose_libraries_are_missing_says_what_to_install(folder):
    result = run(folder, "--lmcache=replay", "--lmcache-html=page.html")
    assert result.returncode == 4
    assert "--lmcache-html needs jinja2 and pygal, which are not installed" in result.stderr
    assert 'pip install "pytest-lmcache[html]"' in result.stderr
    assert not (folder / "page.html").exists()
