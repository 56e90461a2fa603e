"""The shipped sheets of feature visualizations, and the selection of their channels."""

import io
import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from studio.core.errors import InvalidInput
from studio.core.objectives import backbones
from studio.dream.channels import sheet
from studio.dream.presets import DEFAULT_LAYERS
from training.drawings import channel_sheets

NAMES = list(DEFAULT_LAYERS)


@pytest.mark.parametrize("name", NAMES)
def test_a_sheet_shows_64_existing_channels(name):
    tiles = sheet.load_tiles(name)
    assert len({(tile.layer, tile.channel) for tile in tiles}) == 64
    layers = backbones.find_spec(name).layers
    assert all(0 <= tile.channel < layers[tile.layer] for tile in tiles)
    order = [list(layers).index(tile.layer) for tile in tiles]
    assert order == sorted(order)
    assert 4 <= len(set(order)) <= 6


@pytest.mark.parametrize("name", NAMES)
def test_every_sheet_image_opens_and_is_unique(name):
    images = [tile.encode_webp() for tile in sheet.load_tiles(name)]
    images_opened = [Image.open(io.BytesIO(data), formats=("WEBP",)) for data in images]
    assert {image.size for image in images_opened} == {(sheet.SIDE, sheet.SIDE)}
    small = np.array(
        [np.asarray(image.convert("RGB").resize((16, 16)), "float32").ravel() for image in images_opened]
    )
    distances = np.sqrt(np.mean((small[:, None] - small[None]) ** 2, -1)) + 255 * np.eye(64)
    assert distances.min() > 8
    assert np.std(small, axis=1).min() > 8


def test_the_sheets_are_small_enough_to_ship():
    sizes = [sheet.mosaic_path(name).stat().st_size for name in NAMES]
    assert max(sizes) < 1_000_000
    assert sum(sizes) < 2_500_000


def test_showing_a_sheet_loads_no_keras():
    program = (
        "import sys; from studio.dream.channels import sheet; sheet.load_tiles('vgg16')[5].encode_webp();"
        "sys.exit(any(m in sys.modules for m in ('keras', 'tensorflow', 'jax', 'scipy')))"
    )
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


def test_an_unknown_backbone_is_rejected():
    with pytest.raises(InvalidInput, match="one of vgg16"):
        sheet.load_tiles("vgg61")


def test_the_plan_names_64_channels_of_existing_layers():
    assert list(channel_sheets.CHANNELS_PER_LAYER) == NAMES
    for name, shares in channel_sheets.CHANNELS_PER_LAYER.items():
        assert sum(shares.values()) == 64
        backbones.check_layers(name, list(shares))


def draw_stripes(step: int, across: bool, color: tuple[int, int, int]) -> np.ndarray:
    rows, columns = np.mgrid[0:112, 0:112]
    bright = (columns if across else rows) // step % 2
    return (bright[..., None] * np.array(color)).astype("uint8")


def test_one_of_two_similar_images_is_dropped():
    tiles = {
        ("layer", 0): draw_stripes(4, True, (255, 80, 80)),
        ("layer", 1): draw_stripes(4, True, (250, 80, 85)),
        ("layer", 2): draw_stripes(4, False, (255, 80, 80)),
        ("layer", 3): draw_stripes(4, True, (80, 80, 255)),
        ("layer", 4): draw_stripes(16, True, (255, 80, 80)),
    }
    left = set(channel_sheets.select_most_different(tiles, 4))
    assert left in ({("layer", i) for i in indices} for indices in ((0, 2, 3, 4), (1, 2, 3, 4)))


def test_a_written_sheet_can_be_loaded(tmp_path, monkeypatch):
    monkeypatch.setattr(sheet, "FOLDER", tmp_path)
    colors = np.random.default_rng(0).integers(0, 256, (10, 3))
    tiles = {
        ("block3_conv3", number): np.full((sheet.SIDE, sheet.SIDE, 3), color, "uint8")
        for number, color in enumerate(colors)
    }
    channel_sheets.write_sheet("vgg16", tiles)
    names = json.loads(sheet.names_path("vgg16").read_text())
    assert names == [["block3_conv3", number] for number in range(10)]
    with Image.open(sheet.mosaic_path("vgg16")) as mosaic:
        assert mosaic.size == (8 * sheet.SIDE, 2 * sheet.SIDE)
        second_row = np.asarray(mosaic.convert("RGB"))[sheet.SIDE + 50, sheet.SIDE + 50]
    assert np.abs(second_row.astype(int) - colors[9]).max() < 12
