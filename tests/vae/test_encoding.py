"""Latents of a VAE: KL per dimension, aggregate posterior, and the ELBO."""

from __future__ import annotations

import numpy as np
import pytest

from studio.core.data import ImageDataset, ImageSubset
from studio.core.errors import Cancelled
from studio.core.progress import Progress
from studio.vae import density, elbo, encoding, latent_analysis
from studio.vae.model import Vae


def test_binarizing_keeps_the_mean_gray_level():
    gray = np.full((200, 10, 10, 1), 51, "uint8")
    gray[:, 0], gray[:, 1] = 0, 255
    samples = encoding.binarize(gray, np.random.default_rng(0))
    assert set(np.unique(samples)) == {0, 255}
    assert samples[:, 0].max() == 0 and samples[:, 1].min() == 255
    assert samples[:, 2:].mean() / 255 == pytest.approx(0.2, abs=0.01)


@pytest.mark.parametrize("count", [1, 3, 130])
def test_encoding_does_not_depend_on_the_number_of_images(discs, tiny, count):
    vae, images = Vae(tiny), np.resize(discs, (count, 28, 28, 1))
    z_mean, z_log_var = encoding.encode(vae, images)
    alone = encoding.encode(vae, images[-1:])
    assert z_mean.shape == z_log_var.shape == (count, 4)
    assert np.allclose(z_mean[-1], alone[0][0], atol=1e-4)
    decoded = encoding.decode(vae, z_mean)
    assert decoded.shape == images.shape and decoded.dtype == np.uint8
    assert np.abs(decoded[-1].astype(int) - encoding.decode(vae, z_mean[-1:])[0]).max() <= 1


@pytest.mark.parametrize("likelihood", ["logistic", "binary"])
def test_preprocessing_does_not_depend_on_batches(discs, tiny, likelihood):
    settings = tiny.model_copy(update={"likelihood": likelihood})
    vae, images = Vae(tiny), np.resize(discs, (130, 28, 28, 1))
    whole = encoding.make_preprocessing(settings)(images)
    z, _ = encoding.encode(vae, whole)
    part = ImageSubset(images, np.arange(130))
    assert np.allclose(
        encoding.encode(vae, part, None, encoding.make_preprocessing(settings))[0], z, atol=1e-5
    )
    error = np.sqrt(np.mean((encoding.decode(vae, z).astype("float64") - whole) ** 2))
    assert encoding.compute_reconstruction_error(
        vae, part, z, encoding.make_preprocessing(settings)
    ) == pytest.approx(error, rel=1e-3)


def test_encoding_can_be_stopped(discs, tiny):
    with pytest.raises(Cancelled):
        encoding.encode(Vae(tiny), discs, Progress(cancelled=lambda: True))


def test_kl_statistics_are_per_dimension():
    rng = np.random.default_rng(0)
    z_mean = np.stack([2 * rng.standard_normal(5000), np.zeros(5000)], axis=1)
    z_log_var = np.stack([np.full(5000, np.log(0.25)), np.zeros(5000)], axis=1)
    facts = encoding.compute_kl_statistics(z_mean, z_log_var)
    assert facts.kl[0] == pytest.approx(0.5 * (4 + 0.25 - 1 + np.log(4)), abs=0.1)
    assert facts.kl[1] == 0 and facts.active == 1 and not facts.is_collapsed


def test_posterior_collapse_is_described():
    facts = encoding.compute_kl_statistics(np.zeros((50, 8)), np.zeros((50, 8)))
    assert facts.is_collapsed
    (note,) = latent_analysis.describe_collapse(facts)
    assert "only 0 of 8" in note and "beta" in note
    assert (
        latent_analysis.describe_collapse(
            encoding.compute_kl_statistics(
                np.random.default_rng(0).standard_normal((50, 8)), np.zeros((50, 8))
            )
        )
        == ()
    )


@pytest.mark.slow
def test_the_analysis_reports_posterior_collapse(discs, tiny):
    vae = Vae(tiny)
    vae.encoder.set_weights([np.zeros_like(array) for array in vae.encoder.get_weights()])
    dataset = ImageDataset(discs, tuple(map(str, range(128))), None, (), {}, ())
    rows = np.arange(90), np.arange(100, 128), np.arange(90, 100)
    analysis = latent_analysis.analyze(vae, tiny, dataset, *rows, Progress())
    assert analysis.figures["active_units"] == 0 and len(analysis.notes) == 1


