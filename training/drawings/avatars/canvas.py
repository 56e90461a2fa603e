"""A canvas that fills and clips smooth outlines, with fourfold supersampling."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from PIL import Image, ImageDraw

from studio.sketch.colors import Color
from training.drawings.avatars.curves import Points, ellipse, make_ribbon, translate

FINE = 4
UNITS = 64  # coordinate range of an image's side
ZOOM = 1.07  # around the middle of the lower edge
DAY = (1.0, 1.0, 1.0)  # shares of red, green and blue in the light


def shade(color: Color, depth: float = 1.0) -> Color:
    """Returns a color in the shade: darker and a little warmer, because gray shadows look dirty."""
    red, green, blue = (
        round(value * (1 - depth * loss)) for value, loss in zip(color, (0.15, 0.21, 0.18), strict=True)
    )
    return red, green, blue


class Canvas:
    """Draws outlines, `(n, 2)` in units of a 64th of the side: x to the right, y down.

    Args:
        size: side of the image in px.
        color: of the sheet.
        zoom: magnification.
        aside: offset to the right, in units.
        light: color of the light, see DAY.
        depth: depth of shades; higher for harder light.
    """

    def __init__(
        self,
        size: int,
        color: Color,
        zoom: float = ZOOM,
        aside: float = 0.0,
        light: tuple[float, float, float] = DAY,
        depth: float = 1.0,
    ):
        self._light, self._depth, self._part = light, depth, ""
        self._image = Image.new("RGB", (size * FINE, size * FINE), self._apply_light(color))
        self._ink = ImageDraw.Draw(self._image)
        scale = zoom * size * FINE / UNITS
        origin = np.array([UNITS / 2, UNITS]) * (1 / zoom - 1) + (aside / zoom, 0)
        self._frame = np.eye(2) * scale, origin * scale

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Assigns shapes in this context to a part of a face, which a `Tracer` records."""
        previous, self._part = self._part, name
        yield
        self._part = previous

    @contextmanager
    def frame(self, x: float, y: float, angle: float = 0.0) -> Iterator[None]:
        """Moves the origin to (x, y) and rotates clockwise by `angle` in radians, in this context."""
        previous = turned, origin = self._frame
        cos, sin = np.cos(angle), np.sin(angle)
        self._frame = np.array([[cos, sin], [-sin, cos]]) @ turned, (x, y) @ turned + origin
        yield
        self._frame = previous

    @contextmanager
    def inside(self, outline: Points) -> Iterator[None]:
        """Clips shapes in this context to the outline."""
        box, mask = self._make_mask(outline, 255)
        previous = sheet, _, (turned, origin) = self._image, self._ink, self._frame
        self._image = sheet.crop(box)
        self._ink, self._frame = ImageDraw.Draw(self._image), (turned, origin - box[:2])
        yield
        sheet.paste(self._image, box, mask)
        self._image, self._ink, self._frame = previous

    def fill(self, outline: Points, color: Color) -> None:
        """Fills an outline."""
        self._ink.polygon(self._to_pixels(outline).ravel().tolist(), fill=self._apply_light(color))

    def set_backdrop(self, image: np.ndarray) -> None:
        """Replaces the canvas by an image, `(FINE * size, FINE * size, 3) uint8`."""
        self._image = Image.fromarray(image)
        self._ink = ImageDraw.Draw(self._image)

    def tint(self, outline: Points, color: Color, share: float) -> None:
        """Blends a transparent color over the canvas."""
        box, mask = self._make_mask(outline, round(255 * share))
        self._image.paste(self._apply_light(color), box, mask)

    def fill_shaded(self, outline: Points, color: Color, away: tuple[float, float] = (-1.6, -1.3)) -> None:
        """Fills an outline, with a crescent of shade on the side away from the light."""
        self.fill(outline, shade(color, self._depth))
        with self.inside(outline):
            self.fill(translate(outline, *(self._depth * np.array(away))), color)

    def draw_line(self, points: Points, color: Color, width: float, taper: float = 0.0) -> None:
        """Draws a line with round ends; a taper of 1 thins both ends to 0."""
        self.fill(make_ribbon(points, width, taper), color)
        for end in (points[0], points[-1]):
            self.draw_dot(end[0], end[1], width * (1 - taper) / 2, color)

    def draw_dot(self, x: float, y: float, radius: float, color: Color) -> None:
        """Fills a circle."""
        self.fill(ellipse(x, y, radius, radius, 16), color)

    def render(self) -> np.ndarray:
        """Returns the image, `(size, size, 3) uint8`."""
        return np.asarray(self._image.reduce(FINE))

    def render_fine(self) -> np.ndarray:
        """Returns the image before downsampling, `(FINE * size, FINE * size, 3) uint8`, unmixed."""
        return np.asarray(self._image)

    def _apply_light(self, color: Color) -> Color:
        red, green, blue = (round(value * share) for value, share in zip(color, self._light, strict=True))
        return red, green, blue

    def _to_pixels(self, outline: Points) -> Points:
        turned, origin = self._frame
        return outline @ turned + origin

    def _make_mask(self, outline: Points, level: int) -> tuple[tuple[int, int, int, int], Image.Image]:
        """Returns the bounding box of an outline and its mask, `level` inside."""
        points = self._to_pixels(outline)
        (left, top), (right, bottom) = points.min(0).tolist(), points.max(0).tolist()
        width, height = self._image.size
        left, top = min(max(int(left), 0), width - 1), min(max(int(top), 0), height - 1)
        right, bottom = min(max(int(right) + 2, left + 1), width), min(max(int(bottom) + 2, top + 1), height)
        mask = Image.new("L", (right - left, bottom - top))
        ImageDraw.Draw(mask).polygon((points - (left, top)).ravel().tolist(), fill=level)
        return (left, top, right, bottom), mask
