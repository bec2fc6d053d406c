"""What the documentation says is run, parsed or looked up."""

from __future__ import annotations

import argparse
import configparser
import inspect
import json
import re
import shlex
import tomllib

import click
import litellm
import pytest
from documents import DOCUMENTS, ROOT, Block, all_blocks, anchors, blocks, names_in, prose, table

import pytest_lmcache
import pytest_lmcache.errors
from pytest_lmcache import Cache, Call, Calls, placeholders, plugin
from pytest_lmcache.adapters.litellm.adapter import BLOCKING
from pytest_lmcache.adapters.litellm.functions import OPERATIONS
from pytest_lmcache.adapters.litellm.requests import CONVERSATION
from pytest_lmcache.cassette import FOLDS
from pytest_lmcache.cli import COMMANDS, main
from pytest_lmcache.errors import BadOption
from pytest_lmcache.folding import ORDER, WITHOUT
from pytest_lmcache.options import OPTIONS, RunSettings, Settings
from pytest_lmcache.plain import TAGS
from pytest_lmcache.readers import ADAPTERS, RUN_MODES, read_run_mode

REFERENCE = ROOT / "docs" / "reference.md"
BY_INI_NAME = {f"lmcache_{option.name}": option for option in OPTIONS}
COMMAND = re.compile(r"^(?:- run: |\$ )?(?:\w+=\S+ )*(?:python -m )?pytest(?![\w-])(.*)$")
TYPED = re.compile(r"^(?:\$ )?pytest-lmcache ([\w-]+)(.*)$", re.MULTILINE)


def sections() -> list[tuple[str, str]]:
    found = dict.fromkeys((block.document, block.section) for block in all_blocks("python"))
    return [place for place in found if place[0] != "README.md"]


@pytest.mark.parametrize(("document", "section"), sections(), ids=lambda part: part.replace(" ", "-"))
def test_the_python_blocks_of_a_section_record_and_replay(project, document, section, monkeypatch):
    """The blocks below a heading are one project. Its ini blocks hold for it."""
    write(project, document, section)
    if any(re.search(r"^(from|import) .*\bdspy\b", path.read_text(), re.M) for path in project.path.glob("*.py")):
        for module in ("dspy.clients.execution", "pytest_lmcache.adapters.dspy.observer"):
            pytest.importorskip(module)
        # Where the provider is must not choose DSPy's engine.
        project.pytester.makeconftest("import os\nos.environ['GATEWAY'] = os.environ.pop('OPENAI_API_BASE', '')\n")
        monkeypatch.setenv("GATEWAY", "")
    recorded = project.record()
    if recorded.ret == pytest.ExitCode.NO_TESTS_COLLECTED:
        return  # collecting the blocks has run them
    assert recorded.ret == pytest.ExitCode.OK, recorded.stdout.str()
    received = project.provider.count()
    replayed = project.replay()
    assert replayed.ret == pytest.ExitCode.OK, replayed.stdout.str()
    assert replayed.parseoutcomes()["passed"] == recorded.parseoutcomes()["passed"]
    assert project.provider.count() == received


def test_what_the_tutorial_shows_is_what_is_printed(project):
    tutorial = "docs/tutorial.md"
    shown = {block.section: block.text for block in blocks(ROOT / tutorial) if block.language == "text"}
    assert set(shown) == {"2. Mark a test", "3. Record", "4. Replay", "5. Change the prompt"}
    write(project, tutorial, "2. Mark a test")
    printed = project.bare().stdout.str()
    assert [line for line in shown["2. Mark a test"].splitlines() if line not in printed] == []
    assert shown["3. Record"] in project.record().stdout.str()
    # How long an answer took, and how many tokens the provider counts, is not the same each time.
    varying = re.compile(r"\d+(?= tokens)| and [\d.]+s(?= saved)")
    assert varying.sub("", shown["4. Replay"]) in varying.sub("", project.bare().stdout.str())
    application = project.path / "tickets.py"
    application.write_text(application.read_text().replace("technical or shipping.", "technical, shipping or other."))
    assert shown["5. Change the prompt"].strip() in project.bare().stdout.str()


