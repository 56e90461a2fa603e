"""Temperature scaling: the fit, and the calibration of heads with a hidden layer."""

from __future__ import annotations

import numpy as np
import pytest

from studio.classify.settings import TrainClassifierSettings
from studio.classify.training import head, train_head, training_set
from studio.core.data.cache import ImageDataset
from studio.core.objectives import backbones


def soften(logits):
    return head.apply_temperature(np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True), 1.0)


@pytest.mark.parametrize("temperature", [1.0, 2.5])
def test_the_temperature_of_overconfident_predictions_is_found(temperature):
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 3, (20_000, 4))
    calibrated = soften(logits)
    labels = (calibrated.cumsum(axis=1) > rng.random((len(logits), 1))).argmax(axis=1)
    overconfident = soften(logits * temperature)
    assert head.fit_temperature(overconfident, labels) == pytest.approx(temperature, rel=0.05)
    assert head.apply_temperature(overconfident, temperature) == pytest.approx(calibrated, abs=1e-5)


def test_predictions_without_an_error_stay_as_they_are():
    probabilities, labels = np.array([[0.7, 0.3], [0.4, 0.6]], "float32"), np.array([0, 1])
    assert head.fit_temperature(probabilities, labels) == pytest.approx(1, abs=0.01)


@pytest.fixture
def noisy_set():
    """Features of two classes that overlap, in two halves for training and testing."""
    rng = np.random.default_rng(0)
    labels = np.arange(240) % 2
    features = (rng.normal(size=(240, 60)) + 0.15 * (2 * labels[:, None] - 1)).astype("float32")
    names = tuple(f"{n}.png" for n in range(240))
    dataset = ImageDataset(np.zeros((240, 2, 2, 3), "uint8"), names, labels, ("a", "b"))
    rows, folds = np.arange(240), np.arange(120) // 2 % 2
    backbone = backbones.Backbone(None, None, "")
    return training_set.TrainingSet(dataset, backbone, features, rows[:120], rows[120:], folds)


@pytest.mark.slow
@pytest.mark.usefixtures("eager")
def test_the_weights_of_a_hidden_layer_contain_the_temperature(noisy_set, monkeypatch):
    monkeypatch.setattr(train_head, "_MLP_EPOCHS", 2)
    validated, settings = [], TrainClassifierSettings(head="mlp", hidden=8, strength=0.01)

    def train(temperature):
        monkeypatch.setattr(head, "fit_temperature", lambda *pair: validated.append(pair) or temperature)
        return train_head.train(noisy_set, settings)

    plain, softened = train(1.0), train(2.0)
    assert not np.allclose(plain.probabilities, softened.probabilities, atol=0.01)
    assert softened.probabilities == pytest.approx(head.apply_temperature(plain.probabilities, 2.0), abs=1e-5)
    kernel, bias, output_kernel, output_bias = softened.weights
    hidden = np.maximum(noisy_set.features @ kernel + bias, 0)
    assert soften(hidden @ output_kernel + output_bias) == pytest.approx(softened.probabilities, abs=1e-4)
    assert all(len(probabilities) == len(labels) == 120 for probabilities, labels in validated)
    assert softened.temperature == 2 and not len(softened.validation_probabilities)


def test_a_linear_head_has_no_temperature(noisy_set):
    assert train_head.train(noisy_set, TrainClassifierSettings(strength=0.01)).temperature == 1
