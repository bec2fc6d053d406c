"""The live-call guard: connections to a provider that no adapter sees."""

from __future__ import annotations

import asyncio.base_events
import http.server
import re
import socket
import threading

import pytest

from pytest_lmcache.errors import BadOption
from pytest_lmcache.providers import HOSTS, Hosts, check_host

# A client that is none of those which are intercepted, and asks for what is no model call either.
CLIENT = """
import asyncio, http.client, threading

def models(host, port=443):
    connection = http.client.HTTPConnection(host, port)
    connection.request("GET", "/v1/models")
    return connection.getresponse().status

async def amodels(host, port=443):
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(b"GET /v1/models HTTP/1.0\\r\\n\\r\\n")
    await reader.read()
    writer.close()
"""


@pytest.fixture
def server():
    """A server of our own on loopback: its `paths` are what it was asked for."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            paths.append(self.path)
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *args):
            pass

    paths: list[str] = []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as made:
        made.paths = paths
        made.address = f"127.0.0.1:{made.server_port}"
        made.arguments = f"'127.0.0.1', {made.server_port}"
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield made
        made.shutdown()
        thread.join()


@pytest.fixture
def guarded(project, server):
    """A project whose provider is the server."""
    project.pytester.makepyfile(client=CLIENT)
    project.ini("lmcache_guard_hosts =", f"    {server.address}")
    return project


def write(project, text, name="test_it"):
    project.tests("import threading\nfrom client import models, amodels\n" + text, name=name)


def test_a_connection_in_replay_fails_the_test_and_names_host_test_and_call_site(guarded, server):
    write(
        guarded,
        f"def ask_for_models():\n    return models({server.arguments})\n\ndef test_it():\n    ask_for_models()\n",
    )
    result = guarded.replay()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            f"lmcache: a connection to {server.address} was about to be opened, and replay makes no live calls.",
            "  test       test_it.py::test_it",
            "  call site  client.py:*, in models",
            '             connection.request("GET", "/v1/models")',
            '*lmcache(mode="off")*lmcache_guard = off*',
        ]
    )
    assert not guarded.shows_frames(result)
    assert server.paths == []


@pytest.mark.parametrize("host", ["api.openai.com", "API.Anthropic.com", "example.openai.azure.com"])
def test_a_known_provider_is_refused_before_its_name_is_looked_up(guarded, host):
    write(guarded, f"def test_it():\n    models('{host}')\ndef test_async():\n    asyncio.run(amodels('{host}'))\n")
    result = guarded.replay()
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines([f"lmcache: a connection to {host} was about*", "  call site  client.py:*, in amodels"])


# A test that goes on after its connection was refused.
SWALLOWED = {
    "caught": """
def test_it():
    try:
        models(ADDRESS)
    except BaseException:
        print("REACHED")
""",
    "thread": """
def test_it():
    thread = threading.Thread(target=models, args=(ADDRESS,))
    thread.start()
    thread.join()
    print("REACHED")
""",
    "gathered": """
async def several():
    await asyncio.gather(amodels(ADDRESS), return_exceptions=True)

def test_it():
    asyncio.run(several())
    print("REACHED")
""",
    "task": """
async def left():
    await asyncio.wait([asyncio.create_task(amodels(ADDRESS))])

def test_it():
    asyncio.run(left())
    print("REACHED")