def here(document: str, section: str) -> list[Block]:
    """The blocks of a section."""
    return [block for block in blocks(ROOT / document) if block.section == section]


def write(project, document: str, section: str) -> None:
    """Make a project of the blocks of a section."""
    for block in here(document, section):
        if block.language == "python":
            (project.path / block.file).write_text(block.text)
        elif block.language == "ini":
            project.ini(*block.text.splitlines()[1:])
    project.pytester.syspathinsert()


@pytest.mark.parametrize("block", all_blocks("console", "yaml", "text", "bash"), ids=str)
def test_every_command_has_options_that_exist(block: Block, pytestconfig):
    for arguments in filter(None, map(COMMAND.match, (line.strip() for line in block.text.splitlines()))):
        words = shlex.split(arguments.group(1), comments=True)
        known, unknown = pytestconfig._parser.parse_known_and_unknown_args(words, namespace=argparse.Namespace())
        assert not unknown, f"{block}: {unknown}"
        if known.lmcache is not None:
            read_run_mode(known.lmcache)


@pytest.mark.parametrize("block", all_blocks("console", "yaml", "text", "bash"), ids=str)
def test_every_command_of_ours_exists_with_its_options(block: Block):
    for name, arguments in TYPED.findall(block.text):
        command(name).make_parser(click.Context(main)).parse_args(shlex.split(arguments, comments=True))


def command(name: str) -> click.Command:
    found = main.get_command(click.Context(main), name)
    assert found is not None, name
    return found


def test_the_reference_has_every_option_of_import():
    rows = table(REFERENCE, "pytest-lmcache import")
    options = {option.opts[0] for option in command("import").params if option.opts[0].startswith("--")}
    assert {row[0].split()[0].strip("`") for row in rows} == options


def test_the_reference_has_every_command_and_its_options():
    rows = table(REFERENCE, "pytest-lmcache", number=0)
    choosing = {name for row in table(REFERENCE, "pytest-lmcache", number=1) for name in names_in(row[0]) or [row[0]]}
    assert [row[0] for row in rows] == list(COMMANDS)
    for name, options, _ in rows:
        every = [option for parameter in command(name).params for option in parameter.opts if option.startswith("--")]
        if options == "below":
            continue
        shared = {"--json", "--cassettes", *(choosing if "--model" in every else ())}
        assert shared - {"--cassettes"} <= set(every), name
        assert (names_in(options) or list(filter(None, [options]))) == [one for one in every if one not in shared], name


@pytest.mark.parametrize("block", all_blocks("ini", "toml"), ids=str)
def test_every_setting_exists_and_has_a_legal_value(block: Block):
    if block.language == "toml":
        values = tomllib.loads(block.text)["tool"]["pytest"]["ini_options"]
    else:
        parser = configparser.RawConfigParser()
        parser.read_string(block.text)
        values = dict(parser["pytest"])
    for name, value in values.items():
        option = BY_INI_NAME[name]
        if option.ini_type == "linelist" and isinstance(value, str):
            value = value.strip().splitlines()
        if ":" not in str(value):  # what is imported, the blocks beside it bring
            option.read(value)


@pytest.mark.parametrize("block", all_blocks("json"), ids=str)
def test_every_json_block_is_json(block: Block):
    if "…" not in block.text:
        json.loads(block.text)


def test_the_error_shown_is_raised_as_that_error():
    (block,) = (block for block in all_blocks("json") if block.document == "docs/how-to/errors.md")
    with pytest.raises(litellm.RateLimitError, match="Rate limit reached") as raised:
        BLOCKING.build(json.loads(block.text))
    assert raised.value.status_code == 429


def test_the_stream_shown_has_the_chunks_it_stands_for():
    (block,) = (block for block in all_blocks("json") if block.section == "Streams")
    first, *_, last = list(BLOCKING.build(json.loads(block.text)))
    assert first.choices[0].delta.content == "Hel"
    assert first.choices[0].delta.role == "assistant"
    assert last.choices[0].finish_reason == "stop"
    assert {chunk.id for chunk in (first, last)} == {"c-1"}


