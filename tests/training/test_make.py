"""`training.make`: recipes of shipped models, run in phases and resumed after a kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from saved_weights import load_weights
from waiting import wait_until

from studio.core import tasks
from studio.core.errors import InvalidInput
from studio.core.models import presets
from studio.core.weights import index
from training import make

RECIPE = """
task = "text.train"
script = "train_text"
title = "counting"
expected = ["nothing."]

[data]
file = "numbers.txt"
about = "numbers"
license = "CC0-1.0"
sha256 = "0000"
get = "Write them."
"""
PHASE = """
[[phases]]
name = "{name}"
why = "Because it is {name}."
[phases.settings]
epochs = {epochs}
units = 16
embedding = 8
streams = 4
sequence = 8
patience = 0
learning_rate = {rate}
"""
# Saves at every step, so that a kill at any moment resumes in the middle of a phase.
SCRIPT = """
import sys
from pathlib import Path
from studio.core.training import checkpoints
from training import make

checkpoints.CHECKPOINT_SECONDS = 0
make.FOLDER = Path("recipes")
sys.exit(make.main(sys.argv[1:]))
"""


@pytest.fixture
def folder(home, tmp_path, monkeypatch):
    """A folder with a recipe of two phases and its data."""
    (tmp_path / "recipes").mkdir()
    phases = PHASE.format(name="first", epochs=1, rate=0.002) + PHASE.format(
        name="second", epochs=1, rate=0.001
    )
    (tmp_path / "recipes" / "counting.toml").write_text(RECIPE + phases)
    numbers = np.random.default_rng(0).choice(["one", "two", "three"], 600)
    (tmp_path / "numbers.txt").write_text(" ".join(numbers))
    monkeypatch.setattr(make, "FOLDER", tmp_path / "recipes")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", make.list_recipes())
def test_recipes_fit_their_tasks(name):
    recipe = make.read_recipe(name)
    assert presets.find(name).task == recipe.task
    for phase in recipe.phases:
        tasks.get(recipe.task).settings.parse(make.values_of(recipe, phase))
        slots = {slot.name for slot in tasks.get(recipe.task).inputs}
        assert {*recipe.inputs, *phase.inputs} <= slots
    assert len({phase.name for phase in recipe.phases}) == len(recipe.phases)


def test_every_shipped_model_has_a_recipe():
    assert set(make.list_recipes()) == set(index.load().presets)


def test_the_list_separates_names_from_titles(capsys):
    assert make.main([]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in lines] == make.list_recipes()


def test_a_fraction_scales_settings_counted_in_steps():
    recipe = make.read_recipe("digits-vae")
    short = make.values_of(recipe, recipe.phases[2], 0.1)
    assert [short[name] for name in ("steps", "ema_steps", "test_every", "batch")] == [1200, 200, 100, 256]


def test_an_unknown_name_gets_a_suggestion(folder):
    with pytest.raises(InvalidInput, match="Did you mean counting"):
        make.read_recipe("conting")


def test_the_error_for_missing_data_says_how_to_get_it(folder, capsys):
    (folder / "numbers.txt").unlink()
    assert make.main(["counting"]) == 2
    assert capsys.readouterr().err == "error: numbers.txt is missing. Write them. Name it with --data.\n"


@pytest.mark.slow
def test_finished_phases_are_kept_and_other_data_is_noted(folder, capsys):
    assert make.main(["counting", "-o", "runs"]) == 0
    err = capsys.readouterr().err
    assert "Phase 1 of 2, first: Because it is first." in err and "the metrics will differ" in err
    assert "Expected: nothing." in err
    first = presets.find(folder / "runs" / "first")
    model = presets.find(folder / "runs" / make.MODEL)
    assert model.read_data()["figures"]["started_from"] == "first"
    command = "python -m training.make counting --data numbers.txt"
    assert model.read_data()["command"] == command and f"\n    {command}\n" in model.read_card()
    assert make.main(["counting", "-o", "runs"]) == 0
    assert capsys.readouterr().err.count("finished.") == 2
    assert presets.find(folder / "runs" / "first").digest == first.digest
    (folder / "other.txt").write_text("four five six " * 300)
    assert make.main(["counting", "-o", "runs", "--data", "other.txt"]) == 2
    assert "first holds a trained model" in capsys.readouterr().err


@pytest.mark.slow
def test_a_killed_recipe_gives_the_uninterrupted_weights(folder, home, capsys):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    killed = subprocess.Popen([sys.executable, "-c", SCRIPT, "counting", "-o", "killed"], env=environment)
    # In its second phase; tests of text training kill a first one.
    wait_until(lambda: killed.poll() is not None or (folder / "killed" / "first").exists(), pause=0.005)
    killed.send_signal(signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    assert make.main(["counting", "-o", "killed"]) == 0
    assert "first: finished." in capsys.readouterr().err
    assert make.main(["counting", "-o", "uninterrupted"]) == 0
    pairs = zip(
        load_weights(folder / "uninterrupted" / make.MODEL),
        load_weights(folder / "killed" / make.MODEL),
        strict=True,
    )
    for first, second in pairs:
        # Not bit-exact, because the order of sums varies on several cores.
        assert np.allclose(first, second, atol=2e-2)
