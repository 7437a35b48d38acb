"""The vendors' pages: a test quotes each sentence, and each quote is a sentence of the page, word for word."""

from __future__ import annotations

from pathlib import Path

import pytest

import pages
from pages import quotes, sentences
from punchclock import vendors

PAGES = [path.stem for path in sorted((Path(__file__).parent / "pages").glob("*.toml"))]
QUOTES = quotes()


def test_every_vendor_has_a_page() -> None:
    """There is a page for each vendor."""
    assert tuple(PAGES) == vendors.names()


@pytest.mark.parametrize("vendor", PAGES)
def test_every_sentence_is_covered(vendor: str) -> None:
    """Every sentence of a page is quoted by a test."""
    quoted = {(quote.heading, quote.text) for quote in QUOTES if quote.vendor == vendor}
    said = [(each.heading, each.text) for each in sentences(vendor) if not each.aside]
    assert said
    assert [each for each in said if each not in quoted] == []


@pytest.mark.parametrize("vendor", PAGES)
def test_every_quote_is_a_sentence(vendor: str) -> None:
    """Every quote is on the page, word for word, under its heading, and is not an aside."""
    said = {(each.heading, each.text) for each in sentences(vendor) if not each.aside}
    wrong = [quote for quote in QUOTES if quote.vendor == vendor and (quote.heading, quote.text) not in said]
    assert wrong == []


def test_every_quote_is_of_a_known_vendor() -> None:
    """The quotes name exactly the vendors that have a page."""
    assert {quote.vendor for quote in QUOTES} == set(PAGES)


def test_a_quote_that_cannot_be_read_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sources are parsed, not run: a quote is a literal, a module constant, or a concatenation of them."""
    source = 'A = "a"\n@covers("v", A, "b" + A)\ndef test_one(): ...\n'
    (tmp_path / "test_one.py").write_text(source, encoding="utf-8")
    monkeypatch.setattr(pages, "TESTS", tmp_path)
    assert quotes() == [pages.Quote("v", "a", "ba", "test_one.py", "test_one")]
    (tmp_path / "test_one.py").write_text(source.replace('"b"', "str(5)"), encoding="utf-8")
    with pytest.raises(ValueError, match=r"test_one\.py:2"):
        quotes()
