"""The README and the guide: valid commands, papers, links and short sentences."""

from __future__ import annotations

import importlib.util
import re

import pytest

from studio.cli import _build_parser, flags
from studio.core import tasks
from studio.tune import RUN

from .documents import DOCS, DOCUMENTS, README, ROOT, find_commands, find_links, remove_code_blocks

TASKS = [*map(tasks.get, tasks.TASKS), RUN]
COMMANDS = [words[1:] for document in DOCUMENTS for words in find_commands(document, "studio")]
SCRIPTS = {
    words[2]
    for document in DOCUMENTS
    for words in find_commands(document, "python")
    if words[1] == "-m" and words[2].startswith(("training.", "benchmarks."))
}
PLACEHOLDERS = {"...", "COMMAND"}  # placeholders for several commands
MAX_SENTENCE_CHARACTERS = 220  # characters per sentence, about two lines


def test_there_are_commands():
    assert len(COMMANDS) > 80 and len(SCRIPTS) > 10


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_commands_in_the_documents_are_valid(words):
    if PLACEHOLDERS & set(words):
        return
    values = flags.given_settings(_build_parser().parse_args(words))
    command = words[: 1 + (words[0] in {"classify", "train"})]
    for task in TASKS:
        if task.command.split() == command:
            task.settings.parse(values)


@pytest.mark.parametrize("script", sorted(SCRIPTS))
def test_scripts_in_the_documents_exist(script):
    assert importlib.util.find_spec(script)


def test_every_command_is_documented():
    [commands_of] = [
        action.choices for action in _build_parser()._actions if hasattr(action.choices, "items")
    ]
    page = (DOCS / "commands.md").read_text("utf-8")
    fakes = {"invert"}  # from earlier tests in this process
    assert not [name for name in {*commands_of} - fakes if f"| `studio {name}` |" not in page]


def test_the_readme_is_short():
    assert len(README.read_bytes()) <= 9000


def test_every_paper_in_the_code_is_listed():
    files = [path for part in ("studio", "pages", "training") for path in (ROOT / part).rglob("*.[pm][yd]")]
    sources = [path.read_text(encoding="utf-8") for path in files]
    named = {
        number
        for source in sources
        for number in re.findall(r"(?:arXiv:|arxiv\.org/abs/)(\d{4}\.\d{4,5})", source)
    }
    assert len(named) > 30
    papers = (DOCS / "papers.md").read_text("utf-8")
    assert not [number for number in sorted(named) if f"arXiv:{number}" not in papers]


def test_the_site_and_the_index_link_every_document():
    site = re.findall(r": (\S+\.md)$", (ROOT / "mkdocs.yml").read_text("utf-8"), re.MULTILINE)
    index = [link for link in find_links(DOCS / "index.md") if link.endswith(".md")]
    assert sorted(site) == sorted(path.name for path in DOCS.glob("*.md"))
    assert site == ["index.md", *index]


def _find_anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files_and_headings(document):
    for link in find_links(document):
        name, _, anchor = link.partition("#")
        path = document.parent / name if name else document
        assert path.is_file(), link
        assert not anchor or anchor in _find_anchors(path.read_text("utf-8")), link


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_no_sentence_is_longer_than_two_lines(document):
    text = re.sub(r"^    .*$", "", remove_code_blocks(document), flags=re.MULTILINE)
    text = re.sub(r"\]\([^)]*\)", "]", text)
    pieces = re.split(r"\n\s*\n|\n- |\n\d\. |\n#+ |\|", text)
    sentences = [item for piece in pieces for item in re.split(r"(?<=[.:?!])\s", piece)]
    assert not [sentence for sentence in sentences if len(sentence) > MAX_SENTENCE_CHARACTERS]


@pytest.mark.slow
def test_every_image_of_the_guide_is_shown():
    images = {(document.parent / link).resolve() for document in DOCUMENTS for link in find_links(document)}
    assert not set((DOCS / "images").iterdir()) - images
