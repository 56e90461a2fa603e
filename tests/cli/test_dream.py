"""`studio dream`: an image, or a video in the format of its file name."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from studio.cli import running
from studio.core import recipes, tasks
from studio.core.imaging import image_io, video_decoder, video_encoder
from studio.run import outputs
from tests.wording import says_what_to_do

QUICK_FLAGS = (
    "--size",
    "64",
    "--octaves",
    "1",
    "--steps",
    "2",
    "--zoom-steps",
    "1",
    "--layers",
    "block3_conv1",
)


@pytest.mark.parametrize("name", ["loop.gif", "LOOP.MP4"])
def test_ending_selects_the_video_format(name, photo, weights_home, run_command):
    code, out, _ = run_command("dream", photo, "-o", name, "--zoom", "3", *QUICK_FLAGS)
    assert (code, out) == (0, f"{name}\n")
    data = Path(name).read_bytes()
    assert len(list(video_decoder.decode(data))) == 3
    recipe = recipes.read(Path(f"{name}.json").read_bytes())
    assert (recipe.settings["video"], recipe.settings["zoom"]) == (Path(name).suffix.lower()[1:], 3)
    assert run_command("replay", name, "--verify")[:2] == (0, "identical\n")


def test_long_job_notes_its_duration(photo, weights_home, run_command, monkeypatch):
    assert "about" not in run_command("dream", photo, "-o", "short.png", *QUICK_FLAGS)[2]
    monkeypatch.setattr(running, "MIN_NOTED_SECONDS", 0.0)
    assert "Dream: a few seconds here" in run_command("dream", photo, "-o", "long.png", *QUICK_FLAGS)[2]


def test_video_is_replayed(photo, weights_home, run_command):
    run_command("dream", photo, "-o", "loop.gif", "--zoom", "2", *QUICK_FLAGS)
    assert run_command("replay", "loop.gif")[:2] == (0, "loop-again.gif\n")
    assert Path("loop-again.gif").read_bytes() == Path("loop.gif").read_bytes()
    assert Path("loop-again.gif.json").is_file()
    code, _, err = run_command("replay", "loop.gif", "-o", "other.mp4")
    assert code == 2
    assert ".gif" in err


def test_replay_describes_a_video_difference(photo, weights_home, run_command):
    run_command("dream", photo, "-o", "loop.webp", "--zoom", "3", *QUICK_FLAGS)
    frames = list(video_decoder.decode(Path("loop.webp").read_bytes()))
    for changed, argv in (([255 - frames[0], *frames[1:]], "largest difference"), (frames[:2], "length")):
        Path("loop.webp").write_bytes(video_encoder.encode(changed, "webp", 15))
        code, out, _ = run_command("replay", "loop.webp", "--verify")
        assert code == 1
        assert argv in out


def test_webp_without_a_zoom_is_an_image(photo, weights_home, run_command):
    code, out, err = run_command("dream", photo, "-o", "still.webp", *QUICK_FLAGS)
    assert (code, out, err) == (0, "still.webp\n", "")
    assert len(list(video_decoder.decode(Path("still.webp").read_bytes()))) == 1
    assert run_command("replay", "still.webp", "--verify")[:2] == (0, "identical\n")


@pytest.mark.parametrize("flag", ["--quiet", "--json"])
def test_duration_note_is_hidden_from_scripts(flag, photo, weights_home, run_command):
    code, out, err = run_command("dream", photo, "-o", "loop.gif", "--zoom", "2", *QUICK_FLAGS, flag)
    assert (code, err) == (0, "")
    if flag == "--json":
        assert json.loads(out)["figures"]["frames"] == 2


INVALID_COMMANDS = {
    "a video named as an image": ["dream", "photo.png", "-o", "loop.png", "--zoom", "3"],
    "an image named as a video": ["dream", "photo.png", "-o", "loop.gif"],
    "too many frames": ["dream", "photo.png", "-o", "loop.gif", "--zoom", "601"],
    "an unknown layer": ["dream", "photo.png", "-o", "loop.gif", "--zoom", "3", "--layers", "block9"],
    "replay of a video without a recipe": ["replay", "bare.gif", "--verify"],
    "replay of a video that is none": ["replay", "text.gif", "--verify"],
    "replay of a video that is gone": ["replay", "gone.gif.json", "--verify"],
}


@pytest.mark.parametrize("argv", INVALID_COMMANDS.values(), ids=INVALID_COMMANDS)
def test_invalid_input_is_one_line(argv, photo, run_command):
    Path("bare.gif").write_bytes(b"GIF89a")
    recipe = recipes.Recipe(task="dream.ascend", settings={"zoom": 3, "video": "gif"})
    for name in ("text.gif", "gone.gif"):
        Path(f"{name}.json").write_text(recipe.to_json())
    Path("text.gif").write_text("not a video")
    code, out, err = run_command(*argv)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("error: ")
    assert says_what_to_do(err) or "See `studio" in err


def test_stopped_video_is_saved_as_an_image(home, tmp_path, image):
    file = tasks.File.store(image_io.encode_png(image), "image", "photo-dream.png")
    (tmp_path / "loop.png").write_bytes(b"mine")
    saved = outputs.save_result(tasks.Result((file,)), tmp_path / "loop.gif")
    assert saved == tmp_path / "loop-2.png"
    assert saved.read_bytes() == file.read()
    assert (tmp_path / "loop.png").read_bytes() == b"mine"
