"""`studio who`: which of two language models a text is more like, in words or as one JSON object."""

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


def test_two_models_answer_in_words_and_as_json(letter, said):
    code, out, err = said("who", letter, "--quiet")
    assert (code, err) == (0, "") and out.startswith("More like alice than shakespeare")
    code, out, _ = said("who", letter, "--json", "--per-character", "--quiet")
    told = json.loads(out)
    assert code == 0 and [one["name"] for one in told["language_models"]] == ["shakespeare", "alice"]
    assert told["language_model"] == "alice" and len(told["nats"][1]) == len(TEXT)


def test_a_saved_answer_is_made_again_from_its_recipe(letter, said):
    assert said("who", letter, "-o", "who.json", "--quiet")[0] == 0
    assert json.loads(Path("who.json").read_text())["language_model"] == "alice"
    code, _, err = said("replay", "who.json", "-o", "again.json", "--quiet")
    assert code == 0, err
    assert json.loads(Path("again.json").read_text()) == json.loads(Path("who.json").read_text())


@pytest.mark.parametrize(
    "words, told",
    [
        (["--first", "alice"], "two different language models"),
        (["--first", "nobody"], "a model folder"),
        (["--second", "digits-dcgan"], "a language model"),
    ],
)
def test_what_is_wrong_is_one_sentence(letter, said, words, told):
    code, out, err = said("who", letter, *words)
    assert (code, out) == (2, "") and told in err and err.count("\n") == 1
