import shlex
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_lmcache.call import JSON, Request
from pytest_lmcache.miss.text import MissReport, Neighbour, asked, miss_text, record_command

names = st.sampled_from(["messages", "role", "content", "type", "text", "function", "name", "parts", "tool_calls"])
bodies = st.dictionaries(
    names,
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=20),
        lambda children: st.lists(children, max_size=3) | st.dictionaries(names, children, max_size=4),
        max_leaves=20,
    ),
    max_size=4,
)

PNG = "data:image/png;base64," + "iVBORw0KGgo1" * 1000
LOOKED_FOR = "cassettes/chat/what-is-the-capital-of-spain-3f9c2a7b51d0e8c46a1b.json"
FRANCE = "cassettes/chat/what-is-the-capital-of-france-1a2b3c4d5e6f7a8b9c0d.json"


def chat(*texts: str, stream: bool = False, adapter: str = "litellm", **settings: JSON) -> Request:
    messages: list[JSON] = [{"role": "user", "content": text} for text in texts]
    body: dict[str, JSON] = {"model": "openai/gpt-4o-mini", "messages": messages, **settings}
    return Request(adapter, "chat", "openai/gpt-4o-mini", body, ("messages",), stream)


def near(request: Request, path: str = FRANCE, strategy: str = "request", material: JSON = None) -> Neighbour:
    return Neighbour(path, request, strategy, request.body if material is None else material)


def miss(request: Request, **fields: Any) -> str:
    report = MissReport(request, request.body, "request", "cassettes", LOOKED_FOR, "tests/test_x.py::test_y[a]")
    return miss_text(replace(report, **fields))


SPAIN = chat("Hi", "What is the capital of Spain?", temperature=0.7)


def test_miss_says_what_was_asked_where_it_looked_what_is_near_and_what_to_type() -> None:
    other = chat("Hi", "What is the capital of France?", temperature=0.2)
    answered = "cassettes/chat/what-is-the-capital-of-spain-00112233445566778899.json"
    assert (
        miss(SPAIN, recorded=12, nearest=(near(other),), other_strategy=("messages", answered))
        == f"""\
lmcache: nothing recorded answers this call, and replay makes no live calls.

  asked    chat · openai/gpt-4o-mini · 2 messages, last one (user): "What is the capital of Spain?"
  key      request, looked for {LOOKED_FOR}
  nearest  {FRANCE}, which differs in (recorded → asked)
           messages[1].content  What is the capital of [-France-]{{+Spain+}}?
           temperature          0.2 → 0.7

  With @pytest.mark.lmcache(key="messages") this call would have been answered by {answered}.

  To record it:  pytest "tests/test_x.py::test_y[a]" --lmcache=record"""
    )


def test_change_at_the_end_of_a_ten_kilobyte_prompt_is_in_the_text() -> None:
    prompt = " ".join(f"Rule {number}: never mention topic {number}." for number in range(300))
    text = miss(chat(f"{prompt} Be brief."), nearest=(near(chat(f"{prompt} Be kind.")),))
    assert "Be [-kind-]{+brief+}." in text
    assert len(text) < 1000


def test_missing_folder_is_said_to_be_missing() -> None:
    assert "There is no folder cassettes/ yet: record first, and commit" in miss(SPAIN, folder_exists=False)


def test_folder_without_a_recording_of_the_operation_is_said_to_have_none() -> None:
    assert "cassettes/ holds no recording of this operation (chat)." in miss(SPAIN)


def test_folder_where_nothing_is_close_is_said_to_hold_so_many() -> None:
    assert "cassettes/ holds 1,234 recordings of this operation (chat), none of them close." in miss(
        SPAIN, recorded=1234
    )


def test_what_the_key_does_not_see_is_not_called_a_difference() -> None:
    other = chat("What is the capital of France?", temperature=0.2)
    said: JSON = {"messages": SPAIN.body["messages"]}
    text = miss(SPAIN, material=said, strategy="messages", nearest=(near(other, "p", "messages", {"messages": []}),))
    assert "temperature" not in text


def test_recording_that_differs_in_being_streamed_alone_says_so() -> None:
    text = miss(SPAIN, nearest=(near(replace(SPAIN, stream=True)),))
    assert "stream  streamed → not streamed" in text


def test_recording_of_another_adapter_or_strategy_says_so() -> None:
    text = miss(SPAIN, nearest=(near(replace(SPAIN, adapter="http"), strategy="messages"),))
    assert "adapter       http → litellm" in text
    assert "key strategy  messages → request" in text


def test_recording_that_asks_the_same_is_said_to_ask_the_same() -> None:
    assert f"{FRANCE}, which asks the same, as far as this key sees" in miss(SPAIN, nearest=(near(SPAIN),))


def test_key_of_a_callable_that_is_no_object_is_compared_as_a_whole() -> None:
    text = miss(SPAIN, material="about Spain", strategy="topic", nearest=(near(SPAIN, "p", "topic", "about France"),))
    assert "key  about [-France-]{+Spain+}" in text


def test_further_neighbours_are_named_with_the_places_they_differ_in() -> None:
    nearest = (near(chat("Hi", "What?")), near(chat("Hi"), "cassettes/chat/hi-1a2b3c4d5e6f7a8b9c0d.json"))
    expected = "  also     cassettes/chat/hi-1a2b3c4d5e6f7a8b9c0d.json (messages[1], temperature)"
    assert expected in miss(SPAIN, nearest=nearest)


