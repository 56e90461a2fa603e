"""Enlarging generated images: the grid pattern disappears and edges stay sharp."""

import numpy as np
import pytest

from studio.core import tasks
from studio.core.imaging import image_io
from studio.enhance import generated_images
from studio.faces.settings import FacesSettings
from training.drawings.data_sets import draw_data_set


def measure_roughness(images):
    """Returns how much the empty corner above the face varies in each gray image."""
    return [np.abs(np.diff(image[:96, :96], 2)).mean() for image in images]


def measure_edge(image):
    return np.quantile(np.abs(np.diff(image)), 0.995)


def to_gray(image):
    return image_io.to_gray(image)[..., 0] / 1.0


@pytest.mark.parametrize("face", [5, 6])
def test_an_enhanced_face_keeps_its_edges_and_its_even_background(face):
    settings = FacesSettings(preset="avatars-dcgan", n=8, seed=5, face=face)
    enhanced, plain = (
        to_gray(image_io.read(tasks.run("faces.draw", item, {}).files[0].read()))
        for item in (settings.model_copy(update={"enhance": True}), settings)
    )
    assert measure_edge(enhanced) > 0.9 * measure_edge(plain)
    assert max(measure_roughness([enhanced, plain])) < 0.1, "of 255 levels"


@pytest.mark.parametrize("face", [0, 1])
def test_cleaning_removes_background_grain_and_keeps_edges(face):
    """A network without a final filter leaves grain."""
    drawing = draw_data_set("avatars", 2, seed=0)["images"][face]
    grain = np.random.default_rng(face).normal(0, 3, drawing.shape)
    grainy = np.rint(drawing + grain).clip(0, 255).astype("uint8")
    enlarged, plain = (
        to_gray(image) for image in (generated_images.upscale(grainy, 512), image_io.resize(grainy, 512, 512))
    )
    roughness = measure_roughness([enlarged, plain])
    assert roughness[0] < 0.6 * roughness[1], roughness
    assert measure_edge(enlarged) > 0.9 * measure_edge(plain)


def test_results_below_twice_the_size_are_only_resized():
    image = np.random.default_rng(0).integers(0, 256, (40, 40, 3), "uint8")
    assert np.array_equal(generated_images.upscale(image, 60), image_io.resize(image, 60, 60))


def test_the_recipe_names_the_shipped_networks():
    assert generated_images.weight_digests().keys() == {"clean", "enlarge"}
