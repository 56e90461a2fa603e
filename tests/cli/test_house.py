"""House styles on the command line."""

from __future__ import annotations

import numpy as np
import pytest
import tiny_styles

from studio.cli import main
from studio.core.imaging import image_io
from studio.core.process import limits


def test_network_can_be_a_folder(photo, capsys):
    tiny_styles.make(photo.with_name("mine"))
    argv = ["style", "photo.png", "house:rain", "--network", "mine", "-o", "out.png", "--size", "96"]
    assert main([*argv, "--quiet"]) == 0
    assert main(["replay", "out.png", "--verify", "--quiet"]) == 0
    assert "identical" in capsys.readouterr().out


def test_house_styles_are_reproducible(photo, capsys):
    argv = ["style", "photo.png", "house:mosaic", "house:wash", "-o", "out.png", "--size", "96"]
    assert main([*argv, "--style-weights", "1,3", "--quiet"]) == 0
    assert max(image_io.read(photo.with_name("out.png")).shape) == 96
    assert main(["replay", "out.png", "--verify", "--quiet"]) == 0
    assert "identical" in capsys.readouterr().out


@pytest.mark.slow
def test_too_large_size_error_names_the_largest(photo, capsys, monkeypatch):
    monkeypatch.setattr(limits, "read_memory_limit", lambda: 2**30)
    argv = ["style", "photo.png", "house:mosaic", "-o", "out.png"]
    assert main([*argv, "--size", "2048"]) == 2
    message = capsys.readouterr().err
    assert "Style with size 2048 px needs about" in message
    size = message.split("Choose size ")[1].split()[0]
    assert not photo.with_name("out.png").exists()
    assert main([*argv, "--size", size, "--quiet"]) == 0


def test_house_flag_selects_styles(photo):
    assert main(["style", "photo.png", "--house", "mosaic", "-o", "flag.png", "--size", "96", "--quiet"]) == 0
    assert main(["style", "photo.png", "house:mosaic", "-o", "word.png", "--size", "96", "--quiet"]) == 0
    images = [image_io.read(photo.with_name(name)) for name in ("flag.png", "word.png")]
    np.testing.assert_array_equal(*images)


@pytest.mark.parametrize(
    "argv, expected",
    [
        (["house:mozaic"], "mosaic"),
        (["house:mosaic", "photo.png"], "either house styles or style images"),
        ([], "name a house style"),
        (["house:mosaic", "--mode", "fine"], "instant mode"),
        (["house:mosaic", "--style-weights", "0"], "not all 0"),
        (["photo.png", "--network", "digits-vae"], "Use house styles with it"),
    ],
)
def test_invalid_style_is_rejected(photo, capsys, argv, expected):
    assert main(["style", "photo.png", *argv, "-o", "out.png"]) == 2
    message = capsys.readouterr().err
    assert expected in message and "Traceback" not in message
    assert not photo.with_name("out.png").exists()


@pytest.mark.slow
def test_style_training_requires_styles(photo, capsys):
    assert main(["train", "style", ".", "-o", "mine"]) == 2
    assert "--style" in capsys.readouterr().err
