"""Recordings to keep: plain ones by name, and arbitrary ones for hypothesis."""

from __future__ import annotations

import hashlib
import os

from hypothesis import strategies as st

from pytest_lmcache.call import JSON, Key, Recording, Request, Take


def a_key(name: object, strategy: str = "request") -> Key:
    return Key(hashlib.sha256(f"{strategy} {name}".encode()).hexdigest(), strategy, "chat", "what-is-up")


def a_recording(name: object, answer: str = "Paris", *, size: int = 0, random: bool = False) -> Recording:
    """A recording under `a_key(name)`, with an answer padded to about `size` bytes."""
    padding = os.urandom(size // 2).hex() if random else "." * size
    body: dict[str, JSON] = {"messages": [{"role": "user", "content": f"question {name}"}]}
    request = Request("litellm", "chat", "m", body, ("messages",))
    take = Take(f'{{"answer":"{answer}{padding}"}}', 0.25, {"prompt_tokens": 3}, 0.001)
    return Recording(a_key(name), request, (take,), "2026-01-02T03:04:05Z", "tests/test_a.py::test_a", "run-1")


_texts = st.text(st.characters(), max_size=40)
_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=3),
    max_leaves=8,
)
takes = st.builds(
    Take,
    response=_texts,
    latency=st.floats(0, 100),
    usage=st.dictionaries(_texts, st.integers(0, 10**6), max_size=3),
    cost=st.none() | st.floats(0, 10),
)


def recordings(keys: st.SearchStrategy[Key]) -> st.SearchStrategy[Recording]:
    """Recordings with any text, half surrogate pairs included, any body and any number of takes."""
    return st.builds(
        Recording,
        key=keys,
        request=st.builds(
            Request,
            adapter=_texts,
            operation=_texts,
            model=_texts,
            body=st.dictionaries(_texts, _json, max_size=4),
            conversation=st.lists(_texts, max_size=2).map(tuple),
            stream=st.booleans(),
        ),
        takes=st.lists(takes, max_size=3).map(tuple),
        recorded_at=st.just("2026-01-02T03:04:05Z"),
        recorded_by=_texts,
        run=_texts,
    )
