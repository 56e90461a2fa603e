"""The settings of enhancing and of its training; importing this loads no Keras."""

from __future__ import annotations

from typing import Literal

from studio.core.masks import settings as mask_settings
from studio.core.settings import Settings, setting
from studio.core.training import settings as shared
from studio.core.training.precision import HELP, Precision

SHIPPED_ENLARGER, SHIPPED_CLEANER = "enlarge", "clean"  # the networks shipped with the studio
SCALES = (2, 3, 4)  # of the network for upscaling; other factors resize the result of the next larger one
MAX_SCALE = 4
ENLARGE, CLEAN = "enlarge", "clean"  # the tasks of a network
TEXTURE_SCALE = 4  # of the networks for texture
TEXTURE_WEIGHTS = {"photo": "realesrgan-x4plus", "animation": "realesr-animevideov3"}  # by texture network
_MAX_SIDE = 32_768  # px


class EnhanceSettings(Settings):
    """Upscales an image, removes its noise and JPEG artifacts, or both."""

    mode: Literal["faithful", "texture"] = setting(
        "faithful",
        "faithful (PSNR-oriented) restores only what the photo supports; texture (GAN-based, Real-ESRGAN) "
        "looks sharper, but its fine detail is invented.",
        tier="main",
    )
    scale: float = setting(
        2.0,
        "Upscaling factor, such as 2 for twice the width and height; 1 keeps the size and only removes "
        "noise and artifacts.",
        tier="main",
        ge=1,
        le=MAX_SCALE,
        step=0.25,
    )
    clean: bool = setting(
        True,
        "Detects noise and JPEG artifacts in the photo and removes them before upscaling; turn it off to "
        "keep film grain.",
        tier="main",
    )
    sharpness: float = setting(
        1.0,
        "Multiplies the detail that the network adds; raise it for a sharper result. 0 adds none (plain "
        "bicubic upscaling), 1 leaves it as trained.",
        tier="main",
        ge=0,
        le=1.5,
        step=0.05,
    )
    width: int | None = setting(
        None,
        "Width of the result, in place of the factor; with a height, too, the result fits into both. Leave "
        "empty to use the factor.",
        unit="px",
        label="Target width",
        ge=1,
        le=_MAX_SIDE,
    )
    height: int | None = setting(
        None,
        "Height of the result, in place of the factor. Leave empty to use the factor.",
        unit="px",
        label="Target height",
        ge=1,
        le=_MAX_SIDE,
    )
    texture_strength: float = setting(
        1.0,
        "Share of the texture result in the mixture with the faithful one; lower it for less invented "
        "detail.",
        scale="percent",
        ge=0.05,
        le=1,
        step=0.05,
    )
    texture_network: Literal["auto", "photo", "animation"] = setting(
        "auto",
        "Network of the texture mode: photo is RealESRGAN_x4plus; animation is realesr-animevideov3, a "
        "smaller one made for drawings. auto takes animation for videos only, because it is far faster.",
    )
    ensemble: bool = setting(
        False,
        "Averages the results of eight flipped and rotated copies of the photo; slightly more accurate, but "
        "takes eight times as long.",
        label="Self-ensemble",
    )
    denoise: float = setting(
        1.0,
        "Share of the detected noise to remove; raise it for a cleaner photo, lower it to keep fine "
        "texture. 0 removes no noise, 1 removes all of it.",
        ge=0,
        le=1,
        step=0.05,
    )
    deblock: Literal["auto", "off"] = setting(
        "auto",
        "JPEG artifact removal: auto adapts its strength to the JPEG quality of the file, off keeps the "
        "artifacts.",
    )
    noise: float | None = setting(
        None,
        "Standard deviation of the luminance noise to remove; raise it for stronger denoising. Leave empty "
        "to estimate it from the photo.",
        unit="intensity levels",
        ge=0,
        le=75,
    )
    jpeg_quality: int | None = setting(
        None,
        "JPEG quality to assume when removing artifacts; lower it to remove more. Leave empty to read it "
        "from the file.",
        label="JPEG quality",
        ge=1,
        le=100,
    )
    keep_metadata: bool = setting(
        False,
        "Copies the EXIF data of the photo into the result, such as camera, date and place; leave it off "
        "before you publish the result.",
        label="Keep metadata",
    )
    mask: mask_settings.Selections = mask_settings.selections()
    mask_feather: float = mask_settings.feather()
    mask_invert: bool = mask_settings.invert()
    network: str = setting(SHIPPED_ENLARGER, "Name or folder of the network that upscales.", tier="hidden")
    cleaner: str = setting(
        SHIPPED_CLEANER, "Name or folder of the network that removes noise and JPEG artifacts.", tier="hidden"
    )

    @property
    def cleans(self) -> bool:
        """Whether noise or JPEG artifacts are removed if detected."""
        return self.clean and (self.denoise > 0 or self.deblock == "auto")

    @property
    def is_enlarging(self) -> bool:
        """Whether the settings ask for another size."""
        return self.scale > 1 or bool(self.width or self.height)

    @property
    def texture_weights(self) -> str:
        """The name of the pretrained weights for texture; "" if none are used."""
        if self.mode != "texture" or not self.is_enlarging:
            return ""
        return TEXTURE_WEIGHTS["photo" if self.texture_network == "auto" else self.texture_network]

    @property
    def mode_name(self) -> str:
        return self.mode if self.mode == "texture" else ""

    @property
    def ineffective_settings(self) -> frozenset[str]:
        names = {"scale"} if self.width or self.height else set()
        if self.mode == "faithful":
            names |= {"texture_strength", "texture_network"}
        elif self.texture_strength == 1:
            names |= {"sharpness", "ensemble"}
        return frozenset(names)

    def for_frames(self) -> EnhanceSettings:
        """See `Settings.for_frames`: chooses the network for texture that is fast enough for videos."""
        if self.texture_network != "auto":
            return self
        return self.model_copy(update={"texture_network": "animation"})


class TrainEnhanceSettings(shared.TrainImageSettings):
    """Trains a network to upscale or to denoise images like those of a folder."""

    steps: int = shared.steps(10_000)
    batch: int = shared.batch(8, maximum=128)
    ema_steps: int = shared.ema_steps(300)
    held_out: float = shared.held_out(0.02)
    to: Literal["enlarge", "clean"] = setting(
        ENLARGE,
        "Task to train for: upscaling (enlarge), or removing noise and JPEG artifacts (clean).",
        tier="main",
        label="Task",
    )
    photo_size: int = setting(
        224,
        "Side length of the training photos after cropping to a square and resizing; raise it to keep more "
        "detail. Photos smaller than this are left out.",
        tier="main",
        unit="px",
        ge=128,
        le=1024,
        step=8,
    )
    window: int = setting(
        24,
        "Side length of the square training patches, measured before upscaling; raise it for more context, "
        "lower it for speed.",
        unit="px",
        ge=8,
        le=96,
        step=4,
        label="Patch size",
    )
    width: int = setting(
        32,
        "Number of channels in each hidden layer; raise it for better results but slower training.",
        ge=8,
        le=64,
    )
    blocks: int = setting(
        4,
        "Number of residual blocks; raise it for better results but slower training.",
        ge=1,
        le=16,
        label="Residual blocks",
    )
    precision: Precision = setting("float32", HELP)
