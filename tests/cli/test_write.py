"""`studio write`: text on stdout, streamed to a terminal, or in a file with its recipe."""

from __future__ import annotations

import json
import os
import pty
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from studio.cli import console, main
from studio.core import recipes
from studio.core.models import model_folder, model_zip, presets
from studio.core.progress import Report
from tests.wording import says_what_to_do

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def write(language_model, run_command):
    """Runs `studio write` with the small model."""
    return lambda *words: run_command("write", "--preset", language_model, "--chars", "60", *words)


def run_on_terminal(folder, home, *argv, stop_at: bytes = b""):
    """Runs `studio write` on a terminal, with Ctrl-C once `stop_at` appears; returns output and exit code."""
    ours, its = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "studio", "write", *map(str, argv)],
        stdout=its,
        stderr=subprocess.PIPE,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "STUDIO_HOME": str(home)},
    )
    os.close(its)
    pieces = []
    while piece := _read_terminal(ours):
        pieces.append(piece)
        if stop_at and stop_at in b"".join(pieces):
            process.send_signal(signal.SIGINT)
            stop_at = b""
    os.close(ours)
    _, err = process.communicate(timeout=60)
    return process.returncode, pieces, err.decode()


def _read_terminal(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # the other end of the pipe was closed
        return b""


@pytest.mark.slow
def test_the_text_is_all_of_stdout(write):
    code, out, err = write("the cat", "--seed", "4")
    assert (code, err) == (0, "")
    assert out.startswith("the cat") and out.endswith("\n")
    assert len(out) == len("the cat") + 60 + 1
    assert write("the cat", "--seed", "4")[1] == out != write("the cat", "--seed", "5")[1]


@pytest.mark.slow
def test_json_output_is_one_object(write):
    code, out, _ = write("a dog", "--json")
    report = json.loads(out)
    assert code == 0
    assert out.count("\n") == 1
    assert report["text"] == write("a dog")[1].removesuffix("\n")
    assert report["figures"]["chars"] == 60
    assert report["seconds"] >= 0 and report["stopped_early"] is False
    assert "path" not in report


def test_json_output_has_no_loss_of_each_character(write):
    figures = json.loads(write("a dog", "--chars", "120", "--json")[1])["figures"]
    assert figures["chars"] == 120 and figures["nats_per_char"] > 0 and "nats" not in figures


def test_several_texts_are_separated(write):
    code, out, _ = write("a dog", "--count", "3", "--json")
    texts = json.loads(out)["texts"]
    assert code == 0
    assert len(set(texts)) == 3
    assert write("a dog", "--count", "3")[1] == "\n\n---\n\n".join(texts) + "\n"


def test_saved_text_has_a_recipe_and_can_be_replayed(write, run_command, language_model):
    text = write("my aunt", "--seed", "2")[1].removesuffix("\n")
    assert write("my aunt", "--seed", "2", "-o", "out.txt")[:2] == (0, "out.txt\n")
    assert Path("out.txt").read_bytes().decode() == text
    recipe = recipes.read(Path("out.txt.json").read_bytes())
    assert (recipe.task, recipe.settings["prompt"], recipe.settings["seed"]) == ("text.write", "my aunt", 2)
    shutil.rmtree(language_model)  # the inputs of the recipe are stored in the studio
    assert run_command("replay", "out.txt", "--verify") == (0, "identical\n", "")
    assert run_command("replay", "out.txt")[:2] == (0, "out-again.txt\n")
    assert Path("out-again.txt").read_bytes() == Path("out.txt").read_bytes()


def test_replay_describes_a_text_difference(write, run_command):
    write("my aunt", "-o", "out.txt")
    Path("out.txt").write_text("my ant")
    code, out, _ = run_command("replay", "out.txt", "--verify")
    assert code == 1
    assert "byte 4" in out
    report = json.loads(run_command("replay", "out.txt", "--verify", "--json")[1])
    assert report["figures"] == {"identical": False, "at": 4}
    assert report["reasons"]


def test_recipe_names_the_weights_of_a_preset(language_model, run_command, home):
    shutil.copytree(language_model, home / "presets" / "rhyme")
    assert run_command("write", "the", "--preset", "rhyme", "--chars", "20", "-o", "out.txt")[0] == 0
    recipe = recipes.read(Path("out.txt.json").read_bytes())
    assert recipe.weights == {"rhyme": presets.find("rhyme").digest}
    assert recipe.settings["preset"] == "rhyme" and not recipe.inputs
    assert run_command("replay", "out.txt", "--verify") == (0, "identical\n", "")
    other = recipe.model_copy(update={"weights": {"rhyme": "0" * 64}})
    Path("out.txt.json").write_text(other.to_json())
    code, _, err = run_command("replay", "out.txt", "--verify")
    assert code == 2
    assert "another model rhyme" in err
    shutil.rmtree(home / "presets" / "rhyme")
    assert (
        "model rhyme" in (message := run_command("replay", "out.txt", "--verify")[2])
        and "no longer here" in message
    )


def test_path_with_a_slash_is_a_folder_and_not_a_model_name(language_model, write, run_command):
    shutil.copytree(language_model, "shakespeare")
    for named in ("./shakespeare", "shakespeare/"):
        assert run_command("write", "--preset", named, "--chars", "60", "the")[1] == write("the")[1]


def test_zipped_model_equals_its_folder(language_model, write, run_command):
    Path("language_model.zip").write_bytes(model_zip.pack(language_model))
    assert (
        run_command("write", "--preset", "language_model.zip", "--chars", "60", "the")[1] == write("the")[1]
    )


def test_unknown_characters_are_noted(write):
    code, out, err = write("thé €")
    assert code == 0
    assert out.startswith("thé €")
    assert "é was read as e" in err and "€" in err
    assert write("thé €", "--quiet")[2] == ""


@pytest.mark.slow
def test_terminal_streams_the_same_text(language_model, write, home):
    full = write("the cat", "--chars", "3000", "--stop", "king so", "--seed", "1")[1]
    argv = ["the cat", "--preset", language_model, "--chars", "3000", "--stop", "king so", "--seed", "1"]
    code, pieces, err = run_on_terminal(Path.cwd(), home, *argv)
    assert (code, err) == (0, "")
    assert b"".join(pieces).replace(b"\r\n", b"\n").decode() == full


@pytest.mark.slow
def test_ctrl_c_keeps_the_text_so_far(language_model, home):
    argv = ["the cat", "--preset", language_model, "--chars", "100000"]
    code, pieces, err = run_on_terminal(Path.cwd(), home, *argv, stop_at=b"the cat")
    text = b"".join(pieces).replace(b"\r\n", b"\n").decode()
    assert code == 130
    assert text.startswith("the cat") and text.endswith("\n")
    assert 8 < len(text) < 100_000
    assert err == "Stopped early.\n"


class Terminal:
    """A stdout that claims to be a terminal."""

    def __init__(self, is_one: bool):
        self.buffer, self.data, self._is_one = self, b"", is_one

    def isatty(self):
        return self._is_one

    def write(self, data):
        self.data += data

    def flush(self):
        pass


@pytest.mark.parametrize("is_one, expected", [(True, "a\tb\ufffd[2Jc\n"), (False, "a\tb\x1b[2Jc\n")])
def test_control_characters_are_replaced_on_a_terminal(is_one, expected, monkeypatch):
    out = Terminal(is_one)
    monkeypatch.setattr("sys.stdout", out)
    writer = console.TextStream()
    writer(Report(0, 0, text="Fetching"))
    writer(Report(1, 2, text="a\tb"))
    writer.finish("a\tb\x1b[2Jc")
    assert out.data.decode() == expected


def test_text_removed_by_stop_is_not_streamed(language_model, write, monkeypatch):
    stop = write("the cat")[1][40:45]
    full = write("the cat", "--stop", stop)[1]
    assert len(full) < 45
    monkeypatch.setattr("studio.text.write.REPORT_SECONDS", 0)
    monkeypatch.setattr("sys.stdout", out := Terminal(True))
    assert main(["write", "the cat", "--preset", str(language_model), "--chars", "60", "--stop", stop]) == 0
    assert out.data.decode() == full


def test_differing_final_text_is_printed_in_full(monkeypatch):
    out = Terminal(True)
    monkeypatch.setattr("sys.stdout", out)
    writer = console.TextStream()
    writer(Report(1, 2, text="abc"))
    writer.finish("abd")
    assert out.data.decode() == "abc\n\nabd\n"


INVALID_COMMANDS = {
    "an unknown language model": ["write", "--preset", "nobody"],
    "two beginnings": ["write", "one", "two"],
    "a folder that is no model": ["write", "--preset", "."],
    "a zip that is no model": ["write", "--preset", "no.zip"],
    "another kind of file": ["write", "--preset", "no.txt"],
    "too long": ["write", "--chars", "100001"],
    "an image's name": ["write", "-o", "out.png"],
    "a name without an ending": ["write", "-o", "out"],
    "no such setting": ["write", "--temprature", "1"],
    "NUL in a model's path": ["write", "--preset", "a\0b"],
}


@pytest.mark.parametrize("argv", INVALID_COMMANDS.values(), ids=INVALID_COMMANDS)
def test_invalid_input_is_one_line(argv, photo, run_command, home):
    Path("no.zip").write_bytes(b"PK\x05\x06" + bytes(18))
    Path("no.txt").write_text("no model")
    code, out, err = run_command(*argv)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("error: ")
    assert says_what_to_do(err) or "See `studio" in err
    assert not (home / "files").exists(), "nothing of it is kept"


def test_truncated_model_is_one_line(language_model, write):
    weights = language_model / model_folder.WEIGHTS
    weights.write_bytes(weights.read_bytes()[:-100])
    code, out, err = write("the")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert says_what_to_do(err) or "See `studio" in err
