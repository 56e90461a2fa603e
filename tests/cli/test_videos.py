"""Videos as inputs of commands that take images."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import paint
import pytest
from PIL import Image

from studio.cli import main, videos
from studio.core import recipes, tasks
from studio.core.imaging import image_io, video_decoder, video_encoder
from studio.dream.settings import DreamSettings


@pytest.fixture
def clip(photo):
    """A video of three frames in the working folder."""
    frames = [np.full((32, 48, 3), 60 * n, "uint8") for n in (1, 2, 3)]
    path = photo.with_name("clip.gif")
    path.write_bytes(video_encoder.encode(frames, "gif", 10))
    return path


def test_video_result_can_be_replayed(clip, capsys):
    assert main(["invert", "clip.gif", "-o", "out.gif", "--steps", "1", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["path"], report["figures"]["frames"]) == ("out.gif", 3)
    shades = [frame.mean() for frame in video_decoder.decode(clip.with_name("out.gif").read_bytes())]
    assert shades == pytest.approx([195, 135, 75], abs=4)
    assert main(["replay", "out.gif", "--verify", "--quiet"]) == 0
    assert "identical" in capsys.readouterr().out


def test_part_of_a_video_is_selected_in_seconds(clip, capsys):
    part = ["--start", "0.1", "--end", "0.3"]
    assert main(["invert", "clip.gif", "-o", "out.gif", "--steps", "1", *part, "--quiet"]) == 0
    shades = [frame.mean() for frame in video_decoder.decode(clip.with_name("out.gif").read_bytes())]
    assert shades == pytest.approx([135, 75], abs=4)
    capsys.readouterr()
    assert main(["invert", "clip.gif", "-o", "late.gif", "--start", "9"]) == 2
    assert "less than 0.3 s, the length of clip.gif" in capsys.readouterr().err


def test_temporal_consistency_is_a_flag(clip, run_command):
    assert (
        run_command("invert", "clip.gif", "-o", "out.gif", "--temporal-consistency", "0.5", "--quiet")[0] == 0
    )
    assert recipes.read(Path("out.gif.json").read_bytes()).parse_settings().temporal_consistency == 0.5
    code, _, err = run_command("invert", "clip.gif", "-o", "out.gif", "--temporal-consistency", "2")
    assert code == 2 and "Use a number from 0 to 1" in err


def test_part_without_a_video_is_rejected(photo, run_command):
    code, _, err = run_command("invert", "photo.png", "-o", "out.png", "--start", "1")
    assert code == 2 and "Invalid `--start`: an image. Use a video." in err


def test_unknown_model_is_rejected_for_videos(clip, run_command):
    code, _, err = run_command("classify", "explain", "runs/no-such-model", "clip.gif", "-o", "where.gif")
    assert code == 2 and "no-such-model" in err


def test_settings_without_effect_on_videos_are_rejected(clip, run_command, monkeypatch):
    frame = tasks.Slot("frame", "image", min_files=0, flag="--frame")
    monkeypatch.setattr(paint, "PAINT", replace(paint.PAINT, inputs=(paint.PAINT.inputs[0], frame)))
    code, _, err = run_command("invert", "clip.gif", "-o", "out.gif", "--frame", "gold.png")
    assert code == 2 and "Invalid frame: gold.png. Use none for a video. " in err


def test_help_mentions_videos_only_where_accepted(capsys, monkeypatch):
    needy = replace(paint.PAINT, inputs=(paint.PAINT.inputs[0], tasks.Slot("other", "image")))
    for task, takes_video in ((paint.PAINT, True), (needy, False), (replace(needy, produces="text"), False)):
        monkeypatch.setattr(paint, "PAINT", task)
        with pytest.raises(SystemExit):
            main(["invert", "--help"])
        text = " ".join(capsys.readouterr().out.split())
        assert "a folder of images" in text and ("or a video" in text) == takes_video
    with pytest.raises(SystemExit):
        main(["faces", "--help"])  # it makes videos from one photo
    assert "or a video" not in " ".join(capsys.readouterr().out.split())


def test_image_output_uses_the_first_frame_with_a_note(clip, run_command):
    code, _, err = run_command("invert", "clip.gif", "-o", "out.png", "--steps", "1")
    assert code == 0 and "Only the first frame of clip.gif is used." in err
    assert "first frame" not in run_command("invert", "out.png", "-o", "again.png", "--steps", "1")[2]


@pytest.mark.parametrize("name", ["clip.png", "clip.apng"])
def test_only_animated_png_is_a_video(photo, run_command, name):
    frames = [Image.new("RGB", (48, 32), (60 * n, 0, 0)) for n in (1, 2, 3)]
    frames[0].save(name, "PNG", save_all=True, append_images=frames[1:], duration=[40, 2000, 40], loop=2)
    assert run_command("invert", name, "-o", "out.gif", "--steps", "1")[:2] == (0, "out.gif\n")
    times = video_decoder.read_times(Path("out.gif").read_bytes())
    assert ([float(duration) for duration in times.durations], times.plays) == ([0.04, 2, 0.04], 2)
    frames[0].save(name, "PNG")
    code, _, err = run_command("invert", name, "-o", "out.gif", "--steps", "1")
    assert code == 2 and "out.gif" in err


def test_single_frame_is_an_image(photo, run_command):
    Image.open(photo).save("still.webp")
    assert run_command("invert", "still.webp", "-o", "out.webp", "--steps", "1")[0] == 0
    assert json.loads(Path("out.webp.json").read_text())["task"] == "fake.paint"
    arguments = (
        tasks.get("dream.ascend"),
        DreamSettings(zoom=4),
        {"content": ["still.webp"]},
    )
    assert not videos.is_video_request(*arguments, "out.mp4")
    assert videos.is_video_request(arguments[0], DreamSettings(), arguments[2], "out.mp4")


def test_video_input_requires_a_video_output(clip, capsys):
    clip.rename(clip.with_name("clip.mp4"))
    assert main(["invert", "clip.mp4", "-o", "out.png"]) == 2
    message = capsys.readouterr().err
    assert "Invalid output out.png" in message and ".mp4, .webp, .gif" in message


@pytest.mark.parametrize("name", ["clip.mov", "CLIP.MOV", "clip.m4v"])
def test_mov_and_m4v_are_videos(clip, run_command, name):
    frames = [np.full((32, 48, 3), 60 * n, "uint8") for n in (1, 2, 3)]
    clip.with_name(name).write_bytes(video_encoder.encode(frames, "mp4", 10).replace(b"isom", b"qt  "))
    assert run_command("invert", name, "-o", "out.mp4", "--steps", "1", "--quiet")[:2] == (0, "out.mp4\n")
    assert len(list(video_decoder.decode(clip.with_name("out.mp4").read_bytes()))) == 3
    code, _, err = run_command("invert", name, "-o", "out.mov")
    assert code == 2 and "Invalid output out.mov" in err and ".mp4, .webp, .gif, as a video is given" in err


def test_a_3gp_of_a_phone_is_a_video(clip, run_command):
    frames = [np.full((32, 48, 3), 60 * n, "uint8") for n in (1, 2, 3)]
    data = video_encoder.encode(frames, "mp4", 10).replace(b"ftypisom", b"ftyp3gp4")
    clip.with_name("clip.3gp").write_bytes(data)
    assert run_command("invert", "clip.3gp", "-o", "out.mp4", "--steps", "1", "--quiet")[:2] == (
        0,
        "out.mp4\n",
    )
    assert len(list(video_decoder.decode(clip.with_name("out.mp4").read_bytes()))) == 3


@pytest.mark.parametrize("ending", ["avi", "WEBM", "mkv", "flv", "ts", "mpg", "wmv"])
@pytest.mark.parametrize("out", ["out.mp4", "out.png"])
def test_unsupported_video_suggests_conversion(clip, run_command, ending, out):
    code, _, err = run_command("invert", f"clip.{ending}", "-o", out)
    message = f"error: Invalid video clip.{ending}: .{ending.lower()}. Use an MP4, WebP, GIF or APNG. "
    assert (code, err) == (2, f"{message}Convert it to MP4.\n")


@pytest.fixture
def fake_dream(monkeypatch):
    """Replaces DeepDream by a task that returns each frame unchanged."""

    def dream(settings, inputs, progress):
        recipe = recipes.make("dream.ascend", settings, inputs)
        file = tasks.File.store(
            image_io.encode_png(image_io.read(inputs["content"][0].read()), recipe), "image", "x"
        )
        return tasks.Result((file,), {}, recipe)

    monkeypatch.setattr(paint, "dream", dream, raising=False)
    changed = replace(tasks.get("dream.ascend"), work="paint:dream", estimate_bytes="", estimate_seconds="")
    monkeypatch.setattr(paint, "DREAM", changed, raising=False)
    monkeypatch.setitem(tasks.TASKS, "dream.ascend", "paint:DREAM")


def test_video_has_the_requested_frame_rate(clip, run_command, fake_dream):
    for flags_given, fps in (((), 10), (("--fps", "20"), 10), (("--fps", "5"), 5)):
        code, _, err = run_command("dream", "clip.gif", "-o", "out.mp4", "--quiet", *flags_given)
        assert (code, err) == (0, "")
        assert video_decoder.read_times(Path("out.mp4").read_bytes()).fps == fps
    settings = recipes.read(Path("out.mp4.json").read_bytes()).parse_settings()
    assert (settings.fps, settings.video) == (5, "mp4")
    assert run_command("dream", "clip.gif", "-o", "out.gif", "--video", "gif", "--quiet")[0] == 0
    code, _, err = run_command("dream", "clip.gif", "-o", "out.gif", "--video", "mp4")
    assert code == 2 and "Use one that fits --video mp4" in err


@pytest.mark.parametrize(
    "name, flag, value",
    [("clip.gif", "--zoom-scale", "1.1"), ("clip.mp4", "--zoom-turn", "2.0"), ("clip.mp4", "--zoom", "8")],
)
def test_zoom_settings_are_rejected_for_videos(clip, run_command, fake_dream, name, flag, value):
    if name != clip.name:
        clip.rename(name)
    code, _, err = run_command("dream", name, "-o", "out.mp4", flag, value)
    assert code == 2 and f"Invalid `{flag}`: {value}. Use none for a video. Leave it out" in err


@pytest.mark.parametrize("data", [b"", b"no video", b"GIF89a cut"])
def test_invalid_video_is_rejected(clip, capsys, data):
    clip.write_bytes(data)
    assert main(["invert", "clip.gif", "-o", "out.gif"]) == 2
    message = capsys.readouterr().err
    assert message.startswith("error: Invalid video clip.gif") and "Traceback" not in message
    assert not clip.with_name("out.gif").exists()


def test_device_is_never_read_as_a_video(clip, capsys):
    clip.unlink()
    clip.symlink_to("/dev/null")
    assert main(["invert", "clip.gif", "-o", "out.gif"]) == 2
    assert "Invalid video clip.gif: a device or pipe. Use a file. " in capsys.readouterr().err
