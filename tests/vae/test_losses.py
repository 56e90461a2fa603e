"""VAE losses: likelihoods and KL divergence in closed form, and each setting."""

from __future__ import annotations

import math

import numpy as np
import pytest
import tensorflow as tf

from studio.core.generators.vgg16_discriminator import LAYERS as DISCRIMINATOR_LAYERS
from studio.vae import adversarial
from studio.vae import losses as vae_losses
from studio.vae.adversarial import AdversarialLosses
from studio.vae.losses import VaeLosses
from studio.vae.model import Vae
from studio.vae.settings import TrainVaeSettings


@pytest.mark.parametrize("mean, log_var, nats", [(0, 0, 0), (1, 0, 0.5), (0, math.log(4), 0.8069)])
def test_the_kl_divergence_matches_the_closed_form(mean, log_var, nats):
    divergence = vae_losses.kl_divergence(np.float32([[mean]]), np.float32([[log_var]]))
    assert float(np.array(divergence)[0, 0]) == pytest.approx(nats, abs=1e-4)


def test_likelihoods_match_the_distributions():
    rng = np.random.default_rng(0)
    images = rng.random((5, 6, 6, 2)).astype("float32")
    logits = rng.normal(size=images.shape).astype("float32")
    probabilities = 1 / (1 + np.exp(-logits.astype("float64")))
    errors = (images - probabilities).astype("float64")
    variance, spread = np.mean(errors**2), np.mean(abs(errors))
    expected = {
        "normal": 0.5 * errors**2 / variance + 0.5 * math.log(2 * math.pi * variance),
        "laplace": abs(errors) / spread + math.log(2 * spread),
        "bernoulli": -images * np.log(probabilities) - (1 - images) * np.log(1 - probabilities),
    }
    for name, nats in expected.items():
        assert float(vae_losses.LIKELIHOODS[name](images, logits)) == pytest.approx(nats.sum() / 5, rel=1e-4)


def test_free_bits_are_a_minimum_per_dimension(discs, tiny):
    free, plain = (VaeLosses(tiny.model_copy(update={"free_bits": bits})) for bits in (0.5, 0.0))
    losses, original = free({"images": discs[:8]}), plain({"images": discs[:8]})
    assert float(losses["kl"]) == pytest.approx(float(original["kl"]), abs=1e-4)
    assert float(original["kl_free_bits"]) == pytest.approx(float(original["kl"]), abs=1e-5)
    kl = np.array(vae_losses.kl_divergence(*free.network.encode(discs[:8].astype("float32") / 255))).mean(0)
    assert float(losses["kl_free_bits"]) == pytest.approx(np.maximum(kl, 0.5).sum(), abs=1e-4)


def test_beta_rises_during_the_warm_up(discs, tiny):
    settings = tiny.model_copy(update={"beta": 2.0, "warm_up": 0.5, "steps": 8})
    model = VaeLosses(settings)
    terms = {"reconstruction": 5.0, "kl": 1.0, "kl_free_bits": 1.0}
    losses = []
    for _ in range(6):
        model({"images": discs[:2]}, training=True)
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
def test_the_seed_determines_the_initial_weights(tiny):
    first, again, other = (Vae(tiny.model_copy(update={"seed": seed})) for seed in (0, 0, 1))
    assert all(map(np.array_equal, first.get_weights(), again.get_weights()))
    assert not all(map(np.array_equal, first.get_weights(), other.get_weights()))


def test_the_perceptual_loss_uses_the_feature_extractor(discs, tiny):
    input_shapes = []

    def extract(images):
        input_shapes.append(tuple(images.shape))
        return {layer: (n + 1.0) * images for n, layer in enumerate(vae_losses.PERCEPTUAL_LAYERS)}

    def compute_loss(share):
        return float(
            VaeLosses(tiny.model_copy(update={"perceptual": share}), extract)({"images": discs[:4]})[
                "reconstruction"
            ]
        )

    pixels = compute_loss(0.0)
    assert not input_shapes
    perceptual, both = compute_loss(1.0), compute_loss(0.5)
    assert input_shapes == [(4, 14, 14, 3)] * 2
    assert both == pytest.approx((pixels + perceptual) / 2, rel=1e-3) and abs(pixels - perceptual) > 1


@pytest.mark.slow
def test_the_perceptual_loss_trains_the_decoder(discs, tiny):
    settings = tiny.model_copy(update={"perceptual": 1.0, "beta": 0.001})
    model = VaeLosses(settings, lambda images: dict.fromkeys(vae_losses.PERCEPTUAL_LAYERS, images))
    model.compile_with_schedule()
    before = model.network.decoder.get_weights()
    model.train_on_batch({"images": discs[:8]})
    model.train_on_batch({"images": discs[:8]})
    assert not all(map(np.array_equal, before[:1], model.network.decoder.get_weights()[:1]))


@pytest.fixture(scope="module")
def adversarial_model(discs, tiny):
    model = VaeLosses(tiny.model_copy(update={"adversarial": 0.5}))
    model.compile_with_schedule()
    return model