""",
}


@pytest.mark.parametrize("suite", SWALLOWED.values(), ids=SWALLOWED)
def test_a_refusal_that_is_swallowed_fails_the_test_at_its_end(guarded, server, suite):
    write(guarded, suite.replace("ADDRESS", server.arguments))
    result = guarded.replay("-W", "ignore::pytest.PytestUnhandledThreadExceptionWarning")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*was about to be opened*", "  call site  client.py:*, in *models", "*REACHED*"])
    assert server.paths == []


def test_a_name_looked_up_by_a_thread_of_the_loop_has_the_call_site_too(guarded):
    write(
        guarded,
        "async def connect():\n    loop = asyncio.get_running_loop()\n"
        "    return await loop.create_task(loop.getaddrinfo('api.groq.com', 443))\n\n"
        "def test_it():\n    asyncio.run(connect())\n",
    )
    result = guarded.replay()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["  call site  test_it.py:*, in connect"])


def test_a_connection_of_a_fixture_fails_the_tests_that_ask_for_it(guarded, server):
    write(
        guarded,
        f"@pytest.fixture(scope='session')\ndef available():\n    return models({server.arguments})\n"
        "def test_one(available):\n    pass\ndef test_two(available):\n    pass\ndef test_other():\n    pass\n",
    )
    guarded.replay().assert_outcomes(errors=2, passed=1)
    assert server.paths == []


def test_a_connection_made_while_a_module_is_imported_is_an_error_of_its_collection(guarded, server):
    write(guarded, f"models({server.arguments})\ndef test_it():\n    pass\n")
    result = guarded.replay()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["lmcache: a connection to 127.0.0.1:*"])
    assert server.paths == []


def test_a_recorded_call_replays_beside_the_guard(guarded, server):
    guarded.ini(f"    {guarded.provider.url.partition('//')[2]}")
    write(guarded, "def test_it():\n    assert ask()\n")
    assert "unrecorded live calls" not in guarded.record().stdout.str()
    guarded.replay().assert_outcomes(passed=1)
    assert guarded.provider.count() == 1


def test_no_call_that_is_recorded_counts_as_unrecorded(guarded):
    """The name is looked up by a thread that knows nothing of the call."""
    port = guarded.provider.url.rpartition(":")[2]
    guarded.ini(f"    localhost:{port}")
    write(
        guarded,
        f"BASE = 'http://localhost:{port}/v1'\n"
        "def test_sync():\n    assert ask(api_base=BASE)\n"
        "def test_async():\n    assert asyncio.run(aask('Async?', api_base=BASE))\n"
        "def test_http():\n    import httpx\n"
        "    body = {'model': 'm', 'messages': [{'role': 'user', 'content': 'HTTP?'}]}\n"
        "    async def post():\n        async with httpx.AsyncClient(trust_env=False) as client:\n"
        "            return await client.post(f'{BASE}/chat/completions', json=body)\n"
        "    assert asyncio.run(post()).status_code == 200\n",
    )
    result = guarded.record()
    result.assert_outcomes(passed=3)
    assert guarded.provider.count() == 3
    assert "unrecorded live calls" not in result.stdout.str()
    guarded.replay().assert_outcomes(passed=3)


def test_recording_lists_the_connections_of_each_test_and_fails_none(guarded, server):
    write(
        guarded,
        f"def test_one():\n    models({server.arguments}), models({server.arguments})\n    ask()\n"
        f"def test_two():\n    asyncio.run(amodels({server.arguments}))\n",
    )
    result = guarded.record()
    result.assert_outcomes(passed=2)
    tests = ["test_it.py::test_one", "test_it.py::test_two"]
    result.stdout.fnmatch_lines(
        [
            "lmcache: 1 recorded",
            f"  unrecorded live calls to {server.address}, which replay refuses: {', '.join(tests)}",
        ]
    )
    assert server.paths == ["/v1/models"] * 3


@pytest.mark.parametrize("mode", ["record", "replay"])
def test_it_holds_under_xdist(guarded, server, mode):
    guarded.over_http()
    write(guarded, f"@pytest.mark.parametrize('n', [1, 2])\ndef test_it(n):\n    models({server.arguments})\n")
    result = getattr(guarded, mode)("-n2", subprocess=True)
    if mode == "record":
        result.assert_outcomes(passed=2)
        (line,) = [line for line in result.outlines if "unrecorded live calls" in line]
        assert re.findall(r"test_it\[\d]", line) in (["test_it[1]", "test_it[2]"], ["test_it[2]", "test_it[1]"])
    else:
        result.assert_outcomes(failed=2)
    assert len(server.paths) == (2 if mode == "record" else 0)


def test_other_hosts_and_ports_are_nobodys_business(guarded, server):
    (guarded.path / "tox.ini").write_text((guarded.path / "tox.ini").read_text().replace(server.address, "127.0.0.1:1"))
    write(guarded, f"def test_it():\n    models({server.arguments})\n")
    guarded.replay().assert_outcomes(passed=1)
    assert len(server.paths) == 1


@pytest.mark.parametrize(
    ("line", "outcome"),
    [
        ("", {"failed": 1, "passed": 2}),
        ("lmcache_guard = on", {"failed": 1, "passed": 2}),
        ("lmcache_guard = all", {"failed": 2, "passed": 1}),
        ("lmcache_guard = off", {"passed": 3}),
    ],
)
def test_the_ini_option_says_for_which_tests(guarded, server, line, outcome):
    guarded.ini(line)
    write(
        guarded,
        f"@pytest.mark.lmcache\ndef test_marked():\n    models({server.arguments})\n"
        f"def test_unmarked():\n    models({server.arguments})\n"
        f"@pytest.mark.lmcache(mode='off')\ndef test_off():\n    models({server.arguments})\n",
    )
    guarded.bare().assert_outcomes(**outcome)
    assert len(server.paths) == outcome["passed"]


def test_all_guards_a_suite_in_which_no_test_opts_in(guarded, server):
    guarded.ini("lmcache_guard = all")
    write(guarded, f"def test_it():\n    models({server.arguments})\ndef test_other():\n    pass\n")
    result = guarded.bare("-v")
    result.assert_outcomes(failed=1, passed=1)
    assert "no calls]" not in result.stdout.str()
    assert server.paths == []
    guarded.bare("--lmcache=off").assert_outcomes(passed=2)


def test_without_a_mode_a_test_that_did_not_opt_in_connects(guarded, server):
    write(guarded, f"def test_it():\n    models({server.arguments})\n")
    guarded.bare().assert_outcomes(passed=1)
    assert len(server.paths) == 1


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (("lmcache_guard = some",), "ini lmcache_guard: guard='some' is not one of on, all, off"),
        (
            ("lmcache_guard_hosts = https://llm.example.org/v1",),
            "ini lmcache_guard_hosts: guard_hosts='https://llm.example.org/v1' is no host; write a name",
        ),
    ],
)
def test_a_setting_nobody_can_mean_is_a_usage_error(project, lines, said):
    project.ini(*lines)
    project.tests("def test_it():\n    pass\n")
    result = project.replay()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert said in result.stderr.str()


def test_after_a_run_every_function_is_what_it_was(guarded, server):
    loop = asyncio.base_events.BaseEventLoop
    before = socket.getaddrinfo, socket.socket.connect, socket.socket.connect_ex, loop.getaddrinfo
    write(guarded, "import socket\ndef test_it():\n    assert hasattr(socket.getaddrinfo, 'lmcache_replacement')\n")
    guarded.replay().assert_outcomes(passed=1)
    assert (socket.getaddrinfo, socket.socket.connect, socket.socket.connect_ex, loop.getaddrinfo) == before
    assert "connect" not in vars(socket.socket)


@pytest.mark.parametrize(
    ("host", "port", "known"),
    [
        ("api.openai.com", 443, True),
        ("api.openai.com.", None, True),
        ("eu.api.openai.com", 443, True),
        ("apixopenai.com", 443, False),
        ("openai.com", 443, False),
        ("api.openai.com.example.org", 443, False),
        ("bedrock-runtime.eu-west-1.amazonaws.com", 443, True),
        ("s3.eu-west-1.amazonaws.com", 443, False),
        ("europe-west1-aiplatform.googleapis.com", 443, True),
        ("storage.googleapis.com", 443, False),
        ("localhost", 11434, False),
        ("llm.example.org", 443, True),
        ("llm.example.org", 8080, True),
        ("own.example.org", 8080, True),
        ("own.example.org", 443, False),
        ("::1", 8080, True),
    ],
)
def test_which_hosts_are_providers(host, port, known):
    assert Hosts(("llm.example.org", "own.example.org:8080", "[::1]:8080")).has(host, port) is known


@pytest.mark.parametrize("entry", ["", "*", "https://llm.example.org", "llm.example.org/v1", "a b", "host:port", ".*"])
def test_what_is_no_host_is_named(entry):
    with pytest.raises(BadOption, match="is no host; write a name"):
        check_host(entry)


def test_the_table_holds_what_an_ini_line_may_hold():
    assert [check_host(host) for host in HOSTS] == list(HOSTS)
