"""The bare head: its shape, ears and skin, and the positions of the features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from studio.sketch.colors import Color, mix
from training.drawings.avatars.canvas import Canvas, shade
from training.drawings.avatars.curves import Points, ellipse
from training.drawings.avatars.looks import Look

CENTER = (32.0, 30.5)  # of every head, in units


@dataclass(frozen=True)
class Head:
    """Lengths relative to the center of the head.

    Attributes:
        width, height: from the center to an ear, and to the chin.
        outline: of the face without hair.
        ahead: shift of the face to the right by a slight turn.
        eyes, brows, nose, mouth: their distance below the center.
    """

    width: float
    height: float
    outline: Points
    ahead: float
    eyes: float
    brows: float
    nose: float
    mouth: float


def make_head(look: Look) -> Head:
    """Returns the head of a look: round or long, with a soft, square or pointed jaw."""
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


def draw_ears(canvas: Canvas, look: Look, head: Head) -> None:
    """Draws both ears; the averted one shows less."""
    for side in (-1, 1):
        x = side * (head.width + 0.5) - 0.9 * head.ahead * (side == np.sign(head.ahead))
        canvas.fill(ellipse(x, head.eyes + 1.2, 2.7, 3.9), look.skin if side < 0 else shade(look.skin, 0.55))
        canvas.fill(ellipse(x + 0.2 * side, head.eyes + 1.3, 1.3, 2.2), shade(look.skin))
        if look.earrings:
            with canvas.part("earrings"):
                canvas.draw_dot(x + 0.4 * side, head.eyes + 6, 1.25, look.trim)


def draw_skin(canvas: Canvas, look: Look, head: Head) -> None:
    """Draws the bare face: shade, cheeks, freckles."""
    canvas.fill_shaded(head.outline, look.skin, (-1.5, -1))
    blush = mix(look.skin, (232, 84, 84), 0.42)
    with canvas.inside(head.outline):
        for side in (-1, 1):
            x = head.ahead + side * 0.62 * head.width
            canvas.fill(
                ellipse(x, head.nose + 1.2, 2.7, 1.9), mix(look.skin, blush, 0.75 if look.lashes else 0.4)
            )
            if look.freckles:
                for across, down in ((-1.7, -0.6), (0.1, -1.1), (1.6, -0.3), (-0.6, 0.8)):
                    canvas.draw_dot(x - 0.8 * side + across, head.nose + down, 0.48, shade(look.skin, 1.5))


def line_color(color: Color) -> Color:
    """Returns the color of lines on a skin."""
    return shade(mix(color, (92, 30, 24), 0.3), 1.7)
