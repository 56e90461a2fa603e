"""A VAE with classes: the class chooses what is drawn, and the latent vector keeps the rest."""

from __future__ import annotations

import numpy as np
import pytest
import random_weights

from studio.core import data, tasks
from studio.core.data import ImageDataset
from studio.core.errors import InvalidInput
from studio.core.generators import latent
from studio.core.models import presets
from studio.core.progress import Progress
from studio.core.tasks import File
from studio.faces import models as faces_models
from studio.vae import elbo, encoding, generator, latent_analysis, train
from studio.vae.losses import VaeLosses
from studio.vae.model import Vae

CLASSES = ("disc", "negative")


@pytest.fixture(scope="module")
def labels() -> np.ndarray:
    """The class of each disc: bright, or dark on a bright background."""
    return np.arange(128) % 2


@pytest.fixture(scope="module")
def labeled_discs(discs, labels) -> np.ndarray:
    return np.where(labels[:, None, None, None], 255 - discs, discs)


@pytest.fixture(scope="module")
def dataset(labeled_discs, labels, tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "discs.npz"
    np.savez(path, images=labeled_discs[..., 0], labels=np.array(CLASSES)[labels])
    return data.store_reference(str(path))


@pytest.fixture(autouse=True)
def few_samples_for_directions(monkeypatch):
    monkeypatch.setattr(latent_analysis, "DIRECTION_SAMPLES", 100)


def open_model(result, name="discs"):
    preset = presets.unpack(result.files[0].read(), name)
    return preset, generator.load_generator(preset)


@pytest.mark.slow
def test_it_learns_its_classes_and_finds_that_of_an_image(dataset, labeled_discs, labels, learning_settings):
    settings = learning_settings.model_copy(update={"steps": 400, "test_every": 100})
    result = tasks.run("vae.train", settings, {"data": [dataset]})
    preset, loaded = open_model(result)
    assert "It learned 2 classes" in preset.read_card()
    assert loaded.classes == CLASSES == faces_models.list_classes(preset)
    assert all(
        len(direction.vector) == loaded.latent_dim == 4 + 2 for direction in loaded.directions.values()
    )

    # An image is encoded with the class of the best bound.
    z = loaded.encode(np.repeat(labeled_discs[:40], 3, axis=-1), Progress())
    assert (z[:, -2:].argmax(1) == labels[:40]).mean() > 0.9

    # The same latents, decoded as each class.
    bright, dark = (loaded.decode(latent.set_class(loaded, z, name))[..., 0] / 255.0 for name in CLASSES)
    assert (dark.mean((1, 2)) > bright.mean((1, 2)) + 0.3).mean() > 0.8

    start = File.store(result.files[0].read(), "model", "discs.zip")
    with pytest.raises(InvalidInput, match="no classes"):
        tasks.run(
            "vae.train",
            settings.model_copy(update={"conditional": False}),
            {"data": [dataset], "start": [start]},
        )


@pytest.mark.slow
@pytest.mark.usefixtures("eager")
def test_an_adversarial_model_keeps_its_classes_for_later_runs(dataset, tiny):
    settings = tiny.model_copy(update={"adversarial": 0.5, "likelihood": "binary"})
    result = tasks.run("vae.train", settings, {"data": [dataset]})
    preset, _ = open_model(result)
    vae = generator.load_vae(preset)
    assert vae.class_count == 2 and vae.discriminator.get_layer("projection").kernel.shape[0] == 2
    assert "given their classes" in preset.read_card()
    resumed = tasks.run("vae.train", settings, {"data": [dataset], "start": result.files})
    assert resumed.figures["curve"]["reconstruction"][0] < result.figures["curve"]["reconstruction"][0]


def test_data_without_classes_gives_a_model_without(tiny):
    vae = Vae(tiny)
    assert vae.class_embedding is None and vae.class_vectors.shape == (0, tiny.latent_dim)


def test_batches_have_the_labels_of_their_images(labeled_discs, labels, tiny):
    rows = np.arange(100), np.arange(101, 128)
    trainer = train.Trainer(labeled_discs, *rows, tiny, class_count=2, labels=labels)
    for batch in (*map(trainer.make_batch, range(3)), trainer.make_test_batch(slice(5, 20))):
        assert np.array_equal(batch["images"].mean((1, 2, 3)) > 127, batch["labels"])
        assert np.ptp(batch["labels"]) == 1
    trainer.loss_model.run_eagerly = True
    assert np.isfinite(trainer.train_on(batch)["reconstruction"])


def test_losses_depend_on_the_class_in_encoder_decoder_and_discriminator(labeled_discs, tiny):
    model = VaeLosses(tiny.model_copy(update={"adversarial": 0.5}), class_count=2)
    random_weights.assign(model.network)
    random_weights.assign(model.adversarial_losses.discriminator)
    state = np.asarray(model.seed_generator.state).copy()

    def compute(label):
        model.seed_generator.state.assign(state)
        batch = {"images": labeled_discs[:8], "labels": np.full(8, label)}
        return {name: float(loss) for name, loss in model(batch, training=True).items()}

    losses, others = compute(0), compute(1)
    assert all(np.isfinite(value) for value in losses.values())
    assert all(abs(losses[name] - others[name]) > 1e-4 for name in ("kl", "reconstruction", "discriminator"))


def make_constant_vae(settings) -> Vae:
    """Returns a VAE whose decoder returns 1/2, and whose latents have means of -1 with the second class."""
    vae = Vae(settings, 2)
    vae.set_weights([np.zeros_like(array) for array in vae.get_weights()])
    vae.class_embedding.kernel.assign(np.float32([[0] * 4, [1] * 4]))
    return vae


def test_the_bound_is_that_of_the_class(tiny):
    images, labels = np.zeros((5, 28, 28, 1), "uint8"), np.array([1, 0, 1, 1, 0])
    bound = elbo.compute_elbo(make_constant_vae(tiny), images, labels)
    assert bound.nats == pytest.approx(784 * np.log(2) + labels.mean() * 4 * 0.5, abs=1e-6)
    # The slack of a posterior that ignores the image is its KL divergence.
    slack = [
        elbo.compute_slack(make_constant_vae(tiny), images[:1], 2000, np.array([label])).nats
        for label in range(2)
    ]
    assert slack == pytest.approx([0, 2], abs=0.5) and abs(slack[0]) < 1e-6


def test_classes_are_part_of_encoding_and_decoding(discs, tiny):
    vae, labels = Vae(tiny, 3), np.array([0, 1, 2, 2])
    random_weights.assign(vae)
    z_mean, _ = encoding.encode(vae, discs[:4], labels=labels)
    expected, _ = vae.encode(discs[:4].astype("float32") / 255, np.eye(3, dtype="float32")[labels])
    assert np.allclose(z_mean, expected, atol=1e-4)
    again, _ = encoding.encode(vae, discs[:4], labels=np.zeros(4, int))
    is_same = np.isclose(z_mean, again, atol=1e-4).all(1)
    assert is_same.tolist() == [True, False, False, False]
    z = latent.append_classes(z_mean, labels, 3)
    logits = encoding.decode_logits(vae, z)
    assert np.allclose(logits, vae.decode(z), atol=1e-3)
    other = encoding.decode_logits(vae, latent.append_classes(z_mean, labels - 1, 3))
    assert np.abs(logits - other).max((1, 2, 3)).min() > 0.01


def test_directions_ignore_differences_between_classes(discs, labels):
    z = np.random.default_rng(0).standard_normal((128, 4)).astype("float32")
    attributes = {
        "class": labels.astype("float32"),
        "style": (z[:, 1] + 100 * labels).astype("float32"),
        "partly": np.where(np.arange(128) % 9, z[:, 2], np.nan).astype("float32"),
    }
    dataset = ImageDataset(discs, tuple(map(str, range(128))), None, (), attributes, ())
    one_hot = np.eye(2)[labels]
    directions = {
        name: direction.vector
        for _, name, direction in latent_analysis.find_attribute_directions(
            z, dataset, np.arange(128), one_hot
        )
    }
    assert directions.keys() == {"style", "partly"}
    assert directions["style"][1] > 0.9 and directions["partly"][2] > 0.9
