"""The parts of a face drawing with their colors, and the tones of a light and shade drawing."""

from __future__ import annotations

COLORS: dict[str, tuple[int, int, int]] = {
    "Face": (240, 176, 136),
    "Hair": (138, 74, 36),
    "Eyes": (64, 120, 255),
    "Mouth": (224, 44, 78),
    "Clothes": (62, 164, 84),
    "Hat": (242, 196, 24),
    "Glasses": (156, 88, 212),
    "Beard": (150, 150, 150),
}
PARTS_OF = {
    "head": "Face",
    "ears": "Face",
    "neck": "Face",
    "hair": "Hair",
    "strands": "Hair",
    "brows": "Hair",
    "eyes": "Eyes",
    "iris": "Eyes",
    "pupil": "Eyes",
    "mouth": "Mouth",
    "clothes": "Clothes",
    "hat": "Hat",
    "glasses": "Glasses",
    "beard": "Beard",
}
TONES = (0, 85, 170, 255)  # of a light and shade drawing
