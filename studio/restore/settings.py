"""The settings of restoring and of training; importing this loads no Keras."""

from __future__ import annotations

from studio.core.settings import Settings, setting
from studio.core.training import settings as shared

SHIPPED_NETWORK = "scratches"  # the network shipped with the studio

MAX_SCALE = 4


class RestoreSettings(Settings):
    """Restores an old photo: fills scratches and dust, cleans, colorizes and enlarges it."""

    scratches: bool = setting(
        True,
        "Finds scratches and dust and fills them (biharmonic inpainting); turn it off to fill only what the "
        "damage mask marks.",
        tier="main",
    )
    clean: bool = setting(True, "Detects noise and JPEG artifacts and removes them.", tier="main")
    colorize: bool = setting(
        True,
        "Gives a gray or sepia photo plausible colors; a photo that has colors keeps its own.",
        tier="main",
    )
    scale: float = setting(
        2.0,
        "Upscaling factor, such as 2 for twice the width and height; 1 keeps the size.",
        tier="main",
        ge=1,
        le=MAX_SCALE,
        step=0.25,
    )
    sensitivity: float = setting(
        1.0,
        "Factor on the odds that a pixel is damaged; raise it to find fainter scratches, lower it if parts "
        "of the photo are taken for damage.",
        ge=0.01,
        le=100,
        scale="log",
    )
    vividness: float = setting(
        0.5,
        "Saturation of the colors; raise it for bolder but less reliable colors, lower it for paler but "
        "safer ones.",
        ge=0,
        le=1,
        step=0.05,
    )
    mask_only: bool = setting(
        False,
        "Returns the damage mask instead of the photo: white where the photo would be filled, to correct it "
        "in an image editor.",
    )
    network: str = setting(
        SHIPPED_NETWORK, "Name or folder of the network that detects damage.", tier="hidden"
    )

    colorizer: str = setting("colorize", "Name of the network that colorizes.", tier="hidden")

    @property
    def ineffective_settings(self) -> frozenset[str]:
        names = set() if self.scratches else {"sensitivity"}
        if not self.colorize:
            names |= {"vividness", "colorizer"}
        if self.mask_only:
            names |= {"clean", "colorize", "scale", "vividness", "colorizer"}
        return frozenset(names)

    @property
    def mode_name(self) -> str:
        return "mask" if self.mask_only else ""


class TrainRestoreSettings(shared.TrainImageSettings):
    """Trains a network to detect damage, which is drawn on the photos of a folder."""

    warmup_steps = 200
    steps: int = shared.steps(6000)
    batch: int = shared.batch(16, maximum=256)
    learning_rate: float = shared.learning_rate(0.002)
    held_out: float = shared.held_out(0.03)
    photo_size: int = shared.photo_size(128, maximum=512)
    window: int = shared.crop_size(96, maximum=512)
    width: int = setting(
        16,
        "Number of channels in the first layer; the other layers scale with it. Raise it to find more damage "
        "but slower.",
        ge=4,
        le=64,
        step=4,
    )
