"""Settings that training tasks of generators share. Importing this loads no Keras."""

from __future__ import annotations

from typing import Any

from studio.core.settings import setting


def image_size() -> Any:
    """Declares the side of the training images, in px."""
    text = "Side length of the square training images; raise it for more detail but slower training."
    return setting(64, text, tier="main", unit="px")


def image_colors() -> Any:
    """Declares whether the images have colors."""
    return setting("color", "Whether the model generates color or grayscale images.")


def conditional() -> Any:
    """Declares whether the model learns the classes of its training images."""
    text = (
        "Learns the classes of the training images, so that you can choose one when sampling; turn it off "
        "if the folders of the data set are not classes."
    )
    return setting(True, text, label="Class conditioning")


def scored_images() -> Any:
    """Declares the number of images that are generated to measure FID and KID after training."""
    text = (
        "Number of generated images for the final FID and KID; raise it for more reliable values, 0 turns "
        "off both metrics."
    )
    return setting(1000, text, ge=0, le=50_000, scale="log", label="FID and KID images")


def flip() -> Any:
    """Declares whether training images are mirrored at random."""
    text = (
        "Mirrors training images at random (data augmentation); turn it off where left and right matter, as "
        "in letters and digits."
    )
    return setting(True, text, label="Horizontal flip")
