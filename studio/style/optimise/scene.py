"""What is to be painted: the content, the styles and their masks, at any size that is asked for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from studio.core.pictures import images
from studio.style.optimise import colors, masks
from studio.style.optimise.painters import PAINTERS, Painter
from studio.style.optimise.schedule import LEAST_SIDE, check_sides
from studio.style.settings import TransferSettings, check_styles

LARGEST_STYLE = 2048  # px
_FULL = 0.8  # strength, from which on nothing of the photo's own look is asked for


class Scene:
    """The inputs of one transfer, checked against each other.

    Without masks the weights of the styles say what each has of the whole picture. With masks they say how
    far each covers the photo in its place, the heaviest all of it; where masks overlap, they share it.

    Args:
        content: `(H, W, 3) uint8`.
        styles: one or more such pictures; none if the settings name house styles.
        style_masks: none, or one `(h, w, 3) uint8` a style.
        settings: how to paint.

    Attributes:
        painter: what sets its painter apart; of an instant result, nothing.
        share: how far from the photo's own look, 0, to the styles', 1.

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
        self.painter = PAINTERS[settings.painter] if settings.passes else Painter()
        self.share = min(1.0, settings.strength / _FULL)
        given = settings.style_weights or [1.0] * (len(styles) or len(settings.house))
        self.shares = [weight / sum(given) for weight in given]
        height, width = content.shape[:2]
        check_sides(height, width, settings)
        fitted = images.fit(content, settings.size)
        self._margin = round(self.painter.margin * max(fitted.shape))
        self._content = _framed(fitted, self._margin)
        self.masks = list(style_masks)
        if self._margin:
            self.masks = [_framed(images.resize(m, *fitted.shape[:2]), self._margin) for m in style_masks]
        # A photo of many megapixels would only cost time: no style is read larger than this.
        small = [images.fit(s, LARGEST_STYLE) if max(s.shape) > LARGEST_STYLE else s for s in styles]
        matched = settings.keep_colors == "matched"
        if matched:
            small = [colors.match(style, fitted) for style in small]
        elif self.painter.exposed:
            small = [colors.expose(style, fitted) for style in small]
        self._styles = small

    def content_01(self, size: int) -> np.ndarray:
        """The content with a longer side of `size` px, as `(1, H, W, 3) float32 in [0, 1]`."""
        return images.to_01(images.resize(self._content, *self.shape(size)[1:3]))

    def shape(self, size: int) -> tuple[int, int, int, int]:
        """Of the content with a longer side of `size` px, and of all that is painted at that size.

        With a margin, what is painted is larger by it on every side.
        """
        height, width = self._content.shape[:2]
        shorter, longer = sorted(side - 2 * self._margin for side in (height, width))
        scale = max(size / longer, images.LEAST_SIDE / shorter)
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
        content = images.resize(self._content, *self.shape(size)[1:3])
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
        elif self.painter.toned:
            painted = colors.tone(painted, self._content, self._styles, self.shares, self.share)
        return self._cut(self._coloured(painted))

    def _coloured(self, painted: np.ndarray) -> np.ndarray:
        if self.settings.keep_colors == "matched" and self.settings.house:
            return colors.match(painted, self._content)  # there is no style picture to match before
        if self.settings.keep_colors == "luminance":
            content = images.resize(self._content, *painted.shape[:2])
            return colors.keep_luminance(painted, content)
        return painted

    def _cut(self, painted: np.ndarray) -> np.ndarray:
        """Without the margin, at whatever size it was painted."""
        if not self._margin:
            return painted
        height, width = painted.shape[:2]
        down = round(self._margin * height / self._content.shape[0])
        right = round(self._margin * width / self._content.shape[1])
        return painted[down : height - down, right : width - right]


def _framed(picture: np.ndarray, margin: int) -> np.ndarray:
    """A picture that goes on beyond its border as in a mirror."""
    return np.pad(picture, ((margin, margin), (margin, margin), (0, 0)), mode="symmetric")


def _wide(style: np.ndarray) -> np.ndarray:
    """A strip mirrored side by side until the deepest layer sees some of it."""
    missing = [max(0, LEAST_SIDE - side) for side in style.shape[:2]]
    return np.pad(style, (*((0, count) for count in missing), (0, 0)), mode="symmetric")
