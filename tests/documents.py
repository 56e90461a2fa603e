"""README and the documents of the guide, as tests read them."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
DOCS = ROOT / "docs"
DOCUMENTS = [README, *sorted(DOCS.glob("*.md"))]
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"^    (\S.*)$", re.MULTILINE)
_VARIABLES = re.compile(r"^(?:[A-Z_]+=\S+ )+")
_CODE = re.compile(r"`([^`]+)`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def blocks(document: Path, language: str) -> list[str]:
    """What stands between the fences of a language."""
    return [body for found, body in _FENCE.findall(document.read_text("utf-8")) if found == language]


def prose(document: Path) -> str:
    """A document without its blocks of code."""
    return _FENCE.sub("", document.read_text("utf-8"))


def commands(document: Path, program: str) -> list[list[str]]:
    """The words of each command of a program, in blocks of code and in the text; no bare names."""
    lines = [line for body in blocks(document, "sh") for line in body.splitlines()]
    text = prose(document)
    lines += [*_INDENTED.findall(text), *(code.replace("\n", " ") for code in _CODE.findall(text))]
    plain = [_VARIABLES.sub("", line) for line in lines]
    found = [shlex.split(line, comments=True) for line in plain if line.startswith(program)]
    return [words for words in found if len(words) > 2 and words[0] == program]


def links(document: Path) -> list[str]:
    """Where a document leads to, images among them, without what is elsewhere."""
    return [link for link in _LINK.findall(prose(document)) if "://" not in link]