def test_many_differences_are_cut_and_the_rest_named() -> None:
    settings: Any = {f"option_{number}": number for number in range(12)}
    text = miss(chat("Hi", **settings), nearest=(near(chat("Hi")),))
    assert "and in 6 more places: option_" in text


def test_missing_take_says_how_many_there_are() -> None:
    text = miss(SPAIN, take=3, takes=2, recorded=5, nearest=(near(SPAIN),))
    assert text.startswith('lmcache: the recording of this call has 2 takes, repeat="next" gives each of them once')
    assert f"take     number 3, looked for in {LOOKED_FOR}, which holds 2" in text
    assert 'repeat="same"' in text
    assert "nearest" not in text


def test_notes_and_a_command_of_the_caller_are_printed_as_they_are() -> None:
    text = miss(SPAIN, notes=("The field user is not part of this key.",), command="tox -e record")
    assert "\n  The field user is not part of this key.\n" in text
    assert text.endswith("\n  To record it:  tox -e record")


@pytest.mark.parametrize("width", [1, 40, 400])
def test_lines_are_wrapped_except_what_is_to_be_copied(width: int) -> None:
    words = " ".join(f"word{number}" for number in range(width))
    text = miss(chat(words), nearest=(near(chat("Hi")),))
    copied = (LOOKED_FOR, FRANCE, "pytest ")
    assert all(len(line) <= 120 for line in text.splitlines() if not any(part in line for part in copied))


@pytest.mark.parametrize(
    ("node_id", "command"),
    [
        ("tests/test_x.py::test_y", "pytest tests/test_x.py::test_y --lmcache=record"),
        ("tests/test_x.py::test_y[a b]", 'pytest "tests/test_x.py::test_y[a b]" --lmcache=record'),
        ("test_x.py::test_y[it's]", 'pytest "test_x.py::test_y[it\'s]" --lmcache=record'),
        ("test_x.py::test_y[$HOME]", "pytest 'test_x.py::test_y[$HOME]' --lmcache=record"),
        ("", "pytest --lmcache=record"),
    ],
)
def test_record_command_can_be_pasted(node_id: str, command: str) -> None:
    assert record_command(node_id) == command
    assert shlex.split(command)[1:-1] == ([node_id] if node_id else [])


@pytest.mark.parametrize(
    ("operation", "body", "said"),
    [
        (
            "embedding",
            {"input": [f"Document {number}\nabout fish" for number in range(12)]},
            ('input: 12 texts, first one "Document 0 about fish"',),
        ),
        ("embedding", {"input": "just one"}, ('input: "just one"',)),
        ("embedding", {"input": list(range(100))}, ("input: 100 numbers, 0, 1, 2, 3 …",)),
        (
            "rerank",
            {"query": "fish?", "documents": ["a", "b"]},
            ('query: "fish?"', 'documents: 2 texts, first one "a"'),
        ),
        ("transcription", {"file": {"$bytes": {"sha256": "0" * 64, "size": 120_000}}}, ("file: <file 120 kB>",)),
        (
            "chat",
            {
                "messages": [
                    {
                        "role": "user",
                        "content": [
                            {"type": "text", "text": "What is this?"},
                            {"type": "image_url", "image_url": {"url": PNG}},
                        ],
                    }
                ]
            },
            ('1 message (user): "What is this?" + image <png 9 kB>',),
        ),
        (
            "chat",
            {
                "messages": [
                    {
                        "role": "user",
                        "content": [
                            {"type": "input_audio", "input_audio": {"data": "UklGRiQ1" * 200, "format": "wav"}}
                        ],
                    }
                ]
            },
            ("1 message (user): audio <base64 1 kB>",),
        ),
        (
            "chat",
            {
                "messages": [
                    {
                        "role": "assistant",
                        "content": None,
                        "tool_calls": [
                            {"id": "1", "type": "function", "function": {"name": "get_weather", "arguments": "{}"}}
                        ],
                    }
                ]
            },
            ("1 message (assistant): calls get_weather",),
        ),
        (
            "chat",
            {
                "messages": [
                    {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": "22 degrees"}]}
                ]
            },
            ('1 message (user): tool result "22 degrees"',),
        ),
        (
            "responses",
            {"input": [{"type": "function_call_output", "call_id": "c", "output": "22 degrees"}]},
            ('1 item (function_call_output): "22 degrees"',),
        ),
        ("generate", {"contents": [{"role": "user", "parts": [{"text": "Hello"}]}]}, ('1 message (user): "Hello"',)),
    ],
)
def test_asked_line_suits_the_operation(operation: str, body: dict[str, JSON], said: tuple[str, ...]) -> None:
    head, *rest = asked(Request("litellm", operation, "some/model", body, tuple(body)))
    assert head == f"{operation} · some/model"
    assert tuple(rest) == said


def test_streamed_call_is_said_to_be_streamed() -> None:
    assert asked(chat("Hi", stream=True))[0] == "chat · openai/gpt-4o-mini · streamed"


@given(bodies, bodies)
def test_every_request_can_be_explained(old: dict[str, JSON], new: dict[str, JSON]) -> None:
    recorded, wanted = (Request("litellm", "chat", "m", body, ("messages", "parts")) for body in (old, new))
    text = miss(wanted, nearest=(near(recorded),))
    assert text.startswith("lmcache: nothing recorded answers this call")
    assert text.endswith("--lmcache=record")
    assert text.replace("\n", "").isprintable()
