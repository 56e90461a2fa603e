"""The inputs of one style transfer: the content, the styles and their masks, at any size."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from studio.core.imaging import image_io
from studio.style import colors, masks
from studio.style.settings import TransferSettings, check_styles

LARGEST_STYLE = 2048  # px
_FULL = 0.8  # strength from which on the colors are the styles' alone
_LEAST_STYLE = 64  # px of the longer side


class Scene:
    """The inputs of one transfer, checked against each other.

    Without masks the weights of the styles say what each has of the whole image. With masks they say how far
    each covers the photo in its place, the heaviest all of it; where masks overlap, they share it.

    Args:
        content: `(H, W, 3) uint8`.
        styles: one or more such images; none if the settings name house styles.
        style_masks: none, or one `(h, w, 3) uint8` per style.
        settings: how to paint.

    Attributes:
        share: from the photo's own colors, 0, to the styles', 1.
        styles, shares: what is matched, `(H, W, 3) uint8` each, and what each counts, 1 in all.

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
        self.share = min(1.0, settings.strength / _FULL)
        given = settings.style_weights or [1.0] * (len(styles) or len(settings.house))
        self.shares = [weight / sum(given) for weight in given]
        self._content = image_io.fit(content, settings.size)
        self.masks = list(style_masks)
        # A photo of many megapixels would only cost time: no style is read larger than this.
        small = [image_io.fit(s, LARGEST_STYLE) if max(s.shape) > LARGEST_STYLE else s for s in styles]
        if settings.keep_colors == "matched":
            small = [colors.match(style, self._content) for style in small]
        self.styles = small
        recolored = settings.keep_colors == "matched"
        self._palettes = small if recolored else [colors.brightened(style) for style in small]

    def content_01(self, size: int) -> np.ndarray:
        """The content with a longer side of `size` px, as `(1, H, W, 3) float32 in [0, 1]`."""
        return image_io.to_01(image_io.resize(self._content, *self.shape(size)[1:3]))

    def shape(self, size: int) -> tuple[int, int, int, int]:
        """Of the content with a longer side of `size` px."""
        height, width = self._content.shape[:2]
        shorter, longer = sorted((height, width))
        scale = max(size / longer, min(image_io.LEAST_SIDE, shorter) / shorter)
        return 1, max(1, round(height * scale)), max(1, round(width * scale)), 3

    def styles_01(self, size: int) -> list[np.ndarray]:
        """The styles for an image of that size: the larger they are, the larger the strokes."""
        longest = max(_LEAST_STYLE, min(LARGEST_STYLE, round(size * self.settings.stroke_size)))
        return [image_io.to_01(image_io.fit(style, longest)) for style in self.styles]

    def masks_at(self, height: int, width: int) -> list[np.ndarray]:
        """Every mask, `(height, width) float32 in [0, 1]`, times its style's share."""
        return [
            share * masks.at(mask, height, width) for share, mask in zip(self.shares, self.masks, strict=True)
        ]

    def shares_at(self, height: int, width: int) -> list[np.ndarray]:
        """How much of each style there is at every place, `(height, width) float32`; they add to 1."""
        if not self.masks:
            return [np.full((height, width), share, "float32") for share in self.shares]
        return [share[..., 0] for share in masks.shares(self.masks_at(height, width))]

    def start_01(self, size: int) -> np.ndarray:
        """Where an optimization starts: the content, up to `share` in the colors of the styles."""
        content = image_io.resize(self._content, *self.shape(size)[1:3])
        parts = [
            share[..., None] * colors.match(content, palette)
            for share, palette in zip(self.shares_at(*content.shape[:2]), self._palettes, strict=True)
        ]
        return image_io.to_01(content + self.share * (np.sum(parts, axis=0) - content))

    def finished(self, images_01: np.ndarray) -> np.ndarray:
        """`(1, H, W, 3) float32` -> the `(H, W, 3) uint8` result, in the colors that the settings ask for."""
        painted = image_io.to_uint8(images_01)
        if self.masks:  # where no style goes, or one of less weight, the photo stays so far
            height, width = painted.shape[:2]
            content = image_io.resize(self._content, height, width).astype("float32")
            mixed = content + masks.cover(self.masks, self.shares, height, width) * (painted - content)
            painted = np.rint(mixed).astype("uint8")
        elif self.settings.mode != "instant":
            painted = colors.tone(painted, self._content, self._palettes, self.shares, self.share)
        if self.settings.keep_colors == "matched" and self.settings.house:
            return colors.match(painted, self._content)  # there is no style image to match before
        if self.settings.keep_colors == "luminance":
            content = image_io.resize(self._content, *painted.shape[:2])
            return colors.keep_luminance(painted, content)
        return painted
