"""Parameter sweeps over one or two settings on the command line."""

import json

import pytest

from studio.cli import main
from studio.core import recipes
from studio.core.imaging import image_io
from studio.core.process import limits


def test_sheet_of_two_settings_can_be_replayed(photo, capsys):
    argv = ["invert", "photo.png", "-o", "sheet.png", "--vary", "steps=1:3:3", "--vary", "tint=none,red"]
    assert main([*argv, "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["path"] == "sheet.png"
    labels = [cell["label"] for cell in report["figures"]["cells"]]
    assert labels == [f"steps {n}, tint {tint}" for tint in ("none", "red") for n in (1, 2, 3)]
    data = photo.with_name("sheet.png").read_bytes()
    assert recipes.read(data).task == "gallery.sweep"
    height, width = image_io.read(data).shape[:2]
    assert width > 3 * 64 and height > 2 * 48
    assert main(["replay", "sheet.png", "--verify", "--quiet"]) == 0
    assert "identical" in capsys.readouterr().out


@pytest.mark.parametrize(
    "argv, expected",
    [
        (("--vary", "mood=1,2"), "Invalid setting to vary: mood. Use one of mirror, seconds, seed, steps"),
        (("--vary", "steps=1"), "Invalid values of steps: 1. Use 2 to 36, as A,B or LOW:HIGH:COUNT."),
        (("--vary", "steps=0:9:400"), ": 0:9:400. Use LOW:HIGH:COUNT with a COUNT of 2 to 36."),
        (("--vary", "steps=1,2", "--vary", "seed=1,2", "--vary", "tint=none,red"), "vary"),
        (("--vary", "steps=1,2", "-o", "sheet.gif"), "ends in .png"),
    ],
)
def test_invalid_sweep_is_rejected_with_a_sentence(photo, capsys, argv, expected):
    out = () if "-o" in argv else ("-o", "sheet.png")
    assert main(["invert", "photo.png", *out, *argv]) == 2
    message = capsys.readouterr().err
    assert expected in message and message.count("\n") == 1 and "Traceback" not in message


def test_cell_beyond_the_memory_is_rejected_first(photo, capsys, monkeypatch):
    monkeypatch.setattr(limits, "read_memory_limit", lambda: 2**30)
    argv = ["style", "photo.png", "house:mosaic", "-o", "sheet.png", "--vary", "size=64,128,2048"]
    assert main(argv) == 2
    message = capsys.readouterr().err
    assert "Style with size 2048 px needs about" in message and message.count("\n") == 1
    assert not photo.with_name("sheet.png").exists()


def test_setting_names_may_have_dashes(photo, capsys):
    assert main(["dream", "photo.png", "-o", "sheet.png", "--vary", "octave-scale=1,2"]) == 2
    assert "octave_scale" in capsys.readouterr().err  # 1 is below the minimum, so the name was accepted


def test_sweep_requires_an_output(capsys):
    assert main(["write", "--vary", "temperature=0.5,1"]) == 2
    assert "Name one with -o" in capsys.readouterr().err