def test_clusters_are_fitted_by_several_components():
    rng = np.random.default_rng(0)
    places = rng.normal(size=(4, 3)) * 3
    z = (places[rng.integers(0, 4, 1200)] + 0.1 * rng.standard_normal((1200, 3))).astype("float32")
    mixture = density.fit_mixture(z[:1000], z[1000:], seed=0)
    assert len(mixture.weights) > 1
    points = mixture.sample(500, np.random.default_rng(1), 1.0)
    near = np.linalg.norm(points[:, None] - places[None], axis=-1).min(1)
    assert np.median(near) < 0.4
    normal = density.fit_mixture(*np.split(rng.standard_normal((1200, 3)), [1000]), seed=0)
    assert len(normal.weights) == 1 and np.allclose(normal.variances, 1, atol=0.2)


def test_validation_latents_choose_the_covariance_type():
    rng = np.random.default_rng(0)
    z = rng.standard_normal((1300, 8)) @ np.tril(np.ones((8, 8))).T
    tied = density.fit_mixture(z[:1000], z[1000:], seed=0, full=True)
    assert len(tied.weights) == 1
    assert np.allclose(tied.factors[0] @ tied.factors[0].T, np.cov(z[:1000].T), rtol=0.01, atol=0.01)
    assert density.fit_mixture(z[:1000], z[1000:], seed=0).factors is None, "not asked for"
    free = rng.standard_normal((1300, 8))
    alone = density.fit_mixture(free[:1000], free[1000:], seed=0, full=True)
    assert alone.factors is None, "what they tell there is chance"
    many = rng.standard_normal((200, 300)) @ rng.standard_normal((300, 300))
    large = density.fit_mixture(many[:150], many[150:], seed=0, full=True)
    assert large.factors is None, "too many numbers for a model's file"


def test_latents_are_sampled_with_their_variances():
    z_mean, z_log_var = np.full((20_000, 2), 3.0, "float32"), np.full((20_000, 2), np.log(0.25), "float32")
    z_log_var[:, 1] = np.log(4)
    z = encoding.sample_latents(z_mean, z_log_var, np.random.default_rng(0))
    assert z.dtype == np.float32
    assert np.allclose(z.mean(0), 3, atol=0.05) and np.allclose(z.std(0), [0.5, 2], rtol=0.03)


def test_the_contrast_minimizes_absolute_error(tiny):
    """The decoder always returns a logit of 1: pixels are white with a probability of 0.73."""
    vae = Vae(tiny)
    vae.decoder.set_weights([np.zeros_like(array) for array in vae.decoder.get_weights()[:-1]] + [np.ones(1)])
    z = np.zeros((130, 4), "float32")
    for contrast in (1.0, 1.4, 2.3):
        images = np.full((130, 28, 28, 1), round(255 * encoding.sigmoid(contrast)), "uint8")
        assert encoding.choose_contrast(vae, images, z) == contrast
        assert np.array_equal(encoding.decode(vae, z, contrast), images)
    noise = encoding.binarize(np.full((130, 28, 28, 1), 186, "uint8"), np.random.default_rng(0))
    assert encoding.choose_contrast(vae, noise, z) == encoding.CONTRASTS[-1], "most are white"
    with pytest.raises(Cancelled):
        encoding.choose_contrast(vae, noise, z, Progress(cancelled=lambda: True))


@pytest.mark.slow
def test_the_mixture_respects_its_limits():
    rng = np.random.default_rng(0)
    assert density.fit_mixture(rng.standard_normal((20, 3)), rng.standard_normal((5, 3)), 0) is None
    places = rng.normal(size=(100, 512)) * 9
    z = places[rng.integers(0, 100, 3300)] + 0.1 * rng.standard_normal((3300, 512))
    mixture = density.fit_mixture(z[:3000], z[3000:], seed=0)
    assert len(mixture.weights) == 10 and mixture.means.size * 2 <= density.MAX_PARAMETERS


