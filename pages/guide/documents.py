"""The documents of the guide: where they are, what they are called, and how a page shows them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from studio.core import paths

FIRST = "index"
PARAMETER = "page"  # of the address, which names the document
_IMAGE = re.compile(r"^!\[(.*)\]\((.*)\)$", re.MULTILINE)
_LINK = re.compile(r"\[([^\]]+)\]\(([a-z-]+)\.md(#[a-z0-9-]+)?\)")
_FENCED = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^(#+) ", re.MULTILINE)


class Image(NamedTuple):
    """An image of a document."""

    path: Path
    says: str


def titles() -> dict[str, str]:
    """What each document is called, by its name, in the order in which the first one leads to them."""
    names = [FIRST, *dict.fromkeys(name for _, name, _ in _LINK.findall(_text(FIRST)))]
    return {name: _text(name).partition("\n")[0].removeprefix("# ") for name in names}


def about(title: str) -> str:
    """The name of the document about a page; of the first one if there is none.

    Args:
        title: of the page, as the navigation shows it.
    """
    name = title.lower().replace(" ", "-")
    return name if _path(name).is_file() else FIRST


def pieces(name: str) -> Iterator[str | Image]:
    """What a document is made of, in order: Markdown below the page's own title, and images."""
    text = "".join(
        piece if piece.startswith("```") else _HEADING.sub(r"#\1 ", _LINK.sub(_link, piece))
        for piece in _FENCED.split(_text(name))
    )
    words, *rest = _IMAGE.split(text)
    yield words
    for says, image, words in zip(rest[::3], rest[1::3], rest[2::3], strict=True):
        yield Image(_path(name).parent / image, says)
        yield words


def _link(found: re.Match[str]) -> str:
    """A link to another document, which opens where this one is: Streamlit's own open another tab."""
    text, name, anchor = found.groups()
    return f'<a href="?{PARAMETER}={name}{anchor or ""}" target="_self">{text}</a>'


def _text(name: str) -> str:
    return _path(name).read_text(encoding="utf-8")


def _path(name: str) -> Path:
    return paths.shipped("docs") / f"{name}.md"
