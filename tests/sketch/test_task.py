"""The sketch task: command, replay, and nearly empty drawings."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tiny_sketch

from studio.cli import main
from studio.core.imaging import image_io
from training.drawings.sketches import doodles
from training.drawings.sketches.partial_avatars import choose_avatar


@pytest.fixture
def run_command(home, tmp_path, monkeypatch, capsys):
    """Runs a command in a new folder: exit code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)
    tiny_sketch.make("tiny")

    def run_command(*arguments):
        code = main([*arguments, "--quiet"])
        return code, *capsys.readouterr()

    return run_command


@pytest.fixture
def face(tmp_path):
    """A drawing of 200 x 200 px."""
    path = tmp_path / "face.png"
    drawing = doodles.draw(choose_avatar(1, 5, 0.0), "outline", 200, np.random.default_rng(4))
    path.write_bytes(image_io.encode_png(drawing))
    return str(path)


def test_an_avatar_is_reproducible(run_command, face):
    arguments = ["sketch", face, "-o", "out.png", "--network", "tiny"]
    code, out, _ = run_command(*arguments, "--side", "64", "--json")
    assert code == 0 and json.loads(out)["figures"]["side"] == 64
    day = image_io.read("out.png")
    assert day.shape == (64, 64, 3)
    assert run_command("replay", "out.png", "--verify")[:2] == (0, "identical\n")
    for options in (["--night"], ["--seed", "4"], ["--kind", "light"]):
        assert run_command(*arguments, "--side", "64", *options)[0] == 0
        assert np.abs(image_io.read("out.png").astype(int) - day).mean() > 1


def test_an_empty_drawing_raises_a_readable_error(run_command, tmp_path):
    (tmp_path / "empty.png").write_bytes(image_io.encode_png(np.zeros((40, 40, 3), "uint8")))
    code, _, err = run_command("sketch", "empty.png", "-o", "out.png", "--network", "tiny")
    assert code == 2 and err.startswith("error: ") and err.count("\n") == 1
    assert "an image of one color" in err and "outline of a head" in err


def test_another_kind_of_model_is_rejected(run_command, face):
    code, _, err = run_command("sketch", face, "-o", "out.png", "--network", "digits-vae")
    assert code == 2 and "paints" in err


@pytest.mark.slow
@pytest.mark.usefixtures("eager")
def test_a_training_on_sketches_can_be_a_start(run_command, face):
    train = ["train", "sketch", "sample:sketches"]
    quick = ["--size", "32", "--width", "4", "--discriminator-width", "4", "--batch", "4"]
    code, out, _ = run_command(*train, "-o", "first", *quick, "--steps", "4", "--json")
    figures = json.loads(out)["figures"]
    assert code == 0 and figures["steps"] == 4
    assert figures["avatars"] == 128 and 3 <= figures["held_out"] <= 12
    assert set(figures) >= {"off", "off_outline", "off_parts", "off_light"}
    options = [*quick, "--steps", "2", "--seed", "1", "--start-from", "first"]
    assert run_command(*train, "-o", "second", *options)[0] == 0
    assert run_command("sketch", face, "-o", "out.png", "--network", "second")[0] == 0
    code, _, err = run_command(*train, "-o", "third", "--size", "96", "--start-from", "first")
    assert code == 2 and "size 96" in err
    code, _, err = run_command(*train, "-o", "fourth", "--size", "64")
    assert code == 2 and "images of 64 px or a multiple of it" in err and err.count("\n") == 1
    code, _, err = run_command("train", "sketch", "sample:avatars", "-o", "fourth")
    assert code == 2 and "arrays called" in err and err.count("\n") == 1
