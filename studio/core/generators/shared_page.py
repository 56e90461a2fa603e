"""The content of the page that shares a generator: see `studio.core.share.page`."""

from __future__ import annotations

from pathlib import Path

from studio.core.generators import classes, latent
from studio.core.generators.directions import make_title
from studio.core.litert import compact
from studio.core.models.presets import Preset
from studio.core.share.page import Content

IMAGES = 12  # of the grid
_MAX_DIRECTIONS = 12


def build_content(
    preset: Preset,
    decoder: bytes,
    latent_dim: int,
    size: int,
    kind: str,
    scale: float,
    offset: float,
) -> Content:
    """Builds the content from a decoder.

    Args:
        preset: the model, whose directions and density the page uses.
        decoder: LiteRT file, latents `(1, latent_dim)` to images `(1, size, size, C)`; those of a model with
            classes end with a one-hot class.
        latent_dim: length of a latent vector without its class.
        size: side of the images in px.
        kind: kind of model with its article, e.g. "A DCGAN".
        scale, offset: turn the values of an image into intensities: `scale * value + offset`, 0 to 255.

    Raises:
        InvalidInput: if the directions, the density or the classes are damaged.
    """
    data = preset.read_data()
    directions, density = latent.read(data, latent_dim)
    return Content(
        f"{kind}, which turns {latent_dim} random numbers into an image. "
        "Choose two images and move the slider to interpolate between them.",
        Path(__file__).with_suffix(".js"),
        {
            "classes": classes.read(data),
            "latent_dim": latent_dim,
            "size": size,
            "count": IMAGES,
            "scale": scale,
            "offset": offset,
            "density": None if density is None else density.to_json(),
            "directions": [
                {"title": make_title(name), "vector": [round(float(value), 6) for value in direction.vector]}
                for name, direction in list(directions.items())[:_MAX_DIRECTIONS]
            ],
        },
        {"decoder": compact.store_float16(decoder)},
    )
