"""Autoencoders: gradients against finite differences, results within seconds, and network files."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from studio.core.layers.activations import sigmoid
from studio.lab import network_file
from studio.lab import trainer as trainers
from studio.lab.autoencoder import Autoencoder
from studio.lab.convolution import extract_patches, overlap_add
from studio.lab.corrupt import compute_mean_absolute_error, corrupt
from studio.lab.settings import PIXELS, AutoencoderSettings
from studio.lab.trainer import SPARSE_ACTIVITY, AutoencoderTrainer

STEPS = {"convolutional": 250, "sparse": 600, "contractive": 600}  # they start slowly
KINDS = get_args(AutoencoderSettings.model_fields["kind"].annotation)


def convert_to_float64(network: Autoencoder) -> None:
    for half in (network.encoder, network.decoder):
        half.weights = half.weights.astype("float64")
        half.layers = half.split_layers(half.weights)


def loss(network: Autoencoder, digits: np.ndarray, draw: np.ndarray) -> float:
    """Computes the loss of a trainer as in the papers."""
    settings, count = network.settings, len(digits)
    sums, penalty, code = network.encoder.predict(digits), 0.0, None
    if settings.kind == "variational":
        means, spreads = np.split(sums, 2, axis=1)
        penalty = 0.5 * (means**2 + np.exp(spreads) - 1 - spreads).sum() / count
        code = means + np.exp(spreads / 2) * draw
    elif settings.kind in ("sparse", "contractive"):
        code = sigmoid(sums)
        if settings.kind == "sparse":
            speaks = code.mean(axis=0)
            on_terms, other = (
                SPARSE_ACTIVITY * np.log(SPARSE_ACTIVITY / speaks),
                (1 - SPARSE_ACTIVITY) * np.log((1 - SPARSE_ACTIVITY) / (1 - speaks)),
            )
            penalty = trainers._SPARSE_WEIGHT * (on_terms + other).sum()
        else:
            squares = np.square(network.encoder.layers[0].kernel).sum(axis=0)
            penalty = trainers._CONTRACTIVE_WEIGHT * (np.square(code * (1 - code)) @ squares).mean()
    redrawn = sigmoid(network.decoder.predict(sums if code is None else code))
    entropy = -(digits * np.log(redrawn) + (1 - digits) * np.log(1 - redrawn)).sum() / count
    return float(entropy + penalty)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "denoising"])
def test_the_gradient_matches_finite_differences(kind):
    rng = np.random.default_rng(0)
    digits = rng.random((6, PIXELS))
    trainer = AutoencoderTrainer(digits.astype("float32"), AutoencoderSettings(kind=kind, bottleneck=3))
    network = trainer.network
    convert_to_float64(network)
    draw = np.random.default_rng([0, 5]).standard_normal((6, 3), "float32")
    trainer._compute_gradients(digits, digits)
    for half, flat in zip((network.encoder, network.decoder), trainer._flat_gradients, strict=True):
        # where the gradient is large compared with rounding errors
        for at in np.argsort(-np.abs(flat))[rng.integers(0, 400, 12)]:
            ends = []
            for change in (1e-4, -1e-4):
                half.weights[at] += change
                ends.append(loss(network, digits, draw))
                half.weights[at] -= change
            assert flat[at] == pytest.approx((ends[0] - ends[1]) / 2e-4, rel=2e-3, abs=1e-4)


def test_patches_and_overlap_add_are_adjoint():
    rng = np.random.default_rng(0)
    whole, cut = rng.normal(size=(3, 8, 8, 5)), rng.normal(size=(16 * 3, 4, 4, 5))
    assert (extract_patches(whole) * cut).sum() == pytest.approx((whole * overlap_add(cut)).sum())


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_learns_and_can_be_saved(lab_digits, kind):
    settings = AutoencoderSettings(kind=kind, bottleneck=8, steps=STEPS.get(kind, 60))
    trainer = AutoencoderTrainer(lab_digits.train, settings)
    corrupted = corrupt(lab_digits.test, 0.5 if kind == "denoising" else 0, 0, np.random.default_rng(1))

    def error() -> float:
        return float(np.square(trainer.network.reconstruct(corrupted) - lab_digits.test).mean())

    before = error()
    while trainer.steps < settings.planned_steps:
        trainer.step()
    assert error() < 0.9 * before
    assert settings.parameters == sum(
        half.weights.size for half in (trainer.network.encoder, trainer.network.decoder)
    )
    again = network_file.unpack_network(network_file.pack_network(trainer.network, lab_digits.test))[0]
    assert again.settings == settings
    np.testing.assert_array_equal(again.reconstruct(corrupted), trainer.network.reconstruct(corrupted))


@pytest.mark.slow
def test_denoising_beats_a_plain_autoencoder(lab_digits):
    noisy = corrupt(lab_digits.test, 0.5, 0, np.random.default_rng(1))
    left = {}
    for kind in ("deep", "denoising"):
        settings = AutoencoderSettings(kind=kind, bottleneck=32, steps=250)
        trainer = AutoencoderTrainer(lab_digits.train, settings)
        while trainer.steps < 250:
            trainer.step()
        left[kind] = compute_mean_absolute_error(trainer.network.reconstruct(noisy), lab_digits.test)
    assert left["denoising"] < 20 < left["deep"] < compute_mean_absolute_error(noisy, lab_digits.test)


@pytest.mark.slow
def test_corruption_follows_its_settings(lab_digits):
    rng = np.random.default_rng(0)
    assert corrupt(lab_digits.test, 0, 0, rng) is lab_digits.test
    holes = corrupt(np.ones((5, PIXELS), "float32"), 0, 1, rng)
    assert (holes == 0).sum(axis=1).tolist() == [64] * 5
    noisy = corrupt(lab_digits.test, 1, 0, rng)
    assert noisy.min() >= 0 and noisy.max() <= 1
