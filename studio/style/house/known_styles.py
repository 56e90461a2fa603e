"""Which house styles there are; loads no Keras.

On the command line `house:mosaic` is a style of the network that the setting `network` names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import PurePath
from typing import Any

from studio.core.errors import StudioError, invalid, unknown
from studio.core.imaging import image_io
from studio.core.models import presets
from studio.core.models.presets import Preset
from studio.core.recipes import Input
from studio.core.tasks import File
from studio.style.house.settings import TrainStyleSettings
from studio.style.settings import SHIPPED, TransferSettings

TASK = "style.train"
SHAPE = ("width", "blocks")  # what weights are shaped by, besides how many styles there are
STYLE_SIDE = (
    512  # px, the longer side at which a style is looked at: strokes are then as large as in the fine mode
)
LEAST_STYLE = 128  # px of the shorter side: below, an image shows too little of its strokes


def name_of(file_name: str) -> str:
    """What a style is called after its image: "My Stars.png" -> "my_stars"."""
    stem = PurePath(file_name).stem.lower()
    return "_".join("".join(c if c.isalnum() else " " for c in stem).split()) or "style"


def check_names(files: Sequence[File]) -> None:
    """Raises `InvalidInput` unless each style image has a name of its own. Reads none."""
    names = [name_of(file.name) for file in files]
    if twice := next((name for name in names if names.count(name) > 1), None):
        expected, step = "a name of its own for every style", "rename one of the files"
        raise invalid("style", expected=expected, received=f"{twice} twice", next_step=step)


def check_sizes(files: Sequence[File]) -> None:
    """Raises `InvalidInput` unless each style image is large enough to learn from."""
    for file in files:
        size = image_io.size(file.read())
        if min(size) < LEAST_STYLE:
            expected, received = f"a shorter side of at least {LEAST_STYLE} px", "{1} x {0} px".format(*size)
            step = "choose a larger image"
            raise invalid(f"style {file.name}", expected=expected, received=received, next_step=step)


def settings_of(preset: Preset) -> TrainStyleSettings:
    """The settings of a network of styles. Raises `InvalidInput` if the preset is another kind of model."""
    return preset.settings_as(TrainStyleSettings, TASK, "a network of styles")


def styles_of(preset: Preset) -> tuple[str, ...]:
    """The names of the styles that a network knows. Raises `InvalidInput` if it is no such network."""
    settings_of(preset)
    found = preset.data().get("styles")
    if isinstance(found, list) and found and all(isinstance(one, str) for one in found):
        return tuple(found)
    step = "copy or train it again"
    raise invalid(f"preset {preset.name}", expected="names of styles", received="none", next_step=step)


def styles(network: str = SHIPPED) -> tuple[str, ...]:
    """The styles of a network by its name; none if there is no such network."""
    try:
        return styles_of(presets.find(network))
    except StudioError:
        return ()


def taught() -> dict[str, dict[str, Input]]:
    """What a user's own networks, the whole ones, learned from: `{network: {style: image}}`.

    A network that is for all gives nobody these images: its recipe may name any file of the studio.
    """
    found = {}
    for name in presets.own():
        with suppress(StudioError):
            preset = presets.find(name)
            if preset.task == TASK:
                there = styles_of(preset)
                images = {name_of(one.name): one for one in preset.recipe().inputs.get("style", [])}
                found[name] = {style: images[style] for style in there if style in images}
    return found


def network_for(wanted: Sequence[tuple[str, str]]) -> str:
    """The network that paints several house styles as their own networks do; "" if there is none.

    Args:
        wanted: styles, each with the network that is its home, "" for none.
    """
    networks = dict.fromkeys(network for _, network in wanted)
    return next((one for one in networks if one and all(paints_as(one, *style) for style in wanted)), "")


def paints_as(network: str, style: str, home: str) -> bool:
    """Whether a network has a style as its home has it: it was added to that, and left it as it was."""
    if network == home:
        return style in styles(network)
    try:
        preset = presets.find(network)
        settings, figures = settings_of(preset), preset.data().get("figures", {})
    except StudioError:
        return False
    as_it_was = settings.only_new and not settings.kept and style not in figures.get("taught", ())
    return as_it_was and figures.get("started_from") == home and style in styles(network)


def network_of(settings: TransferSettings, inputs: Mapping[str, Sequence[Any]]) -> Preset:
    """The network that was given, else the one that the settings name.

    Raises:
        InvalidInput: if there is none, or it is another kind of model.
    """
    found = presets.given_or_named(inputs, settings.network)
    settings_of(found)
    return found


def indices(preset: Preset, names: Sequence[str]) -> list[int]:
    """The places of styles in their network. Raises `InvalidInput` naming the closest that it knows."""
    there = styles_of(preset)
    for name in names:
        if name not in there:
            raise unknown(
                "house style",
                name,
                there,
                "check the spelling, or put the network that knows it before the colon",
            )
    return [there.index(name) for name in names]
