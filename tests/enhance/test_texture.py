"""The texture mode: parsing of its weights, networks, tiles, and results of any size."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from studio.core import tasks
from studio.core.errors import InvalidInput
from studio.core.imaging import image_io
from studio.core.tasks import File
from studio.core.weights import pretrained
from studio.enhance.settings import TEXTURE_WEIGHTS, EnhanceSettings
from studio.enhance.texture import ncnn, upscale
from studio.enhance.texture.upscale import TextureNetwork

RNG = np.random.default_rng(0)
KERNEL, BIAS = RNG.normal(size=(2, 3, 3, 3)).astype("float16"), RNG.normal(size=2).astype("float32")
SLOPES = np.array([0.25, -0.5], "float32")
PARAM = b"""7767517
4 4
Input input 0 1 data
Convolution conv 1 1 data 1 0=2 1=3 4=1 5=1 6=54 9=2 -23310=1,2.0e-01
PReLU slopes 1 1 1 2 0=2
PixelShuffle shuffle 1 1 2 output 0=4
"""
BIN = struct.pack("<I", 0x01306B47) + KERNEL.tobytes() + BIAS.tobytes() + SLOPES.tobytes()


def test_arrays_are_read_in_order():
    convolution, prelu = ncnn.read(PARAM, BIN)
    np.testing.assert_array_equal(convolution.kernel, KERNEL.transpose(2, 3, 1, 0).astype("float32"))
    np.testing.assert_array_equal(convolution.bias, BIAS)
    np.testing.assert_array_equal(prelu.slopes, SLOPES)


def test_float16_arrays_are_padded_to_four_bytes():
    param = PARAM.replace(b"0=2 1=3 4=1 5=1 6=54", b"0=1 1=1 4=1 5=1 6=3").replace(b"0=2\n", b"0=1\n")
    kernel = np.array([1, 2, 3], "float16").tobytes()
    convolution, prelu = ncnn.read(param, BIN[:4] + kernel + bytes(2) + struct.pack("<2f", 7, 8))
    assert convolution.kernel.ravel().tolist() == [1, 2, 3]
    assert (convolution.bias.item(), prelu.slopes.item()) == (7, 8)


def test_full_precision_is_read():
    data = bytes(4) + KERNEL.astype("float32").tobytes() + BIN[4 + KERNEL.nbytes :]
    np.testing.assert_array_equal(ncnn.read(PARAM, data)[0].bias, BIAS)


@pytest.mark.parametrize(
    "param, data, message",
    [
        (PARAM, BIN[:-1], "a cut file"),
        (PARAM, BIN[:2], "a cut file"),
        (PARAM, b"", "a cut file"),
        (PARAM, BIN + b"\0", "1 bytes too many"),
        (PARAM, b"\1" + BIN[1:], "unknown numbers"),
        (PARAM, BIN[:4] + b"\0\x7c" + BIN[6:], "infinite numbers"),
        (PARAM[:60], BIN, "2 of 4 layers"),
        (b"", BIN, "another file"),
        (b"\x89PNG\r\n\x1a\n\0", BIN, "another file"),
        (PARAM.replace(b"7767517", b"7767518"), BIN, "another file"),
        (PARAM.replace(b"PixelShuffle", b"PythonScript"), BIN, "an unknown layer"),
        (PARAM.replace(b"6=54", b"6=55"), BIN, "an unusual convolution"),
        (PARAM.replace(b"6=54", b"6=99999999999999999"), BIN, "an unusual convolution"),
        (PARAM.replace(b"5=1", b"5=0"), BIN, "an unusual convolution"),
        (PARAM.replace(b"1=3", b"1=-3"), BIN, "an unusual convolution"),
        (PARAM.replace(b"1 2 0=2", b"1 2 0=x"), BIN, "an unusual PReLU"),
    ],
)
def test_cut_and_foreign_files_are_rejected(param, data, message):
    with pytest.raises(InvalidInput, match=message) as error:
        ncnn.read(param, data)
    assert len(str(error.value)) < 160


class Shift:
    """A trunk whose result depends on the tile: adds its mean to the pixels."""

    def predict_on_batch(self, images):
        return images + images.mean() / 4


class Repeat:
    """A tail that repeats pixels."""

    def predict_on_batch(self, images):
        return images.repeat(4, axis=1).repeat(4, axis=2)


def test_tiles_are_cross_faded_without_a_step(monkeypatch):
    monkeypatch.setattr(upscale, "TILE_SIDE", 40)
    ramp = np.broadcast_to(np.linspace(20, 120, 100).astype("uint8")[:, None, None], (100, 50, 3))
    result = TextureNetwork(Shift(), Repeat(), "").upscale(np.ascontiguousarray(ramp))
    assert result.shape == (400, 200, 3)
    steps = np.abs(np.diff(result.astype(int), axis=0))
    assert steps.max() <= 3, "a tile differs from the next by 12 levels"
    assert np.abs(np.diff(result.astype(int), axis=1)).max() <= 1


@pytest.mark.parametrize("height, width", [(1, 1), (1, 30), (8, 8), (65, 33)])
def test_weights_of_tiles_add_up_to_one(monkeypatch, height, width):
    monkeypatch.setattr(upscale, "TILE_SIDE", 32)
    white = np.full((height, width, 4), 65535, "uint16")
    result = TextureNetwork(Identity(), Repeat(), "").upscale(white)
    assert result.shape == (4 * height, 4 * width, 3) and result.dtype == np.uint16
    assert (result == 65535).all()


class Identity:
    """A trunk that changes nothing."""

    def predict_on_batch(self, images):
        return images


@pytest.fixture(scope="module")
def texture_home(lasting_weights_home):
    """A STUDIO_HOME with the weights of Real-ESRGAN; skips the test without them."""
    with lasting_weights_home() as home:
        for name in TEXTURE_WEIGHTS.values():
            if not pretrained.get_status(name).cached:
                pytest.skip(f"needs the weights {name}")
        yield home


@pytest.mark.slow
@pytest.mark.usefixtures("eager")  # 351 convolutions of one of them would be traced for one tile
@pytest.mark.parametrize("name", TEXTURE_WEIGHTS.values())
def test_networks_sharpen_and_keep_what_is_there(texture_home, cat, name):
    small = image_io.resize(cat, 30, 24)
    result = upscale.load(name).upscale(small)
    assert result.shape == (120, 96, 3)
    assert np.abs(image_io.resize(result, 30, 24).astype(int) - small).mean() < 12
    bicubic = image_io.resize(small, 120, 96)
    detail = [np.abs(np.diff(image.astype(int), axis=1)).mean() for image in (result, bicubic)]
    assert detail[0] > 1.1 * detail[1]


@pytest.mark.slow
@pytest.mark.parametrize("height, width", [(1, 1), (8, 8), (9, 17)])
def test_images_of_any_size_are_upscaled(texture_home, cat, height, width):
    result = upscale.load(TEXTURE_WEIGHTS["animation"]).upscale(cat[:height, :width])
    assert result.shape == (4 * height, 4 * width, 3)
    assert np.abs(result.mean((0, 1)) - cat[:height, :width].mean((0, 1))).max() < 12


def run(image, **values):
    content = File.store(image_io.encode_png(image), "image", "photo.png")
    settings = EnhanceSettings(mode="texture", texture_network="animation", clean=False, **values)
    result = tasks.run("enhance.enlarge", settings, {"content": [content]})
    return image_io.read_deep(result.files[0].read()), result


@pytest.mark.slow
def test_results_keep_alpha_depth_and_size(texture_home, cat):
    alpha = np.linspace(0, 255, 24 * 30).reshape(30, 24).astype("uint8")
    small = np.dstack([image_io.resize(cat, 30, 24), alpha])
    image, result = run(small, width=55)
    assert image.shape == (69, 55, 4)
    assert np.abs(image[..., 3].astype(int) - image_io.resize(small, 69, 55)[..., 3]).max() < 30
    assert (
        result.recipe.weights[TEXTURE_WEIGHTS["animation"]]
        == upscale.load(TEXTURE_WEIGHTS["animation"]).digest
    )
    assert "invented" in result.figures["notes"][0]
    deep, _ = run(small[..., :3].astype("uint16") * 257, scale=4)
    assert deep.shape == (120, 96, 3) and deep.dtype == np.uint16
    assert len(np.unique(deep)) > 5000
    faithful, _ = run(small[..., :3], scale=4, texture_strength=0.05)
    textured, _ = run(small[..., :3], scale=4)
    assert np.abs(faithful.astype(int) - textured).mean() > 0.5
    assert np.abs(deep / 257 - textured).mean() < 1


def test_videos_use_the_small_network_unless_another_is_chosen():
    settings = EnhanceSettings(mode="texture")
    assert settings.texture_weights == TEXTURE_WEIGHTS["photo"]
    assert settings.for_frames().texture_weights == TEXTURE_WEIGHTS["animation"]
    chosen = EnhanceSettings(mode="texture", texture_network="photo")
    assert chosen.for_frames().texture_weights == TEXTURE_WEIGHTS["photo"]
    assert EnhanceSettings().for_frames().texture_weights == ""
