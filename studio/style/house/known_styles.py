"""The available house styles; importing this loads no Keras.

On the command line `house:mosaic` is a style of the network named by the setting `network`.
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
from studio.style.settings import SHIPPED_NETWORK, TransferSettings

TASK = "style.train"
SHAPE_SETTINGS = ("width", "blocks")  # settings that shape the weights, besides the number of styles
STYLE_IMAGE_SIDE = 512  # px, longer side of a style image: gives strokes of the size of the fine mode
MIN_STYLE_SIDE = 128  # px of the shorter side: a smaller image shows too few strokes


def name_of(file_name: str) -> str:
    """Returns the style name of an image file: "My Stars.png" -> "my_stars"."""
    stem = PurePath(file_name).stem.lower()
    return "_".join("".join(c if c.isalnum() else " " for c in stem).split()) or "style"


def check_names(files: Sequence[File]) -> None:
    """Raises `InvalidInput` unless each style image has a name of its own. Reads no file."""
    names = [name_of(file.name) for file in files]
    if repeated := next((name for name in names if names.count(name) > 1), None):
        expected, step = "a name of its own for every style", "rename one of the files"
        raise invalid("style", expected=expected, received=f"{repeated} twice", next_step=step)


def check_sizes(files: Sequence[File]) -> None:
    """Raises `InvalidInput` unless each style image is large enough to train on."""
    for file in files:
        size = image_io.read_size(file.read())
        if min(size) < MIN_STYLE_SIDE:
            expected, received = (
                f"a shorter side of at least {MIN_STYLE_SIDE} px",
                f"{size[1]} x {size[0]} px",
            )
            raise invalid(
                f"style {file.name}", expected=expected, received=received, next_step="choose a larger image"
            )


def settings_of(preset: Preset) -> TrainStyleSettings:
    """Returns the settings of a network of styles. Raises `InvalidInput` for another kind of model."""
    return preset.read_settings_as(TrainStyleSettings, TASK, "a network of styles")


def styles_of(preset: Preset) -> tuple[str, ...]:
    """Returns the style names of a network. Raises `InvalidInput` if the preset is another kind of model."""
    settings_of(preset)
    names = preset.read_data().get("styles")
    if isinstance(names, list) and names and all(isinstance(name, str) for name in names):
        return tuple(names)
    step = "copy or train it again"
    raise invalid(f"preset {preset.name}", expected="names of styles", received="none", next_step=step)


def list_styles(network: str = SHIPPED_NETWORK) -> tuple[str, ...]:
    """Returns the styles of a network by its name; none if there is no such network."""
    try:
        return styles_of(presets.find(network))
    except StudioError:
        return ()


def list_training_images() -> dict[str, dict[str, Input]]:
    """Returns the style images of the user's complete networks: `{network: {style: image}}`.

    Shared networks are left out, because a recipe can name any file of the studio.
    """
    images_by_network = {}
    for name in presets.list_own_names():
        with suppress(StudioError):
            preset = presets.find(name)
            if preset.task == TASK:
                known_names = styles_of(preset)
                images = {
                    name_of(image.name): image for image in preset.read_recipe().inputs.get("style", [])
                }
                images_by_network[name] = {style: images[style] for style in known_names if style in images}
    return images_by_network


def find_shared_network(pairs: Sequence[tuple[str, str]]) -> str:
    """Returns the network that has all these house styles unchanged; "" if there is none.

    Args:
        pairs: of a style and the network it comes from, "" for none.
    """
    networks = dict.fromkeys(network for _, network in pairs)
    return next(
        (name for name in networks if name and all(has_style_unchanged(name, *pair) for pair in pairs)), ""
    )


def has_style_unchanged(network: str, style: str, source: str) -> bool:
    """Whether a network has a style of another network (`source`) unchanged, e.g. by adding styles to it."""
    if network == source:
        return style in list_styles(network)
    try:
        preset = presets.find(network)
        settings, figures = settings_of(preset), preset.read_data().get("figures", {})
    except StudioError:
        return False
    is_unchanged = settings.only_new and not settings.kept and style not in figures.get("trained_styles", ())
    return is_unchanged and figures.get("started_from") == source and style in list_styles(network)


def find_network(settings: TransferSettings, inputs: Mapping[str, Sequence[Any]]) -> Preset:
    """Returns the network from the inputs, else the one that the settings name.

    Raises:
        InvalidInput: if there is none, or it is another kind of model.
    """
    return presets.load_uploaded_or_named(inputs, settings.network, check=settings_of)


def find_indices(preset: Preset, names: Sequence[str]) -> list[int]:
    """Returns the indices of styles in their network. Raises `InvalidInput` with the closest name."""
    known_names = styles_of(preset)
    for name in names:
        if name not in known_names:
            raise unknown(
                "house style",
                name,
                known_names,
                "check the spelling, or put the network that knows it before the colon",
            )
    return [known_names.index(name) for name in names]
