"""VAE losses: likelihoods and KL divergence in closed form, and each setting."""

from __future__ import annotations

import math

import numpy as np
import pytest
import tensorflow as tf

from studio.core.generators.vgg16_discriminator import LAYERS as DISCRIMINATOR_LAYERS
from studio.vae import adversarial, learner
from studio.vae.adversarial import AdversarialLosses
from studio.vae.learner import VaeLosses
from studio.vae.model import Vae
from studio.vae.settings import TrainVaeSettings


@pytest.mark.parametrize("mean, log_var, nats", [(0, 0, 0), (1, 0, 0.5), (0, math.log(4), 0.8069)])
def test_the_divergence_matches_the_closed_form(mean, log_var, nats):
    divergence = learner.kl_divergence(np.float32([[mean]]), np.float32([[log_var]]))
    assert float(np.array(divergence)[0, 0]) == pytest.approx(nats, abs=1e-4)


def test_likelihoods_are_those_of_the_distributions():
    rng = np.random.default_rng(0)
    images = rng.random((5, 6, 6, 2)).astype("float32")
    logits = rng.normal(size=images.shape).astype("float32")
    probabilities = 1 / (1 + np.exp(-logits.astype("float64")))
    missed = (images - probabilities).astype("float64")
    variance, spread = np.mean(missed**2), np.mean(abs(missed))
    expected = {
        "normal": 0.5 * missed**2 / variance + 0.5 * math.log(2 * math.pi * variance),
        "laplace": abs(missed) / spread + math.log(2 * spread),
        "bernoulli": -images * np.log(probabilities) - (1 - images) * np.log(1 - probabilities),
    }
    for name, nats in expected.items():
        assert float(learner.LIKELIHOODS[name](images, logits)) == pytest.approx(nats.sum() / 5, rel=1e-4)


def test_free_bits_charge_each_number_at_least_so_much(discs, tiny):
    free, plain = (VaeLosses(tiny.model_copy(update={"free_bits": bits})) for bits in (0.5, 0.0))
    losses, usual = free(discs[:8]), plain(discs[:8])
    assert float(losses["kl"]) == pytest.approx(float(usual["kl"]), abs=1e-4)
    assert float(usual["charged"]) == pytest.approx(float(usual["kl"]), abs=1e-5)
    kl = np.array(learner.kl_divergence(*free.vae.encode(discs[:8].astype("float32") / 255))).mean(0)
    assert float(losses["charged"]) == pytest.approx(np.maximum(kl, 0.5).sum(), abs=1e-4)


def test_beta_grows_during_the_warm_up(discs, tiny):
    wish = tiny.model_copy(update={"beta": 2.0, "warm_up": 0.5, "steps": 8})
    model = VaeLosses(wish)
    terms = {"reconstruction": 5.0, "kl": 1.0, "charged": 1.0}
    losses = []
    for _ in range(6):
        model(discs[:2], training=True)
        losses.append(float(model.compute_loss(y_pred=terms)))
    assert losses == pytest.approx([5.5, 6.0, 6.5, 7.0, 7.0, 7.0])
    assert float(model.compute_loss(y_pred=terms, training=False)) == pytest.approx(7.0)


@pytest.mark.parametrize("size, colors", [(28, "gray"), (32, "color"), (64, "color"), (128, "gray")])
def test_the_networks_fit_every_size(size, colors):
    settings = TrainVaeSettings(size=size, colors=colors, width=4, latent_dim=6)
    vae = Vae(settings)
    images = np.zeros((2, size, size, settings.channels), "float32")
    z_mean, z_log_var = vae.encode(images)
    assert z_mean.shape == z_log_var.shape == (2, 6)
    assert vae.decode(z_mean).shape == images.shape
    assert vae(images).shape == images.shape


@pytest.mark.slow
def test_a_seed_decides_the_fresh_weights(tiny):
    first, again, other = (Vae(tiny.model_copy(update={"seed": seed})) for seed in (0, 0, 1))
    assert all(map(np.array_equal, first.get_weights(), again.get_weights()))
    assert not all(map(np.array_equal, first.get_weights(), other.get_weights()))


def test_a_perceptual_share_is_measured_by_what_sees(discs, tiny):
    looks = []

    def see(images):
        looks.append(tuple(images.shape))
        return {layer: (n + 1.0) * images for n, layer in enumerate(learner.PERCEPTUAL_LAYERS)}

    def missed(share):
        return float(VaeLosses(tiny.model_copy(update={"perceptual": share}), see)(discs[:4])["reconstruction"])

    pixels = missed(0.0)
    assert not looks
    perceptual, both = missed(1.0), missed(0.5)
    assert looks == [(4, 14, 14, 3)] * 2
    assert both == pytest.approx((pixels + perceptual) / 2, rel=1e-3) and abs(pixels - perceptual) > 1


