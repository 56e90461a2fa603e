"""The Guide page shows every document, and each page links to its own."""

from __future__ import annotations

import re

import pytest

from pages.guide import documents
from pages.jobs.navigation import PAGES

from .conftest import ROOT

DOCS = ROOT / "docs"
NAMES = sorted(path.stem for path in DOCS.glob("*.md"))


def read_markdown(page) -> str:
    return "\n".join(element.value for element in page.main.markdown)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_document_is_shown_with_its_images(visit, name):
    page = visit("guide", page=name)
    assert not page.exception
    assert page.title[0].value == "Guide"
    assert page.selectbox[0].value == name
    text = (DOCS / f"{name}.md").read_text("utf-8")
    title = re.match("# (.+)", text)[1]
    assert f"## {title}\n" in read_markdown(page)
    assert len(page.main.image) == text.count("](images/")
    assert ".md)" not in read_markdown(page) and "](images" not in read_markdown(page)


@pytest.mark.slow
def test_unknown_document_shows_the_first(visit):
    assert visit("guide", page="../README").selectbox[0].value == documents.FIRST_DOCUMENT


def test_selected_document_is_in_the_address(visit):
    page = visit("guide")
    page.selectbox[0].select("faces").run()
    assert "digits-vae" in read_markdown(page) and page.query_params["page"] == "faces"


def test_documents_link_each_other():
    leads = "".join(piece for piece in documents.read_parts("index") if isinstance(piece, str))
    assert set(re.findall(r'href="\?page=([a-z-]+)" target="_self"', leads)) == set(NAMES) - {"index"}


def test_code_is_shown_unchanged():
    text = "".join(piece for piece in documents.read_parts("style") if isinstance(piece, str))
    for block in re.findall(r"```\w+\n.*?```", (DOCS / "style.md").read_text("utf-8"), re.DOTALL):
        assert block in text


@pytest.mark.slow
@pytest.mark.parametrize("place", PAGES, ids=lambda place: place.file)
def test_each_page_links_its_document(visit, no_live_work, place):
    links = [link.proto for link in visit(place.address).sidebar.get("page_link")]
    helped = [link.query_string for link in links if link.label == "Help with this page"]
    if place.title == "Guide":
        assert not helped
    else:
        name = place.title.lower().replace(" ", "-")
        assert helped == [f"page={name if name in NAMES else 'index'}"]
