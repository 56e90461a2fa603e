"""Grad-CAM heatmaps follow the formula and cover the object."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import toy_classifier
from skimage import data

from studio.classify.ask import grad_cam, heatmap_overlay
from studio.classify.models import crop, imagenet
from studio.classify.settings import MAP_OFFSETS, MAPS, ExplainSettings
from studio.core import tasks
from studio.core.errors import InvalidInput
from studio.core.imaging import image_io
from studio.core.objectives import backbones, gradients
from studio.core.tasks import File


@pytest.fixture(scope="module")
def colors():
    return toy_classifier.colors()


@pytest.fixture
def corners():
    """An image with red at the upper left and green at the lower right, on black."""
    image = np.zeros((64, 64, 3), "uint8")
    image[:24, :24] = (255, 0, 0)
    image[40:, 40:] = (0, 255, 0)
    return image


@pytest.mark.parametrize("place, corner", [(0, (0, 0)), (1, (3, 3))])
def test_each_class_is_seen_where_it_is(colors, corners, place, corner):
    where, probabilities, chosen_place = grad_cam.explain(colors, corners, place)
    assert chosen_place == place and where.shape == (4, 4)
    assert np.unravel_index(where.argmax(), where.shape) == corner
    assert where.max() == pytest.approx(1) and where.min() == 0
    assert probabilities == pytest.approx(colors.probabilities([corners])[0], abs=1e-6)


def test_it_is_what_the_weights_of_a_linear_head_say(colors):
    image = data.astronaut()
    where, probabilities, place = grad_cam.explain(colors, image)
    assert place == probabilities.argmax()
    cut = crop.cut(image, 32).astype("float32") / 255
    small = cut.reshape(4, 8, 4, 8, 3).mean(axis=(1, 3))
    kernel = np.asarray(colors.network.layers[-1].kernel)
    contributions = np.maximum(small @ (kernel[:, place] - kernel.mean(axis=1)), 0)
    assert where == pytest.approx(contributions / contributions.max(), abs=1e-4)


@pytest.mark.parametrize("map_offset, middle", [(0.0, 112.0), (0.375, 100.0)])
def test_the_heat_of_a_place_is_drawn_where_that_place_looks(map_offset, middle):
    where = np.zeros((7, 7), "float32")
    where[3, 3] = 1
    light = heatmap_overlay.draw(
        np.full((224, 224, 3), 255, "uint8"), where, "light", 1.0, map_offset=map_offset
    ).mean(axis=2)
    for axis in (0, 1):
        assert _middle(light, axis) == pytest.approx(middle, abs=0.5)


@pytest.mark.slow
@pytest.mark.parametrize("name, step", [("resnet50", 32), ("vgg16", 16)])
def test_a_place_of_a_backbone_looks_where_its_lean_says(weights_home, name, step):
    from keras import ops

    maps, at = backbones.load(name).features([MAPS[name]]), 96 // step
    rng = np.random.default_rng(0)
    tones = rng.normal(size=maps.output[MAPS[name]].shape[-1]).astype("float32")

    def score_sum(images_01):
        return ops.sum(maps(images_01)[MAPS[name]][:, at, at] * tones), ()

    images = rng.random((2, 224, 224, 3)).astype("float32")
    _, _, slope = gradients.compile_function(gradients.value_and_grad(score_sum))(images)
    weight = (np.asarray(slope) ** 2).sum(axis=(0, 3))
    for axis in (0, 1):
        assert _middle(weight, axis) == pytest.approx((at + 0.5 - MAP_OFFSETS[name]) * step, abs=0.15 * step)


def _middle(weight, axis):
    profile = weight.sum(axis=axis)
    return (profile * (np.arange(len(profile)) + 0.5)).sum() / profile.sum()


def test_what_speaks_for_nothing_is_all_cold(colors):
    where, _, _ = grad_cam.explain(colors, np.zeros((32, 32, 3), "uint8"), 2)
    assert np.array_equal(where, np.zeros((4, 4)))


@pytest.mark.parametrize("label, place", [("Cat", 0), ("cat", 1), ("CAT", 0), ("dog", 2)])
def test_a_label_is_that_one_before_any_that_is_read_alike(label, place):
    named = replace(toy_classifier.colors(), classes=("Cat", "cat", "Dog"))
    assert grad_cam._find_class_index(label, named) == place


def test_colors_are_over_the_place_and_what_was_not_seen_is_dark():
    image = np.full((40, 80, 3), 200, "uint8")
    where = np.zeros((4, 4), "float32")
    where[0, 0] = 1
    overlay = heatmap_overlay.draw(image, where, "over", 0.8)
    assert overlay.shape == image.shape
    assert np.array_equal(overlay[:, :20], np.full((40, 20, 3), 80))  # left of the center crop
    assert np.ptp(overlay[2, 22].astype(int)) > 60 > np.abs(overlay[2, 22].astype(int) - overlay[3, 23]).max()
    hot, cold = overlay[2, 22].sum(), overlay[37, 57].sum()
    assert hot > cold + 100  # brighter, so that color is not the only cue
    light = heatmap_overlay.draw(image, where, "light", 0.8)
    assert light[2, 22].min() > 150 and light[37, 57].max() < 60


@pytest.mark.parametrize("shape, expected", [((40, 50), (40, 102)), ((40, 80), (82, 80))])
def test_both_stand_beside_each_other_or_below(shape, expected):
    image = np.random.default_rng(0).integers(0, 256, (*shape, 3), "uint8")
    overlay = heatmap_overlay.draw(image, np.ones((2, 2), "float32"), "beside", 0.5)
    assert overlay.shape == (*expected, 3)
    assert np.array_equal(overlay[: shape[0], : shape[1]], image)


@pytest.mark.slow  # forward and backward pass of a large network
def test_a_cat_and_a_cup_are_each_found_where_they_are(resnet50_home):
    cat, cup = data.chelsea()[:, 75:375], image_io.resize(data.coffee()[:, 100:500], 300, 300)
    both = image_io.resize(np.concatenate([cat, cup], axis=1), 448, 448)
    named = imagenet.open()
    for label, half in (("Egyptian cat", slice(0, 3)), ("espresso", slice(4, 7))):
        where, _, _ = grad_cam.explain(named, both, named.classes.index(label))
        assert where[:, half].sum() > 0.7 * where.sum()


@pytest.mark.slow
def test_the_task_draws_an_image_with_its_recipe(resnet50_home):
    photo = File.keep(image_io.encode_png(data.chelsea()), "image", "cat.png")
    settings = ExplainSettings(label="TABBY", view="over")
    result = tasks.run("classify.explain", settings, {"image": [photo]})
    assert result.figures["label"] == "tabby"
    assert not result.figures["whole"], "of a wide photo it is shown the middle"
    assert result.figures["labels"][0]["label"] == "Egyptian cat"
    assert result.recipe.weights == {"resnet50": imagenet.open().digest}
    assert result.recipe.inputs["image"][0].digest == photo.digest
    assert image_io.read(result.files[0].read()).shape == data.chelsea().shape
    with pytest.raises(InvalidInput, match=r"one of .*tabby"):
        tasks.run("classify.explain", ExplainSettings(label="taby"), {"image": [photo]})
