"""`studio share`: a model as one HTML page."""

from __future__ import annotations

from pathlib import Path

import pytest

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
