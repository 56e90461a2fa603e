"""The generators: found by name, opened once, held in memory. Loads no Keras before one is opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np

from studio.core import tasks
from studio.core.errors import InvalidInput, StudioError, invalid, unknown
from studio.core.generators.directions import from_json
from studio.core.generators.latent import Generator
from studio.core.models import presets
from studio.core.models.presets import Preset
from studio.core.models.recently_used import get_or_make
from studio.core.tasks import File, Inputs
from studio.faces.settings import MOST, FacesSettings

WARM = (1, 64)  # how many images a page asks for: one face, and a grid
_HELD: dict[str, Generator] = {}  # by the key of their preset; what a worker holds
_MOST_HELD = 4


def names() -> list[str]:
    """The names of the presets that draw and are whole, ours first."""
    found = []
    for name in presets.names():
        with suppress(StudioError):
            _opener(presets.find(name))
            found.append(name)
    return found


def name_of(settings: FacesSettings) -> str:
    """The preset that the settings name, or mean."""
    return settings.preset or f"faces-{settings.model}"


def load(preset: Preset) -> Generator:
    """The model of a preset, ready to draw; kept in memory for the next time.

    Raises:
        InvalidInput: if it does not draw, or its files are not whole.
    """
    made = get_or_make(_HELD, preset.key, lambda: tasks.imported(_opener(preset))(preset), _MOST_HELD)
    return replace(made, name=preset.name)  # the same model may have several names


def generator(settings: FacesSettings, inputs: Inputs) -> Generator:
    """The model that was given, else the preset that the settings name; see `load`."""
    for file in inputs.get("model", ()):
        return load(presets.from_zip(file))
    return load(presets.find(name_of(settings)))


def check(settings: FacesSettings, inputs: Mapping[str, Sequence[File]]) -> None:
    """Raises `InvalidInput` unless there is a generator, with the directions that are asked for."""
    moved = settings.moved
    if settings.to and not settings.face:
        raise InvalidInput("`--to` needs a face to start from. Add `--face`.")
    if any(not 1 <= number <= MOST for number in settings.near):
        raise invalid("`--near`", expected=f"numbers from 1 to {MOST:,}", received=settings.near)
    if inputs.get("model"):
        return
    preset = presets.find(name_of(settings))
    _opener(preset)
    if inputs.get("photo") and not tasks.get(preset.task).encodes:
        raise only_draws(preset.name)
    directions = from_json(preset.data())
    for name in moved:
        if name not in directions:
            raise unknown("direction", name, directions)


def only_draws(name: str) -> InvalidInput:
    """The error for a photo given to a model without an encoder."""
    return invalid(
        f"preset {name}",
        expected="a model that reads images, such as a VAE",
        received="this model cannot encode photos",
        next_step="or leave the photo out",
    )


def prepare(settings: FacesSettings) -> None:
    """Loads the model of the settings into a warm worker, if the model is installed."""
    if name_of(settings) in presets.names():
        made = load(presets.find(name_of(settings)))
        for count in WARM:
            made.decode(np.zeros((count, made.latent_dim), "float32"))


def _opener(preset: Preset) -> str:
    opens = tasks.get(preset.task).opens
    if not opens:
        raise invalid(
            f"preset {preset.name}",
            expected="a generator",
            received=f"its task is {preset.task}",
            next_step="or train one",
        )
    return opens
