"""The bare head: its shape, ears and skin; and where on it everything else has its place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from studio.sketch.colors import Color, mix
from training.drawings.avatars.curves import Points, ellipse
from training.drawings.avatars.looks import Look
from training.drawings.avatars.pen import Pen, shade

CENTER = (32.0, 30.5)  # of every head, in units


@dataclass(frozen=True)
class Head:
    """Lengths around the center of the head.

    Attributes:
        width, height: from the center to an ear, and to the chin.
        outline: of the face, hair aside.
        ahead: how far a slight turn moves the face to the right.
        eyes, brows, nose, mouth: how far below the center they are.
    """

    width: float
    height: float
    outline: Points
    ahead: float
    eyes: float
    brows: float
    nose: float
    mouth: float


def shaped(look: Look) -> Head:
    """The head of a look: round or long, with a soft, square or pointed jaw."""
    angles = np.linspace(0, 2 * np.pi, 56, endpoint=False)
    across, down = np.cos(angles), np.sin(angles)
    power = np.where(down > 0, 2 / look.jaw, 2 / 2.25)
    x = np.sign(across) * np.abs(across) ** power
    y = np.sign(down) * np.abs(down) ** power
    x *= 1 - look.taper * np.clip(y, 0, 1) ** 1.5
    outline = np.stack([x * look.width, y * look.height], axis=-1)
    eyes = look.eye_level * look.height
    return Head(
        width=look.width,
        height=look.height,
        outline=outline,
        ahead=2.1 * look.turn,
        eyes=eyes,
        brows=eyes - look.eye[1] - 2.3,
        nose=eyes + 0.28 * look.height,
        mouth=eyes + 0.52 * look.height,
    )


def draw_ears(pen: Pen, look: Look, head: Head) -> None:
    """Both ears; the one that the head turns away shows less."""
    for side in (-1, 1):
        x = side * (head.width + 0.5) - 0.9 * head.ahead * (side == np.sign(head.ahead))
        pen.fill(ellipse(x, head.eyes + 1.2, 2.7, 3.9), look.skin if side < 0 else shade(look.skin, 0.55))
        pen.fill(ellipse(x + 0.2 * side, head.eyes + 1.3, 1.3, 2.2), shade(look.skin))
        if look.earrings:
            with pen.part("earrings"):
                pen.dot(x + 0.4 * side, head.eyes + 6, 1.25, look.trim)


def draw_skin(pen: Pen, look: Look, head: Head) -> None:
    """The bare face: shade, cheeks, freckles."""
    pen.lit(head.outline, look.skin, (-1.5, -1))
    blush = mix(look.skin, (232, 84, 84), 0.42)
    with pen.inside(head.outline):
        for side in (-1, 1):
            x = head.ahead + side * 0.62 * head.width
            pen.fill(
                ellipse(x, head.nose + 1.2, 2.7, 1.9), mix(look.skin, blush, 0.75 if look.lashes else 0.4)
            )
            if look.freckles:
                for across, down in ((-1.7, -0.6), (0.1, -1.1), (1.6, -0.3), (-0.6, 0.8)):
                    pen.dot(x - 0.8 * side + across, head.nose + down, 0.48, shade(look.skin, 1.5))


def contour(color: Color) -> Color:
    """The color of lines on a skin."""
    return shade(mix(color, (92, 30, 24), 0.3), 1.7)
