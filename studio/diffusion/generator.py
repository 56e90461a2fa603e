"""Loads trained diffusion models and checks which model a training run can start from."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from studio.core.generators import classes, latent
from studio.core.generators.batches import BatchedNetwork
from studio.core.models import loading
from studio.core.models.presets import Preset
from studio.core.process import limits
from studio.core.tasks import Inputs
from studio.core.training import start_from
from studio.diffusion import sampler, tflite_unet, unet
from studio.diffusion.settings import TrainDiffusionSettings

if TYPE_CHECKING:
    from studio.diffusion.model import Unet

TASK = "diffusion.train"
# Settings that decide the shapes of the weights, besides the classes; see `classes.check_same`.
SHAPE_SETTINGS = ("size", "colors", "width")


def check(settings: TrainDiffusionSettings, inputs: Inputs) -> None:
    """Raises `InvalidInput` if a model to start from does not fit."""
    start_from.check(settings, inputs, TASK, "a diffusion model", SHAPE_SETTINGS)


def settings_of(preset: Preset) -> TrainDiffusionSettings:
    """Returns the settings of a model. Raises `InvalidInput` if the preset is another kind of model."""
    return preset.read_settings_as(TrainDiffusionSettings, TASK, "a diffusion model")


def load_unet(preset: Preset) -> Unet:
    """Loads the `studio.diffusion.model.Unet` of a preset.

    Raises:
        InvalidInput: if it is another kind of model, or its files are incomplete.
    """
    settings, names = settings_of(preset), classes.read(preset.read_data())
    from studio.diffusion.model import Unet  # which loads Keras

    unet_model = Unet(settings, len(names))
    loading.load_weights(unet_model, preset)
    return unet_model


def load_generator(preset: Preset) -> latent.Generator:
    """Loads a preset as a generator that runs without Keras. Its latents are the noise of an image.

    Raises:
        InvalidInput: if it is another kind of model, or its files are incomplete.
    """
    settings, names = settings_of(preset), classes.read(preset.read_data())
    arrays = read_arrays(preset, settings, len(names))
    network = BatchedNetwork(
        partial(tflite_unet.build, arrays, settings), math.ceil(limits.count_processors())
    )

    def predict(images: np.ndarray, times: np.ndarray, labels: np.ndarray) -> np.ndarray:
        condition = tflite_unet.compute_condition(arrays, times, labels)
        return network(np.concatenate([images.reshape(len(images), -1), condition], axis=1))

    def denoise(z: np.ndarray, denoising: latent.Denoising) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        label = names.index(denoising.label) if denoising.label else len(names)
        velocity = partial(
            sampler.guide,
            predict,
            labels=np.full(len(z), label),
            no_class=len(names),
            guidance=denoising.guidance,
        )
        noise = z.reshape(-1, *settings.shape).astype("float32")
        for images in sampler.iterate_steps(velocity, noise, denoising.steps):
            yield _to_rgb_uint8(images[0]), _to_rgb_uint8(images[1])

    def decode(z: np.ndarray) -> np.ndarray:
        *_, (images, _) = denoise(z, latent.Denoising())
        return images

    return latent.Generator(
        preset.name,
        preset.digest,
        math.prod(settings.shape),
        settings.size,
        decode,
        denoise=denoise,
        classes=names,
    )


def read_arrays(preset: Preset, settings: TrainDiffusionSettings, class_count: int) -> tflite_unet.Arrays:
    """Reads the arrays of each layer, by its name.

    Raises:
        InvalidInput: if the files of the model are incomplete.
    """
    variables = list(unet.list_variables(settings, class_count))
    layout = [(path, shape) for _, path, shape in variables]
    values = loading.read_arrays(preset.check_weights(), layout)
    arrays: dict[str, list[np.ndarray]] = {}
    for (layer, _, _), array in zip(variables, values, strict=True):
        arrays.setdefault(layer, []).append(array)
    return arrays


def _to_rgb_uint8(images: np.ndarray) -> np.ndarray:
    pixels = sampler.to_uint8(images)
    return np.broadcast_to(pixels, (*pixels.shape[:3], 3))
