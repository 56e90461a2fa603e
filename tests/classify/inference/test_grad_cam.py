"""Grad-CAM heatmaps follow the formula and cover the object."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import toy_classifier
from skimage import data

from studio.classify.inference import grad_cam, heatmap_overlay
from studio.classify.models import imagenet
from studio.classify.settings import MAP_LAYERS, MAP_OFFSETS, ExplainSettings
from studio.core import tasks
from studio.core.errors import InvalidInput
from studio.core.imaging import crops, image_io
from studio.core.objectives import backbones, gradients
from studio.core.tasks import File


@pytest.fixture(scope="module")
def colors():
    return toy_classifier.make_color_classifier()


@pytest.fixture
def corners():
    """An image with red at the upper left and green at the lower right, on black."""
    image = np.zeros((64, 64, 3), "uint8")
    image[:24, :24] = (255, 0, 0)
    image[40:, 40:] = (0, 255, 0)
    return image


@pytest.mark.parametrize("class_index, corner", [(0, (0, 0)), (1, (3, 3))])
def test_the_heatmap_peaks_at_the_object_of_its_class(colors, corners, class_index, corner):
    heatmap, probabilities, chosen_index = grad_cam.explain(colors, corners, class_index)
    assert chosen_index == class_index and heatmap.shape == (4, 4)
    assert np.unravel_index(heatmap.argmax(), heatmap.shape) == corner
    assert heatmap.max() == pytest.approx(1) and heatmap.min() == 0
    assert probabilities == pytest.approx(colors.predict([corners])[0], abs=1e-6)


def test_the_heatmap_of_a_linear_head_follows_its_weights(colors):
    image = data.astronaut()
    heatmap, probabilities, class_index = grad_cam.explain(colors, image)
    assert class_index == probabilities.argmax()
    cut = crops.crop_and_resize(image, 32).astype("float32") / 255
    small = cut.reshape(4, 8, 4, 8, 3).mean(axis=(1, 3))
    kernel = np.asarray(colors.network.layers[-1].kernel)
    contributions = np.maximum(small @ (kernel[:, class_index] - kernel.mean(axis=1)), 0)
    assert heatmap == pytest.approx(contributions / contributions.max(), abs=1e-4)


@pytest.mark.parametrize("map_offset, middle", [(0.0, 112.0), (0.375, 100.0)])
def test_map_offset_shifts_the_heatmap(map_offset, middle):
    heatmap = np.zeros((7, 7), "float32")
    heatmap[3, 3] = 1
    light = heatmap_overlay.draw(
        np.full((224, 224, 3), 255, "uint8"), heatmap, "light", 1.0, map_offset=map_offset
    ).mean(axis=2)
    for axis in (0, 1):
        assert find_centroid(light, axis) == pytest.approx(middle, abs=0.5)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name, step, draws", [("resnet50", 32, 1), ("vgg16", 16, 1), ("efficientnet-lite0", 32, 12)]
)
def test_map_offsets_equal_the_centroids_of_gradients(lite0_home, name, step, draws):
    """The centroids of EfficientNet-Lite0 differ between channels, so their mean counts."""
    from keras import ops

    maps, at = backbones.load(name).build_extractor([MAP_LAYERS[name]]), 96 // step
    rng = np.random.default_rng(0)

    def score_sum(images_01, tones):
        return ops.sum(maps(images_01)[MAP_LAYERS[name]][:, at, at] * tones), ()

    compute_slope, weight = gradients.compile_function(gradients.value_and_grad(score_sum)), 0.0
    for _ in range(draws):
        tones = rng.normal(size=maps.output[MAP_LAYERS[name]].shape[-1]).astype("float32")
        _, _, slope = compute_slope(rng.random((2, 224, 224, 3)).astype("float32"), tones)
        square = (np.asarray(slope) ** 2).sum(axis=(0, 3))
        weight += square / square.sum()
    for axis in (0, 1):
        assert find_centroid(weight, axis) == pytest.approx(
            (at + 0.5 - MAP_OFFSETS[name]) * step, abs=0.15 * step
        )


def find_centroid(weight, axis):
    profile = weight.sum(axis=axis)
    return (profile * (np.arange(len(profile)) + 0.5)).sum() / profile.sum()


def test_a_class_without_evidence_has_an_empty_heatmap(colors):
    heatmap, _, _ = grad_cam.explain(colors, np.zeros((32, 32, 3), "uint8"), 2)
    assert np.array_equal(heatmap, np.zeros((4, 4)))


@pytest.mark.parametrize("label, class_index", [("Cat", 0), ("cat", 1), ("CAT", 0), ("dog", 2)])
def test_an_exact_label_match_is_preferred(label, class_index):
    named = replace(toy_classifier.make_color_classifier(), classes=("Cat", "cat", "Dog"))
    assert grad_cam._find_class_index(label, named) == class_index


def test_the_overlay_colors_the_peak_and_darkens_outside_the_crop():
    image = np.full((40, 80, 3), 200, "uint8")
    heatmap = np.zeros((4, 4), "float32")
    heatmap[0, 0] = 1
    overlay = heatmap_overlay.draw(image, heatmap, "over", 0.8)
    assert overlay.shape == image.shape
    assert np.array_equal(overlay[:, :20], np.full((40, 20, 3), 80))  # left of the center crop
    assert np.ptp(overlay[2, 22].astype(int)) > 60 > np.abs(overlay[2, 22].astype(int) - overlay[3, 23]).max()
    hot, cold = overlay[2, 22].sum(), overlay[37, 57].sum()
    assert hot > cold + 100  # brighter, so that color is not the only cue
    light = heatmap_overlay.draw(image, heatmap, "light", 0.8)
    assert light[2, 22].min() > 150 and light[37, 57].max() < 60


@pytest.mark.parametrize("shape, expected", [((40, 50), (40, 102)), ((40, 80), (82, 80))])
def test_beside_places_images_by_aspect_ratio(shape, expected):
    image = np.random.default_rng(0).integers(0, 256, (*shape, 3), "uint8")
    overlay = heatmap_overlay.draw(image, np.ones((2, 2), "float32"), "beside", 0.5)
    assert overlay.shape == (*expected, 3)
    assert np.array_equal(overlay[: shape[0], : shape[1]], image)


@pytest.mark.slow  # forward and backward pass of a large network
def test_the_heatmaps_of_two_classes_cover_their_objects(resnet50_home):
    cat, cup = data.chelsea()[:, 75:375], image_io.resize(data.coffee()[:, 100:500], 300, 300)
    both = image_io.resize(np.concatenate([cat, cup], axis=1), 448, 448)
    named = imagenet.load()
    for label, half in (("Egyptian cat", slice(0, 3)), ("espresso", slice(4, 7))):
        heatmap, _, _ = grad_cam.explain(named, both, named.classes.index(label))
        assert heatmap[:, half].sum() > 0.7 * heatmap.sum()


@pytest.mark.slow
def test_the_task_draws_an_image_with_its_recipe(resnet50_home):
    photo = File.store(image_io.encode_png(data.chelsea()), "image", "cat.png")
    settings = ExplainSettings(label="TABBY", view="over")
    result = tasks.run("classify.explain", settings, {"image": [photo]})
    assert result.figures["label"] == "tabby"
    assert not result.figures["whole"], "of a wide photo it is shown the middle"
    assert result.figures["labels"][0]["label"] == "Egyptian cat"
    assert result.recipe.weights == {"resnet50": imagenet.load().digest}
    assert result.recipe.inputs["image"][0].digest == photo.digest
    assert image_io.read(result.files[0].read()).shape == data.chelsea().shape
    with pytest.raises(InvalidInput, match=r"one of .*tabby"):
        tasks.run("classify.explain", ExplainSettings(label="taby"), {"image": [photo]})
