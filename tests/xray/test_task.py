"""The X-ray tasks: images, figures and errors."""

import json

import numpy as np
import pytest

from studio.core import tasks
from studio.core.errors import InvalidInput
from studio.core.imaging import image_io
from studio.core.objectives import backbones
from studio.core.tasks import File
from studio.core.weights import pretrained
from studio.xray import maps, task
from studio.xray.settings import FilterSettings, XraySettings


@pytest.fixture
def look(home, vgg, resnet, monkeypatch):
    """Runs a task on a noise image with untrained networks."""
    networks = {"vgg16": vgg, "resnet50": resnet}
    labels = pretrained.LoadedNetwork(
        type("Labels", (), {"names": [f"thing {n}" for n in range(1000)]})(), ""
    )
    whole = pretrained.LoadedNetwork(resnet.model, resnet.digest)
    monkeypatch.setattr(backbones, "load", lambda name, progress=None: networks[name])
    monkeypatch.setattr(pretrained, "load", lambda name, *args: labels if "labels" in name else whole)
    monkeypatch.setattr(maps, "_CACHE", {})
    pixels = np.random.default_rng(0).integers(0, 256, (60, 96, 3)).astype("uint8")
    photo = File.store(image_io.encode_png(pixels), "image", "noise.png")

    def look(name="xray.look", mask=None, **changes):
        settings = tasks.get(name).settings.parse({"size": 96, **changes})
        masks = [] if mask is None else [File.store(image_io.encode_png(mask), "image", "mask.png")]
        result = tasks.run(name, settings, {"content": [photo], **({"mask": masks} if masks else {})})
        json.dumps(dict(result.figures))
        return image_io.read(result.files[0].read()), result

    return look


def test_contrast_is_the_response_inside_the_mask_over_that_outside():
    feature_maps = np.zeros((4, 8, 3), "float32")
    feature_maps[:, :4, 0] = feature_maps[:, 4:, 1] = 5  # the left half, the right half, nowhere
    mask = np.zeros((40, 80), "float32")
    mask[:, :40] = 1
    contrast = task.measure_contrast(feature_maps, mask)
    assert contrast == pytest.approx([2, -2, 0], abs=0.3)
    for everywhere in (0 * mask, 0 * mask + 1):
        assert np.isfinite(task.measure_contrast(feature_maps, everywhere)).all()


@pytest.mark.slow
def test_a_mask_ranks_channels_by_their_response_inside(look):
    left = np.zeros((60, 96, 3), "uint8")
    left[:, :48] = 255
    _, whole = look(layer="block2_conv1")
    _, masked = look(layer="block2_conv1", mask=left)
    _, other = look(layer="block2_conv1", mask=left, mask_invert=True)
    assert not whole.figures["masked"] and masked.figures["masked"]
    strengths, opposite = (np.array(result.figures["strengths"]) for result in (masked, other))
    assert strengths == pytest.approx(-opposite, abs=0.02)
    assert masked.figures["channel"] == strengths.argmax() and other.figures["channel"] == strengths.argmin()


@pytest.mark.slow
def test_each_view_is_drawn(look):
    grid, result = look(layer="block2_conv1")
    assert grid.shape[1] > 6 * 200
    strongest = [row["channel"] for row in result.figures["strongest"]]
    assert len(set(strongest)) == 12 and result.figures["channel"] == strongest[0]
    over, _ = look(layer="block2_conv1", show="map")
    framed, overlay = look(layer="block2_conv1", show="map", field=True)
    assert over.shape == framed.shape and not np.array_equal(over, framed)
    assert overlay.figures["receptive_field"] == 10 and overlay.figures["step"] == 2
    mask, _ = look(layer="block2_conv1", show="mask")
    assert np.ptp(mask, axis=-1).max() == 0 and mask.min() == 0 and mask.max() == 255


@pytest.mark.slow
def test_activations_are_cached(look, vgg, monkeypatch):
    look()
    monkeypatch.setattr(maps, "_run_network", lambda *args: pytest.fail("one pass was enough"))
    look(layer="block5_conv3", channel=7)
    look("xray.filter", layer="block1_conv2", channel=3)


def test_disabled_branches_change_the_predictions(look):
    _, before = look(backbone="resnet50")
    _, after = look(backbone="resnet50", off=("conv3_block2", "conv5_block1"))
    assert all(row["before"] == row["after"] for row in before.figures["predictions"])
    assert any(element["before"] != element["after"] for element in after.figures["predictions"])
    assert after.figures["predictions"][0]["before"] == before.figures["predictions"][0]["before"]
    assert after.recipe.settings["off"] == ["conv3_block2", "conv5_block1"]


def test_a_filter_explains_its_sum(look):
    image, result = look("xray.filter", channel=3, stride=2, pooling="max")
    figures = result.figures
    assert (
        figures["input_shape"] == [60, 96, 3]
        and figures["output_shape"] == [30, 48]
        and figures["map_shape"] == [15, 24]
    )
    assert {part["name"] for part in figures["parts"]} == {"red", "green", "blue"}
    assert image.shape[1] == 768


@pytest.mark.parametrize(
    "settings, message",
    [
        (XraySettings(layer="block9"), "layer of vgg16"),
        (XraySettings(layer="block1_conv1", channel=64), "0 to 63"),
        (XraySettings(off=("conv4_block3",)), "resnet50"),
        (XraySettings(backbone="resnet50", off=("conv4_block9",)), "conv4_block"),
        (FilterSettings(layer="block1_pool"), "layer of filters"),
        (FilterSettings(channel=64), "0 to 63"),
    ],
)
def test_unknown_layers_and_channels_are_refused(home, settings, message):
    name = "xray.look" if isinstance(settings, XraySettings) else "xray.filter"
    photo = File.store(image_io.encode_png(np.zeros((8, 8, 3), "uint8")), "image", "black.png")
    with pytest.raises(InvalidInput, match=message):
        tasks.check(name, settings, {"content": [photo]})
