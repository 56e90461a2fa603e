"""`studio weights list`, `pull` and `verify`, with weights of a few hundred kilobytes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import tiny_weights

from tests.wording import says_what_to_do


@pytest.fixture(autouse=True)
def archive(home, tmp_path, monkeypatch):
    """The original weights file, in the working folder."""
    tiny_weights.install(monkeypatch)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.chdir(tmp_path)
    path = Path(tiny_weights.FILE)
    path.write_bytes(tiny_weights.ARCHIVE)
    return path


def test_list_shows_downloaded_weights(run_command, archive):
    assert "not here yet" in run_command("weights", "list")[1]
    assert run_command("weights", "pull", "tiny", "--from", archive)[0] == 0
    code, out, _ = run_command("weights", "list", "--json")
    weights_list = json.loads(out)["weights"]
    assert code == 0
    assert [weights["name"] for weights in weights_list] == ["tiny", "twin"]
    assert weights_list[0]["cached"]


def test_pull_prints_the_path_and_caches(run_command, archive):
    code, out, _ = run_command("weights", "pull", "--from", ".")
    assert code == 0
    assert [Path(line).is_file() for line in out.splitlines()] == [True, True]
    archive.unlink()
    assert run_command("weights", "pull") == (0, out, "")


def test_verify_finds_a_changed_byte(run_command, archive):
    path = Path(run_command("weights", "pull", "tiny", "--from", archive)[1].strip())
    assert "intact" in run_command("weights", "verify", "tiny")[1]
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    code, out, err = run_command("weights", "verify")
    assert (code, out) == (2, "")
    assert "damaged" in err


INVALID_COMMANDS = {
    "unknown": ["pull", "tinier"],
    "not here": ["verify", "tiny"],
    "no network": ["pull", "tiny"],
    "wrong file": ["pull", "tiny", "--from", "wrong.bin"],
    "no file": ["pull", "tiny", "--from", "nothing.bin"],
    "unknown action": ["push"],
}


@pytest.mark.parametrize("argv", INVALID_COMMANDS.values(), ids=INVALID_COMMANDS)
def test_invalid_input_is_one_line(argv, run_command, archive):
    archive.unlink()
    Path("wrong.bin").write_bytes(b"x")
    code, out, err = run_command("weights", *argv)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("error: ")
    assert says_what_to_do(err) or "See `studio" in err