@pytest.mark.slow
def test_what_is_seen_teaches_the_decoder(discs, tiny):
    wish = tiny.model_copy(update={"perceptual": 1.0, "beta": 0.001})
    model = VaeLosses(wish, lambda images: dict.fromkeys(learner.PERCEPTUAL_LAYERS, images))
    model.start()
    before = model.vae.decoder.get_weights()
    model.train_on_batch(discs[:8])
    model.train_on_batch(discs[:8])
    assert not all(map(np.array_equal, before[:1], model.vae.decoder.get_weights()[:1]))


@pytest.fixture(scope="module")
def played(discs, tiny):
    model = VaeLosses(tiny.model_copy(update={"adversarial": 0.5}))
    model.start()
    return model


@pytest.mark.slow
def test_each_side_of_the_game_learns_its_own_loss_alone(discs, played):
    mine, its = played.vae.trainable_variables, played.game.discriminator.trainable_variables
    assert {id(variable) for variable in played.trainable_variables} == {
        id(weight) for weight in [*mine, *its]
    }
    before = [[variable.numpy() for variable in side] for side in (mine, its)]
    for loss, moved, still in (("seen", mine, its), ("discriminator", its, mine)):
        with tf.GradientTape(persistent=True) as tape:
            lost = played(discs[:8], training=True)[loss]
        assert any(
            gradient is not None and np.abs(gradient).max() > 0
            for gradient in tape.gradient(lost, values(moved))
        )
        assert all(
            gradient is None or np.abs(gradient).max() == 0 for gradient in tape.gradient(lost, values(still))
        )
    for _ in range(2):  # the first step has a learning rate of 0
        played.train_on_batch(discs[:8])
    for side, old in zip((mine, its), before, strict=True):
        assert not all(map(np.array_equal, old, (variable.numpy() for variable in side)))


def values(variables):
    return [variable.value for variable in variables]


def test_a_test_against_a_discriminator_counts_pixels_alone(discs, played, tiny):
    plain = VaeLosses(tiny)
    plain.vae.set_weights(played.vae.get_weights())
    for entry in (played, plain):
        entry.draws.state.assign(np.uint32([3, 4]))
    losses, usual = played(discs[:8]), plain(discs[:8])
    assert losses.keys() == usual.keys()
    assert {name: float(loss) for name, loss in losses.items()} == pytest.approx(
        {name: float(loss) for name, loss in usual.items()}, rel=1e-5
    )


def test_a_share_of_a_discriminator_counts_in_training(played):
    lost = {"reconstruction": 8.0, "kl": 0.0, "charged": 0.0, "seen": 4.0, "discriminator": 1.5}
    assert float(played.compute_loss(y_pred=lost)) == pytest.approx(0.5 * 8 + 0.5 * 4 + 1.5)


def test_a_verdict_counts_as_a_share_of_the_nats_of_all_numbers(discs, tiny, monkeypatch):
    monkeypatch.setattr(adversarial, "feature_nll", lambda layers, numbers: 0.0)
    undecided = AdversarialLosses(tiny)
    undecided.discriminator.set_weights(
        [np.zeros_like(array) for array in undecided.discriminator.get_weights()]
    )
    images = discs[:4].astype("float32") / 255
    mine, its = (float(loss) for loss in undecided(images, images, images[:2]))
    assert mine == pytest.approx(adversarial.ADVERSARIAL_WEIGHT * 28 * 28 * math.log(2))
    assert its == pytest.approx(2 * math.log(2))


def unmoved(images):
    """Stands in for VGG16 with constant maps of its shapes."""
    count = images.shape[0]
    return {
        layer: tf.zeros((count, side, side, channels))
        for layer, side, channels in zip(DISCRIMINATOR_LAYERS, (14, 7, 3), (128, 256, 512), strict=True)
    }


def test_a_vgg16_discriminator_counts_beside_the_first(discs, tiny, monkeypatch):
    monkeypatch.setattr(adversarial, "feature_nll", lambda layers, numbers: 0.0)
    game = AdversarialLosses(tiny.model_copy(update={"adversarial": 0.5, "vgg16_discriminator": 3.0}), unmoved)
    fresh = game.discriminator_weights()
    game.take([np.zeros_like(array) for array in fresh])
    images = discs[:4].astype("float32") / 255
    mine, its = (float(loss) for loss in game(images, images, images[:2]))
    assert mine == pytest.approx(adversarial.ADVERSARIAL_WEIGHT * 28 * 28 * (1 + 3) * math.log(2))
    assert its == pytest.approx(4 * math.log(2))
    first = len(game.discriminator.get_weights())
    game.take(fresh[:first])  # of a model without a discriminator
    assert all(map(np.array_equal, game.discriminator_weights()[:first], fresh[:first]))
    assert not any(array.any() for array in game.discriminator_weights()[first:])


def test_a_discriminator_misses_less_where_images_are_drawn_well(discs, tiny):
    adversary = AdversarialLosses(tiny)
    images = discs[:16].astype("float32") / 255
    rng = np.random.default_rng(0)
    blurred = np.clip(images + rng.normal(0, 0.3, images.shape), 0, 1).astype("float32")
    originals = images[:4]
    well, badly = (float(adversary(images, again, originals)[0]) for again in (0.99 * images, blurred))
    assert well < badly - 10
