"""Questions find the help page that answers them."""

from __future__ import annotations

import pytest

from support.search import HelpIndex

PAGES = (
    "How to reset a forgotten password and unlock your account.",
    "When will my parcel be delivered? Follow a delivery with the courier's number.",
    "Refunds: how we return a payment to your credit card.",
    "Invoices for companies: tax numbers, names and addresses.",
    "Warranty and repair of broken lamps and furniture.",
)


@pytest.fixture(scope="module")
def index() -> HelpIndex:
    """The help pages, embedded once for all tests of this file."""
    return HelpIndex(PAGES)


@pytest.mark.parametrize(
    ("question", "page"),
    [
        pytest.param("I have forgotten my password", PAGES[0], id="password"),
        pytest.param("has the courier delivered my parcel?", PAGES[1], id="parcel"),
        pytest.param("the lamp is broken, is there a warranty?", PAGES[4], id="lamp"),
    ],
)
def test_a_question_finds_its_page(index: HelpIndex, question: str, page: str) -> None:
    best, similarity = index.search(question, limit=1)[0]
    assert best == page
    assert 0.3 < similarity <= 1


def test_results_come_best_first(index: HelpIndex) -> None:
    results = index.search("refund to my credit card")
    similarities = [similarity for _, similarity in results]
    assert len(results) == 3
    assert similarities == sorted(similarities, reverse=True)
    assert results[0][0] == PAGES[2]
