"""Tickets are sorted by what they are about."""

from __future__ import annotations

import asyncio

import pytest

from support.tickets import classify, classify_all

CHARGED_TWICE = "I was charged twice for order A-1042 and nobody answers. Please refund one payment."
BLANK_PAGE = "Since this morning the checkout page stays blank and shows an error. Our production is down for everyone."
LOCKED_OUT = "My account is locked after I changed my password, so I cannot sign in."
WISH = "It would be great to have a dark theme. No hurry, thank you for the nice shop!"


@pytest.mark.parametrize(
    ("text", "category", "priority"),
    [
        pytest.param(CHARGED_TWICE, "billing", "high", id="charged-twice"),
        pytest.param(BLANK_PAGE, "technical", "urgent", id="blank-page"),
        pytest.param(LOCKED_OUT, "account", "high", id="locked-out"),
        pytest.param(WISH, "other", "low", id="wish"),
    ],
)
def test_a_ticket_gets_its_category_and_priority(text: str, category: str, priority: str) -> None:
    ticket = classify(text)
    assert (ticket.category, ticket.priority) == (category, priority)
    assert ticket.summary


def test_an_order_number_is_found() -> None:
    assert classify(CHARGED_TWICE).order_id == "A-1042"


def test_no_order_number_is_made_up() -> None:
    assert classify(WISH).order_id is None


def test_tickets_sorted_at_once_keep_their_order() -> None:
    tickets = asyncio.run(classify_all([WISH, LOCKED_OUT, CHARGED_TWICE]))
    assert [ticket.category for ticket in tickets] == ["other", "account", "billing"]
    assert tickets[0].sentiment == "positive"
    assert tickets[2].sentiment == "negative"


@pytest.mark.lmcache(key="messages")
@pytest.mark.parametrize("model", ["openai/gpt-4o-mini", "anthropic/claude-sonnet-4-5"])
def test_another_model_means_no_other_recording(model: str) -> None:
    ticket = classify("The parcel of order A-2077 has not arrived. Where is it?", model=model)
    assert ticket.category == "shipping"
    assert ticket.order_id == "A-2077"
