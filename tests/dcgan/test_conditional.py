"""A DCGAN with classes: it learns and keeps them, and generates the chosen one."""

from __future__ import annotations

import numpy as np
import pytest
import random_weights
import tiny_dcgan

from studio.core import data, tasks
from studio.core.errors import InvalidInput
from studio.core.generators import latent
from studio.core.generators.latent_sampler import LatentSampler
from studio.core.models import presets
from studio.core.progress import Progress
from studio.core.tasks import File
from studio.dcgan import generator, growth, model, task, train
from studio.dcgan.settings import TrainDcganSettings
from studio.faces import models as faces_models

SETTINGS = TrainDcganSettings(**tiny_dcgan.SHORT, scored=0)


def make_noisy_images(labels: np.ndarray) -> np.ndarray:
    """Returns dark images of class 0 and bright ones of class 1, `(n, 28, 28, 1) uint8`."""
    noise = np.random.default_rng(0).integers(0, 40, (len(labels), 28, 28, 1))
    return (noise + 200 * labels[:, None, None, None]).astype("uint8")


@pytest.fixture(scope="module")
def levels_file(tmp_path_factory):
    """A data set of 96 dark and 32 bright images."""
    labels = np.arange(128) // 96
    path = tmp_path_factory.mktemp("data") / "levels.npz"
    np.savez(path, images=make_noisy_images(labels), labels=np.array(["dark", "light"])[labels])
    return path


def run_training(path, start=(), **change):
    settings = SETTINGS.model_copy(update=change)
    inputs = {"data": [data.store_reference(str(path))], **({"start": list(start)} if start else {})}
    return tasks.run("dcgan.train", settings, inputs)


@pytest.fixture
def few_images_for_directions(monkeypatch):
    """Estimates latent directions from 100 images: generating 2,000 takes longer than these runs."""
    monkeypatch.setattr(task, "DIRECTION_IMAGES", 100)


@pytest.mark.slow
@pytest.mark.usefixtures("few_images_for_directions")
def test_it_learns_to_obey_its_label(weights_home, levels_file):
    changes = {"steps": 80, "learning_rate": 0.003, "discriminator_rate": 0.001, "batch": 16, "shift": 0}
    result = run_training(levels_file, test_every=40, **changes)
    preset = presets.unpack(result.files[0].read(), "levels")
    assert "It learned 2 classes" in preset.read_card()
    loaded = generator.load_generator(preset)
    assert loaded.classes == ("dark", "light") == faces_models.list_classes(preset)
    z = latent.sample(loaded, 40, 0)
    dark, light = (
        loaded.decode(latent.set_class(loaded, z, name)).mean((1, 2, 3)) for name in loaded.classes
    )
    assert (light > dark + 100).all()
    assert loaded.decode(z)[::2].mean() < loaded.decode(z)[1::2].mean(), "classes in turn"

    # GAN inversion finds the class of an image.
    encoded = loaded.encode(loaded.decode(z[:2]), Progress())
    assert encoded.shape == (2, loaded.latent_dim) and encoded[:, -2:].argmax(1).tolist() == [0, 1]

    start = File.store(result.files[0].read(), "model", "levels.zip")
    with pytest.raises(InvalidInput, match="no classes"):
        run_training(levels_file, [start], conditional=False)


def test_batches_have_the_labels_of_their_images():
    labels, validation_labels = np.arange(96) % 2, np.arange(9) % 2
    settings = SETTINGS.model_copy(update={"adaptive_augmentation": True})
    trainer = train.Trainer(
        make_noisy_images(labels),
        settings,
        validation=make_noisy_images(validation_labels),
        class_count=2,
        labels=labels,
        validation_labels=validation_labels,
    )
    for batch in map(trainer.make_batch, range(3)):
        for images, name in (("real", "labels"), ("validation", "validation_labels")):
            assert np.array_equal(batch[images].mean((1, 2, 3)) > 100, batch[name])
            assert np.ptp(batch[name]) == 1
    trainer.gan.run_eagerly = True
    metrics = trainer.gan.train_on_batch(batch, return_dict=True)
    assert all(np.isfinite(value) for value in metrics.values())


@pytest.mark.parametrize("loss", ["logistic", "relativistic"])
def test_logits_depend_on_the_class(loss):
    settings = SETTINGS.model_copy(update={"loss": loss, "gradient_penalty": 1.0})
    gan = model.Gan(settings, class_count=2)
    random_weights.assign(gan.discriminator)
    images = np.random.default_rng(0).uniform(-1, 1, (4, 28, 28, 1)).astype("float32")
    logits = [np.asarray(gan.discriminator([images, np.eye(2)[[label] * 4]])) for label in range(2)]
    assert np.abs(logits[0] - logits[1]).min() > 1e-4
    losses = gan({"real": np.zeros((4, 28, 28, 1), "uint8"), "labels": np.array([0, 1, 1, 0])})
    assert all(np.isfinite(float(value)) for value in losses.values())


def test_a_new_generator_depends_more_on_latents_than_on_classes():
    """If classes dominate from the start, training ends with one image per class."""
    z = LatentSampler(SETTINGS.latent_dim, 3).sample(np.random.default_rng(0), 30)
    z[:, -3:] = np.eye(3)[np.arange(30) // 10]
    z[10:, :-3] = np.tile(z[:10, :-3], (2, 1))
    outputs = np.asarray(model.build_generator(SETTINGS, 3)(z)).reshape(3, 10, -1)
    assert outputs.std(1).mean() > 10 * outputs.std(0).mean() > 0


def test_a_grown_model_keeps_its_classes():
    small = model.Gan(SETTINGS.model_copy(update={"width": 8, "discriminator_width": 8, "size": 32}), None, 3)
    random_weights.assign(small.discriminator)
    large = model.Gan(SETTINGS.model_copy(update={"size": 64}), class_count=3)
    growth.copy_weights(small, large, np.zeros((64, 64, 64, 1), "uint8"))
    for network, name in (("generator", "class_embedding"), ("discriminator", "projection")):
        source, target = (getattr(gan, network).get_layer(name).get_weights() for gan in (small, large))
        assert np.array_equal(source, target) and np.ptp(source)
