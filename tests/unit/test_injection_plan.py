"""Which call meets what a test has planned, and how long a replayed call takes."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest
from echo_sdk import Adapter, Caller, Provider

from pytest_lmcache.call import Request, Take
from pytest_lmcache.calls import Calls
from pytest_lmcache.errors import BadOption
from pytest_lmcache.options import Settings
from pytest_lmcache.recorder.steps import Linger
from pytest_lmcache.scope import Scope
from pytest_lmcache.session import Run
from pytest_lmcache.whatif import Fault, Plan, where

LATE = Fault("timeout")
DOWN = Fault("status", status=503)


def met(plan: Plan, *models: str, operation: str = "chat") -> list[str]:
    """What calls of these models meet, in words; empty for what was recorded."""
    requests = (Request("echo", operation, model, {}, ()) for model in models)
    return [str(fault) if (fault := plan.fault(request)) else "" for request in requests]


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (1, ["timeout", "", ""]),
        (2, ["", "timeout", ""]),
        ((1, 3), ["timeout", "", "timeout"]),
        (range(2, 9), ["", "timeout", "timeout"]),
        ("every", ["timeout", "timeout", "timeout"]),
    ],
)
def test_calls_are_named_by_number(call: object, expected: list[str]) -> None:
    plan = Plan()
    plan.add(LATE, where(call, "*"))
    assert met(plan, "m", "m", "m") == expected


def test_only_calls_of_the_model_are_counted() -> None:
    plan = Plan()
    plan.add(LATE, where(2, "openai/*"))
    assert met(plan, "openai/a", "anthropic/b", "openai/c") == ["", "", "timeout"]


def test_the_first_of_two_faults_wins_and_the_other_has_counted() -> None:
    plan = Plan()
    plan.add(LATE, where(1, "*"))
    plan.add(DOWN, where((1, 2), "*"))
    assert met(plan, "m", "m", "m") == ["timeout", "status 503", ""]
    assert plan.unmet() == ()


def test_calls_are_counted_from_where_the_fault_is_planned() -> None:
    plan = Plan()
    plan.add(LATE, where(1, "*"))
    assert met(plan, "m", "m") == ["timeout", ""]
    plan.add(DOWN, where(1, "*"))
    assert met(plan, "m") == ["status 503"]


def test_wrapped_functions_meet_nothing() -> None:
    plan = Plan()
    plan.add(LATE, where("every", "*"))
    plan.pace(1.0, where("every", "*"))
    assert met(plan, "", operation="function") == [""]
    assert plan.scale(Request("function", "function", "", {}, ())) == 0.0


@pytest.mark.parametrize("call", [0, -1, True, 1.5, "1", [], [1, 0], [True], None])
def test_what_is_no_number_of_a_call_is_an_error(call: object) -> None:
    with pytest.raises(BadOption, match="no number of a call"):
        where(call, "*")


def paced(run: Callable[..., Run], latency: float) -> Scope:
    """A scope that replays an answer which took so many seconds."""
    older = run("older run").scope("an older test", Settings(mode="record"))
    Caller(older, Provider())()
    recording = older._stack.find(older.calls[0].key, "record").recording
    scope = run().scope("test", Settings(mode="replay"))
    take = Take(json.dumps({"text": "slow"}), latency)
    scope._stack.promote(replace(recording, takes=(take,)))
    return scope


def waits(scope: Scope) -> list[float]:
    """The waits that a call asks for."""
    assert scope.recorder is not None
    steps = scope.recorder._steps(Adapter(), "chat", (), {"prompt": "Hello"}, is_async=False)
    return [step.seconds for step in steps if isinstance(step, Linger)]


@pytest.mark.parametrize(
    ("latency", "expected"), [("recorded", [30.0]), (0.5, [15.0]), (2, [60.0]), (0, []), (None, [])]
)
def test_a_replayed_call_waits_as_long_as_asked(
    run: Callable[..., Run], latency: object, expected: list[float]
) -> None:
    scope = paced(run, 30.0)
    if latency is not None:
        Calls(scope).latency(latency)  # type: ignore[arg-type]
    assert waits(scope) == expected


def test_a_wait_ends_with_its_test(run: Callable[..., Run]) -> None:
    scope = paced(run, 3600.0)
    Calls(scope).latency("recorded")
    answers: list[str] = []
    thread = threading.Thread(target=lambda: answers.append(Caller(scope, Provider())()), daemon=True)
    thread.start()
    scope.leave()
    thread.join(60)
    assert answers == ["slow"]
