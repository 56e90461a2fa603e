"""Loads a trained VAE to generate images and to encode the user's photos."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from studio.core.errors import invalid
from studio.core.generators import classes, latent, shared_page
from studio.core.generators.batches import BatchedNetwork
from studio.core.generators.directions import damaged_value_error
from studio.core.imaging import image_io
from studio.core.models import loading
from studio.core.models.presets import Preset
from studio.core.process import limits
from studio.core.progress import Progress
from studio.core.share.page import Content
from studio.core.tasks import Inputs
from studio.core.training import start_from
from studio.vae import tflite_networks
from studio.vae.settings import TrainVaeSettings

if TYPE_CHECKING:
    from studio.vae.model import Vae

TASK = "vae.train"
MAX_CONTRAST = 3.0  # largest contrast that training chooses
SHAPE_SETTINGS = ("size", "colors", "width", "latent_dim")  # settings that decide the shape of the weights


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
    start_from.check(settings, inputs, TASK, "a VAE", SHAPE_SETTINGS)


def settings_of(preset: Preset) -> TrainVaeSettings:
    """Returns the settings of a VAE. Raises `InvalidInput` if the preset is another kind of model."""
    return preset.read_settings_as(TrainVaeSettings, TASK, "a VAE")


def load_vae(preset: Preset) -> Vae:
    """Loads the `studio.vae.model.Vae` of a preset.

    Raises:
        InvalidInput: if it is another kind of model, or its files are incomplete.
    """
    settings, names = settings_of(preset), classes.read(preset.read_data())
    from studio.vae.model import Vae  # which loads Keras

    vae = Vae(settings, len(names), loading.has_part(preset, "discriminator"))
    loading.load_weights(vae, preset)
    return vae


def read_contrast(preset: Preset) -> float:
    """Returns the contrast of a VAE's images; see `studio.vae.encoding.choose_contrast`.

    Raises:
        InvalidInput: if the stored value is not valid.
    """
    value = preset.read_data().get("contrast")
    if isinstance(value, bool) or not isinstance(value, int | float) or not 1 <= value <= MAX_CONTRAST:
        raise damaged_value_error("contrast", str(value)[:20])
    return float(value)


def load_generator(preset: Preset) -> latent.Generator:
    """Loads a preset as a generator that runs without Keras.

    Raises:
        InvalidInput: if it is another kind of model, or its files are incomplete.
    """
    settings, path = settings_of(preset), preset.check_weights()
    names = classes.read(preset.read_data())
    class_vectors = _read_class_vectors(settings, path, len(names))
    decoder_arrays = _read_decoder(preset, settings, path, class_vectors)
    encoder_arrays = loading.read_arrays(path, tflite_networks.encoder_layout(settings), "encoder")
    directions, density = latent.read(preset.read_data(), settings.latent_dim)
    cores = math.ceil(limits.count_processors())
    decode_batch = BatchedNetwork(partial(tflite_networks.decoder, decoder_arrays, settings), cores)
    encode_batch = BatchedNetwork(partial(tflite_networks.encoder, encoder_arrays, settings), cores)

    def decode(z: np.ndarray) -> np.ndarray:
        pixels = np.rint(255 * decode_batch(z)).astype("uint8")
        return np.broadcast_to(pixels, (*pixels.shape[:3], 3))

    def encode(images: np.ndarray, _progress: Progress) -> np.ndarray:
        if settings.channels == 1:
            images = np.stack([image_io.to_gray(image) for image in images])
        z = encode_batch(images.astype("float32") / 255)
        if not names:
            return z
        # The reconstruction is the same with each class, so the lowest KL divergence has the best bound.
        offsets = z[:, None] - class_vectors
        labels = np.square(offsets).sum(-1).argmin(1)
        return latent.append_classes(offsets[np.arange(len(z)), labels], labels, len(names))

    return latent.Generator(
        preset.name,
        preset.digest,
        settings.latent_dim + len(names),
        settings.size,
        decode,
        latent.pad_directions(directions, len(names)),
        density,
        encode,
        reconstruction_error=_read_reconstruction_error(preset),
        classes=names,
    )


def share(preset: Preset) -> Content:
    """Builds the content of a VAE's shared page. Raises `InvalidInput` if its files are incomplete."""
    settings, path = settings_of(preset), preset.check_weights()
    class_vectors = _read_class_vectors(settings, path, len(classes.read(preset.read_data())))
    decoder = tflite_networks.decoder(_read_decoder(preset, settings, path, class_vectors), settings, 1)
    return shared_page.build_content(
        preset, decoder, settings.latent_dim, settings.size, "A variational autoencoder (VAE)", 255, 0
    )


def _read_class_vectors(settings: TrainVaeSettings, path: Path, class_count: int) -> np.ndarray:
    """Returns the embedding of each class, `(class_count, latent_dim)`."""
    if not class_count:
        return np.zeros((0, settings.latent_dim), "float32")
    return loading.read_arrays(path, tflite_networks.class_layout(settings, class_count))[0]


def _read_decoder(
    preset: Preset, settings: TrainVaeSettings, path: Path, class_vectors: np.ndarray
) -> list[np.ndarray]:
    """Returns the arrays of `tflite_networks.decoder`; the last layer gives the images their contrast."""
    layout = tflite_networks.decoder_layout(settings)
    first, *arrays, kernel, bias = loading.read_arrays(path, layout, "decoder")
    contrast = read_contrast(preset)  # of the logits
    return [np.concatenate([first, class_vectors @ first]), *arrays, contrast * kernel, contrast * bias]


def _read_reconstruction_error(preset: Preset) -> float | None:
    figures = preset.read_data().get("figures")
    value = figures.get("redraw_error") if isinstance(figures, dict) else None
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None
