"""Gradients agree with finite differences, and activations of tiles with those of the full image."""

import numpy as np
import pytest

from studio.core.errors import Cancelled
from studio.core.objectives import evaluate, terms
from studio.core.objectives.backbones import BACKBONES, Backbone
from studio.core.objectives.evaluate import Evaluator, compute_activations
from studio.core.objectives.gradients import compile_function, value_and_grad
from studio.core.progress import Progress
from studio.core.weights.networks import vgg16

LAYERS = ("block1_conv1", "block3_conv1", "block5_conv1")


@pytest.fixture(scope="module")
def backbone():
    """VGG16 with random weights, because only its shapes and receptive fields matter here."""
    import keras

    keras.utils.set_random_seed(0)
    return Backbone(BACKBONES["vgg16"], vgg16.build_network(), "0" * 64)


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(0)
    return rng.random((2, 1, 150, 310, 3)).astype("float32")


def test_gradients_agree_with_finite_differences():
    def cube(x, weight):
        return (weight * x**3).sum() if hasattr(x, "sum") else _sum(weight * x**3), ()

    def _sum(x):
        from keras import ops

        return ops.sum(x)

    x = np.random.default_rng(0).random((1, 3, 4, 3)).astype("float32")
    value, _, gradient = compile_function(value_and_grad(cube))(x, np.float32(2.0))
    assert float(value) == pytest.approx(2 * (x**3).sum(), rel=1e-5)
    assert np.allclose(gradient, 6 * x**2, rtol=1e-4)


@pytest.fixture(scope="module")
def objective(backbone, images):
    target = np.asarray(backbone.build_extractor(("block4_conv2",))(images[0])["block4_conv2"])
    return (
        terms.layer(LAYERS[0])
        + 0.5 * terms.total_variation()
        + terms.channel(LAYERS[1], 3)
        + terms.layer(LAYERS[2])
        + 0.1 * terms.guide("block4_conv2", target[:, ::2, ::2])
        - terms.color(np.array([0.2, 0.5, 0.7]))
    )


@pytest.fixture(scope="module")
def evaluator(backbone, objective):
    return Evaluator(backbone, objective)


@pytest.fixture(scope="module")
def evaluation(evaluator, images):
    return evaluator(images[1])


@pytest.mark.slow
def test_the_evaluator_agrees_with_the_objective(backbone, images, objective, evaluation):
    features = {**backbone.build_extractor(objective.layers)(images[1]), terms.IMAGE: images[1]}
    expected = sum(
        term.weight * float(term.loss(features[term.layer], term.targets)) for term in objective.terms
    )
    assert evaluation.value == pytest.approx(expected, rel=1e-4)


@pytest.mark.slow
def test_a_gradient_step_lowers_the_value_as_predicted(images, evaluator, evaluation):
    norm, size = np.linalg.norm(evaluation.gradient), 1e-2
    moved = evaluator((images[1] - size * evaluation.gradient / norm).astype("float32"))
    assert evaluation.value - moved.value == pytest.approx(size * norm, rel=0.1)


def test_the_halo_covers_the_receptive_field_of_the_deepest_layer(backbone):
    reach, stride = 0, 1
    for layer in backbone.model.layers:
        if layer.name.endswith("_pool"):
            reach, stride = reach + stride, 2 * stride
        elif "_conv" in layer.name:
            reach += stride
        if layer.name == LAYERS[-1]:
            break
    assert evaluate.HALO >= reach == 73
    assert evaluate.HALO % stride == evaluate.TILE % stride == 0


@pytest.mark.slow
def test_activations_of_tiles_equal_those_of_the_full_image(backbone, images, monkeypatch):
    monkeypatch.setattr(evaluate, "TILE", 128)
    x = images[0]
    whole = backbone.build_extractor(LAYERS)(x)
    for tile, features in compute_activations(backbone, LAYERS, x, max_side=64):
        for layer in LAYERS:
            stride = backbone.spec.strides[layer]
            part = np.asarray(whole[layer])[:, tile.rows.own_slice(stride), tile.columns.own_slice(stride)]
            assert np.allclose(features[layer], part, atol=1e-4 * np.abs(part).max())


@pytest.mark.slow
def test_a_tiled_pass_stops_between_tiles(backbone, images):
    cancelled = Progress(cancelled=lambda: True)
    with pytest.raises(Cancelled):
        next(compute_activations(backbone, LAYERS, images[1], cancelled, max_side=64))
