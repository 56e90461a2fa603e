"""The settings of style transfer; importing this loads no Keras."""

from __future__ import annotations

from typing import Literal

from pydantic import field_validator

from studio.core.amounts import format_count
from studio.core.errors import invalid
from studio.core.masks import settings as mask_settings
from studio.core.settings import Settings, setting
from studio.core.training.precision import CHOICE_HELP, PrecisionChoice, resolve_precision

MAX_STYLES = 4
SHIPPED_NETWORK = "house"  # the network of house styles that comes with the studio


class TransferSettings(Settings):
    """Renders a photo in the style of one to four images."""

    strength: float = setting(
        0.8,
        "Style strength; raise it for more of the style, lower it to keep more of the photo. 0 keeps the "
        "photo as it is, 1 applies the style fully.",
        tier="main",
        ge=0,
        le=1,
        step=0.05,
    )
    size: int = setting(
        512,
        "Longer side of the result; raise it for more detail but a longer wait.",
        tier="main",
        unit="px",
        ge=64,
        le=2048,
        step=64,
    )
    mode: Literal["instant", "draft", "fine", "finest"] = setting(
        "instant",
        "Trade-off between speed and quality: instant takes seconds, draft somewhat longer, fine "
        "minutes; finest takes longest and is meant for printing.",
        tier="main",
    )
    steps: int | None = setting(
        None,
        "Number of optimization steps at the lowest resolution; raise it for a closer match to the style "
        "but a longer wait. Leave empty to let the mode choose; ignored in instant mode.",
        ge=1,
        le=2000,
    )
    stop_after: int | None = setting(
        None,
        "Maximum number of optimization steps, summed over all resolutions; ends the run early. Leave empty "
        "to take all steps.",
        ge=1,
        tier="hidden",
        label="Step limit",
    )
    stroke_size: float = setting(
        1.0,
        "Size of the strokes, as a multiple of their size in the style image; raise it for coarser strokes. "
        "Ignored with house styles.",
        ge=0.25,
        le=4,
        scale="log",
    )
    keep_colors: Literal["off", "luminance", "matched"] = setting(
        "off",
        "Keeps the photo's colors: with luminance, only the photo's brightness is stylized; with matched, "
        "the style images are first recolored to match the photo.",
        bare_value="luminance",
    )
    house: tuple[str, ...] = setting(
        (),
        "One to four house styles (pretrained styles, such as mosaic) to use instead of style images; they "
        "need instant mode.",
        max_length=MAX_STYLES,
        tier="hidden",
        label="House styles",
    )
    network: str = setting(SHIPPED_NETWORK, "Name or folder of the network of house styles.", tier="hidden")
    style_weights: tuple[float, ...] = setting(
        (),
        "Weight of each style, such as 1,2 to give the second style twice the weight. With masks, each "
        "weight applies only inside its style's mask. Leave empty for equal weights.",
        max_length=MAX_STYLES,
        tier="hidden",
    )
    preserve_faces: bool = setting(
        False, "Keeps the faces in the photo as they are; turn it on for portraits that stay recognizable."
    )
    mask: mask_settings.Selections = mask_settings.selections(MAX_STYLES)
    mask_feather: float = mask_settings.feather()
    mask_invert: bool = mask_settings.invert()
    seed: int = setting(0, "Random seed; the same seed repeats the result.", ge=0, le=2**31 - 1)
    precision: PrecisionChoice = setting("auto", CHOICE_HELP, tier="hidden")

    @field_validator("style_weights")
    @classmethod
    def _check_weights(cls, weights: tuple[float, ...]) -> tuple[float, ...]:
        if weights and (min(weights) < 0 or not sum(weights)):
            raise ValueError("numbers of 0 or more that are not all 0")
        return weights

    def resolve(self) -> TransferSettings:
        """Returns the settings with `precision` resolved; instant results do not use it."""
        return (
            self.model_copy(update={"precision": resolve_precision(self.precision)})
            if self.optimizes
            else self
        )

    @property
    def style_names(self) -> tuple[str, ...]:
        """The house styles."""
        return self.house

    @property
    def ineffective_settings(self) -> frozenset[str]:
        """Returns the settings without effect: house styles are always instant."""
        return frozenset({"mode"} if self.house else ())

    @property
    def draws_at_random(self) -> bool:
        return self.optimizes

    @property
    def mode_name(self) -> str:
        return self.mode

    @property
    def optimizes(self) -> bool:
        """Whether the mode optimizes an image; an instant result is one pass through a network."""
        return self.mode != "instant"


def check_styles(settings: TransferSettings, image_count: int, mask_count: int) -> None:
    """Checks that there are styles, and as many weights and masks as styles, or none.

    Args:
        image_count, mask_count: number of style images and of masks.

    Raises:
        InvalidInput: if the numbers do not fit.
    """
    if settings.house and image_count:
        expected, received = "either house styles or style images", "both"
        step = "give `sample:NAME` instead of `house:NAME` for an image of that style"
        raise invalid("style", expected=expected, received=received, next_step=step)
    if settings.house and settings.optimizes:
        expected, received = "the instant mode", f"the mode {settings.mode}"
        step = "give `sample:NAME` instead of `house:NAME`"
        raise invalid("house style", expected=expected, received=received, next_step=step)
    style_count = image_count or len(settings.house)
    if not style_count:
        step = "give a style image, or name a house style"
        raise invalid("style", expected="one to four styles", received="none", next_step=step)
    for noun, count in (("style weight", len(settings.style_weights)), ("mask", mask_count)):
        if count not in (0, style_count):
            received = f"{format_count(count, noun)} for {format_count(style_count, 'style')}"
            step = "give them in the order of the styles"
            expected = f"one {noun} for each style, or none"
            raise invalid(f"{noun}s", expected=expected, received=received, next_step=step)
