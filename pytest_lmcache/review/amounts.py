"""Amounts as a person reads them in a table."""

from __future__ import annotations


def dollars(cost: float | None) -> str:
    """US dollars with the digits that matter, empty where no price is known."""
    if cost is None:
        return ""
    if cost == 0:
        return "$0"
    if cost < 0.000001:
        return "<$0.000001"
    return f"${cost:,.2f}" if cost >= 1 else f"${cost:.4f}" if cost >= 0.01 else f"${cost:.6f}"


def size(count: float) -> str:
    """Bytes: `812 B`, `3.2 kB`, `48 MB`."""
    if count < 1000:
        return f"{count:.0f} B"
    for unit in ("kB", "MB", "GB"):
        count /= 1000
        if count < 999.5 or unit == "GB":
            break
    return f"{count:.1f} {unit}" if count < 9.95 else f"{count:,.0f} {unit}"


def seconds(amount: float) -> str:
    """A duration: `7 ms`, `0.4 s`, `12 s`, `3m 12s`, `2h 5m`."""
    if amount < 0.0995:
        return f"{amount * 1000:.0f} ms"
    if amount < 9.95:
        return f"{amount:.1f} s"
    if amount < 60:
        return f"{amount:.0f} s"
    minutes, rest = divmod(round(amount), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:,}h {minutes}m" if hours else f"{minutes}m {rest}s"


def age(amount: float) -> str:
    """How long ago something was: `now`, `12 min`, `5 h`, `3 d`, `14 mo`."""
    for unit, length, most in (("min", 60, 60), ("h", 3600, 48), ("d", 86_400, 90)):
        if amount < length * most:
            return f"{amount / length:.0f} {unit}" if amount >= 60 else "now"
    return f"{amount / (30.44 * 86_400):.0f} mo"
