"""The playground task: command, image sizes, video and replay."""

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
def run_command(home, tmp_path, monkeypatch, capsys):
    """Runs a command in a new folder: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)

    def run_command(*arguments):
        code = main(list(arguments))
        return code, *capsys.readouterr()

    return run_command


def test_an_image_is_reproducible(run_command):
    code, out, _ = run_command(
        "playground", "sample:rocket", "-o", "out.png", "--size", "192", *QUICK, "--json"
    )
    figures = json.loads(out)["figures"]
    assert code == 0 and figures["steps"] == 60 and figures["parameters"] == PlaygroundSettings().parameters
    assert len(figures["gradients"]) == 4 and len(figures["values"]) == 3 and not figures["notes"]
    image = image_io.read("out.png")
    assert max(image.shape) == 192
    target = image_io.resize(sample_photos.read_photo("rocket"), *image.shape[:2])
    assert np.abs(image - target.astype(float)).mean() < 25
    assert run_command("replay", "out.png", "--verify", "--quiet")[:2] == (0, "identical\n")


def test_a_video_is_reproducible(run_command):
    assert (
        run_command("playground", "sample:rocket", "-o", "out.gif", "--frames", "4", "--size", "64", *QUICK)[
            0
        ]
        == 0
    )
    assert image_io.read("out.gif").shape[1] == 64
    assert run_command("replay", "out.gif", "--verify", "--quiet")[:2] == (0, "identical\n")
    code, _, err = run_command("playground", "sample:rocket", "-o", "out.gif", *QUICK)
    assert code == 2 and "error:" in err  # an image without `frames`


def test_divergence_is_a_note_and_no_error(run_command):
    arguments = [
        "--optimizer",
        "sgd",
        "--learning-rate",
        "10",
        "--size",
        "64",
        "--steps",
        "60",
        "--detail",
        "48",
    ]
    code, _, err = run_command("playground", "sample:rocket", "-o", "out.png", *arguments)
    assert code == 0 and "diverged" in err and "Try a lower learning rate" in err
    assert run_command("replay", "out.png", "--verify", "--quiet")[:2] == (0, "identical\n")


def test_a_rising_loss_is_noted(home):
    file = File.store(image_io.encode_png(sample_photos.read_photo("rocket")), "image", "rocket.png")
    settings = PlaygroundSettings(learning_rate=20, steps=40, detail=32, size=64, weight_decay=0)
    figures = tasks.run("playground.train", settings, {"content": [file]}).figures
    assert "rose above its first value" in figures["notes"][0]


@pytest.mark.parametrize(
    "arguments, message", [(["--learning-rate", "0"], "learning_rate"), (["--depth", "99"], "1 to 12")]
)
def test_invalid_settings_raise_readable_errors(run_command, arguments, message):
    code, _, err = run_command("playground", "sample:rocket", "-o", "out.png", *arguments)
    assert code == 2 and message in err


def test_the_estimates_grow_with_the_settings(home):
    task = tasks.get("playground.train")
    inputs = {
        "content": [File.store(image_io.encode_png(sample_photos.read_photo("rocket")), "image", "a.png")]
    }
    usual, needs = tasks.import_object(task.estimate_seconds), tasks.import_object(task.estimate_bytes)
    for change in ({"steps": 9000}, {"size": 4096}, {"frames": 200}, {"width": 256, "depth": 12}):
        assert usual(PlaygroundSettings(**change), inputs) > 1.5 * usual(PlaygroundSettings(), inputs)
    assert (
        needs(PlaygroundSettings(fourier_features=256, detail=256), inputs)
        > needs(PlaygroundSettings(), inputs) + 2e8
    )
