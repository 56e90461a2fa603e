"""`studio share`: a model as one HTML page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import tiny_language_model

from tests.wording import says_what_to_do

INVALID_COMMANDS = {
    "unknown model": (["nobody", "-o", "page.html"], "nobody"),
    "another ending": (["shakespeare", "-o", "page.txt"], ".html"),
    "kind without a page": (["enlarge", "-o", "page.html"], "enhance.train"),
    "no such folder": (["shakespeare", "-o", "nowhere/page.html"], "nowhere"),
}


@pytest.mark.parametrize("argv, word", INVALID_COMMANDS.values(), ids=INVALID_COMMANDS)
def test_invalid_commands_are_refused_in_one_line(argv, word, home, tmp_path, monkeypatch, run_command):
    monkeypatch.chdir(tmp_path)
    code, out, err = run_command("share", *argv)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert word in err
    assert says_what_to_do(err)
    assert not Path("page.html").exists()


def test_own_model_becomes_a_page_with_its_card(home, tmp_path, run_command):
    folder = tiny_language_model.make(tmp_path / "mine")
    target = tmp_path / "page.html"
    assert run_command("share", folder, "-o", target) == (0, f"{target}\n", "")
    page = target.read_text()
    assert "<title>Language model of tiny_text.txt</title>" in page
    assert 'id="runtime"' not in page  # a language model needs none
    code, out, _ = run_command("share", folder, "-o", target, "--json")
    assert (code, json.loads(out)["figures"]) == (0, {"bytes": len(page.encode())})


def test_page_does_not_replace_a_file_of_the_model(home, tmp_path, run_command):
    folder = tiny_language_model.make(tmp_path / "mine")
    (folder / "page.html").write_text("notes")
    code, _, err = run_command("share", folder, "-o", folder / "page.html")
    assert code == 2
    assert says_what_to_do(err)
    assert (folder / "page.html").read_text() == "notes"
