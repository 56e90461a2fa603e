"""A trained VAE, ready to draw, and to take in a user's own image."""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from studio.core.errors import invalid
from studio.core.generators import latent
from studio.core.generators.batches import Written
from studio.core.generators.directions import damaged
from studio.core.imaging import image_io
from studio.core.models import loading
from studio.core.models.presets import Preset
from studio.core.process import limits
from studio.core.tasks import Inputs
from studio.core.training import start_from
from studio.vae import written
from studio.vae.settings import TrainVaeSettings

TASK = "vae.train"
MOST_CONTRAST = 3.0  # that a training chooses
SHAPE = ("size", "colors", "width", "latent_dim")  # settings that decide the shape of the weights


def check(settings: TrainVaeSettings, inputs: Inputs) -> None:
    """Raises `InvalidInput` if a model to start from does not fit, or `adversarial` is missing."""
    if settings.vgg16_discriminator and not settings.adversarial:
        step = "or set vgg16_discriminator to 0"
        raise invalid(
            "adversarial",
            expected="a value above 0, such as 0.5, with a VGG16-feature discriminator",
            received="0",
            next_step=step,
        )
    start_from.check(settings, inputs, TASK, "a VAE", SHAPE)


def settings_of(preset: Preset) -> TrainVaeSettings:
    """The settings of a VAE. Raises `InvalidInput` if the preset is another kind of model."""
    return preset.settings_as(TrainVaeSettings, TASK, "a VAE")


def load(preset: Preset):
    """The trained `studio.vae.model.Vae` of a preset.

    Raises:
        InvalidInput: if it is no VAE, or its files are not whole.
    """
    settings = settings_of(preset)
    from studio.vae.model import Vae  # which loads Keras

    vae = Vae(settings, judged=loading.holds(preset, "discriminator"))
    loading.fill(vae, preset)
    return vae


def contrast(preset: Preset) -> float:
    """By which a VAE's images are drawn, see `studio.vae.codes.contrast`.

    Raises:
        InvalidInput: if it is none that a training writes.
    """
    found = preset.data().get("contrast")
    if isinstance(found, bool) or not isinstance(found, int | float) or not 1 <= found <= MOST_CONTRAST:
        raise damaged("contrast", str(found)[:20])
    return float(found)


def open(preset: Preset) -> latent.Generator:
    """Loads a preset.

    Raises:
        InvalidInput: if it is no VAE, or its files are not whole.
    """
    settings, path = settings_of(preset), preset.weights()
    *drawing, kernel, bias = loading.arrays(path, written.decoder_layout(settings), "decoder")
    stronger = contrast(preset)
    drawing += [stronger * kernel, stronger * bias]  # of the logits
    reading = loading.arrays(path, written.encoder_layout(settings), "encoder")
    directions, density = latent.read(preset.data(), settings.latent_dim)
    cores = math.ceil(limits.processors())
    draw = Written(partial(written.decoder, drawing, settings), cores)
    read = Written(partial(written.encoder, reading, settings), cores)

    def decode(z: np.ndarray) -> np.ndarray:
        made = np.rint(255 * draw(z)).astype("uint8")
        return np.broadcast_to(made, (*made.shape[:3], 3))

    def encode(images: np.ndarray) -> np.ndarray:
        if settings.channels == 1:
            images = np.stack([image_io.gray(one) for one in images])
        return read(images.astype("float32") / 255)

    return latent.Generator(
        preset.name,
        preset.digest,
        settings.latent_dim,
        settings.size,
        decode,
        directions,
        density,
        encode,
        _redraw_error(preset),
    )


def _redraw_error(preset: Preset) -> float | None:
    figures = preset.data().get("figures")
    found = figures.get("redraw_error") if isinstance(figures, dict) else None
    return float(found) if isinstance(found, int | float) and math.isfinite(found) else None
