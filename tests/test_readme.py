"""The README and the guide: valid commands, papers, links and short sentences."""

from __future__ import annotations

import importlib.util
import re

import pytest

from studio.cli import _build_parser, flags
from studio.core import tasks
from studio.tune import RUN

from .documents import DOCS, DOCUMENTS, README, ROOT, commands, links, prose

TASKS = [*map(tasks.get, tasks.TASKS), RUN]
COMMANDS = [words[1:] for document in DOCUMENTS for words in commands(document, "studio")]
SCRIPTS = {
    words[2]
    for document in DOCUMENTS
    for words in commands(document, "python")
    if words[1] == "-m" and words[2].startswith(("training.", "benchmarks."))
}
ANYTHING = {"...", "COMMAND"}  # placeholders for several commands
LONGEST = 220  # characters per sentence, about two lines


def test_there_are_commands():
    assert len(COMMANDS) > 80 and len(SCRIPTS) > 10


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_command_of_the_documents_is_one_that_the_studio_takes(words):
    if ANYTHING & set(words):
        return
    values = flags.given_settings(_build_parser().parse_args(words))
    command = words[: 1 + (words[0] in {"classify", "train"})]
    for task in TASKS:
        if task.command.split() == command:
            task.settings.parse(values)


@pytest.mark.parametrize("script", sorted(SCRIPTS))
def test_a_script_of_the_documents_is_there(script):
    assert importlib.util.find_spec(script)


def test_every_command_is_among_the_commands():
    [commands_of] = [action.choices for action in _build_parser()._actions if hasattr(action.choices, "items")]
    page = (DOCS / "commands.md").read_text("utf-8")
    fakes = {"invert"}  # from earlier tests in this process
    assert not [name for name in {*commands_of} - fakes if f"| `studio {name}` |" not in page]


def test_the_readme_is_short():
    assert len(README.read_bytes()) <= 9000


def test_every_paper_that_the_code_names_is_among_the_papers():
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


def test_the_site_and_the_index_lead_to_every_document():
    site = re.findall(r": (\S+\.md)$", (ROOT / "mkdocs.yml").read_text("utf-8"), re.MULTILINE)
    index = [link for link in links(DOCS / "index.md") if link.endswith(".md")]
    assert sorted(site) == sorted(path.name for path in DOCS.glob("*.md"))
    assert site == ["index.md", *index]


def _anchors(text: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_link_leads_to_a_file_and_a_heading(document):
    for link in links(document):
        name, _, anchor = link.partition("#")
        path = document.parent / name if name else document
        assert path.is_file(), link
        assert not anchor or anchor in _anchors(path.read_text("utf-8")), link


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_no_sentence_is_longer_than_two_lines(document):
    text = re.sub(r"^    .*$", "", prose(document), flags=re.MULTILINE)
    text = re.sub(r"\]\([^)]*\)", "]", text)
    pieces = re.split(r"\n\s*\n|\n- |\n\d\. |\n#+ |\|", text)
    sentences = [item for piece in pieces for item in re.split(r"(?<=[.:?!])\s", piece)]
    assert not [sentence for sentence in sentences if len(sentence) > LONGEST]


@pytest.mark.slow
def test_every_image_of_the_guide_is_shown():
    images = {(document.parent / link).resolve() for document in DOCUMENTS for link in links(document)}
    assert not set((DOCS / "images").iterdir()) - images
