"""The inputs of one style transfer: the content, the styles and their masks, at any size."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from studio.core.imaging import image_io
from studio.core.masks import task_masks
from studio.style import colors
from studio.style.settings import TransferSettings, check_styles

MAX_STYLE_SIDE = 2048  # px
_FULL_COLOR_STRENGTH = 0.8  # strength from which on all colors come from the styles
_MIN_STYLE_SIDE = 64  # px of the longer side


class Scene:
    """The inputs of one transfer, checked against each other.

    Without masks, the style weights mix the styles over the whole image. With masks, each weight, relative to
    the largest, is how far the style covers the photo inside its mask; where masks overlap, styles mix.

    Args:
        content: `(H, W, 3) uint8`.
        styles: one or more such images; none if the settings name house styles.
        style_masks: none, or one `(h, w) float32 in [0, 1]` per style, of any size.
        settings: of the transfer.
        preserved: `(h, w) float32 in [0, 1]`, 1 where the content stays as it is; None for nowhere.

    Attributes:
        color_share: share of the styles' colors in the result's, from 0 (the photo's) to 1.
        styles, shares: the images to match, `(H, W, 3) uint8` each, and their weights, which add to 1.

    Raises:
        InvalidInput: if the number of weights or masks differs from the number of styles.
    """

    def __init__(
        self,
        content: np.ndarray,
        styles: Sequence[np.ndarray],
        style_masks: Sequence[np.ndarray],
        settings: TransferSettings,
        preserved: np.ndarray | None = None,
    ):
        check_styles(settings, len(styles), len(style_masks))
        self._preserved = preserved
        self.settings = settings
        self.color_share = min(1.0, settings.strength / _FULL_COLOR_STRENGTH)
        weights = settings.style_weights or [1.0] * (len(styles) or len(settings.house))
        self.shares = [weight / sum(weights) for weight in weights]
        self._content = image_io.fit(content, settings.size)
        self.masks = list(style_masks)
        # Larger style images would only cost time.
        resized = [image_io.fit(s, MAX_STYLE_SIDE) if max(s.shape) > MAX_STYLE_SIDE else s for s in styles]
        if settings.keep_colors == "matched":
            self.styles = [colors.match_colors(style, self._content) for style in resized]
            self._palettes = self.styles
        else:
            self.styles, self._palettes = resized, [colors.brighten(style) for style in resized]

    def resize_content(self, size: int) -> np.ndarray:
        """Returns the content with a longer side of `size` px, as `(1, H, W, 3) float32 in [0, 1]`."""
        return image_io.to_01(image_io.resize(self._content, *self.shape_at(size)[1:3]))

    def shape_at(self, size: int) -> tuple[int, int, int, int]:
        """Returns the shape of the content with a longer side of `size` px."""
        height, width = self._content.shape[:2]
        shorter, longer = sorted((height, width))
        scale = max(size / longer, min(image_io.MIN_SIDE, shorter) / shorter)
        return 1, max(1, round(height * scale)), max(1, round(width * scale)), 3

    def resize_styles(self, size: int) -> list[np.ndarray]:
        """Returns the styles for a result of that size; larger style images give larger strokes."""
        longest = max(_MIN_STYLE_SIDE, min(MAX_STYLE_SIDE, round(size * self.settings.stroke_size)))
        return [image_io.to_01(image_io.fit(style, longest)) for style in self.styles]

    def compute_shares(self, height: int, width: int) -> list[np.ndarray]:
        """Returns the share of each style at every pixel, `(height, width) float32`.

        They add to 1; where no mask applies, they are equal.
        """
        if not self.masks:
            return [np.full((height, width), share, "float32") for share in self.shares]
        weights = self._weigh_masks(height, width)
        total, equal = weights.sum(axis=0), np.full_like(weights, 1 / len(weights))
        return list(np.divide(weights, total, out=equal, where=total > 0))

    def _weigh_masks(self, height: int, width: int) -> np.ndarray:
        """Returns every mask times its style's share, `(styles, height, width) float32 in [0, 1]`."""
        pairs = zip(self.shares, self.masks, strict=True)
        return np.stack([np.float32(share) * task_masks.resize(mask, height, width) for share, mask in pairs])

    def recolor_content(self, size: int) -> np.ndarray:
        """Returns the start of the optimization: the content, recolored by `color_share` like the styles."""
        content = image_io.resize(self._content, *self.shape_at(size)[1:3])
        recolored = [
            share[..., None] * colors.match_colors(content, palette)
            for share, palette in zip(self.compute_shares(*content.shape[:2]), self._palettes, strict=True)
        ]
        return image_io.to_01(content + self.color_share * (np.sum(recolored, axis=0) - content))

    def finish(self, images_01: np.ndarray, is_instant: bool = False) -> np.ndarray:
        """Returns the `(H, W, 3) uint8` result of `(1, H, W, 3) float32`, with masks and color settings.

        Args:
            is_instant: whether it is the result of instant mode, also if the settings name another.
        """
        is_instant |= self.settings.mode == "instant"
        image = self._apply_masks_and_colors(image_io.to_uint8(images_01), is_instant)
        if self._preserved is None:
            return image
        return task_masks.blend(image, self._content, 1 - self._preserved)

    def _apply_masks_and_colors(self, image: np.ndarray, is_instant: bool) -> np.ndarray:
        """Returns a stylized image, `(H, W, 3) uint8`, with masks and color settings."""
        if self.masks:  # keep the photo where no style or one with a lower weight applies
            height, width = image.shape[:2]
            content = image_io.resize(self._content, height, width).astype("float32")
            coverage = np.minimum(self._weigh_masks(height, width).sum(axis=0) / max(self.shares), 1.0)
            image = np.rint(content + coverage[..., None] * (image - content)).astype("uint8")
        elif not is_instant:
            image = colors.match_style_colors(
                image, self._content, self._palettes, self.shares, self.color_share
            )
        if self.settings.keep_colors == "matched" and self.settings.house:
            return colors.match_colors(image, self._content)  # house styles have no image to recolor before
        if self.settings.keep_colors == "luminance":
            return colors.keep_luminance(image, image_io.resize(self._content, *image.shape[:2]))
        return image
