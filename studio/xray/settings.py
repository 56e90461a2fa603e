"""Settings of X-ray. Importing this module does not load Keras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from studio.core.errors import invalid, unknown
from studio.core.masks import settings as mask_settings
from studio.core.masks import task_masks
from studio.core.objectives import backbones
from studio.core.settings import Settings, setting

# Type checkers cannot read the values from the table.
# The default layer: from the middle, with maps fine enough to recognize on the photo.
DEFAULT_LAYERS = {"vgg16": "block4_conv2", "resnet50": "conv3_block4_out", "inceptionv3": "mixed2"}
Backbone = Literal[(*DEFAULT_LAYERS,)]  # type: ignore[valid-type]
FILTER_LAYERS = tuple(name for name in backbones.find_spec("vgg16").layers if "_conv" in name)
BLOCKS = tuple(
    name.removesuffix("_out") for name in backbones.find_spec("resnet50").layers if name.endswith("_out")
)


def _input_size() -> Any:
    """Declares the size of the photo that a network gets."""
    text = "Longer side of the photo after resizing, as fed to the network; raise it for larger feature maps."
    return setting(224, text, unit="px", ge=96, le=384, step=32, label="Input size")


class XraySettings(Settings):
    """Computes the feature maps of one layer of a network for a photo."""

    backbone: Backbone = setting("vgg16", "Pretrained network whose feature maps are computed.", tier="main")
    layer: str = setting(
        "",
        "Layer of the network; early layers respond to edges and textures, deep ones to parts of objects. "
        "Leave empty for a layer from the middle of the network.",
        tier="main",
        max_length=60,
    )
    channel: int | None = setting(
        None,
        "Index of the channel in the layer, counted from 0. Leave empty for the channel with the strongest "
        "activation.",
        tier="main",
        ge=0,
    )
    show: Literal["maps", "map", "mask"] = setting(
        "maps",
        "Shows the strongest channels (maps), one channel over the photo (map), or one channel as a "
        "black-and-white mask (mask).",
        tier="main",
    )
    field: bool = setting(
        False,
        "Draws a frame around the part of the photo that can affect one position of the feature map.",
        label="Receptive field",
    )
    across: float = setting(
        0.5,
        "Horizontal position in the feature map, from 0 (left) to 1 (right), for which the receptive field "
        "is shown.",
        ge=0,
        le=1,
        step=0.01,
        label="Position x",
    )
    down: float = setting(
        0.5,
        "Vertical position in the feature map, from 0 (top) to 1 (bottom), for which the receptive field is "
        "shown.",
        ge=0,
        le=1,
        step=0.01,
        label="Position y",
    )
    off: tuple[str, ...] = setting(
        (),
        "ResNet50 blocks, such as conv4_block3, whose residual branch is switched off; only their skip "
        "connection remains.",
        max_length=len(BLOCKS),
        label="Disabled branches",
    )
    size: int = _input_size()
    mask: mask_settings.Selections = mask_settings.selections()
    mask_feather: float = mask_settings.feather()
    mask_invert: bool = mask_settings.invert()

    @property
    def ineffective_settings(self) -> frozenset[str]:
        """See `Settings.ineffective_settings`: a chosen layer and its channels exist in one network only."""
        return frozenset({"backbone", "channel"} if self.layer else ())

    @property
    def layer_name(self) -> str:
        """The chosen layer, or the default of the network."""
        return self.layer or DEFAULT_LAYERS[self.backbone]


class FilterSettings(Settings):
    """Applies one convolution filter of VGG16 to a photo."""

    layer: str = setting(
        "block1_conv1",
        "Convolutional layer of VGG16 that contains the filter, such as block1_conv1.",
        tier="main",
        max_length=60,
    )
    channel: int = setting(
        0, "Index of the filter in the layer, counted from 0.", tier="main", ge=0, label="Filter index"
    )
    stride: int = setting(
        1,
        "Distance that the filter moves at each step; raise it for a smaller output.",
        tier="main",
        unit="px",
        ge=1,
        le=4,
    )
    padding: Literal["zeros", "none"] = setting(
        "zeros",
        "Padding at the borders: with zeros, the output is as large as the input (at stride 1); with none, "
        "it is smaller.",
    )
    pooling: Literal["none", "max", "mean"] = setting(
        "none",
        "Takes the maximum (max) or mean of each 2-by-2 window of the output, which halves its width and "
        "height; none turns pooling off.",
    )
    across: float = setting(
        0.5,
        "Horizontal position of the output pixel whose computation is shown, from 0 (left) to 1 (right).",
        ge=0,
        le=1,
        step=0.01,
        label="Position x",
    )
    down: float = setting(
        0.5,
        "Vertical position of the output pixel whose computation is shown, from 0 (top) to 1 (bottom).",
        ge=0,
        le=1,
        step=0.01,
        label="Position y",
    )
    size: int = _input_size()

    @property
    def ineffective_settings(self) -> frozenset[str]:
        """See `Settings.ineffective_settings`: filters belong to one layer."""
        return frozenset({"channel"} if self.layer else ())


def check(settings: XraySettings, inputs: Mapping[str, Sequence[Any]]) -> None:
    """Raises `InvalidInput` for an unknown layer, channel or branch, or masks both by name and as files."""
    task_masks.check(settings, inputs)
    backbones.check_layers(settings.backbone, [settings.layer_name])
    _check_channel(settings.backbone, settings.layer_name, settings.channel)
    for block in settings.off:
        if block not in BLOCKS:
            raise unknown("residual branch of ResNet50", block, BLOCKS)
    if settings.off and settings.backbone != "resnet50":
        raise invalid(
            "off",
            expected="the network resnet50, which alone has residual branches",
            received=settings.backbone,
            next_step="choose resnet50, or switch no branch off",
        )


def check_filter(settings: FilterSettings, inputs: Mapping[str, Sequence[Any]]) -> None:
    """Raises `InvalidInput` for a layer without filters or an unknown filter."""
    if settings.layer not in FILTER_LAYERS:
        raise unknown("layer of filters of VGG16", settings.layer, FILTER_LAYERS)
    _check_channel("vgg16", settings.layer, settings.channel)


def _check_channel(backbone: str, layer: str, channel: int | None) -> None:
    last = backbones.find_spec(backbone).layers[layer] - 1
    if channel is not None and channel > last:
        raise invalid(
            "channel",
            expected=f"a whole number from 0 to {last}: {layer} has {last + 1} channels",
            received=channel,
            next_step="choose one of them, or leave it out",
        )
