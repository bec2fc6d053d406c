"""The agent calls the tools a question needs, and answers with what they returned."""

from __future__ import annotations

from support.agent import ask


def test_an_order_is_looked_up_before_it_is_talked_about() -> None:
    outcome = ask("What is the status of order A-1042?")
    assert outcome.turns == [[("look_up_order", {"order_id": "A-1042"})]]
    assert "shipped" in outcome.answer
    assert "2025-06-03" in outcome.answer


def test_two_orders_are_looked_up_in_one_turn() -> None:
    outcome = ask("Which of my orders comes first, A-1042 or A-2077?")
    (turn,) = outcome.turns
    assert [arguments["order_id"] for _, arguments in turn] == ["A-1042", "A-2077"]
    assert "Lisbon" in outcome.answer
    assert "Oslo" in outcome.answer


def test_the_weather_is_asked_for_where_the_order_goes() -> None:
    outcome = ask("What weather will the courier have who brings order A-2077?")
    assert outcome.turns == [
        [("look_up_order", {"order_id": "A-2077"})],
        [("weather_forecast", {"city": "Oslo"})],
    ]
    assert "rain" in outcome.answer


def test_an_unknown_order_is_told() -> None:
    assert "there is no order A-9999" in ask("Please cancel order A-9999.").answer


def test_small_talk_needs_no_tool() -> None:
    outcome = ask("Good morning!")
    assert outcome.turns == []
    assert outcome.answer
