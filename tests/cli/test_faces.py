"""`studio faces`: the file name of the output selects its format."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import tiny_faces

from studio.core import paths, recipes
from studio.core.imaging import image_io, video_decoder
from tests.wording import says_what_to_do

QUICK_COMMAND = ("faces", "--preset", "tiny", "-n", "9")


@pytest.fixture
def tiny(home, tmp_path, monkeypatch):
    """A generator named "tiny", and a working folder."""
    monkeypatch.chdir(tmp_path)
    return tiny_faces.make(paths.ensure_folder("presets") / "tiny")


@pytest.mark.parametrize("name", ["grid.png", "interpolate.gif", "interpolate.WEBP"])
def test_every_format_is_reproducible(name, tiny, run_command):
    interpolate = ("--interpolate", "5") if name.startswith("interpolate") else ()
    assert run_command(*QUICK_COMMAND, "-o", name, "--seed", "3", *interpolate) == (0, f"{name}\n", "")
    recipe = Path(name if name.endswith("png") else f"{name}.json").read_bytes()
    assert recipes.read(recipe).settings["seed"] == 3
    assert run_command("replay", name, "--verify")[:2] == (0, "identical\n")


@pytest.mark.parametrize(
    "argv", [("--form", "npz", "-o", "a.png"), ("--video", "gif", "--interpolate", "3", "-o", "a.mp4")]
)
def test_contradicting_format_and_name_are_rejected(argv, tiny, run_command):
    code, out, err = run_command(*QUICK_COMMAND, *argv)
    assert (code, out) == (2, "") and argv[0] in err and "Leave" in err
    assert run_command(*QUICK_COMMAND, "--form", "npz", "-o", "a.npz")[0] == 0


@pytest.mark.slow
def test_outputs_have_the_expected_content(tiny, run_command):
    for name in ("grid.npz", "grid.zip"):
        run_command(*QUICK_COMMAND, "-o", name)
        assert run_command("replay", name, "--verify")[:2] == (0, "identical\n")
    run_command(*QUICK_COMMAND, "-o", "interpolate.mp4")
    images = np.load("grid.npz")["images"]
    assert images.shape == (9, 16, 16, 3) and images.dtype == np.uint8
    with zipfile.ZipFile("grid.zip") as file:
        assert [
            np.array_equal(image_io.read(file.read(n)), images[i]) for i, n in enumerate(file.namelist())
        ] == [True] * 9
    assert len(list(video_decoder.decode(Path("interpolate.mp4").read_bytes()))) == 96


def test_replay_describes_an_array_difference(tiny, run_command):
    run_command(*QUICK_COMMAND, "-o", "grid.npz")
    data = bytearray(Path("grid.npz").read_bytes())
    data[400] ^= 1
    Path("grid.npz").write_bytes(data)
    code, out, _ = run_command("replay", "grid.npz", "--verify")
    assert (code, out.startswith("From byte 400")) == (1, True)


def test_inputs_may_be_face_photo_or_folder(tiny, run_command, image):
    Path("me.png").write_bytes(image_io.encode_png(image))
    moved = ("--face", "1", "--photo", "me.png", "--moves", "older=1,direction-1=-1")
    assert run_command("faces", "--preset", tiny, *moved, "-o", "me-older.png")[0] == 0
    assert image_io.read(Path("me-older.png")).shape == (512, 512, 3)
    recipe = recipes.read(Path("me-older.png").read_bytes())
    assert set(recipe.inputs) == {"photo", "model"}
    assert run_command("replay", "me-older.png", "--verify")[:2] == (0, "identical\n")


def test_json_has_the_figures(tiny, run_command):
    code, out, _ = run_command(*QUICK_COMMAND, "-o", "grid.png", "--json")
    report = json.loads(out)
    assert (code, report["path"], report["figures"]["n"]) == (0, "grid.png", 9)


INVALID_COMMANDS = {
    "another model": ["faces", "-o", "a.png", "--model", "gan"],
    "an unknown preset": ["faces", "-o", "a.png", "--preset", "nobody"],
    "an unknown ending": [*QUICK_COMMAND, "-o", "a.xyz"],
    "an interpolation in an image": [*QUICK_COMMAND, "-o", "a.png", "--interpolate", "9"],
    "an interpolation in an array": [*QUICK_COMMAND, "-o", "a.npz", "--interpolate", "9"],
    "none": [*QUICK_COMMAND, "-o", "a.png", "-n", "0"],
    "an unknown direction": [*QUICK_COMMAND, "-o", "a.png", "--moves", "wiser=1"],
    "more like none": [*QUICK_COMMAND, "-o", "a.png", "--near", "x"],
    "a way from nowhere": [*QUICK_COMMAND, "-o", "a.png", "--to", "3"],
    "a photo that is none": [*QUICK_COMMAND, "-o", "a.png", "--photo", "grid.txt"],
}


@pytest.mark.parametrize("argv", INVALID_COMMANDS.values(), ids=INVALID_COMMANDS)
def test_invalid_input_is_one_line(argv, tiny, run_command):
    Path("grid.txt").write_text("no image")
    code, out, err = run_command(*argv)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("error: ") and (says_what_to_do(err) or "See `studio" in err)
    assert not list(Path().glob("a.*"))
