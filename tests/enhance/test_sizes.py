"""The size of a result: by factor, by width and height, within its limits."""

import pytest

from studio.core.errors import InvalidInput
from studio.core.imaging import image_io
from studio.enhance.settings import EnhanceSettings
from studio.enhance.sizes import choose_network_scale, compute_size


@pytest.mark.parametrize(
    "values, size, scale",
    [
        ({}, (80, 120), 2),
        ({"scale": 1.0}, (40, 60), 1),
        ({"scale": 1.5}, (60, 90), 2),
        ({"scale": 2.25}, (90, 135), 3),
        ({"scale": 4.0}, (160, 240), 4),
        ({"width": 61}, (41, 61), 2),
        ({"width": 200}, (133, 200), 4),
        ({"height": 100}, (100, 150), 3),
        ({"width": 240, "height": 80}, (80, 120), 2),
        ({"width": 90, "height": 160}, (60, 90), 2),
        ({"scale": 4.0, "width": 60}, (40, 60), 1),
    ],
)
def test_width_and_height_take_precedence_over_the_factor(values, size, scale):
    assert compute_size(EnhanceSettings(**values), 40, 60) == size
    assert choose_network_scale(40, 60, size) == scale


@pytest.mark.parametrize(
    "values, message",
    [
        ({"width": 59}, "60 to 240 px for this photo"),
        ({"width": 241}, "60 to 240 px for this photo"),
        ({"height": 161, "width": 250}, "40 to 160 px for this photo"),
        ({"height": 20, "width": 240}, "40 to 160 px for this photo"),
    ],
)
def test_a_size_that_the_networks_cannot_reach_is_rejected(values, message):
    with pytest.raises(InvalidInput, match=message):
        compute_size(EnhanceSettings(**values), 40, 60)


def test_a_result_with_too_many_pixels_is_rejected(monkeypatch):
    monkeypatch.setattr(image_io, "MAX_PIXELS", 60 * 40 * 9)
    assert compute_size(EnhanceSettings(scale=3.0), 40, 60) == (120, 180)
    with pytest.raises(InvalidInput, match="Choose scale 3, or save the photo with a longer side of 45 px"):
        compute_size(EnhanceSettings(scale=4.0), 40, 60)
    with pytest.raises(InvalidInput, match="Choose a width of 180 px or less"):
        compute_size(EnhanceSettings(width=240), 40, 60)
    assert compute_size(EnhanceSettings(width=180), 40, 60) == (120, 180)
