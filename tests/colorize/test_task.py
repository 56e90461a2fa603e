"""The colorize task: image formats, folders, videos, and notes about photos that have color."""

from __future__ import annotations

import json

import numpy as np
import pytest
import saved_models
from PIL import Image

from studio.cli import main
from studio.core.imaging import image_io, sample_photos, video_encoder


@pytest.fixture(scope="module")
def home_with_network(tiny, session_home, tmp_path_factory):
    """A STUDIO_HOME for all tests of this file."""
    path = tmp_path_factory.mktemp("colorize") / "home"
    saved_models.share({"tiny": tiny}, path, session_home)
    return path


@pytest.fixture
def run_command(home_with_network, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("STUDIO_HOME", str(home_with_network))
    monkeypatch.chdir(tmp_path)

    def run_command(*arguments, network="tiny"):
        options = ["--network", network] if arguments[0] == "colorize" else []
        code = main([*arguments, *options, "--quiet"])
        return code, *capsys.readouterr()

    return run_command


@pytest.fixture
def old(tmp_path):
    """A gray file of 60 x 40 px, `old.png`, and its color version, `new.png`."""
    small = image_io.resize(sample_photos.read_photo("chelsea"), 40, 60)
    (tmp_path / "new.png").write_bytes(image_io.encode_png(small))
    (tmp_path / "old.png").write_bytes(image_io.encode_png(image_io.to_gray(small).repeat(3, axis=2)))
    return image_io.to_gray(small)[..., 0]


def test_a_colorized_image_is_reproducible(run_command, old):
    code, out, _ = run_command("colorize", "old.png", "-o", "made.png", "--vividness", "0.9", "--json")
    figures = json.loads(out)["figures"]
    assert code == 0 and figures["was"] == "gray" and figures["colorfulness"] > 1
    assert image_io.read("made.png").shape == (40, 60, 3)
    assert run_command("replay", "made.png", "--verify")[:2] == (0, "identical\n")


def test_a_color_photo_needs_recolor(run_command, old):
    code, out, err = run_command("colorize", "new.png", "-o", "made.png")
    assert code == 2 and not out and "recolor" in err and "Traceback" not in err
    assert run_command("colorize", "new.png", "-o", "made.png", "--recolor")[0] == 0


def test_a_tint_is_removed(run_command, old, tmp_path):
    warm = np.rint(old[..., None] * np.array([1.0, 0.86, 0.68])).astype("uint8")
    (tmp_path / "warm.png").write_bytes(image_io.encode_png(warm))
    code, out, _ = run_command("colorize", "warm.png", "-o", "made.png", "--json")
    assert code == 0 and json.loads(out)["figures"]["was"] == "tinted"


@pytest.mark.slow
def test_color_hints_and_examples_are_used_and_checked(run_command, old, tmp_path):
    layer = np.zeros((40, 60, 4), "uint8")
    layer[5:20, 5:20] = (220, 30, 30, 255)
    for name, image in (("color_hints", layer), ("wide", layer[:20]), ("solid", layer[..., :3])):
        Image.fromarray(image).save(tmp_path / f"{name}.png")
    assert run_command("colorize", "old.png", "-o", "plain.png")[0] == 0
    plain = image_io.read("plain.png").astype(int)
    for arguments in (["--color-hints", "color_hints.png"], ["--like", "new.png"], ["--variant", "2"]):
        assert run_command("colorize", "old.png", "-o", "made.png", *arguments)[0] == 0
        assert np.abs(image_io.read("made.png") - plain).max() > 0, arguments
    for name, message in (("wide", "60 x 20 px"), ("solid", "without transparency")):
        code, _, err = run_command("colorize", "old.png", "-o", "no.png", "--color-hints", f"{name}.png")
        assert code == 2 and message in err, err


def test_the_command_accepts_many_image_formats(run_command, old, tmp_path):
    base = Image.fromarray(old)
    clear = base.convert("LA")
    clear.putalpha(Image.linear_gradient("L").resize(base.size))
    deep = Image.fromarray(old.astype("uint16") * 257)
    kinds = {"gray.jpg": base, "deep.png": deep, "clear.png": clear, "ink.jpg": base.convert("CMYK")}
    for name, image in kinds.items():
        image.save(tmp_path / name)
        assert run_command("colorize", name, "-o", f"made-{name}.png")[0] == 0, name
        with Image.open(f"made-{name}.png") as colorized:
            assert colorized.size == (60, 40) and colorized.has_transparency_data == (name == "clear.png")
    with Image.open("made-clear.png.png") as colorized:
        np.testing.assert_array_equal(colorized.getchannel("A"), clear.getchannel("A"))
    Image.new("L", (1, 1)).save(tmp_path / "dot.png")
    code, _, err = run_command("colorize", "dot.png", "-o", "no.png")
    assert code == 2 and "1 x 1 px" in err


def test_the_command_accepts_a_folder_and_a_video(run_command, old, tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for n in range(2):
        (folder / f"{n}.png").write_bytes((tmp_path / "old.png").read_bytes())
    assert run_command("colorize", "photos", "-o", "colored")[0] == 0
    assert len(list((tmp_path / "colored").glob("*.png"))) == 2
    with video_encoder.VideoEncoder("gif", 5) as video:
        for n in range(3):
            video.add(np.roll(old, 4 * n, axis=1)[..., None].repeat(3, axis=2))
        (tmp_path / "video.gif").write_bytes(video.finish())
    assert run_command("colorize", "video.gif", "-o", "made.gif")[0] == 0
    with Image.open("made.gif") as animation:
        assert animation.size == (60, 40) and animation.n_frames == 3