@pytest.mark.slow
def test_adversarial_losses_reach_only_their_own_network(discs, adversarial_model):
    vae_variables, discriminator_variables = (
        adversarial_model.network.trainable_variables,
        adversarial_model.adversarial_losses.discriminator.trainable_variables,
    )
    assert {id(variable) for variable in adversarial_model.trainable_variables} == {
        id(weight) for weight in [*vae_variables, *discriminator_variables]
    }
    before = [[variable.numpy() for variable in side] for side in (vae_variables, discriminator_variables)]
    for loss, changed, unchanged in (
        ("adversarial", vae_variables, discriminator_variables),
        ("discriminator", discriminator_variables, vae_variables),
    ):
        with tf.GradientTape(persistent=True) as tape:
            loss_value = adversarial_model({"images": discs[:8]}, training=True)[loss]
        assert any(
            gradient is not None and np.abs(gradient).max() > 0
            for gradient in tape.gradient(loss_value, values(changed))
        )
        assert all(
            gradient is None or np.abs(gradient).max() == 0
            for gradient in tape.gradient(loss_value, values(unchanged))
        )
    for _ in range(2):  # the first step has a learning rate of 0
        adversarial_model.train_on_batch({"images": discs[:8]})
    for side, old in zip((vae_variables, discriminator_variables), before, strict=True):
        assert not all(map(np.array_equal, old, (variable.numpy() for variable in side)))


def values(variables):
    return [variable.value for variable in variables]


def test_evaluation_ignores_the_discriminator(discs, adversarial_model, tiny):
    plain = VaeLosses(tiny)
    plain.network.set_weights(adversarial_model.network.get_weights())
    for entry in (adversarial_model, plain):
        entry.seed_generator.state.assign(np.uint32([3, 4]))
    losses, original = adversarial_model({"images": discs[:8]}), plain({"images": discs[:8]})
    assert losses.keys() == original.keys()
    assert {name: float(loss) for name, loss in losses.items()} == pytest.approx(
        {name: float(loss) for name, loss in original.items()}, rel=1e-5
    )


def test_the_adversarial_share_weighs_the_losses(adversarial_model):
    lost = {"reconstruction": 8.0, "kl": 0.0, "kl_free_bits": 0.0, "adversarial": 4.0, "discriminator": 1.5}
    assert float(adversarial_model.compute_loss(y_pred=lost)) == pytest.approx(0.5 * 8 + 0.5 * 4 + 1.5)


def test_the_adversarial_loss_is_weighted_per_value(discs, tiny, monkeypatch):
    monkeypatch.setattr(adversarial, "feature_nll", lambda layers, numbers: 0.0)
    undecided = AdversarialLosses(tiny)
    undecided.discriminator.set_weights(
        [np.zeros_like(array) for array in undecided.discriminator.get_weights()]
    )
    images = discs[:4].astype("float32") / 255
    vae_loss, discriminator_loss = (float(loss) for loss in undecided(images, images, images[:2]))
    assert vae_loss == pytest.approx(adversarial.ADVERSARIAL_WEIGHT * 28 * 28 * math.log(2))
    assert discriminator_loss == pytest.approx(2 * math.log(2))


def extract_constant_features(images):
    """Stands in for VGG16 with constant maps of discriminator_loss shapes."""
    count = images.shape[0]
    return {
        layer: tf.zeros((count, side, side, channels))
        for layer, side, channels in zip(DISCRIMINATOR_LAYERS, (14, 7, 3), (128, 256, 512), strict=True)
    }


def test_the_vgg16_discriminator_adds_its_losses(discs, tiny, monkeypatch):
    monkeypatch.setattr(adversarial, "feature_nll", lambda layers, numbers: 0.0)
    adversarial_losses = AdversarialLosses(
        tiny.model_copy(update={"adversarial": 0.5, "vgg16_discriminator": 3.0}), extract_constant_features
    )
    fresh = adversarial_losses.get_discriminator_weights()
    adversarial_losses.set_discriminator_weights([np.zeros_like(array) for array in fresh])
    images = discs[:4].astype("float32") / 255
    vae_loss, discriminator_loss = (float(loss) for loss in adversarial_losses(images, images, images[:2]))
    assert vae_loss == pytest.approx(adversarial.ADVERSARIAL_WEIGHT * 28 * 28 * (1 + 3) * math.log(2))
    assert discriminator_loss == pytest.approx(4 * math.log(2))
    first = len(adversarial_losses.discriminator.get_weights())
    adversarial_losses.set_discriminator_weights(fresh[:first])  # of a model without a discriminator
    assert all(map(np.array_equal, adversarial_losses.get_discriminator_weights()[:first], fresh[:first]))
    assert not any(array.any() for array in adversarial_losses.get_discriminator_weights()[first:])


def test_good_reconstructions_have_a_lower_feature_loss(discs, tiny):
    adversary = AdversarialLosses(tiny)
    images = discs[:16].astype("float32") / 255
    rng = np.random.default_rng(0)
    blurred = np.clip(images + rng.normal(0, 0.3, images.shape), 0, 1).astype("float32")
    originals = images[:4]
    well, badly = (float(adversary(images, again, originals)[0]) for again in (0.99 * images, blurred))
    assert well < badly - 10
