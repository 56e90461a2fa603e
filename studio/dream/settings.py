"""The settings of dreams; importing this loads no Keras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from studio.core.errors import invalid
from studio.core.masks import settings as mask_settings
from studio.core.masks import task_masks
from studio.core.settings import Settings, setting
from studio.core.tasks import Kind
from studio.core.training.precision import CHOICE_HELP, Precision, PrecisionChoice, resolve_precision
from studio.dream.layer_terms import Target, parse_target
from studio.dream.presets import DEFAULT_LAYERS, DREAM_PRESETS

# The choices of these two settings come from tables, which type checkers cannot evaluate.
Backbone = Literal[("auto", *DEFAULT_LAYERS)]  # type: ignore[valid-type]


class DreamSettings(Settings):
    """Amplifies what a network responds to in an image, from coarse to fine (DeepDream)."""

    look: Literal[tuple(DREAM_PRESETS)] = setting(  # type: ignore[valid-type]
        next(iter(DREAM_PRESETS)),
        "Layer whose activations are maximized, named for what appears in the image. Early layers give "
        "textures, deep layers give shapes and objects.",
        tier="main",
        label="Preset",
    )
    steps: int = setting(
        10,
        "Number of gradient ascent steps at each octave; raise it for a stronger dream but a longer wait.",
        tier="main",
        ge=1,
        le=100,
    )
    octaves: int = setting(
        4,
        "Number of image sizes (octaves) at which the dream is computed, from small to large; raise it for "
        "larger shapes.",
        tier="main",
        ge=1,
        le=10,
    )
    size: int = setting(
        512,
        "Longer side of the result; raise it for more detail but a longer wait.",
        tier="main",
        unit="px",
        ge=64,
        le=4096,
        step=64,
    )
    backbone: Backbone = setting(
        "auto",
        "Pretrained network whose activations are maximized; auto picks the network that the preset or the "
        "given layers belong to.",
    )
    layers: tuple[str, ...] = setting(
        (),
        "Layers or channels to maximize instead of a preset, written as LAYER or LAYER:CHANNEL. Add =WEIGHT "
        "to weight one of them, as in mixed4:71=0.5.",
        max_length=16,
    )
    octave_scale: float = setting(
        1.4,
        "Factor by which the image grows from one octave to the next; raise it for larger shapes.",
        ge=1.1,
        le=2,
    )
    step_size: float = setting(
        0.008,
        "Step size of the gradient ascent, for pixel values from 0 to 1; raise it for a stronger dream, "
        "lower it for a subtler one.",
        gt=0,
        le=0.1,
        scale="log",
        label="Learning rate",
    )
    gradient_smoothing: float = setting(
        1.0,
        "Adds a blurred copy of the gradient to the gradient. The value is the standard deviation of the "
        "blur; raise it for larger, smoother patterns, 0 turns it off.",
        unit="px",
        ge=0,
        le=4,
        step=0.25,
    )
    jitter: int = setting(
        16,
        "Largest random shift of the image between steps; raise it to reduce grid artifacts, 0 turns it off.",
        unit="px",
        ge=0,
        le=256,
    )
    total_variation: float = setting(
        0.0,
        "Weight of the total variation penalty; raise it for smoother results with less noise, 0 turns it "
        "off.",
        ge=0,
        le=20,
        step=0.5,
        label="Total variation weight",
    )
    color_penalty: float = setting(
        0.0,
        "Weight of the penalty on changes in the image's mean color; raise it to avoid a color cast, 0 "
        "turns it off.",
        ge=0,
        le=20,
        step=0.5,
    )
    zoom: int = setting(
        0,
        "Number of frames in a video that zooms into the dream; raise it for a longer video, 0 gives an "
        "image instead.",
        ge=0,
        le=600,
        label="Zoom video",
        video="frames",
    )
    zoom_scale: float = setting(
        1.04,
        "Magnification from one frame of the zoom video to the next; raise it to zoom faster.",
        ge=1.005,
        le=1.5,
        video="part",
    )
    zoom_turn: float = setting(
        0.5,
        "Rotation from one frame of the zoom video to the next; raise it to rotate faster. Negative values "
        "rotate the other way, 0 keeps the image upright.",
        unit="degrees",
        label="Zoom rotation",
        ge=-15,
        le=15,
        step=0.1,
        video="part",
    )
    zoom_steps: int = setting(
        3,
        "Gradient ascent steps at each octave, for every zoom frame after the first; raise it to change "
        "the image more from frame to frame.",
        ge=1,
        le=50,
        video="part",
    )
    fps: int = setting(
        15,
        "Frames per second of the zoom video. If the input is a video, the result keeps its frame rate "
        "unless you change this.",
        ge=1,
        le=60,
        label="Frames per second",
        video="part",
    )
    video: Literal["mp4", "webp", "gif"] = setting(
        "mp4", "File format of the zoom video.", label="Format", video="part"
    )
    most_steps: int | None = setting(
        None,
        "Maximum number of gradient ascent steps, summed over all octaves and frames; ends the dream early. "
        "Leave empty to take all steps.",
        ge=1,
        label="Step limit",
    )
    mask: mask_settings.Selections = mask_settings.selections()
    mask_feather: float = mask_settings.feather()
    mask_invert: bool = mask_settings.invert()
    seed: int = setting(0, "Random seed; the same seed repeats the result.", ge=0, le=2**31 - 1)
    precision: PrecisionChoice = setting("auto", CHOICE_HELP, tier="hidden")

    def for_ending(self, ending: str) -> DreamSettings:
        """Returns the settings for a file extension: a zoom takes its format from it."""
        return self.model_copy(update={"video": ending}) if self.zoom else self

    def resolve(self) -> DreamSettings:
        return self.model_copy(update={"precision": self.computed_in})

    @property
    def computed_in(self) -> Precision:
        """Precision of the network; only VGG16 gains from bfloat16, others have many small layers."""
        precision: PrecisionChoice = self.precision if self.target.backbone == "vgg16" else "float32"
        return resolve_precision(precision)

    @property
    def ineffective_settings(self) -> frozenset[str]:
        """The settings without effect: layers or a backbone replace the preset."""
        return frozenset({"look"} if self.layers or self.backbone != "auto" else ())

    @property
    def style_names(self) -> tuple[str, ...]:
        """The preset, or the layers that replace it."""
        return tuple(self.layers) or (self.look,)

    @property
    def target(self) -> Target:
        """The backbone and its terms. Raises `InvalidInput` for unknown layers."""
        return parse_target(self.look, self.layers, self.backbone)


def kind(settings: DreamSettings) -> Kind:
    """Returns the kind of the result: an image or an animation."""
    return "animation" if settings.zoom else "image"


def check(settings: DreamSettings, inputs: Mapping[str, Sequence[Any]]) -> None:
    """Raises `InvalidInput` for unknown layers or channels, channels with a guide, or a zoom with a mask."""
    task_masks.check(settings, inputs)
    if settings.zoom and task_masks.count(settings, inputs):
        expected, step = "no mask for a zoom video", "leave the mask out, or set zoom to 0"
        raise invalid("mask", expected=expected, received="one", next_step=step)
    channels = [str(term) for term in settings.target.terms if term.channel is not None]
    if channels and settings.layers and inputs.get("guide"):
        raise invalid(
            "layers",
            expected="whole layers when there is a guide",
            received=", ".join(channels),
            next_step="leave the channels or the guide out",
        )


class ChannelSettings(Settings):
    """Visualizes one channel of a network: an image that maximizes its activation."""

    backbone: Backbone = setting(
        "auto",
        "Pretrained network whose channel is visualized; auto picks the network that has the given layer.",
        tier="main",
    )
    layer: str = setting(
        "block5_conv1",
        "Layer of the network; early layers respond to edges and textures, deep ones to parts of objects.",
        tier="main",
        max_length=60,
    )
    channel: int = setting(0, "Index of the channel in the layer, counted from 0.", tier="main", ge=0)
    size: int = setting(
        192,
        "Width and height of the result; raise it for more detail but a longer wait.",
        tier="main",
        unit="px",
        ge=96,
        le=512,
        step=32,
    )
    steps: int = setting(
        48,
        "Number of gradient ascent steps, starting from noise; raise it for stronger patterns but a longer "
        "wait.",
        ge=1,
        le=512,
    )
    seed: int = setting(0, "Random seed; the same seed repeats the result.", ge=0, le=2**31 - 1)

    @property
    def ineffective_settings(self) -> frozenset[str]:
        """The settings without effect."""
        return frozenset({"backbone", "channel"} if self.layer else ())

    @property
    def subject(self) -> str:
        return f"channel {self.channel} of {self.layer}"

    @property
    def target(self) -> Target:
        """The backbone and its single term. Raises `InvalidInput` for unknown layers or channels."""
        return parse_target("", (f"{self.layer}:{self.channel}",), self.backbone)


def check_channel(settings: ChannelSettings, inputs: Mapping[str, Sequence[Any]]) -> None:
    """Raises `InvalidInput` for an unknown layer or channel, naming the closest or the range."""
    _ = settings.target
