"""Images that a network drew: the grid that it leaves goes, and edges stay."""

import numpy as np
import pytest

from studio.core import tasks
from studio.core.imaging import image_io
from studio.enhance import drawn
from studio.faces.settings import FacesSettings
from training.drawings import avatars


def unrest(images):
    """How much the corner above the face varies, where there is nothing, of each gray image."""
    return [np.abs(np.diff(one[:96, :96], 2)).mean() for one in images]


def edge(image):
    return np.quantile(np.abs(np.diff(image)), 0.995)


def gray(image):
    return image_io.gray(image)[..., 0] / 1.0


@pytest.mark.parametrize("face", [5, 6])
def test_the_face_that_ships_keeps_its_edges_and_its_even_background(face):
    asked = FacesSettings(preset="avatars-dcgan", n=8, seed=5, face=face)
    made, plain = (
        gray(image_io.read(tasks.run("faces.draw", one, {}).files[0].read()))
        for one in (asked.model_copy(update={"enhance": True}), asked)
    )
    assert edge(made) > 0.9 * edge(plain)
    assert max(unrest([made, plain])) < 0.1, "of 255 levels"


@pytest.mark.parametrize("face", [0, 1])
def test_grain_goes_from_a_background_and_edges_are_as_sharp(face):
    """A network that ends in no filter leaves grain."""
    drawing = avatars.collection(2, seed=0)["images"][face]
    grain = np.random.default_rng(face).normal(0, 3, drawing.shape)
    grainy = np.rint(drawing + grain).clip(0, 255).astype("uint8")
    made, plain = (gray(one) for one in (drawn.enlarged(grainy, 512), image_io.resize(grainy, 512, 512)))
    found = unrest([made, plain])
    assert found[0] < 0.6 * found[1], found
    assert edge(made) > 0.9 * edge(plain)


def test_what_is_not_twice_as_large_is_left_to_plain_enlarging():
    image = np.random.default_rng(0).integers(0, 256, (40, 40, 3), "uint8")
    assert np.array_equal(drawn.enlarged(image, 60), image_io.resize(image, 60, 60))


def test_its_networks_are_those_that_ship():
    assert drawn.weights().keys() == {"clean", "enlarge"}
