"""`studio who`: which of two language models is closer to a text, as text or JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

TEXT = "Alice was beginning to get very tired of sitting by her sister on the bank. The cat likes milk.\n"


@pytest.fixture
def letter(language_model):
    """A text in the working folder, next to the small language model."""
    Path("letter.txt").write_text(TEXT)
    return "letter.txt"


def test_comparison_prints_text_or_json(letter, run_command):
    code, out, err = run_command("who", letter, "--quiet")
    assert (code, err) == (0, "") and out.startswith("More like alice than shakespeare")
    code, out, _ = run_command("who", letter, "--json", "--per-character", "--quiet")
    report = json.loads(out)
    assert code == 0 and [model["name"] for model in report["language_models"]] == ["shakespeare", "alice"]
    assert report["language_model"] == "alice" and len(report["nats"][1]) == len(TEXT)


def test_saved_answer_can_be_replayed(letter, run_command):
    assert run_command("who", letter, "-o", "who.json", "--quiet")[0] == 0
    assert json.loads(Path("who.json").read_text())["language_model"] == "alice"
    code, _, err = run_command("replay", "who.json", "-o", "again.json", "--quiet")
    assert code == 0, err
    assert json.loads(Path("again.json").read_text()) == json.loads(Path("who.json").read_text())


@pytest.mark.parametrize(
    "argv, message",
    [
        (["--first", "alice"], "two different language models"),
        (["--first", "nobody"], "a model folder"),
        (["--second", "digits-dcgan"], "a language model"),
    ],
)
def test_invalid_input_is_one_sentence(letter, run_command, argv, message):
    code, out, err = run_command("who", letter, *argv)
    assert (code, out) == (2, "") and message in err and err.count("\n") == 1
