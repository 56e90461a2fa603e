"""Gradients agree with finite differences, and tiles agree with the full image."""

import numpy as np
import pytest

from studio.core.errors import Cancelled
from studio.core.objectives import evaluate
from studio.core.objectives.backbones import BACKBONES, Backbone
from studio.core.objectives.evaluate import Evaluator, compute_activations
from studio.core.objectives.gradients import compile_function, value_and_grad
from studio.core.objectives.terms import Objective, compute_gram_matrix, content, style, total_variation
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


def make_objective(backbone, target) -> Objective:
    features = {
        layer: np.asarray(f)
        for layer, f in backbone.build_extractor((*LAYERS, "block4_conv2"))(target).items()
    }
    mask = np.random.default_rng(1).random((1, *features["block3_conv1"].shape[1:3], 1)).astype("float32")
    first = style(LAYERS[0], compute_gram_matrix(features[LAYERS[0]]))
    masked = style(LAYERS[1], compute_gram_matrix(features[LAYERS[1]]), mask)
    deep = style(LAYERS[2], compute_gram_matrix(features[LAYERS[2]][:, ::2]))
    return (
        first
        + 0.5 * total_variation()
        + masked
        + deep
        + 0.1 * content("block4_conv2", features["block4_conv2"])
    )


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
    return make_objective(backbone, images[0])


@pytest.fixture(scope="module")
def evaluator(backbone, objective):
    return Evaluator(backbone, objective)


@pytest.fixture(scope="module")
def whole(evaluator, images):
    """The result of the full image, without tiles."""
    return evaluator(images[1])


@pytest.mark.slow
def test_the_evaluator_agrees_with_the_objective(backbone, images, objective, whole):
    features = {**backbone.build_extractor(objective.layers)(images[1]), "image": images[1]}
    assert whole.value == pytest.approx(objective(features), rel=1e-4)
    assert whole.terms == pytest.approx(objective.evaluate_terms(features), rel=1e-3)


@pytest.mark.slow
def test_a_gradient_step_lowers_the_value_as_predicted(images, evaluator, whole):
    norm, size = np.linalg.norm(whole.gradient), 1e-2
    moved = evaluator((images[1] - size * whole.gradient / norm).astype("float32"))
    assert whole.value - moved.value == pytest.approx(size * norm, rel=0.1)


@pytest.mark.slow
def test_tiles_give_the_value_and_gradient_of_the_full_image(backbone, images, objective, whole, monkeypatch):
    x = images[1]
    monkeypatch.setattr(evaluate, "TILE", 128)
    tiled = Evaluator(backbone, objective, max_side=64)(x)
    assert tiled.value == pytest.approx(whole.value, rel=1e-5)
    assert tiled.terms == pytest.approx(whole.terms, rel=1e-4)
    assert np.abs(tiled.gradient - whole.gradient).max() < 1e-4 * np.abs(whole.gradient).max()


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
def test_a_tiled_pass_stops_between_tiles(backbone, images, objective, monkeypatch):
    monkeypatch.setattr(evaluate, "TILE", 128)
    with pytest.raises(Cancelled):
        Evaluator(backbone, objective, Progress(cancelled=lambda: True), max_side=64)(images[1])
