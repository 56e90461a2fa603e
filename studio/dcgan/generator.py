"""A trained DCGAN, ready to draw."""

from __future__ import annotations

import numpy as np

from studio.core.generators import latent
from studio.core.models import loading
from studio.core.models.presets import Preset
from studio.core.tasks import Inputs
from studio.core.training import start_from
from studio.dcgan.settings import TrainDcganSettings

TASK = "dcgan.train"
SHAPE = ("size", "colors", "width", "judge_width", "modulated", "latent_dim")  # what weights are shaped by
BATCHES = (1, 8, 64)  # the only numbers of pictures drawn at once, so that nothing is compiled twice


def check(settings: TrainDcganSettings, inputs: Inputs) -> None:
    """Raises `InvalidInput` if a model to start from does not fit."""
    start_from.check(settings, inputs, TASK, "a DCGAN", SHAPE)


def settings_of(preset: Preset) -> TrainDcganSettings:
    """The settings of a DCGAN. Raises `InvalidInput` if the preset is another kind of model."""
    return preset.settings_as(TrainDcganSettings, TASK, "a DCGAN")


def open(preset: Preset) -> latent.Generator:
    """Loads a preset.

    Raises:
        InvalidInput: if it is no DCGAN, or its files are not whole.
    """
    settings = settings_of(preset)
    from studio.dcgan import model  # which loads Keras

    gan = model.Gan(settings)
    loading.fill(gan, preset)
    directions, density = latent.read(preset.data(), settings.latent_dim)

    def decode(z: np.ndarray) -> np.ndarray:
        return generate(gan.generator, z)

    return latent.Generator(
        preset.name, preset.digest, settings.latent_dim, settings.size, decode, directions, density
    )


def generate(generator, z: np.ndarray) -> np.ndarray:
    """Pictures `(n, side, side, 3) uint8` from numbers `(n, latent_dim)`, a few at a time."""
    made, at = [], 0
    while at < len(z):
        size = next((size for size in BATCHES if size >= len(z) - at), BATCHES[-1])
        part = z[at : at + size].astype("float32")
        filled = np.concatenate([part, np.zeros((size - len(part), z.shape[1]), "float32")])
        made.append(np.asarray(generator.predict_on_batch(filled))[: len(part)])
        at += size
    pictures = np.rint((np.concatenate(made) + 1) * 127.5).clip(0, 255).astype("uint8")
    return np.broadcast_to(pictures, (*pictures.shape[:3], 3))
