"""Reads the documents of the guide: their titles, and their parts as a page shows them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from studio.core import paths

FIRST_DOCUMENT = "index"
PARAMETER = "page"  # the query parameter with the name of the document
_IMAGE = re.compile(r"^!\[(.*)\]\((.*)\)$", re.MULTILINE)
_LINK = re.compile(r"\[([^\]]+)\]\(([a-z-]+)\.md(#[a-z0-9-]+)?\)")
_CODE_BLOCK = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^(#+) ", re.MULTILINE)


class Image(NamedTuple):
    """An image of a document."""

    path: Path
    caption: str


def read_titles() -> dict[str, str]:
    """Returns the title of each document by its name, in the order of the links of the first document."""
    names = [
        FIRST_DOCUMENT,
        *dict.fromkeys(name for _, name, _ in _LINK.findall(_read_document(FIRST_DOCUMENT))),
    ]
    return {name: _read_document(name).partition("\n")[0].removeprefix("# ") for name in names}


def find_document(title: str) -> str:
    """Returns the name of the document about a page, or of the first document if there is none.

    Args:
        title: title of the page in the navigation.
    """
    name = title.lower().replace(" ", "-")
    return name if _find_document(name).is_file() else FIRST_DOCUMENT


def read_parts(name: str) -> Iterator[str | Image]:
    """Yields the parts of a document in order: Markdown, one heading level lower, and images."""
    text = "".join(
        part if part.startswith("```") else _HEADING.sub(r"#\1 ", _LINK.sub(_to_html_link, part))
        for part in _CODE_BLOCK.split(_read_document(name))
    )
    markdown, *remainder = _IMAGE.split(text)
    yield markdown
    for caption, image, markdown in zip(remainder[::3], remainder[1::3], remainder[2::3], strict=True):
        yield Image(_find_document(name).parent / image, caption)
        yield markdown


def _to_html_link(match: re.Match[str]) -> str:
    """Returns a link to another document that opens in the same tab; Markdown links open a new one."""
    text, name, anchor = match.groups()
    return f'<a href="?{PARAMETER}={name}{anchor or ""}" target="_self">{text}</a>'


def _read_document(name: str) -> str:
    return _find_document(name).read_text(encoding="utf-8")


def _find_document(name: str) -> Path:
    return paths.shipped_path("docs") / f"{name}.md"
