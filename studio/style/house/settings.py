"""The settings of training a network of house styles; importing this loads no Keras."""

from __future__ import annotations

from studio.core.settings import setting
from studio.core.training import settings as shared
from studio.core.training.precision import HELP, Precision

MAX_SHIFT = 8  # largest shift in px of a photo's second view
MIN_PHOTOS = 50


class TrainStyleSettings(shared.TrainImageSettings):
    """Trains one feed-forward network to apply any of several styles to a photo."""

    steps: int = shared.steps(4000)
    batch: int = shared.batch(4, maximum=64)
    ema_steps: int = shared.ema_steps(200)
    test_every: int = shared.test_every(200)
    held_out: float = shared.held_out(0.02)
    strength: float = setting(
        0.8,
        "Style strength; raise it for more of the style, lower it to keep more of the photo. 1 applies the "
        "style fully.",
        tier="main",
        gt=0,
        le=1,
        step=0.05,
    )
    only_new: bool = setting(
        False,
        "Trains only the styles that the starting network lacks, and freezes the weights that all styles "
        "share. If it lacks none, all given styles are retrained.",
        label="Train only new styles",
    )
    size: int = setting(
        192,
        "Side length of the random square crops that the network trains on; raise it for more context, "
        "lower it for speed.",
        unit="px",
        ge=64,
        le=512,
        step=16,
        label="Crop size",
    )
    photo_size: int = setting(
        256,
        "Side length of the training photos after cropping to a square and resizing; random crops are then "
        "taken from them. Lower it so that each crop shows more of its photo.",
        unit="px",
        ge=72,
        le=1024,
        step=8,
    )
    width: int = setting(
        32,
        "Number of channels in the first layer; the other layers scale with it. Raise it for better "
        "results but slower training.",
        ge=8,
        le=64,
    )
    blocks: int = setting(
        5,
        "Number of residual blocks at the network's lowest resolution; raise it for better results but "
        "slower training.",
        ge=1,
        le=10,
        label="Residual blocks",
    )
    smoothness: float = setting(
        1.0,
        "Weight of the total variation loss; raise it for smoother results with less noise, 0 turns it off.",
        ge=0,
        le=20,
        step=0.5,
        label="Total variation weight",
    )
    steadiness: float = setting(
        30.0,
        "Weight of the loss that keeps results stable when the photo shifts; raise it for steadier videos, "
        "0 turns it off.",
        ge=0,
        le=1000,
        label="Temporal consistency",
    )
    stroke: float = setting(
        1.0,
        "Size of the strokes, as a multiple of their size in the style image; raise it for coarser strokes.",
        ge=0.25,
        le=4,
        scale="log",
        label="Stroke size",
    )
    parts: int = setting(
        1,
        "Splits the image into a grid with this many rows and columns, and computes the style loss in each "
        "cell. Raise it to stylize flat areas and spread colors evenly; 1 uses the whole image.",
        ge=1,
        le=4,
        label="Style loss grid",
    )
    kept: float = setting(
        0.0,
        "Position of the final weights between the trained weights (0) and the starting network's weights "
        "(1); raise it to stay closer to the starting network.",
        ge=0,
        le=0.9,
        step=0.05,
        label="Weight interpolation",
    )
    precision: Precision = setting("float32", HELP)

    @property
    def photo_side(self) -> int:
        """Side of the loaded photos in px: fits a crop and its shift."""
        return max(self.photo_size, self.size + MAX_SHIFT)
