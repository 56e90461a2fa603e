"""The enhance task: images, folders, videos, replay and errors."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
import saved_models
from PIL import Image

from studio.cli import main
from studio.core import recipes
from studio.core.imaging import image_io, sample_photos, video_encoder


@pytest.fixture(scope="module")
def home_with_networks(tiny, tiny_cleaner, session_home, tmp_path_factory):
    """A STUDIO_HOME for all tests of this file."""
    path = tmp_path_factory.mktemp("enhance") / "home"
    saved_models.share({"tiny": tiny, "tiny-clean": tiny_cleaner}, path, session_home)
    return path


@pytest.fixture
def run_command(home_with_networks, tmp_path, monkeypatch, capsys):
    """Runs `studio enhance` with the tiny network in a new folder: exit code, stdout, stderr."""
    monkeypatch.setenv("STUDIO_HOME", str(home_with_networks))
    monkeypatch.chdir(tmp_path)

    def run_command(*arguments, network="tiny"):
        options = (
            ["--network", network, "--cleaner", "tiny-clean"] if arguments[0] == "enhance" and network else []
        )
        code = main([arguments[0], *options, *arguments[1:], "--quiet"])
        return code, *capsys.readouterr()

    return run_command


@pytest.fixture
def photo(tmp_path):
    """A file of 60 x 40 px."""
    path = tmp_path / "photo.png"
    small = image_io.resize(sample_photos.read_photo("chelsea"), 40, 60)
    path.write_bytes(image_io.encode_png(small))
    return path


@pytest.mark.slow
def test_an_upscaled_image_is_reproducible(run_command, photo):
    code, out, _ = run_command("enhance", str(photo), "-o", "big.png", "--scale", "3", "--json")
    figures = json.loads(out)["figures"]
    assert code == 0 and (figures["width"], figures["height"]) == (180, 120)
    assert image_io.read("big.png").shape == (120, 180, 3)
    assert run_command("replay", "big.png", "--verify")[:2] == (0, "identical\n")


def test_a_cleaned_image_is_reproducible(run_command, photo, tmp_path):
    Image.open(photo).save(tmp_path / "blocks.jpg", quality=12)
    flags = ("--scale", "1", "--denoise", "0.5", "--deblock", "auto")
    code, out, _ = run_command("enhance", "blocks.jpg", "-o", "clean.png", *flags, "--json")
    figures = json.loads(out)["figures"]
    assert code == 0 and figures["jpeg_quality"] == 12 and "psnr" not in figures
    image = image_io.read("clean.png")
    assert image.shape == (40, 60, 3) and not np.array_equal(image, image_io.read("blocks.jpg"))
    assert run_command("replay", "clean.png", "--verify")[:2] == (0, "identical\n")
    recipe = recipes.read((tmp_path / "clean.png").read_bytes())
    assert set(recipe.weights) == {"tiny-clean"}


def test_settings_override_the_measured_damage(run_command, photo, tmp_path):
    figures = {}
    for name, options in (("own", ()), ("set", ("--noise", "30", "--jpeg-quality", "20"))):
        arguments = (
            "enhance",
            str(photo),
            "-o",
            f"{name}.png",
            "--scale",
            "1",
            "--denoise",
            "1",
            "--deblock",
            "auto",
        )
        code, out, _ = run_command(*arguments, *options, "--json")
        assert code == 0
        figures[name] = json.loads(out)["figures"]
    assert figures["own"]["jpeg_quality"] == 100 and figures["own"]["noise"] < 29
    assert (figures["set"]["noise"], figures["set"]["jpeg_quality"]) == (30, 20)
    assert not np.array_equal(image_io.read("own.png"), image_io.read("set.png"))


@pytest.fixture
def damaged(photo, tmp_path):
    """The photo with visible noise, as a JPEG of low quality."""
    noise = 20 * np.random.default_rng(0).standard_normal((40, 60, 1))
    pixels = np.clip(image_io.read(photo) + noise, 0, 255).astype("uint8")
    path = tmp_path / "damaged.jpg"
    Image.fromarray(pixels).save(path, quality=60)
    return path


def test_detected_damage_is_removed_unless_turned_off(run_command, damaged):
    import studio

    explicit = ("--clean", "--denoise", "1", "--deblock", "auto")
    for name, arguments in (("default", ()), ("explicit", explicit), ("kept", ("--no-clean",))):
        assert run_command("enhance", str(damaged), "-o", f"{name}.png", *arguments)[0] == 0
    default, explicit, unchanged = (image_io.read(f"{name}.png") for name in ("default", "explicit", "kept"))
    np.testing.assert_array_equal(default, explicit)
    assert not np.array_equal(default, unchanged)
    options = {"network": "tiny", "cleaner": "tiny-clean", "quiet": True}
    np.testing.assert_array_equal(studio.make("enhance.enlarge", content=damaged, **options).image, default)


def test_pure_color_noise_is_removed(run_command, tmp_path):
    smooth = np.full((128, 128, 3), (120, 128, 128), "float32")
    smooth[..., 1:] += np.random.default_rng(0).normal(0, 12, (128, 128, 2))
    speckled = np.asarray(Image.fromarray(np.rint(smooth).astype("uint8"), "YCbCr").convert("RGB"))
    (tmp_path / "speckled.png").write_bytes(image_io.encode_png(speckled))
    for name, arguments in (("default", ()), ("kept", ("--no-clean",))):
        assert run_command("enhance", "speckled.png", "-o", f"{name}.png", *arguments)[0] == 0
    assert set(recipes.read((tmp_path / "default.png").read_bytes()).weights) == {"tiny", "tiny-clean"}
    assert not np.array_equal(image_io.read("default.png"), image_io.read("kept.png"))


def test_a_photo_without_damage_is_not_cleaned(run_command, tmp_path):
    smooth = np.broadcast_to(np.linspace(40, 200, 64).astype("uint8")[:, None, None], (64, 64, 3))
    (tmp_path / "smooth.png").write_bytes(image_io.encode_png(np.ascontiguousarray(smooth)))
    for name, arguments in (("default", ()), ("kept", ("--no-clean",))):
        assert run_command("enhance", "smooth.png", "-o", f"{name}.png", *arguments)[0] == 0
    np.testing.assert_array_equal(image_io.read("default.png"), image_io.read("kept.png"))
    assert set(recipes.read((tmp_path / "default.png").read_bytes()).weights) == {"tiny"}


def test_only_useful_scales_are_suggested(run_command, damaged, monkeypatch):
    monkeypatch.setattr(image_io, "MAX_PIXELS", 60 * 40 * 3)
    code, _, err = run_command("enhance", str(damaged), "-o", "big.png")
    assert code == 2 and "Choose scale 1" in err
    assert run_command("enhance", str(damaged), "-o", "big.png", "--scale", "1")[0] == 0
    code, _, err = run_command("enhance", str(damaged), "-o", "big.png", "--no-clean")
    assert code == 2 and "Choose scale" not in err and "px or less" in err


def test_cleaning_precedes_upscaling(run_command, photo):
    both = ("--denoise", "1", "--noise", "20")
    assert run_command("enhance", str(photo), "-o", "once.png", "--scale", "2", *both)[0] == 0
    assert run_command("enhance", str(photo), "-o", "clean.png", "--scale", "1", *both)[0] == 0
    assert run_command("enhance", "clean.png", "-o", "twice.png", "--scale", "2", "--no-clean")[0] == 0
    np.testing.assert_array_equal(image_io.read("once.png"), image_io.read("twice.png"))


@pytest.mark.slow
def test_the_command_accepts_many_image_formats(run_command, tmp_path):
    base = Image.fromarray(image_io.resize(sample_photos.read_photo("chelsea"), 40, 60))
    deep = np.asarray(base.convert("L")).astype("uint16") * 257
    clear = base.convert("RGBA")
    clear.putalpha(Image.linear_gradient("L").resize(base.size))
    kinds = {
        "gray.png": base.convert("L"),
        "deep.png": Image.fromarray(deep),
        "ink.jpg": base.convert("CMYK"),
        "clear.png": clear,
        "pale.png": clear.convert("LA"),
        "few.png": base.quantize(16),
    }
    for name, image in kinds.items():
        image.save(tmp_path / name)
        assert run_command("enhance", name, "-o", f"big-{name}.png", "--sharpness", "0.1")[0] == 0, name
        with Image.open(f"big-{name}.png") as enlarged:
            assert enlarged.size == (120, 80)
            assert enlarged.has_transparency_data == image.has_transparency_data, name
    gray = image_io.read("big-gray.png.png")
    assert np.ptp(gray, axis=2).max() <= 1
    assert np.abs(image_io.read("big-deep.png.png").astype(int) - gray).max() <= 1
    faded = np.asarray(Image.open("big-clear.png.png"))[..., 3].mean(axis=1)
    assert faded[0] < 10 and faded[-1] > 245 and (np.diff(faded) > -3).all()


@pytest.mark.slow
def test_the_command_accepts_a_folder_and_a_video(run_command, photo, tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    for n in range(2):
        (folder / f"{n}.png").write_bytes(photo.read_bytes())
    assert run_command("enhance", "photos", "-o", "large")[0] == 0
    assert {image_io.read(path).shape for path in (tmp_path / "large").glob("*.png")} == {(80, 120, 3)}
    with video_encoder.VideoEncoder("gif", 5) as video:
        for n in range(3):
            video.add(np.roll(image_io.read(photo), 4 * n, axis=1))
        (tmp_path / "video.gif").write_bytes(video.finish())
    for scale, size in ((2, (120, 80)), (1, (60, 40))):
        flags = ("--scale", str(scale), "--denoise", "1", "--noise", "20")
        assert run_command("enhance", "video.gif", "-o", "made.gif", *flags)[0] == 0
        with Image.open("made.gif") as animation:
            assert animation.size == size and animation.n_frames == 3


@pytest.mark.slow
def test_invalid_inputs_raise_readable_errors(run_command, photo, tmp_path, monkeypatch):
    buffer = io.BytesIO()
    Image.new("RGB", (1, 1)).save(buffer, "PNG")
    (tmp_path / "dot.png").write_bytes(buffer.getvalue())
    for arguments, message in (
        (["dot.png"], "1 x 1 px"),
        ([str(photo), "--scale", "5"], "1 to 4"),
        ([str(photo), "--width", "300"], "60 to 240 px for this photo"),
        ([str(photo), "--height", "39"], "40 to 160 px for this photo"),
        ([str(photo), "--width", "60", "--no-clean"], "Turn on clean"),
        ([str(photo), "--sharpness", "2"], "0 to 1.5"),
        ([str(photo), "--scale", "1", "--no-clean"], "Turn on clean"),
        ([str(photo), "--denoise", "2"], "0 to 1"),
        ([str(photo), "--deblock", "much"], "auto, off"),
        ([str(photo), "--denoise", "1", "--noise", "-3"], "0 to 75 intensity levels"),
        ([str(photo), "--deblock", "auto", "--jpeg-quality", "0"], "1 to 100"),
        ([str(photo), "--denoise", "1", "--cleaner", "tiny"], "a network for denoising"),
        (["nothing.png"], "nothing.png"),
    ):
        code, out, err = run_command("enhance", *arguments, "-o", "big.png")
        assert code == 2 and not out and err.startswith("error: ") and message in err, err
        assert "Traceback" not in err
    assert not (tmp_path / "big.png").exists()
    code, _, err = run_command("enhance", str(photo), "-o", "big.png", network="house")
    assert code == 2 and "a network for upscaling" in err
    monkeypatch.setattr(image_io, "MAX_PIXELS", 60 * 40 * 9)
    code, _, err = run_command("enhance", str(photo), "-o", "big.png", "--scale", "4")
    assert code == 2 and "240 x 160 px" in err and "Choose scale 3" in err and "45 px or less" in err
    assert run_command("enhance", str(photo), "-o", "big.png", "--scale", "3")[0] == 0


def test_the_python_api_upscales_an_image(run_command, photo):
    import studio

    result = studio.make("enhance.enlarge", content=photo, scale=2, network="tiny", quiet=True)
    assert result.image.shape == (80, 120, 3)
