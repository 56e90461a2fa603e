"""Settings of the data augmentation. Importing this module does not load Keras."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal

from studio.core.settings import Settings, setting

_SIDES = re.compile(r"(?<![a-z])(left|right)(?![a-z])", re.IGNORECASE)


def _amount(help: str, maximum: float) -> Any:
    """Declares the amount of a transformation as a share; 0 turns it off."""
    return setting(0.0, help, scale="percent", ge=0, le=maximum, step=0.05)


class AugmentationSettings(Settings):
    """The random transformations of training images, each by Keras' layer of that name."""

    flip: Literal["auto", "on", "off"] = setting(
        "auto",
        "Mirrors training images at random. Turn it off where left and right matter; auto does so when the "
        "class names are single characters, or contain left or right.",
        label="Horizontal flip",
    )
    rotation: float = setting(
        0.0,
        "Largest random rotation, to either side; raise it when objects appear at any angle, 0 turns it off.",
        unit="°",
        ge=0,
        le=180,
        step=5,
    )
    zoom: float = _amount(
        "Largest random zoom, in or out; raise it when the size of objects varies, 0 turns it off.", 0.5
    )
    translation: float = _amount(
        "Largest random shift as a share of the side, in both directions; raise it when objects are often "
        "off-center, 0 turns it off.",
        0.5,
    )
    brightness: float = _amount(
        "Largest random change of brightness, as a share of the whole range; raise it when the light "
        "varies, 0 turns it off.",
        0.8,
    )
    contrast: float = _amount(
        "Largest random change of contrast, up or down; raise it when the light varies, 0 turns it off.", 0.8
    )

    def mirrors(self, classes: Sequence[str]) -> bool:
        """Returns whether training images of these classes are mirrored."""
        if self.flip != "auto":
            return self.flip == "on"
        return not (all(len(name) == 1 for name in classes) or any(map(_SIDES.search, classes)))

    def describe_augmentation(self, classes: Sequence[str]) -> str:
        """Returns the augmentation of training images of these classes: "horizontal flip, rotation 20°"."""
        parts = ["horizontal flip"] if self.mirrors(classes) else []
        parts += [f"rotation {self.rotation:g}°"] if self.rotation else []
        for name in AUGMENTATION_SETTINGS[2:]:
            parts += [f"{name} {amount:.0%}"] if (amount := getattr(self, name)) else []
        return ", ".join(parts) or "none"

    @property
    def has_amounts(self) -> bool:
        """Whether there is a transformation besides the flip."""
        return any(getattr(self, name) for name in AUGMENTATION_SETTINGS if name != "flip")


AUGMENTATION_SETTINGS = tuple(AugmentationSettings.model_fields)
