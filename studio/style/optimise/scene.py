"""What is to be painted: the content, the styles and their masks, at any size that is asked for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from studio.core.errors import invalid
from studio.core.pictures import images
from studio.style.optimise import colors, masks
from studio.style.optimise.painters import PAINTERS
from studio.style.optimise.schedule import LEAST_SIDE
from studio.style.settings import TransferSettings, check_styles

LARGEST_STYLE = 2048  # px


class Scene:
    """The inputs of one transfer, checked against each other.

    Without masks the weights of the styles say what each has of the whole picture. With masks they say how
    far each covers the photo in its place, the heaviest all of it; where masks overlap, they share it.

    Args:
        content: `(H, W, 3) uint8`.
        styles: one or more such pictures; none if the settings name house styles.
        style_masks: none, or one `(h, w, 3) uint8` a style.
        settings: how to paint.

    Raises:
        InvalidInput: if there are not as many weights or masks as styles.
    """

    def __init__(
        self,
        content: np.ndarray,
        styles: Sequence[np.ndarray],
        style_masks: Sequence[np.ndarray],
        settings: TransferSettings,
    ):
        check_styles(settings, len(styles), len(style_masks))
        masks.check(style_masks)
        self.settings = settings
        self.masks = list(style_masks)
        given = settings.style_weights or [1.0] * (len(styles) or len(settings.house))
        self.shares = [weight / sum(given) for weight in given]
        self._content = images.fit(content, settings.size)
        _check_sides(self._content, settings)
        # A photo of many megapixels would only cost time: no style is read larger than this.
        small = [images.fit(s, LARGEST_STYLE) if max(s.shape) > LARGEST_STYLE else s for s in styles]
        matched = settings.keep_colors == "matched"
        exposed = settings.passes and PAINTERS[settings.painter].exposed
        if matched:
            small = [colors.match(style, self._content) for style in small]
        elif exposed:
            small = [colors.expose(style, self._content) for style in small]
        self._styles = small

    def content_01(self, size: int) -> np.ndarray:
        """The content with a longer side of `size` px, as `(1, H, W, 3) float32 in [0, 1]`."""
        return images.to_01(images.fit(self._content, size))

    def shape(self, size: int) -> tuple[int, int, int, int]:
        """Of the content with a longer side of `size` px, and of all that is painted at that size."""
        height, width = self._content.shape[:2]
        scale = size / max(height, width)
        return 1, max(1, round(height * scale)), max(1, round(width * scale)), 3

    def styles_01(self, size: int) -> list[np.ndarray]:
        """The styles for a picture of that size: the larger they are, the larger the strokes."""
        longest = max(64, min(LARGEST_STYLE, round(size * self.settings.stroke)))
        return [images.to_01(_wide(images.fit(style, longest))) for style in self._styles]

    def masks_at(self, height: int, width: int) -> list[np.ndarray]:
        """Every mask, `(height, width) float32 in [0, 1]`, times its style's share."""
        return [
            share * masks.at(mask, height, width) for share, mask in zip(self.shares, self.masks, strict=True)
        ]

    def recoloured_01(self, size: int) -> np.ndarray:
        """The content in the colours of the styles, each in its place and to its share."""
        content = images.fit(self._content, size)
        shares = self.masks_at(*content.shape[:2]) if self.masks else self.shares
        shares = [np.asarray(share, "float32")[..., None] + 1e-6 for share in shares]
        parts = [
            colors.match(content, style) * share for share, style in zip(shares, self._styles, strict=True)
        ]
        return images.to_01(sum(parts, np.zeros(content.shape, "float32")) / sum(shares))

    def finished(self, images_01: np.ndarray) -> np.ndarray:
        """`(1, H, W, 3) float32` -> the `(H, W, 3) uint8` to be seen, in the content's colours if wanted."""
        painted = images.to_uint8(images_01)
        if self.masks:  # where no style goes, or one of less weight, the photo stays so far
            height, width = painted.shape[:2]
            content = images.resize(self._content, height, width).astype("float32")
            mixed = content + masks.cover(self.masks, self.shares, height, width) * (painted - content)
            painted = np.rint(mixed).astype("uint8")
        return self._coloured(painted)

    def _coloured(self, painted: np.ndarray) -> np.ndarray:
        if self.settings.keep_colors == "matched" and self.settings.house:
            return colors.match(painted, self._content)  # there is no style picture to match before
        if self.settings.keep_colors == "luminance":
            content = images.resize(self._content, *painted.shape[:2])
            return colors.keep_luminance(painted, content)
        return painted


def _wide(style: np.ndarray) -> np.ndarray:
    """A strip mirrored side by side until the deepest layer sees some of it."""
    missing = [max(0, LEAST_SIDE - side) for side in style.shape[:2]]
    return np.pad(style, (*((0, count) for count in missing), (0, 0)), mode="symmetric")


def _check_sides(content: np.ndarray, settings: TransferSettings) -> None:
    height, width = content.shape[:2]
    if settings.passes and min(height, width) < LEAST_SIDE:
        least = -(-settings.size * LEAST_SIDE // min(height, width))
        raise invalid(
            "size",
            expected=f"a shorter side of at least {LEAST_SIDE} px for {settings.mode}",
            received=f"{width} x {height} px",
            next_step=f"choose a size of {least} px or more, or the instant mode",
        )
