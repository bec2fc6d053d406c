"""Summaries arrive in pieces, sync and async, and are shorter than what they sum up."""

from __future__ import annotations

import asyncio

from support.summaries import asummarise, summarise

CONVERSATION = """\
The customer ordered a desk lamp that arrived with a broken switch. She asks for a new one before Friday.
The desk offered a replacement or her money back. She chose the replacement and sent a photograph of the switch.
The warehouse has three lamps left. One was set aside and leaves the house tomorrow with the morning courier.
She will keep the broken lamp until the courier takes it with him. Nobody has told her the time of the visit yet."""

NOTE = """\
The customer asks for an invoice in the name of his company. The order was placed under his private name.
Accounting can issue it again until the end of the month. He was asked to send the tax number of the company."""


def test_a_summary_arrives_in_pieces() -> None:
    pieces = list(summarise(CONVERSATION))
    assert len(pieces) > 5
    assert all(pieces)


def test_a_summary_is_shorter_and_keeps_the_matter() -> None:
    summary = "".join(summarise(CONVERSATION))
    assert len(summary) < len(CONVERSATION) / 2
    assert "lamp" in summary


async def _collect(text: str) -> str:
    return "".join([piece async for piece in asummarise(text)])


def test_an_async_summary_keeps_the_matter() -> None:
    assert "lamp" in asyncio.run(_collect(CONVERSATION))


def test_two_summaries_written_at_once_do_not_mix() -> None:
    async def both() -> tuple[str, str]:
        return await asyncio.gather(_collect(CONVERSATION), _collect(NOTE))

    lamp, invoice = asyncio.run(both())
    assert "lamp" in lamp
    assert "invoice" not in lamp
    assert "invoice" in invoice
