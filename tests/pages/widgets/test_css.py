"""Theme colors have enough contrast in light and dark mode."""

from __future__ import annotations

import re
import tomllib

import numpy as np
import pytest

from pages.widgets import assets, css

from ..conftest import ROOT

MIN_CONTRAST = 4.6  # WCAG requires 4.5 for small text
TINT = 0.1  # opacity of the primary color behind a selected label in Streamlit
WHITE = np.ones(3)
SHEET = assets.read(css.__file__, "all_pages.css")


def parse_color(text: str) -> np.ndarray:
    """Converts "#rrggbb" to `(3,)` in [0, 1]."""
    return np.array([int(text[at : at + 2], 16) for at in (1, 3, 5)]) / 255


def measure_contrast(first: np.ndarray, second: np.ndarray) -> float:
    """Returns the contrast ratio of two colors as defined by WCAG 2, 1 to 21."""
    lights = sorted(
        float(np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4) @ (0.2126, 0.7152, 0.0722))
        for c in (first, second)
    )
    return (lights[1] + 0.05) / (lights[0] + 0.05)


@pytest.mark.parametrize("number, name", [(0, "light"), (1, "dark")])
def test_primary_color_has_enough_contrast(number, name):
    theme = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["theme"][name]
    primary, wall = parse_color(theme["primaryColor"]), parse_color(theme["backgroundColor"])
    assert measure_contrast(primary, wall) >= MIN_CONTRAST
    assert measure_contrast(primary, TINT * primary + (1 - TINT) * wall) >= MIN_CONTRAST
    grounds = [pair[number] for pair in re.findall(r"--ground: light-dark\((\S+), (\S+)\)", SHEET)]
    assert len(grounds) == 2
    assert all(measure_contrast(parse_color(ground), WHITE) >= MIN_CONTRAST for ground in grounds)
    (walls,) = re.findall(r"--page-background: light-dark\((\S+), (\S+)\)", SHEET)
    assert walls[number] == theme["backgroundColor"], "what lies behind the Start button is the page"
