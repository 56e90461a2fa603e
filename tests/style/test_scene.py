"""A scene validates its inputs and renders them at any size."""

import numpy as np
import pytest

from studio.core.errors import InvalidInput
from studio.style.scene import Scene
from studio.style.settings import TransferSettings

RNG = np.random.default_rng(0)
PHOTO = RNG.integers(0, 255, (90, 120, 3)).astype("uint8")
STYLE = RNG.integers(0, 255, (80, 50, 3)).astype("uint8")
WHITE = np.ones((10, 10), "float32")
LEFT = np.tile(np.arange(120) < 60, (90, 1)).astype("float32")


def make_scene(styles=1, style_masks=(), **settings):
    return Scene(PHOTO, [STYLE] * styles, style_masks, TransferSettings(**settings))


def test_the_longer_side_is_the_size_and_proportions_stay():
    assert make_scene(size=64).resize_content(64).shape == (1, 48, 64, 3)


def test_a_stroke_size_of_two_doubles_the_style_image():
    small, large = (make_scene(stroke_size=stroke).resize_styles(128)[0].shape for stroke in (1.0, 2.0))
    assert small == (1, 128, 80, 3)
    assert large == (1, 256, 160, 3)


def test_shares_add_to_one():
    assert make_scene(styles=3).shares == pytest.approx([1 / 3] * 3)
    assert make_scene(styles=2, style_weights=(1, 3)).shares == [0.25, 0.75]


def test_the_number_of_weights_must_match_the_styles():
    with pytest.raises(
        InvalidInput,
        match=r"style weights: 3 style weights for 2 styles\. Use one style weight for each style",
    ):
        make_scene(styles=2, style_weights=(1, 2, 3))


def test_the_number_of_masks_must_match_the_styles():
    with pytest.raises(InvalidInput, match=r"masks: 1 mask for 2 styles\. Use one mask for each style"):
        make_scene(styles=2, style_masks=[WHITE])


def test_a_preserved_area_stays_the_photo_inside_a_mask():
    black = np.zeros((1, 90, 120, 3), "float32")
    settings = TransferSettings(size=120)
    for style_masks in ((), [WHITE]):
        image = Scene(PHOTO, [STYLE], style_masks, settings, LEFT).finish(black)
        assert np.array_equal(image[:, :60], PHOTO[:, :60]) and not image[:, 60:].any()


def test_areas_without_a_style_keep_the_photo():
    black = np.zeros((1, 90, 120, 3), "float32")
    one = make_scene(style_masks=[LEFT], size=120)
    unstyled, painted = one.finish(black)[:, 70:], one.finish(black)[:, :50]
    assert np.array_equal(unstyled, PHOTO[:, 70:]) and not painted.any()
    assert not make_scene(styles=2, style_masks=[LEFT, 1 - LEFT], size=120).finish(black).any()
    assert not make_scene(size=120).finish(black).any()


def test_with_masks_a_weight_sets_the_coverage_of_its_style():
    black = np.zeros((1, 90, 120, 3), "float32")

    def finished(*weights):
        return make_scene(styles=2, style_masks=[LEFT, 1 - LEFT], size=120, style_weights=weights).finish(
            black
        )

    assert not finished(2, 0)[:, :60].any() and np.array_equal(finished(2, 0)[:, 60:], PHOTO[:, 60:])
    half = finished(0.5, 1)  # relative to the largest
    assert np.array_equal(half[:, :60], np.rint(PHOTO[:, :60] / 2)) and not half[:, 60:].any()
    assert not finished(0.3, 0.3).any(), "all alike cover it as without weights"
    both = make_scene(styles=2, style_masks=[WHITE, WHITE], size=120, style_weights=(1, 0))
    assert not both.finish(black).any(), "where masks overlap, what one leaves the other covers"


def test_masks_are_stretched_to_the_layer_and_share_each_position():
    top = np.zeros((4, 1), "float32")
    top[:2] = 1
    first, second = make_scene(2, [LEFT, top], style_weights=(1, 3)).compute_shares(40, 20)
    assert first.shape == (40, 20)
    assert first[30:, :8].min() == 1 and second[30:, :8].max() == 0, "only one mask"
    np.testing.assert_allclose(first[:10, :8], 0.25, atol=0.03)
    assert (first[30:, 12:] == 0.5).all(), "no mask: equal"
    np.testing.assert_allclose(first + second, 1, atol=1e-6)


def test_kept_luminance_keeps_the_hues_of_the_content():
    recolored_scene = make_scene(keep_colors="luminance", size=120)
    gray = recolored_scene.finish(np.full((1, 90, 120, 3), 0.5, "float32"))
    assert gray.std(axis=-1).mean() > 10
    assert make_scene(size=120).finish(np.full((1, 90, 120, 3), 0.5, "float32")).std(axis=-1).max() == 0


def test_matched_colors_recolor_the_style():
    content = np.full((64, 64, 3), (200, 40, 40), "uint8")
    style = Scene(content, [STYLE], [], TransferSettings(keep_colors="matched")).resize_styles(64)[0]
    assert style[..., 0].mean() > 0.7
    assert style[..., 1].mean() < 0.3


@pytest.mark.parametrize("weights", [(0, 0), (-1, 2)])
def test_negative_or_all_zero_weights_are_rejected(weights):
    with pytest.raises(InvalidInput, match="not all 0"):
        TransferSettings.parse({"style_weights": weights})


def test_a_long_strip_keeps_the_least_side():
    strip = Scene(np.zeros((150, 3000, 3), "uint8"), [STYLE], [], TransferSettings(size=128, mode="instant"))
    assert strip.shape_at(128) == (1, 8, 160, 3) == strip.resize_content(128).shape