def test_every_field_of_a_recording_is_in_the_description_of_the_format(project):
    project.tests("def test_it(): ask()")
    project.record()
    (recording,) = project.load()
    described = ROOT / "docs" / "file-format.md"
    rows = table(described, "A recording", number=0)
    assert [name for name, kind, *_ in rows if "optional" not in kind] == list(recording)
    assert {row[0] for row in table(described, "A recording", number=1)} == set(recording["responses"][0])


def test_every_tag_of_plain_json_is_in_the_description_of_the_format():
    text = (ROOT / "docs" / "file-format.md").read_text("utf-8")
    assert set(re.findall(r'"(\$\w+)"', text)) == TAGS | FOLDS | {ORDER, WITHOUT}


def test_only_known_kinds_of_blocks_are_used():
    assert {block.language for document in DOCUMENTS for block in blocks(document)} <= {
        "python", "console", "ini", "toml", "json", "yaml", "text",
    }  # fmt: skip


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_between_documents_resolves(document):
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(document)):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        found = (document.parent / path).resolve() if path else document
        assert found.exists(), target
        assert not anchor or anchor in anchors(found), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_setting_named_in_prose_exists(document):
    text = document.read_text("utf-8")
    legal = {*BY_INI_NAME, "lmcache_config"}
    assert set(re.findall(r"\blmcache_[a-z_]+\b", text)) <= legal
    for arguments in re.findall(r"@pytest\.mark\.lmcache\(([^)]*)", text):
        assert set(re.findall(r"(\w+)=", re.sub(r"\([^)]*|\"[^\"]*\"", "", arguments))) <= {
            option.name for option in OPTIONS if option.marker
        }


@pytest.mark.parametrize(
    ("heading", "marker"), [("Settings of a test", True), ("Settings of a run", False)], ids=["test", "run"]
)
def test_the_reference_has_every_setting_and_no_other(heading, marker):
    rows = [row[:3] for row in table(REFERENCE, heading)]
    assert rows == [
        [o.name, f"lmcache_{o.name}" if o.ini_type else "", o.default] for o in OPTIONS if o.marker is marker
    ]


@pytest.mark.parametrize(("heading", "marker"), [("Settings of a test", True), ("Settings of a run", False)])
def test_the_defaults_in_the_reference_are_those_that_hold(heading, marker):
    settings = Settings() if marker else RunSettings()
    for name, _, default, _ in table(REFERENCE, heading):
        held = getattr(settings, name)
        option = next(option for option in OPTIONS if option.name == name)
        assert option.read(default) == held if default else held in ((), None)


def test_every_setting_of_the_code_can_be_written():
    assert set(Settings.__slots__) | set(RunSettings.__slots__) == {option.name for option in OPTIONS}


def test_the_marker_names_every_argument():
    arguments = plugin.MARKER.partition("):")[0]
    assert set(re.findall(r"(\w+)=", arguments)) == {o.name for o in OPTIONS if o.marker}


def test_the_reference_has_every_mode(pytestconfig):
    assert [row[0] for row in table(REFERENCE, "Modes")] == list(RUN_MODES)
    group = next(group for group in pytestconfig._parser._groups if group.name == "lmcache")
    written = [row[0] for row in table(REFERENCE, "Command line")]
    assert written == [name for option in group.options for name in option.names()]


def test_the_reference_has_every_adapter():
    (row,) = (row for row in table(REFERENCE, "Settings of a run") if row[0] == "adapters")
    assert names_in(row[3]) == ["auto", *ADAPTERS]


def test_the_reference_has_every_fixture():
    fixtures = re.findall(r"^### `(\w+)`$", prose(REFERENCE).split("## Fixtures")[1].split("\n## ")[0], re.MULTILINE)
    public = {name for name, value in vars(plugin).items() if "Fixture" in type(value).__name__ and name[0] != "_"}
    assert set(fixtures) == public == {"lmcache", "lmcache_config"}


def test_the_reference_has_every_public_name():
    assert [row[0] for row in table(REFERENCE, "Public names")] == pytest_lmcache.__all__


