"""An agent that answers customers with the shop's own data: the model calls tools until it can answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import litellm

from support import MODEL

INSTRUCTIONS = "You are the assistant of an online shop. Use the tools for facts, and answer in one short paragraph."
MAX_TURNS = 5

ORDERS = {
    "A-1042": {"status": "shipped", "city": "Lisbon", "carrier": "Blue Bird", "arrives": "2025-06-03"},
    "A-2077": {"status": "being packed", "city": "Oslo", "carrier": "Polar Post", "arrives": "2025-06-05"},
}
FORECASTS = {"Lisbon": {"sky": "sunny", "degrees": 27}, "Oslo": {"sky": "rain", "degrees": 14}}


def look_up_order(order_id: str) -> dict[str, Any]:
    """Status, destination and arrival of an order."""
    return ORDERS.get(order_id, {"error": f"there is no order {order_id}"})


def weather_forecast(city: str) -> dict[str, Any]:
    """The weather a courier will have in a city."""
    return FORECASTS.get(city, {"error": f"no forecast for {city}"})


def _tool(function: Callable[..., Any], **parameters: str) -> dict[str, Any]:
    properties = {name: {"type": "string", "description": text} for name, text in parameters.items()}
    schema = {"type": "object", "properties": properties, "required": list(parameters)}
    described = {"name": function.__name__, "description": function.__doc__, "parameters": schema}
    return {"type": "function", "function": described}


HANDLERS = {function.__name__: function for function in (look_up_order, weather_forecast)}
TOOLS = [
    _tool(look_up_order, order_id="the number of the order, such as A-1042"),
    _tool(weather_forecast, city="the name of the city"),
]


@dataclass
class Outcome:
    """The answer to a question, and the tool calls that led to it, one list a turn."""

    answer: str = ""
    turns: list[list[tuple[str, dict[str, Any]]]] = field(default_factory=list)


def ask(question: str, *, model: str = MODEL) -> Outcome:
    """Answer a customer's question. Raises RuntimeError when the model does not come to an end."""
    outcome = Outcome()
    messages: list[Any] = [{"role": "system", "content": INSTRUCTIONS}, {"role": "user", "content": question}]
    for _ in range(MAX_TURNS):
        message = litellm.completion(model, messages, tools=TOOLS).choices[0].message
        messages.append(message)
        if not message.tool_calls:
            outcome.answer = message.content
            return outcome
        turn = []
        for call in message.tool_calls:
            arguments = json.loads(call.function.arguments)
            result = HANDLERS[call.function.name](**arguments)
            turn.append((call.function.name, arguments))
            messages.append({"role": "tool", "tool_call_id": call.id, "content": json.dumps(result)})
        outcome.turns.append(turn)
    raise RuntimeError(f"no answer after {MAX_TURNS} turns")
