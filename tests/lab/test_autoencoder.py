"""Each kind's gradient against differences, what seconds of training reach, and files that hold networks."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest

from studio.core.layers.activations import sigmoid
from studio.lab import network_file
from studio.lab import teacher as teachers
from studio.lab.autoencoder import Autoencoder
from studio.lab.convolution import overlaid, patches
from studio.lab.corrupt import levels, spoilt
from studio.lab.settings import PIXELS, TeachSettings
from studio.lab.teacher import SPEAKS, Teacher

STEPS = {"convolutional": 250, "sparse": 600, "contractive": 600}  # which begin slowly
KINDS = get_args(TeachSettings.model_fields["kind"].annotation)


def in_doubles(network: Autoencoder) -> None:
    for half in (network.encoder, network.decoder):
        half.weights = half.weights.astype("float64")
        half.layers = half.views(half.weights)


def loss(network: Autoencoder, digits: np.ndarray, draw: np.ndarray) -> float:
    """What a teacher goes down, written as the papers have it."""
    settings, count = network.settings, len(digits)
    sums, penalty, code = network.encoder.answer(digits), 0.0, None
    if settings.kind == "variational":
        means, spreads = np.split(sums, 2, axis=1)
        penalty = 0.5 * (means**2 + np.exp(spreads) - 1 - spreads).sum() / count
        code = means + np.exp(spreads / 2) * draw
    elif settings.kind in ("sparse", "contractive"):
        code = sigmoid(sums)
        if settings.kind == "sparse":
            speaks = code.mean(axis=0)
            kept, other = SPEAKS * np.log(SPEAKS / speaks), (1 - SPEAKS) * np.log((1 - SPEAKS) / (1 - speaks))
            penalty = teachers._SPARSE * (kept + other).sum()
        else:
            squares = np.square(network.encoder.layers[0].kernel).sum(axis=0)
            penalty = teachers._CONTRACTIVE * (np.square(code * (1 - code)) @ squares).mean()
    drawn = sigmoid(network.decoder.answer(sums if code is None else code))
    entropy = -(digits * np.log(drawn) + (1 - digits) * np.log(1 - drawn)).sum() / count
    return float(entropy + penalty)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "denoising"])
def test_the_gradient_is_that_of_differences(kind):
    rng = np.random.default_rng(0)
    digits = rng.random((6, PIXELS))
    teacher = Teacher(digits.astype("float32"), TeachSettings(kind=kind, bottleneck=3))
    network = teacher.network
    in_doubles(network)
    draw = np.random.default_rng([0, 5]).standard_normal((6, 3), "float32")
    teacher._go_back(digits, digits)
    for half, flat in zip((network.encoder, network.decoder), teacher._flat, strict=True):
        # where the gradient is large, so that differences can be told from rounding
        for at in np.argsort(-np.abs(flat))[rng.integers(0, 400, 12)]:
            ends = []
            for change in (1e-4, -1e-4):
                half.weights[at] += change
                ends.append(loss(network, digits, draw))
                half.weights[at] -= change
            assert flat[at] == pytest.approx((ends[0] - ends[1]) / 2e-4, rel=2e-3, abs=1e-4)


def test_patches_and_their_opposite_are_adjoint():
    rng = np.random.default_rng(0)
    whole, cut = rng.normal(size=(3, 8, 8, 5)), rng.normal(size=(16 * 3, 4, 4, 5))
    assert (patches(whole) * cut).sum() == pytest.approx((whole * overlaid(cut)).sum())


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_learns_and_is_read_back(known, kind):
    settings = TeachSettings(kind=kind, bottleneck=8, steps=STEPS.get(kind, 60))
    teacher = Teacher(known.learned, settings)
    given = spoilt(known.others, 0.5 if kind == "denoising" else 0, 0, np.random.default_rng(1))

    def error() -> float:
        return float(np.square(teacher.network.redraw(given) - known.others).mean())

    before = error()
    while teacher.steps < settings.planned:
        teacher.step()
    assert error() < 0.9 * before
    assert settings.parameters == sum(
        half.weights.size for half in (teacher.network.encoder, teacher.network.decoder)
    )
    again = network_file.unpack(network_file.pack(teacher.network, known.others))[0]
    assert again.settings == settings
    np.testing.assert_array_equal(again.redraw(given), teacher.network.redraw(given))


@pytest.mark.slow
def test_denoising_cleans_what_a_plain_one_does_not(known):
    noisy = spoilt(known.others, 0.5, 0, np.random.default_rng(1))
    left = {}
    for kind in ("deep", "denoising"):
        teacher = Teacher(known.learned, TeachSettings(kind=kind, bottleneck=32, steps=250))
        while teacher.steps < 250:
            teacher.step()
        left[kind] = levels(teacher.network.redraw(noisy), known.others)
    assert left["denoising"] < 20 < left["deep"] < levels(noisy, known.others)


@pytest.mark.slow
def test_holes_and_noise_corrupt_only_as_much_as_asked(known):
    rng = np.random.default_rng(0)
    assert spoilt(known.others, 0, 0, rng) is known.others
    holes = spoilt(np.ones((5, PIXELS), "float32"), 0, 1, rng)
    assert (holes == 0).sum(axis=1).tolist() == [64] * 5
    noisy = spoilt(known.others, 1, 0, rng)
    assert noisy.min() >= 0 and noisy.max() <= 1
