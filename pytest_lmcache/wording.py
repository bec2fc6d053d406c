"""Amounts in words, as every text for people has them. Pure."""

from __future__ import annotations


def many(count: int, noun: str) -> str:
    """`1 recording`, `2,000 recordings`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
