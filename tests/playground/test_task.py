"""The task as a user meets it: a command, an image of any size, a video, and both made again."""

from __future__ import annotations

import json

import numpy as np
import pytest

from studio.cli import main
from studio.core import tasks
from studio.core.imaging import image_io, sample_photos
from studio.core.tasks import File
from studio.playground.settings import PlaygroundSettings

QUICK = ["--steps", "60", "--detail", "48", "--quiet"]


@pytest.fixture
def said(home, tmp_path, monkeypatch, capsys):
    """Runs a command in a folder of its own: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def said(*words):
        code = main(list(words))
        return code, *capsys.readouterr()

    return said


def test_a_image_is_painted_and_made_again(said):
    code, out, _ = said("playground", "sample:rocket", "-o", "out.png", "--size", "192", *QUICK, "--json")
    made = json.loads(out)["figures"]
    assert code == 0 and made["steps"] == 60 and made["parameters"] == PlaygroundSettings().parameters
    assert len(made["gradients"]) == 4 and len(made["values"]) == 3 and not made["notes"]
    image = image_io.read("out.png")
    assert max(image.shape) == 192
    wanted = image_io.resize(sample_photos.photo("rocket"), *image.shape[:2])
    assert np.abs(image - wanted.astype(float)).mean() < 25
    assert said("replay", "out.png", "--verify", "--quiet")[:2] == (0, "identical\n")


def test_a_video_is_made_and_made_again(said):
    assert (
        said("playground", "sample:rocket", "-o", "out.gif", "--frames", "4", "--size", "64", *QUICK)[0] == 0
    )
    assert image_io.read("out.gif").shape[1] == 64
    assert said("replay", "out.gif", "--verify", "--quiet")[:2] == (0, "identical\n")
    code, _, err = said("playground", "sample:rocket", "-o", "out.gif", *QUICK)
    assert code == 2 and "error:" in err  # without frames it is an image


def test_weights_that_ran_away_are_no_error(said):
    words = ["--optimizer", "sgd", "--learning-rate", "10", "--size", "64", "--steps", "60", "--detail", "48"]
    code, _, err = said("playground", "sample:rocket", "-o", "out.png", *words)
    assert code == 0 and "diverged" in err and "Try a lower learning rate" in err
    assert said("replay", "out.png", "--verify", "--quiet")[:2] == (0, "identical\n")


def test_a_rate_that_only_makes_it_worse_is_told(home):
    file = File.keep(image_io.encode_png(sample_photos.photo("rocket")), "image", "rocket.png")
    wanted = PlaygroundSettings(learning_rate=20, steps=40, detail=32, size=64, weight_decay=0)
    figures = tasks.run("playground.train", wanted, {"content": [file]}).figures
    assert "rose above its first value" in figures["notes"][0]


@pytest.mark.parametrize(
    "words, told", [(["--learning-rate", "0"], "learning_rate"), (["--depth", "99"], "1 to 12")]
)
def test_what_no_network_can_have_is_told(said, words, told):
    code, _, err = said("playground", "sample:rocket", "-o", "out.png", *words)
    assert code == 2 and told in err


def test_what_it_takes_grows_with_what_is_asked(home):
    task = tasks.get("playground.train")
    inputs = {"content": [File.keep(image_io.encode_png(sample_photos.photo("rocket")), "image", "a.png")]}
    usual, needs = tasks.imported(task.usual), tasks.imported(task.needs)
    for change in ({"steps": 9000}, {"size": 4096}, {"frames": 200}, {"width": 256, "depth": 12}):
        assert usual(PlaygroundSettings(**change), inputs) > 1.5 * usual(PlaygroundSettings(), inputs)
    assert (
        needs(PlaygroundSettings(fourier_features=256, detail=256), inputs)
        > needs(PlaygroundSettings(), inputs) + 2e8
    )
