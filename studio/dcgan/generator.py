"""Loads trained DCGANs and checks which model a training run can start from."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.core.errors import invalid
from studio.core.generators import classes, latent, shared_page
from studio.core.generators.batches import BatchedNetwork, run_in_batches
from studio.core.models import loading
from studio.core.models.lru import get_or_make
from studio.core.models.presets import Preset
from studio.core.process import limits
from studio.core.progress import Progress
from studio.core.share.page import Content
from studio.core.tasks import Inputs
from studio.core.training import start_from
from studio.dcgan import tflite_generator
from studio.dcgan.settings import ENCODER_WEIGHTS, MIN_WIDTH, TrainDcganSettings

if TYPE_CHECKING:
    import keras

TASK = "dcgan.train"
# settings that determine the shapes of the weights
SHAPE_SETTINGS = ("size", "colors", "width", "discriminator_width", "modulated", "latent_dim")
HALVED_SETTINGS = ("width", "discriminator_width")  # those that growing halves
_MAX_INVERTED = 16  # images whose latents are remembered, because each takes seconds


def check(settings: TrainDcganSettings, inputs: Inputs) -> None:
    """Raises `InvalidInput` if the start model does not fit, or the relativistic loss has no penalty."""
    if settings.loss == "relativistic" and not settings.gradient_penalty:
        expected = "a value above 0, such as 0.5, for the relativistic loss, or the logistic loss"
        raise invalid("gradient penalty", expected=expected, received="0")
    start = start_from.load_model(inputs)
    if start is None:
        return
    old = settings_of(start) if start.task == TASK else None
    if old is not None and old.size * 2 == settings.size:
        _check_growth(old, settings)
    else:
        start_from.check_fits(start, settings, TASK, "a DCGAN", SHAPE_SETTINGS)


def _check_growth(old: TrainDcganSettings, new: TrainDcganSettings) -> None:
    """Raises `InvalidInput` if a model of `old` does not grow into one of `new`, twice as large."""
    expected_settings = derive_grown_settings(old)
    if expected_settings is None:
        raise invalid(
            "model to grow from",
            expected=f"a model whose width and discriminator_width are even and at least {2 * MIN_WIDTH}, "
            "because both are halved",
            received=", ".join(f"{name} {getattr(old, name)}" for name in HALVED_SETTINGS),
            next_step=f"continue training at its own size, {old.size} px, or choose another model",
        )
    if not grows(old, new):
        expected, received = (
            ", ".join(f"{name} {getattr(settings, name)}" for name in SHAPE_SETTINGS)
            for settings in (expected_settings, new)
        )
        step = "or choose another model"
        raise invalid("model to grow from", expected=expected, received=received, next_step=step)


def derive_grown_settings(old: TrainDcganSettings) -> TrainDcganSettings | None:
    """Returns the settings of a model of twice the size that can grow from `old`, or None if none can."""
    size, widths = 2 * old.size, [getattr(old, name) for name in HALVED_SETTINGS]
    if size not in old.describe()["size"].choices:
        return None
    if any(width % 2 or width < 2 * MIN_WIDTH for width in widths):
        return None
    halves = {name: width // 2 for name, width in zip(HALVED_SETTINGS, widths, strict=True)}
    return old.model_copy(update={"size": size, **halves})


def grows(old: TrainDcganSettings, new: TrainDcganSettings) -> bool:
    """Returns whether a model of `new`, twice as large, can grow from one of `old`.

    Feature maps then have equal channels at the resolutions of both, and only the finest layers start fresh
    (Karras et al. 2017, arXiv:1710.10196).
    """
    unhalved_settings = [name for name in SHAPE_SETTINGS if name not in ("size", *HALVED_SETTINGS)]
    is_halved = all(getattr(old, name) == 2 * getattr(new, name) for name in HALVED_SETTINGS)
    is_same = all(getattr(old, name) == getattr(new, name) for name in unhalved_settings)
    return is_halved and is_same and new.size == 2 * old.size


def settings_of(preset: Preset) -> TrainDcganSettings:
    """Returns the settings of a DCGAN. Raises `InvalidInput` if the preset is another kind of model."""
    return preset.read_settings_as(TrainDcganSettings, TASK, "a DCGAN")


def load_generator(preset: Preset) -> latent.Generator:
    """Loads a preset as a generator that runs without Keras.

    Raises:
        InvalidInput: if it is not a DCGAN, or its files are incomplete.
    """
    settings, names = settings_of(preset), classes.read(preset.read_data())
    cores = math.ceil(limits.count_processors())
    network = BatchedNetwork(_read_network(preset, settings, len(names)), cores)
    directions, density = latent.read(preset.read_data(), settings.latent_dim)

    def decode(z: np.ndarray) -> np.ndarray:
        return _to_rgb_uint8(network(z))

    return latent.Generator(
        preset.name,
        preset.digest,
        settings.latent_dim + len(names),
        settings.size,
        decode,
        latent.pad_directions(directions, len(names)),
        density,
        _build_encoder(preset, settings, len(names), decode),
        ENCODER_WEIGHTS,
        classes=names,
    )


def _read_network(preset: Preset, settings: TrainDcganSettings, class_count: int) -> Callable[[int], bytes]:
    """Returns a function that builds the LiteRT generator of a preset for a batch size."""
    layout = tflite_generator.layout(settings, class_count)
    arrays = loading.read_arrays(preset.check_weights(), layout, "generator")
    return partial(tflite_generator.build, arrays, settings, class_count)


def _build_encoder(
    preset: Preset,
    settings: TrainDcganSettings,
    class_count: int,
    decode: Callable[[np.ndarray], np.ndarray],
) -> Callable[[np.ndarray, Progress], np.ndarray]:
    """Returns GAN inversion as an encoder. It loads Keras at its first use, and remembers the last images."""
    inverters: list[Any] = []
    latents: dict[bytes, np.ndarray] = {}

    def invert(image: np.ndarray, progress: Progress) -> np.ndarray:
        from studio.dcgan.inversion import Inverter

        if not inverters:
            inverters.append(Inverter(preset, settings, class_count, decode, progress))
        return inverters[0].invert(image, progress)

    def encode(images: np.ndarray, progress: Progress) -> np.ndarray:
        return np.stack(
            [
                get_or_make(latents, image.tobytes(), partial(invert, image, progress), _MAX_INVERTED)
                for image in images
            ]
        )

    return encode


def share(preset: Preset) -> Content:
    """Builds the content of a DCGAN's shared page. Raises `InvalidInput` if its files are incomplete."""
    settings, names = settings_of(preset), classes.read(preset.read_data())
    decoder = _read_network(preset, settings, len(names))(1)
    return shared_page.build_content(
        preset, decoder, settings.latent_dim, settings.size, "A generator of a DCGAN", 127.5, 127.5
    )


def generate_images(generator: keras.Model, z: np.ndarray) -> np.ndarray:
    """Generates images `(n, side, side, 3) uint8` with a Keras model from `(n, latent_dim + class_count)`."""
    return _to_rgb_uint8(run_in_batches(generator.predict_on_batch, z))


def _to_rgb_uint8(outputs: np.ndarray) -> np.ndarray:
    """Converts `(n, side, side, C)` in [-1, 1] to `(n, side, side, 3) uint8`."""
    images = to_uint8(outputs)
    return np.broadcast_to(images, (*images.shape[:3], 3))


def to_uint8(outputs: np.ndarray) -> np.ndarray:
    """Converts `(n, side, side, C)` in [-1, 1] to `uint8`."""
    return np.rint((outputs + 1) * 127.5).clip(0, 255).astype("uint8")
