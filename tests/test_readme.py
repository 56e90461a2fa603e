"""What the README says: each command is one that the studio takes, each paper of the code is named."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from studio.cli import _parser, flags
from studio.core import tasks
from studio.search import RUN

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TASKS = [*map(tasks.get, tasks.TASKS), RUN]
COMMANDS = [
    words[1:]
    for line in re.findall(r"^    (studio .*)|`(studio [^`]*)`", README, re.MULTILINE)
    if len(words := shlex.split("".join(line).replace("\n", " "), comments=True)) > 2
]


def test_there_are_commands():
    assert len(COMMANDS) > 30


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_command_of_the_readme_is_one_that_the_studio_takes(words):
    given = flags.values(_parser().parse_args(words))
    command = words[: 1 + (words[0] in {"classify", "train"})]
    for task in TASKS:
        if task.command.split() == command:
            task.settings.parse(given)


def test_every_paper_that_the_code_names_is_in_the_readme():
    files = [path for part in ("studio", "pages", "training") for path in (ROOT / part).rglob("*.py")]
    sources = [path.read_text(encoding="utf-8") for path in files]
    named = {
        number
        for source in sources
        for number in re.findall(r"(?:arXiv:|arxiv\.org/abs/)(\d{4}\.\d{4,5})", source)
    }
    assert len(named) > 30
    assert not [number for number in sorted(named) if f"arXiv:{number}" not in README]
