"""`studio score`: metrics of a trained model on its test split, as JSON."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from studio.core.models import presets
from studio.text import TRAIN
from tests.wording import says_what_to_do


@pytest.fixture
def text(rhyme, language_model):
    """The text that the small model was trained on, in the working folder."""
    Path("rhyme.txt").write_text(rhyme)
    return "rhyme.txt"


@pytest.mark.slow
def test_held_out_part_gives_the_figures_of_the_training(language_model, text, run_command):
    code, out, err = run_command("score", language_model, text)
    report, figures = json.loads(out), presets.find(language_model).read_data()["figures"]
    assert (code, err, out.count("\n")) == (0, "", 1)
    assert set(report) == {"nats_per_char", "bits_per_char", "chars"}
    assert report["nats_per_char"] == pytest.approx(figures["nats_per_char"], abs=1e-6)
    assert report["bits_per_char"] == pytest.approx(report["nats_per_char"] / math.log(2))
    assert report["chars"] == figures["held_out_chars"]


@pytest.mark.slow
def test_default_part_is_the_held_out_one_of_the_model(language_model, text, run_command):
    record = json.loads((language_model / "settings.json").read_text())
    record["settings"]["held_out"] = 0.05
    (language_model / "settings.json").write_text(json.dumps(record))
    assert run_command("score", language_model, text) == run_command(
        "score", language_model, text, "--part", "0.95:1.0"
    )
    assert run_command("score", language_model, text) != run_command(
        "score", language_model, text, "--part", "0.9:1.0"
    )


def test_part_selects_a_fraction_of_the_text(language_model, text, rhyme, run_command):
    full = json.loads(run_command("score", language_model, text, "--part", "0:1")[1])
    assert full["chars"] == len(rhyme) - 1
    half = json.loads(run_command("score", language_model, text, "--part", "0.5:1.0", "--json")[1])
    assert half["chars"] == pytest.approx(len(rhyme) / 2, abs=2)
    assert half["nats_per_char"] != full["nats_per_char"]


def test_unknown_characters_are_noted(language_model, rhyme, run_command):
    Path("other.txt").write_text(rhyme.replace("sea", "☃"))
    code, out, err = run_command("score", language_model, "other.txt")
    assert code == 0
    assert "☃" in err
    assert json.loads(out)["chars"]


@pytest.mark.parametrize("part", ["1:0", "0.5", "a:b", "0.5:0.5", "-1:1", "0:2", "nan:1", "0.1:0.2:0.3", ""])
def test_invalid_part_is_rejected(part, language_model, text, run_command):
    code, out, err = run_command("score", language_model, text, f"--part={part}")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "--part" in err


INVALID_COMMANDS = {
    "no such preset": ["score", "nobody", "rhyme.txt"],
    "no such data": ["score", "language_model", "nothing.txt"],
    "a folder as data": ["score", "language_model", "."],
    "too small a part": ["score", "language_model", "rhyme.txt", "--part", "0.9999:1"],
    "no data": ["score", "language_model"],
}


@pytest.mark.parametrize("argv", INVALID_COMMANDS.values(), ids=INVALID_COMMANDS)
def test_invalid_input_is_one_line(argv, text, run_command):
    code, out, err = run_command(*argv)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("error: ")
    assert says_what_to_do(err) or "See `studio" in err


def test_model_without_a_metric_is_rejected(language_model, text, run_command, monkeypatch):
    monkeypatch.setattr("studio.text.TRAIN", replace(TRAIN, evaluate=""))
    code, _, err = run_command("score", language_model, text)
    assert code == 2
    assert ": text.train. Use" in err


def test_published_figures_replace_earlier_ones_in_the_card(language_model, text, run_command):
    card = presets.find(language_model).read_card()
    for part in ("0:1", "0.5:1.0"):
        code, out, _ = run_command("score", language_model, text, "--part", part, "--publish")
        assert code == 0
    published = presets.find(language_model).read_card()
    assert published.startswith(card.rstrip())
    assert published.count("## Score") == 1
    assert f"    studio score {language_model.name} {text} --part 0.5:1.0" in published
    assert f"| nats per char | {json.loads(out)['nats_per_char']:.4g} |" in published
