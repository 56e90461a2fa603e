"""The settings of restoring; importing this loads no Keras."""

from __future__ import annotations

from studio.core.settings import Settings, setting

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
        "How readily lines and specks count as damage; raise it to find fainter scratches, lower it if parts "
        "of the photo are taken for damage.",
        ge=0.25,
        le=4,
        scale="log",
        step=0.05,
    )
    vividness: float = setting(
        0.4,
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

    @property
    def ineffective_settings(self) -> frozenset[str]:
        names = set() if self.scratches else {"sensitivity"}
        if not self.colorize:
            names.add("vividness")
        if self.mask_only:
            names |= {"clean", "colorize", "scale", "vividness"}
        return frozenset(names)

    @property
    def mode_name(self) -> str:
        return "mask" if self.mask_only else ""