@pytest.mark.parametrize(("name", "cls"), [("Calls", Calls), ("Call", Call)])
def test_the_reference_has_every_attribute(name, cls):
    written = {row[0].removesuffix("()") for row in table(REFERENCE, f"`{name}`")}
    assert written == {attribute for attribute in dir(cls) if not attribute.startswith("_")}


def test_the_reference_has_every_argument_of_the_cache():
    signature = inspect.signature(Cache)
    rows = [row[:2] for row in table(REFERENCE, "`Cache`", number=0)]
    assert rows == [[name, str(parameter.default)] for name, parameter in signature.parameters.items()]


def test_the_reference_has_every_method_of_the_cache():
    documented = [name for row in table(REFERENCE, "`Cache`", number=1) for name in (names_in(row[0]) or [row[0]])]
    named = {re.match(r"\w+", name).group() for name in documented}
    assert named - {"in", "memory"} == {name for name in dir(Cache) if not name.startswith("_")}
    for call in documented:
        if "(" in call:
            name, _, arguments = call.partition("(")
            signature = inspect.signature(getattr(Cache, name))
            expected = [
                p.name if p.default is p.empty else f"{p.name}={p.default}"
                for p in list(signature.parameters.values())[1:]
            ]
            assert arguments.rstrip(")").split(", ") == (expected or [""]), call


def test_the_reference_has_every_operation():
    for operation, functions, conversation in table(REFERENCE, "What is intercepted"):
        assert names_in(functions) == [name for name, what in OPERATIONS.items() if what == operation]
        assert tuple(names_in(conversation) or [conversation]) == CONVERSATION[operation]
    assert [row[0] for row in table(REFERENCE, "What is intercepted")] == list(CONVERSATION)


def test_the_reference_has_every_variable():
    variables = {row[0] for row in table(REFERENCE, "Environment variables")}
    assert variables == {plugin.ENVIRONMENT, "XDG_CACHE_HOME", *placeholders.QUIET}
    text = prose(REFERENCE).split("### Placeholder credentials")[1].split("\n## ")[0]
    names = [name for name in names_in(text) if name.isupper()]
    assert names == [*placeholders.KEYS, *placeholders.PLAIN]
    assert placeholders.VALUE in names_in(text)


def test_the_reference_has_every_error():
    classes = {
        name
        for name, value in vars(pytest_lmcache.errors).items()
        if isinstance(value, type) and value.__module__ == "pytest_lmcache.errors"
    }
    assert {row[0] for row in table(REFERENCE, "Errors")} == classes


def test_an_illegal_value_names_the_legal_ones_of_the_reference():
    for name, _, _, values in table(REFERENCE, "Settings of a test"):
        if name in ("mode", "repeat"):
            option = next(option for option in OPTIONS if option.name == name)
            with pytest.raises(BadOption) as error:
                option.read("nothing of the kind")
            for value in [part for part in names_in(values) if part.isalpha()]:
                assert value in str(error.value)


def test_the_layer_diagram_names_exactly_the_modules_there_are():
    diagram = next(block.text for block in blocks(ROOT / "CONTRIBUTING.md") if block.section == "Layers")
    package = ROOT / "pytest_lmcache"
    modules = {path.stem for path in package.glob("*.py")} | {
        path.parent.name for path in package.glob("*/__init__.py")
    }
    assert sorted(diagram.split()) == sorted(modules - {"__init__"})


def test_the_layer_diagram_is_what_the_import_linter_holds():
    diagram = next(block.text for block in blocks(ROOT / "CONTRIBUTING.md") if block.section == "Layers")
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    assert [set(line.split()) for line in diagram.splitlines()] == [set(layer.split(" | ")) for layer in layers]


def test_every_file_contributing_names_exists():
    for cell in (cell for row in table(ROOT / "CONTRIBUTING.md", "To add X, touch Y") for cell in row[1:]):
        for name in names_in(cell) or [cell]:
            if "/" in name or name.endswith(".py"):
                places = (ROOT / name, ROOT / "pytest_lmcache" / name, ROOT / "pytest_lmcache/adapters/litellm" / name)
                assert any(place.exists() for place in places), name
