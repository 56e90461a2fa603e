"""Pictures that a network drew: the grid that it leaves goes, and edges stay."""

import numpy as np
import pytest

from studio.core import tasks
from studio.core.pictures import images
from studio.enhance import drawn
from studio.faces.settings import FacesSettings


def alone(enhance: bool, face: int) -> np.ndarray:
    """A cartoon face of the model that ships, `(512, 512) float64`, grey."""
    settings = FacesSettings(preset="avatars-dcgan", n=8, seed=5, face=face, enhance=enhance)
    return images.gray(images.read(tasks.run("faces.draw", settings, {}).files[0].read()))[..., 0] / 1.0


@pytest.mark.parametrize("face", [5, 6])
def test_the_background_is_even_and_edges_are_as_sharp(face):
    made, plain = alone(True, face), alone(False, face)
    unrest = [np.abs(np.diff(one[:96, :96], 2)).mean() for one in (made, plain)]
    edges = [np.quantile(np.abs(np.diff(one)), 0.995) for one in (made, plain)]
    assert unrest[0] < 0.6 * unrest[1], unrest
    assert edges[0] > 0.9 * edges[1], edges


def test_what_is_not_twice_as_large_is_left_to_plain_enlarging():
    picture = np.random.default_rng(0).integers(0, 256, (40, 40, 3), "uint8")
    assert np.array_equal(drawn.enlarged(picture, 60), images.resize(picture, 60, 60))


def test_its_networks_are_those_that_ship():
    assert drawn.weights().keys() == {"clean", "enlarge"}