def test_the_elbo_of_a_constant_decoder_is_exact(tiny):
    """With a decoder that always returns 1/2 and latents of the prior, each image costs 784 * log(2) nats."""
    vae = Vae(tiny)
    for network in (vae.encoder, vae.decoder):
        network.set_weights([np.zeros_like(array) for array in network.get_weights()])
    images = np.random.default_rng(0).integers(0, 256, (20, 28, 28, 1), dtype="uint8")
    bound = elbo.compute_elbo(vae, images)
    assert bound.nats == pytest.approx(784 * np.log(2), abs=1e-6) and bound.n == 20
    assert bound.error == pytest.approx(0, abs=1e-6)


def test_the_elbo_includes_the_kl_divergence(tiny):
    vae = Vae(tiny)
    for network in (vae.encoder, vae.decoder):
        network.set_weights([np.zeros_like(array) for array in network.get_weights()])
    *rest, _ = vae.encoder.get_weights()
    vae.encoder.set_weights([*rest, np.float32([1] * 4 + [0] * 4)])  # means of 1, variances of 1
    bound = elbo.compute_elbo(vae, np.zeros((5, 28, 28, 1), "uint8"))
    assert bound.nats == pytest.approx(784 * np.log(2) + 4 * 0.5, abs=1e-6)


@pytest.mark.slow
def test_many_samples_tighten_the_bound(tiny):
    """With a decoder that always returns 1/2, ln p(x) is known, and latents carry no information."""
    vae = Vae(tiny)
    for network in (vae.encoder, vae.decoder):
        network.set_weights([np.zeros_like(array) for array in network.get_weights()])
    *rest, _ = vae.encoder.get_weights()
    vae.encoder.set_weights([*rest, np.float32([1] * 4 + [0] * 4)])  # `elbo` charges 2 nats
    one, many = (elbo.compute_slack(vae, np.zeros((5, 28, 28, 1), "uint8"), draws) for draws in (1, 2000))
    assert one.nats == 0
    assert many.nats == pytest.approx(2, abs=0.5) and many.n == 5


def test_computing_the_slack_can_be_stopped(tiny):
    with pytest.raises(Cancelled):
        elbo.compute_slack(
            Vae(tiny), np.zeros((2, 28, 28, 1), "uint8"), 2, progress=Progress(cancelled=lambda: True)
        )


def test_the_weighted_bound_uses_images_of_all_classes(discs, tiny, monkeypatch):
    """Data sets are sorted by class, so the first hundred test images may all be of one class."""
    batches = []

    def slack(vae, dataset, **_):
        batches.append(dataset[:, 0, 0, 0])
        return elbo.Elbo(0.0, 0.0, len(dataset))

    monkeypatch.setattr(elbo, "compute_slack", slack)
    monkeypatch.setattr(elbo, "SLACK_IMAGES", 10)
    marked = discs.copy()
    marked[:, 0, 0, 0] = np.arange(128)
    settings = tiny.model_copy(update={"likelihood": "binary"})
    dataset = ImageDataset(marked, tuple(map(str, range(128))), None, (), {}, ())
    rows = np.arange(60), np.arange(70, 128), np.arange(60, 70)
    latent_analysis.analyze(Vae(settings), settings, dataset, *rows, Progress())
    assert len(batches[0]) == 10 and batches[0][0] == 70 and batches[0][-1] == 127


@pytest.mark.slow
def test_encoded_attributes_become_directions(trained, discs, middles):
    rng = np.random.default_rng(0)
    attributes = {
        "row": middles[:, 0].astype("float32"),
        "luck": rng.random(128).astype("float32"),
        "same": np.ones(128, "float32"),
        "unknown": np.full(128, np.nan, "float32"),
    }
    dataset = ImageDataset(discs, tuple(map(str, range(128))), None, (), attributes, ())
    z, _ = encoding.encode(trained.result, discs)
    directions = {
        name: direction
        for _, name, direction in latent_analysis.find_attribute_directions(
            z, dataset, np.arange(128), np.zeros((128, 0))
        )
    }
    assert set(directions) == {"row"} and "labeled by the data set" in directions["row"].note
    start = z[np.argsort(middles[:, 0])[64]]
    images = encoding.decode(
        trained.result, np.stack([start + t * directions["row"].vector for t in (-1.0, 1.0)])
    )
    rows = [
        (image[..., 0] * np.arange(28)[:, None]).sum() / image.sum() for image in images.astype("float32")
    ]
    assert rows[1] > rows[0] + 1
