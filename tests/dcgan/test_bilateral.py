"""The bilateral filter at the end of a generator smooths flat areas and preserves edges."""

from __future__ import annotations

import numpy as np
import pytest

from studio.dcgan import bilateral, model
from training.drawings.data_sets import draw_data_set


def apply_filter(images, levels):
    """Filters images, `(n, side, side, C) uint8`."""
    smoothed = model.Bilateral(levels)(images.astype("float32") / 127.5 - 1)
    return (np.asarray(smoothed) + 1) * 127.5


@pytest.mark.parametrize("channels", [1, 3])
def test_grain_is_removed_and_edges_stay(channels):
    plain = np.full((1, 32, 32, channels), 40, "uint8")
    plain[:, :, 16:] = 200
    grainy = plain + np.random.default_rng(0).integers(-3, 4, plain.shape).astype("int8")
    result = apply_filter(grainy.astype("uint8"), 10)
    inside = np.s_[:, 4:-4, 4:-4]
    assert result[inside].std((1, 2)).mean() == pytest.approx(80, abs=0.5)
    for columns in (np.s_[4:16], np.s_[16:28]):
        planes = result[:, 4:-4, columns], grainy[:, 4:-4, columns]
        assert planes[0].std() < 0.4 * planes[1].std()


def test_coarse_grain_is_removed_from_large_images():
    grain = np.random.default_rng(0).integers(-3, 4, (1, 64, 64, 3)).astype("int8")
    grainy = (120 + np.kron(grain, np.ones((1, 2, 2, 1)))).astype("uint8")
    inside = np.s_[:, 8:-8, 8:-8]
    # 0.32 with direct neighbors only.
    assert apply_filter(grainy, 10)[inside].std() < 0.25 * grainy[inside].std()


def test_similarity_depends_on_all_channels(monkeypatch):
    """Compares with a computation by hand for one pixel and one pass."""
    monkeypatch.setattr(bilateral, "PASSES", 1)
    image = np.random.default_rng(1).integers(90, 130, (1, 7, 7, 3)).astype("uint8")
    around = image[0, 2:5, 2:5].astype("float64")
    moves = around - around[1, 1]
    weights = np.exp(-(moves**2).sum(-1, keepdims=True) / (2 * 15**2))
    expected = around[1, 1] + (weights * moves).sum((0, 1)) / weights.sum()
    assert apply_filter(image, 15)[0, 3, 3] == pytest.approx(expected, abs=1e-3)


def test_real_drawings_change_little():
    drawings = draw_data_set("avatars", 8, seed=0)["images"]
    difference = np.abs(apply_filter(drawings, 10) - drawings)
    assert difference.mean() < 1.5 and np.quantile(difference, 0.99) < 20
