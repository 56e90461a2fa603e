"""Finds generators by name and caches them. Loads no Keras before a generator is loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np

from studio.core import tasks
from studio.core.errors import InvalidInput, StudioError, invalid, unknown
from studio.core.generators import classes
from studio.core.generators.directions import read_direction_values
from studio.core.generators.latent import Denoising, Generator
from studio.core.models import presets
from studio.core.models.lru import get_or_make
from studio.core.models.presets import Preset
from studio.core.tasks import File, Inputs
from studio.faces.settings import GENERATOR_TASKS, MAX_IMAGES, FacesSettings

WARM_BATCHES = (1, 64)  # batch sizes of pages: one face, and a grid
_CACHE: dict[str, Generator] = {}  # loaded generators of a worker, by preset key
_MAX_CACHED = 4


def list_names() -> list[str]:
    """Returns the names of complete generator presets, shipped ones first."""
    generators = []
    for name in presets.list_names():
        with suppress(StudioError):
            _find_loader(presets.find(name))
            generators.append(name)
    return generators


def name_of(settings: FacesSettings) -> str:
    """Returns the preset that the settings name, or the default one."""
    return settings.preset or f"faces-{settings.model}"


def load(preset: Preset) -> Generator:
    """Loads the model of a preset, cached in memory.

    Raises:
        InvalidInput: if it is no generator, or its files are incomplete.
    """
    generator = get_or_make(
        _CACHE, preset.key, lambda: tasks.import_object(_find_loader(preset))(preset), _MAX_CACHED
    )
    return replace(generator, name=preset.name)  # the same model may have several names


def load_generator(settings: FacesSettings, inputs: Inputs) -> Generator:
    """Loads the model from the inputs, else the preset that the settings name; see `load`.

    Raises:
        InvalidInput: as `load`, or if the model lacks the class of the settings.
    """
    name = name_of(settings)
    generator = load(presets.load_uploaded_or_named(inputs, name, "model", suitable_tasks=GENERATOR_TASKS))
    check_class(settings, generator.classes)
    return generator


def check(settings: FacesSettings, inputs: Mapping[str, Sequence[File]]) -> None:
    """Raises `InvalidInput` unless there is a generator with the directions in the settings."""
    move_amounts = settings.move_amounts
    if settings.to and not settings.face:
        raise InvalidInput("`--to` needs a face to start from. Add `--face`.")
    if any(not 1 <= number <= MAX_IMAGES for number in settings.near):
        raise invalid("`--near`", expected=f"numbers from 1 to {MAX_IMAGES:,}", received=settings.near)
    if inputs.get("model"):
        return
    preset = presets.find(name_of(settings), GENERATOR_TASKS)
    _find_loader(preset)
    check_class(settings, list_classes(preset))
    if settings.form == "denoising" and not tasks.get(preset.task).denoises:
        raise no_diffusion_error(preset.name)
    if inputs.get("photo") and not tasks.get(preset.task).encodes:
        raise no_encoder_error(preset.name)
    directions = read_direction_values(preset.read_data())
    for name in move_amounts:
        if name not in directions:
            raise unknown("direction", name, directions)


def list_classes(preset: Preset) -> tuple[str, ...]:
    """Returns the names of the classes that can be chosen with a model; () for most.

    Raises:
        InvalidInput: if the files of the model are damaged.
    """
    return classes.read(preset.read_data())


def check_class(settings: FacesSettings, names: Sequence[str]) -> None:
    """Raises `InvalidInput` if a model has no such class.

    Args:
        settings: with the name of the class, or "".
        names: classes of the model.
    """
    if settings.class_name and settings.class_name not in names:
        raise unknown("class", settings.class_name, names)


def no_encoder_error(name: str) -> InvalidInput:
    """Returns the error for a photo and a model that cannot encode it."""
    return invalid(
        f"preset {name}",
        expected="a VAE or a DCGAN",
        received="this model cannot encode photos",
        next_step="or leave the photo out",
    )


def no_diffusion_error(name: str) -> InvalidInput:
    """Returns the error for the denoising steps of a model that has none."""
    step = "choose one, or another output format"
    return invalid(f"preset {name}", expected="a diffusion model", received="another kind", next_step=step)


def prepare(settings: FacesSettings) -> None:
    """Loads the model of the settings into a warm worker, if the model is installed."""
    if name_of(settings) in presets.list_names():
        model = load(presets.find(name_of(settings), GENERATOR_TASKS))
        for count in WARM_BATCHES:
            z = np.zeros((count, model.latent_dim), "float32")
            if model.denoise is not None:  # a step prepares the network as well as all steps
                next(model.denoise(z, Denoising()))
            else:
                model.decode(z)


def _find_loader(preset: Preset) -> str:
    """Returns the `module:function` that loads a generator. Raises `InvalidInput` for other models."""
    loader = tasks.get(preset.task).load_generator
    if not loader:
        raise invalid(
            f"preset {preset.name}",
            expected="a generator",
            received=f"its task is {preset.task}",
            next_step="or train one",
        )
    return loader
