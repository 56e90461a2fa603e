"""The settings of enlarging and of learning it; importing this loads no Keras."""

from __future__ import annotations

from typing import Literal

from studio.core.settings import Settings, setting
from studio.core.training import settings as shared
from studio.core.training.precision import HELP, Precision

SHIPPED, CLEANER = "enlarge", "clean"  # the networks that come with the studio
SCALES = (2, 3, 4)
ENLARGE, CLEAN = "enlarge", "clean"  # what a network learns


class EnhanceSettings(Settings):
    """Makes a picture larger and sharper than plain enlarging does, or cleaner, or both."""

    scale: Literal[1, 2, 3, 4] = setting(
        2, "How many times larger each side becomes; 1 keeps the size, to clean alone.", tier="main"
    )
    clean: bool = setting(
        True,
        "Remove the noise and the JPEG artifacts that are found in the photo before it is enlarged.",
        tier="main",
    )
    sharpness: float = setting(
        1.0,
        "How much of what the network adds: 0 is plain bicubic enlarging, 1 as it learnt, above is crisper.",
        tier="main",
        ge=0,
        le=1.5,
        step=0.05,
    )
    ensemble: bool = setting(
        False,
        "Look at the picture in eight ways, turned and mirrored, and take the mean: a little nearer to the "
        "truth, in eight times the time.",
    )
    denoise: float = setting(
        1.0,
        "How much of the noise is removed: 1 removes all that is found, 0 leaves it.",
        ge=0,
        le=1,
        step=0.05,
    )
    deblock: Literal["auto", "off"] = setting(
        "auto",
        "Remove the blocks and rings of a JPEG file; auto goes by the quality that the file tells.",
    )
    noise: float | None = setting(
        None,
        "How strong the noise of lightness is, as a standard deviation; else it is measured.",
        unit="levels",
        ge=0,
        le=75,
    )
    jpeg_quality: int | None = setting(
        None,
        "The JPEG quality to go by when blocks are taken away; else the file tells it.",
        ge=1,
        le=100,
    )
    network: str = setting(SHIPPED, "The network that enlarges: its name, or a folder.", tier="hidden")
    cleaner: str = setting(CLEANER, "The network that cleans: its name, or a folder.", tier="hidden")

    @property
    def cleans(self) -> bool:
        """Whether noise or JPEG artifacts are removed where there are some."""
        return self.clean and (self.denoise > 0 or self.deblock == "auto")


class TrainEnhanceSettings(shared.TrainImageSettings):
    """Teaches a network to enlarge or to clean pictures like those of a folder."""

    steps: int = shared.steps(10_000)
    batch: int = shared.batch(8, most=128)
    ema_steps: int = shared.ema_steps(300)
    held_out: float = shared.held_out(0.02)
    to: Literal["enlarge", "clean"] = setting(
        ENLARGE, "What it learns: to enlarge, or to take noise and the blocks of JPEG away.", tier="main"
    )
    photo_size: int = setting(
        224,
        "A side of the photos that it practises on; smaller ones are left out.",
        tier="main",
        unit="px",
        ge=128,
        le=1024,
        step=8,
    )
    window: int = setting(
        24, "A side of what it is shown at once, before it is enlarged.", unit="px", ge=8, le=96, step=4
    )
    width: int = setting(32, "Channels: more restore more, and take longer.", ge=8, le=64)
    blocks: int = setting(4, "Residual blocks.", ge=1, le=16)
    precision: Precision = setting("float32", HELP)
