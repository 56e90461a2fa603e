"""Parses the README and the guide for the tests."""

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


def find_code_blocks(document: Path, language: str) -> list[str]:
    """Returns the code blocks of a language."""
    return [body for fence, body in _FENCE.findall(document.read_text("utf-8")) if fence == language]


def remove_code_blocks(document: Path) -> str:
    """Returns a document without its code blocks."""
    return _FENCE.sub("", document.read_text("utf-8"))


def find_commands(document: Path, program: str) -> list[list[str]]:
    """Returns the commands of a program as lists of words, from code blocks and text."""
    lines = [line for body in find_code_blocks(document, "sh") for line in body.splitlines()]
    text = remove_code_blocks(document)
    lines += [*_INDENTED.findall(text), *(code.replace("\n", " ") for code in _CODE.findall(text))]
    plain = [_VARIABLES.sub("", line) for line in lines]
    command_lines = [shlex.split(line, comments=True) for line in plain if line.startswith(program)]
    return [words for words in command_lines if len(words) > 2 and words[0] == program]


def find_links(document: Path) -> list[str]:
    """Returns the local link targets of a document, including images."""
    return [link for link in _LINK.findall(remove_code_blocks(document)) if "://" not in link]
